"""Nobody who judges can tell gold from work: what a labeler is sent is compared, answer by answer.

All items say the same, so that whatever differs between gold and work is a leak. What is compared
is everything but the names of things (ids, keys, tokens), in both ways of judging: the desk, with
script and without, and the API.
"""

import json
import re
from collections import defaultdict
from difflib import unified_diff
from typing import NamedTuple
from uuid import uuid4

import pytest
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from annotation.core import personal as core
from annotation.labeling.desk import rendered
from annotation.labeling.gold.making import make_gold
from annotation.labeling.models import Assignment, Purpose
from annotation.labeling.personal_copy import collect
from annotation.labeling.prerender import texts_of
from annotation.labeling.queue import expire_leases
from annotation.projects.models import Membership
from tests.annotation.labeling.gold.world import known
from tests.factories import make_item, make_member, make_project, make_prompt

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}
MOST_LABELERS = 40
# What has another value on every answer: ids in addresses, keys, tokens, orders, clocks.
NAMES = [
    (re.compile(rb"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}"), b"KEY"),
    (re.compile(rb'(csrfmiddlewaretoken" value=")[^"]*'), rb"\1TOKEN"),
    (re.compile(rb'"(X-CSRFToken|x-csrftoken)": ?"[^"]*"'), rb'"\1"'),
    (re.compile(rb"/(judge/shop|history|assignments)/\d+/"), rb"/\1/N/"),
    (re.compile(rb"done=\d+"), b"done=N"),
    (re.compile(rb'(data-owner|data-draft-at)="\d+"'), rb'\1="N"'),
    (re.compile(rb"labeler\d+"), b"LABELER"),
    (re.compile(rb"One\.|Two\."), b"TEXT"),
    (re.compile(rb'"id": ?\d+|"item": ?"[0-9a-f]{16}"'), b"ID"),
    (re.compile(rb'"id": ?"[ab]"'), b"RESPONSE"),
    (re.compile(rb"\d{4}-\d\d-\d\dT[\d:.]+Z?"), b"TIME"),
    (re.compile(rb"(?:\d+|an?)(?: |\xc2\xa0)\w+ ago|\bnow\b"), b"AGO"),
]
LITERAL = re.compile(r"'[^']*'|\bs\d+_x\d+|\b\d+(?:\.\d+)?\b|::\w+")


@pytest.fixture
def project():
    """Half of the queue is gold, and both kinds go by telling names."""
    project = make_project("shop", gold_percent=50, overlap=50)
    prompt = make_prompt(project, "Which is better?")
    for number in range(8):
        make_item(project, prompt=prompt, external_id=f"work-{number}", batch="import:1")
    for number in range(8):
        item = make_item(
            project,
            prompt=prompt,
            external_id=f"gold-{number}",
            batch="gold:canary",
            metadata={"canary": "known answer"},
        )
        make_gold(item=item, actor=None, known=known(1, 2, explanation="A canary of gold."))
    rendered(texts_of([item.pk]))
    return project


def without_names(content: bytes) -> bytes:
    for pattern, name in NAMES:
        content = pattern.sub(name, content)
    return content


def looks_of(call):
    """All that an answer shows, and what was asked of the database for it."""
    with CaptureQueriesContext(connection) as queries:
        answer = call()
    headers = {name: without_names(value.encode()) for name, value in answer.headers.items()}
    headers.pop("Content-Length", None)  # ids have one digit more or less
    return Looks(
        answer.status_code,
        without_names(answer.content).decode(),
        tuple(sorted(headers.items())),
        tuple(LITERAL.sub("?", query["sql"]) for query in queries),
    )


class Looks(NamedTuple):
    status: int
    content: str
    headers: tuple
    statements: tuple


class Judge:
    """A labeler who notes what every answer looks like, apart for gold and for work."""

    def __init__(self, project, seen):
        self.project, self.seen = project, seen
        self.user = make_member(project)
        self.user.username = f"labeler{self.user.pk}"
        self.user.save()
        self.client = Client()
        self.client.force_login(self.user)
        self.client.get(reverse("labeling:judge", args=["shop"]))  # the session is warm

    @property
    def held(self) -> Assignment:
        return Assignment.objects.live().get(labeler=self.user)

    def note(self, what, purpose, call):
        self.seen[what][purpose].add(looks_of(call))

    def send(self, name, assignment, data, headers=None, **more):
        url = reverse(f"labeling:{name}", args=["shop", assignment.pk])
        return self.client.post(url, data, headers=headers, **more)

    def verdict(self, assignment):
        fields = {f"rank_{letter}": str(n) for n, letter in enumerate("ab", start=1)}
        return fields | {
            "key": str(assignment.key),
            "token": str(assignment.token),
            "seconds": "9",
        }


