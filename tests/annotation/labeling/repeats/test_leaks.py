"""Nobody can tell a repeat from work by what they are sent: compared as gold is, answer by answer.

Only memory tells: whoever remembers a prompt remembers it, and no server can prevent that.
"""

import re
from uuid import uuid4

import pytest
from django.urls import reverse

from annotation.labeling.desk import rendered
from annotation.labeling.models import Assignment, Purpose
from annotation.labeling.naming import name_of_item
from annotation.labeling.personal_copy import collect
from annotation.labeling.prerender import texts_of
from annotation.labeling.reports import report_problem
from tests.annotation.labeling.gold.test_leaks import (
    HTMX,
    Judge,
    all_that_is_seen,
    assert_alike,
    done_of,
    looks_of,
)
from tests.annotation.labeling.repeats.world import age, asked_again, judge, work_until_repeat
from tests.factories import make_item, make_member, make_project, make_prompt

pytestmark = pytest.mark.django_db


class Veteran(Judge):
    """Has judged some items before; what is on the desk now is work or a repeat."""

    def __init__(self, project, seen):
        super().__init__(project, seen)
        for _ in range(4):
            judge(self.held, lend_next=True)
        age(self.user, hours=2)
        judge(self.held, lend_next=True)


@pytest.fixture
def project():
    """As many repeats as there may be, and all items say the same."""
    project = make_project(
        "shop", overlap=50, repeat_percent=20, repeat_after_items=1, repeat_after_hours=1
    )
    prompt = make_prompt(project, "Which is better?")
    for _ in range(12):
        item = make_item(project, prompt=prompt)
    rendered(texts_of([item.pk]))
    return project


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
        bad = verdict | {"rank_a": ""}
        judge.note("refused", kind, lambda: judge.send("submit-judgment", held, bad))
        report = {"kind": "other", "text": "?"}
        judge.note("report", kind, lambda: judge.send("report", held, report, HTMX))

    assert_alike(all_that_is_seen(project, walk, judge=Veteran), Purpose.REPEAT)


def test_submitting_skipping_and_undoing_are_alike(project):
    def walk(judge):
        held = judge.held
        judge.note("skipped", held.purpose, lambda: judge.send("skip-item", held, {"reason": "x"}))
        judge.note("undone skip", held.purpose, lambda: judge.send("undo", held, {}, HTMX))
        held.refresh_from_db()
        sent = judge.verdict(held)
        judge.note("submitted", held.purpose, lambda: judge.send("submit-judgment", held, sent))
        judge.note("undone", held.purpose, lambda: judge.send("undo", held, {}, HTMX))

    assert_alike(all_that_is_seen(project, walk, judge=Veteran), Purpose.REPEAT)


def test_what_the_api_says_is_alike_and_names_no_item_twice(project):
    def walk(judge):
        held = judge.held
        ask = reverse("labeling-api:next", args=["shop"])
        judge.note("api next", held.purpose, lambda: judge.client.post(ask))
        others = Assignment.objects.filter(labeler=judge.user).exclude(pk=held.pk)
        assert judge.client.post(ask).json()["assignment"]["item"] not in map(name_of_item, others)
        send = reverse("labeling-api:judgment", args=[held.pk])
        key = {"Idempotency-Key": str(uuid4())}
        sent = {"ranking": [["a"], ["b"]]}
        looks = looks_of(
            lambda: judge.client.post(send, sent, content_type="application/json", headers=key)
        )
        assert looks.status == 201
        judge.seen[f"api judgment, {judge.held.purpose} follows"][held.purpose].add(looks)

    seen = all_that_is_seen(project, walk, judge=Veteran)
    told = {what: kinds for what, kinds in seen.items() if len(kinds) == 2}
    assert "api next" in told
    assert_alike(told, Purpose.REPEAT)


def test_pages_beside_the_desk_are_alike_and_progress_grows(project):
    def walk(judge):
        held = judge.held
        before = done_of(judge)
        judge.send("submit-judgment", held, judge.verdict(held), HTMX)
        assert done_of(judge) - before in (0, 1)
        judge.seen["progress"][held.purpose].add(done_of(judge) - before)
        judgment = held.judgments.get()
        revise = reverse("labeling:revise", args=[judgment.pk])
        history = reverse("labeling:history")
        looks = looks_of(lambda: judge.client.get(history))
        content = re.sub(r"[AB] &gt; [AB]", "ORDER", looks.content)  # of what was judged before
        judge.seen["history"][held.purpose].add(looks._replace(content=content))
        judge.note("revise", held.purpose, lambda: judge.client.get(revise))

    seen = all_that_is_seen(project, walk, judge=Veteran)
    progress = seen.pop("progress")
    assert progress[Purpose.REPEAT] == progress[Purpose.WORK]
    assert_alike(seen, Purpose.REPEAT)


def test_the_personal_copy_names_no_item_twice_and_no_repeat():
    project = asked_again()
    labeler = make_member(project)
    again = work_until_repeat(project, labeler)
    report_problem(assignment=again, kind="other", text="?")
    judge(again)

    files = collect(labeler)

    names = [row["item"] for row in files["judgments"]]
    assert len(names) == len(set(names)) > 2
    assert {row["purpose"] for row in files["judgments"]} == {Purpose.WORK}
    assert files["reports"][0]["item"] == names[-1]