def all_that_is_seen(project, walk, least=1, judge=Judge):
    """Walk with fresh labelers until every step was seen with both kinds."""
    seen = defaultdict(lambda: defaultdict(set))
    for number in range(MOST_LABELERS):
        walk(judge(project, seen))
        if number >= least and all(len(kinds) == 2 for kinds in seen.values()):
            break
    return seen


def assert_alike(seen, hidden=Purpose.GOLD):
    for what, kinds in seen.items():
        assert set(kinds) == {hidden, Purpose.WORK}, f"{what}: only {set(kinds)} was seen"
        looks = kinds[hidden] | kinds[Purpose.WORK]
        assert len(looks) == 1, what + difference_of(*list(looks)[:2])


def difference_of(one, other) -> str:
    for name, a, b in zip(one._fields, one, other, strict=True):
        if a != b:
            lines = [
                part.splitlines() if isinstance(part, str) else list(map(str, part))
                for part in (a, b)
            ]
            return f": {name}\n" + "\n".join(unified_diff(*lines, lineterm="", n=0))
    return ""


def test_the_desk_and_all_it_sends_are_alike(project):
    def walk(judge):
        held = judge.held
        kind = held.purpose
        desk = reverse("labeling:judge", args=["shop"])
        judge.note("page", kind, lambda: judge.client.get(desk))
        verdict = judge.verdict(held)
        draft = verdict | {"rationale": "So."}
        judge.note("draft", kind, lambda: judge.send("save-draft", held, draft))
        judge.note("lease", kind, lambda: judge.send("renew-lease", held, draft))
        judge.note("page with a draft", kind, lambda: judge.client.get(desk))
        bad = verdict | {"rank_a": ""}
        judge.note("refused", kind, lambda: judge.send("submit-judgment", held, bad))
        report = {"kind": "other", "text": "?"}
        judge.note("report", kind, lambda: judge.send("report", held, report, HTMX))

    assert_alike(all_that_is_seen(project, walk))


def test_submitting_skipping_and_undoing_are_alike(project):
    """The answer to a submit has the next item in it: both are named."""

    def walk(judge):
        first = judge.held
        looks = looks_of(lambda: judge.send("skip-item", first, {"reason": "x"}, HTMX))
        judge.seen[f"skipped, {judge.held.purpose} follows"][first.purpose].add(looks)
        judge.note("undone skip", first.purpose, lambda: judge.send("undo", first, {}, HTMX))
        first.refresh_from_db()
        judge.send("submit-judgment", first, judge.verdict(first), HTMX)
        second = judge.held
        before = second.purpose
        looks = looks_of(
            lambda: judge.send("submit-judgment", second, judge.verdict(second), HTMX)
        )
        after = judge.held.purpose
        judge.seen[f"submitted, {after} follows"][before].add(looks)
        judge.seen[f"next after {before}"][after].add(looks)
        judge.note("undone", before, lambda: judge.send("undo", second, {}, HTMX))
        second.refresh_from_db()
        judge.note(
            "submitted again",
            before,
            lambda: judge.send("submit-judgment", second, judge.verdict(second)),
        )

    assert_alike(all_that_is_seen(project, walk))


def test_what_the_api_says_is_alike(project):
    def walk(judge):
        ask = reverse("labeling-api:next", args=["shop"])
        held = judge.held
        judge.note("api next", held.purpose, lambda: judge.client.post(ask))
        send = reverse("labeling-api:judgment", args=[held.pk])

        key = {"Idempotency-Key": str(uuid4())}
        sent = {"ranking": [["a"], ["b"]]}
        looks = looks_of(
            lambda: judge.client.post(send, sent, content_type="application/json", headers=key)
        )
        assert looks.status == 201
        after = judge.held.purpose
        judge.seen[f"api judgment, {after} follows"][held.purpose].add(looks)
        judge.seen[f"api next after {held.purpose}"][after].add(looks)

    assert_alike(all_that_is_seen(project, walk))


def test_pages_beside_the_desk_are_alike_after_gold_and_after_work(project):
    def walk(judge):
        held = judge.held
        judge.send("submit-judgment", held, judge.verdict(held), HTMX)
        judgment = held.judgments.get()
        pages = {
            "home": reverse("labeling:home"),
            "figures": reverse("quality:show-own"),
            "history": reverse("labeling:history"),
            "revise": reverse("labeling:revise", args=[judgment.pk]),
        }
        for what, url in pages.items():
            judge.note(what, held.purpose, lambda url=url: judge.client.get(url))

    seen = all_that_is_seen(project, walk)
    # The whole project's progress grows with every labeler: it is looked at below.
    home = {
        kind: {re.sub(r"\d+ of \d+|value=.\d+.", "", looks.content) for looks in found}
        for kind, found in seen.pop("home").items()
    }
    assert home[Purpose.GOLD] == home[Purpose.WORK]
    assert_alike(seen)


def test_the_progress_of_a_queue_grows_with_gold_as_with_work(project):
    grown = defaultdict(set)
    for _ in range(MOST_LABELERS):
        judge = Judge(project, {})
        for _ in range(2):
            before = done_of(judge)
            held = judge.held
            judge.send("submit-judgment", held, judge.verdict(held))
            judge.client.get(reverse("labeling:judge", args=["shop"]))
            grown[held.purpose].add(done_of(judge) - before)
        if len(grown) == 2:
            break
    assert grown == {Purpose.GOLD: {1}, Purpose.WORK: {1}}


def done_of(judge) -> int:
    (queue,) = judge.client.get(reverse("labeling:home")).context["queues"]
    return queue.done


def test_no_telling_name_reaches_a_labeler_and_all_reach_a_lead(project):
    canaries = ("gold-", "gold:canary", "canary", "known answer", "import:1", "work-", "purpose")
    judge = Judge(project, {})
    sent = []
    for _ in range(12):  # gold by a coin of one half each: both kinds come, but once in 2,000 runs
        held = judge.held
        sent.append(judge.client.get(reverse("labeling:judge", args=["shop"])).content)
        sent.append(judge.client.post(reverse("labeling-api:next", args=["shop"])).content)
        sent.append(judge.send("submit-judgment", held, judge.verdict(held), HTMX).content)
    for name in ("home", "history", "list-feedback"):
        sent.append(judge.client.get(reverse(f"labeling:{name}")).content)
    assert {Purpose.GOLD, Purpose.WORK} <= set(
        Assignment.objects.filter(labeler=judge.user).values_list("purpose", flat=True)
    )
    for content in sent:
        for canary in canaries:
            assert canary.encode() not in content, canary

    lead = Client()
    lead.force_login(make_member(project, Membership.Role.LEAD))
    page = lead.get(reverse("labeling:list-gold", args=["shop"])).content.decode()
    assert "gold-7" in page


def test_whoever_comes_again_gets_the_same_item_again(project):
    """Undo and submit again, or let the lease run out: gold comes back as work does."""
    for _ in range(12):
        judge = Judge(project, {})
        first = judge.held
        judge.send("submit-judgment", first, judge.verdict(first), HTMX)
        following = judge.held
        judge.send("undo", first, {}, HTMX)
        first.refresh_from_db()
        judge.send("submit-judgment", first, judge.verdict(first), HTMX)
        assert judge.held.pk == following.pk
        Assignment.objects.filter(pk=following.pk).update(lease_until="2020-01-01T00:00Z")
        judge.client.get(reverse("labeling:home"))
        expire_leases()
        judge.client.get(reverse("labeling:judge", args=["shop"]))
        assert judge.held.pk == following.pk


def test_the_personal_copy_tells_nothing_of_gold(project):
    """What was judged, skipped, reported and begun, gold and work, in the copy of its labeler."""
    judge = Judge(project, {})
    reported, left = set(), set()
    while len(reported) < 2 or len(left) < 2:
        held = judge.held
        judge.send("report", held, {"kind": "other", "text": "?"}, HTMX)
        judge.send("save-draft", held, judge.verdict(held) | {"rationale": "Half a thought."})
        reported.add(held.purpose)
        if held.purpose in left:
            judge.send("submit-judgment", held, judge.verdict(held), HTMX)
        else:  # its draft stays
            judge.send("skip-item", held, {"reason": "x"}, HTMX)
            left.add(held.purpose)
    judge.send("submit-judgment", judge.held, judge.verdict(judge.held), HTMX)
    judge.send("save-draft", judge.held, judge.verdict(judge.held) | {"rationale": "Half."})

    files = collect(judge.user) | core.collect(judge.user)

    assert all(files[name] for name in ("judgments", "drafts", "reports", "events"))
    assert {row["purpose"] for row in files["judgments"]} == {Purpose.WORK}
    told = json.dumps(files, cls=DjangoJSONEncoder)
    for canary in ("gold", "canary", "work-", "import:1"):
        assert canary not in told, canary
    assert {"judgment.submitted", "item.reported"} <= {row["what"] for row in files["events"]}
    assert not any("item" in row["details"] for row in files["events"])
    assert not any(row["on"].startswith("item:") for row in files["events"])
