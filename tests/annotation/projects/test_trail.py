"""The audit trail: in sentences, filtered, page by page at one cost, and as files."""

import ast
import csv
import io
import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.urls import reverse
from django.utils.translation import override

from annotation.core import audit
from annotation.core.models import Event
from annotation.projects.models import Membership
from annotation.projects.trail.forms import TrailForm
from annotation.projects.trail.kinds import A_ROLE, GROUPS, KINDS
from annotation.projects.trail.reading import PAGE, events_of, filtered, page_of
from annotation.projects.trail.sentences import tell
from tests.factories import make_member, make_project, make_user

pytestmark = pytest.mark.django_db

SOURCES = Path(__file__).resolve().parents[3] / "annotation"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def project():
    return make_project("shop")


@pytest.fixture
def lead(project):
    return make_member(project, Membership.Role.LEAD, "ada", handle="ada")


def insert(project, count, *, actor=None, kind="judgment.submitted", minutes=1):
    """Events at and after NOON, `minutes` apart, without a service."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO core_event (project_id, actor_id, kind, target, payload, at)"
            " SELECT %s, %s, %s, 'judgment:' || n, '{}', %s::timestamptz + n * %s * interval"
            " '1 minute' FROM generate_series(0, %s - 1) AS n",
            [project and project.pk, actor and actor.pk, kind, NOON, minutes, count],
        )


def wanted(project, **values):
    form = TrailForm(values, project=project)
    assert form.is_valid(), form.errors
    return filtered(events_of(project), form)


def sentence_of(kind, project, **event):
    audit.record(kind, project=project, **event)
    return tell([Event.objects.latest("pk")], project)[0].sentence


# Words.


def recorded_kinds():
    """What the code records: first arguments of `audit.record`, and texts that look like one."""
    prefixes = {kind.split(".")[0] for kind in KINDS}
    for path in SOURCES.rglob("*.py"):
        if "migrations" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "audit.record":
                found = [part.value for part in ast.walk(node.args[0]) if is_text(part)]
                yield from (text for text in found if "." in text and not text.endswith("."))
            elif is_text(node) and re.fullmatch(r"[a-z_]+\.[a-z_]+", node.value):
                yield from [node.value] if node.value.split(".")[0] in prefixes else []


def is_text(node) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


# They look like a kind, and are names of files and fields.
NO_EVENTS = {
    "run.asked_name",
    "run.endpoint_id",
    "run.job_id",
    "run.params",
    "run.pk",
    "run.set_number",
    "dataset.hash",
    "adjudications.jsonl",
    "endpoint.name",
    "item.external_id",
    "item.id",
    "items.jsonl",
    "judgments.jsonl",
    "run.json",
    "top.id",
}


def test_every_kind_that_the_code_records_has_words():
    found = set(recorded_kinds()) - NO_EVENTS
    assert {"member.added", "judgment.submitted", "run.started", "second_factor.reset"} <= found
    assert found - set(KINDS) == set()


def test_every_kind_belongs_to_a_group_that_is_shown():
    assert {words.group for words in KINDS.values()} <= set(GROUPS)
    assert set(A_ROLE) == set(Membership.Role.values)


def test_an_event_is_a_sentence(project, lead):
    bob = make_member(project, username="bob@example.com", handle="bob")

    made = sentence_of(
        "member.changed", project, actor=lead, target=f"user:{bob.pk}", role="reviewer"
    )

    assert made == "ada made bob a reviewer"


def test_a_sentence_is_in_the_readers_language(project, lead):
    with override("de"):
        said = sentence_of("rubric.published", project, actor=lead, target="rubric:3")
    assert said == "ada hat Version 3 des Bewertungsrasters veröffentlicht"


@pytest.mark.parametrize("language", ["en", "de"])
def test_no_kind_needs_more_than_an_event_may_hold(project, language):
    """An event from before its payload had a value is a sentence, too."""
    with override(language):
        said = {kind: sentence_of(kind, project) for kind in KINDS}
    assert all("%" not in sentence for sentence in said.values())
    assert said["judgment.submitted"].startswith("Concord")


def test_a_kind_nobody_gave_words_is_shown_as_it_is(project, lead):
    assert sentence_of("planet.moved", project, actor=lead) == "ada: planet.moved"


def test_the_page_names_a_member_by_handle_and_escapes_it(client, project, lead):
    eve = make_member(project, username="eve@example.com", handle="<b>eve</b>")
    audit.record("member.removed", actor=lead, project=project, target=f"user:{eve.pk}")
    client.force_login(lead)

    page = client.get(reverse("projects:list-events", args=["shop"])).content.decode()

    assert "ada removed &lt;b&gt;eve&lt;/b&gt; from the project" in page
    assert "eve@example.com" not in page


# Filters.


def test_each_filter_leaves_what_it_names(project, lead):
    bob = make_member(project, handle="bob")
    insert(project, 3, actor=bob)
    insert(project, 2, actor=lead, kind="rubric.published")
    insert(make_project(), 9, actor=bob)

    assert wanted(project, person=bob.pk).count() == 3
    assert wanted(project, kind="judgment.submitted").count() == 3
    assert wanted(project, kind="group:judging").count() == 3
    assert wanted(project, kind="group:project", person=lead.pk).count() == 2
    assert wanted(project, target="judgment:1").count() == 2
    assert wanted(project, person=bob.pk, target="judgment:1").count() == 1


def test_both_days_of_a_range_belong_to_it(project):
    insert(project, 4, minutes=24 * 60)  # noon of 1, 2, 3 and 4 March
    days = wanted(project, since="2026-03-02", until="2026-03-03").order_by("at")
    assert [event.at.day for event in days] == [2, 3]


@pytest.mark.parametrize(
    "query",
    ["since=2026-03-05&until=2026-03-01", "since=yesterday", "kind=moved", "person=999999"],
)
def test_a_filter_that_cannot_be_is_refused_with_a_sentence(client, project, lead, query):
    client.force_login(lead)
    assert client.get(reverse("projects:list-events", args=["shop"])).status_code == 200
    for name in ("list-events", "export-events"):
        answer = client.get(reverse(f"projects:{name}", args=["shop"]) + f"?{query}")
        assert answer.status_code == 422
    assert not Event.objects.filter(kind="events.exported").exists()


@pytest.mark.parametrize("place", ["0", "x", "-1", "9" * 30, "١", "%00"])
def test_a_place_that_is_none_is_the_beginning(client, project, lead, place):
    client.force_login(lead)
    url = reverse("projects:list-events", args=["shop"])
    first = client.get(url).context["told"]
    assert len(first) > 0
    assert len(client.get(f"{url}?before={place}").context["told"]) == len(first)


# Pages.


def test_walking_there_and_back_shows_every_event_once(project):
    # Several at one moment: the border between two pages lies among equals.
    insert(project, 2 * PAGE + 7, minutes=0)
    insert(project, PAGE + 3)
    events = events_of(project)
    expected = list(events.order_by("-at", "-pk").values_list("pk", flat=True))
    assert len(expected) > 3 * PAGE

    page = page_of(events)
    there = [page]
    while page.older:
        page = page_of(events, before=str(page.older))
        there.append(page)
    back = [page]
    while page.newer:
        page = page_of(events, after=str(page.newer))
        back.append(page)

    assert [event.pk for page in there for event in page.events] == expected
    assert [event.pk for page in reversed(back) for event in page.events][-2 * PAGE :] == (
        expected[-2 * PAGE :]
    )
    assert there[0].newer is None


@pytest.mark.parametrize(
    "filters",
    [
        {},
        {"person": True},
        {"kind": "rubric.published"},
        {"target": "judgment:7"},
        {"since": "2026-03-02", "until": "2026-03-03"},
    ],
)
def test_no_page_reads_more_than_a_page(project, lead, filters):
    """Among 20,000 events: an index gives what is wanted in its order, or the few there are."""
    other = make_member(project)
    insert(project, 20_000, actor=other)
    insert(project, 300, actor=lead, kind="rubric.published", minutes=60)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE core_event")
    if filters.get("person"):
        filters = {"person": lead.pk}
    events = wanted(project, **filters)
    middle = Event.objects.filter(kind="judgment.submitted").order_by("pk")[10_000].pk

    with connection.execute_wrapper(read_plans := Plans()):
        page_of(events, before=str(middle))

    assert len(read_plans.rows) == 2
    assert max(read_plans.rows) <= 400


class Plans:
    """How many rows the parts of each statement's plan read at most."""

    def __init__(self):
        self.rows = []

    def __call__(self, execute, sql, params, many, context):
        with context["connection"].connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}", params)
            (plan,) = cursor.fetchone()[0]
        self.rows.append(most_rows(plan["Plan"]))
        return execute(sql, params, many, context)


def most_rows(node) -> int:
    read = node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
    return max(read, *(most_rows(child) for child in node.get("Plans", [])), 0)


# Files.


def test_the_file_holds_what_is_filtered_and_says_that_it_was_taken(client, project, lead):
    insert(project, 1200, actor=lead)
    client.force_login(lead)
    url = reverse("projects:export-events", args=["shop"]) + "?kind=judgment.submitted"

    lines = b"".join(client.get(url).streaming_content).decode().splitlines()

    rows = [json.loads(line) for line in lines]
    assert len(rows) == 1200
    assert set(rows[0]) == {"id", "at", "who", "kind", "target", "sentence", "details"}
    assert rows[0]["sentence"] == "ada judged item –"
    taken = Event.objects.get(kind="events.exported")
    assert (taken.actor, taken.payload) == (lead, {"file": "jsonl"})


def test_no_cell_of_the_table_is_a_formula(client, project, lead):
    eve = make_member(project, handle="=1+1")
    audit.record("planet.moved", actor=eve, project=project, target="@SUM(A1)", reason="=2")
    client.force_login(lead)

    answer = client.get(reverse("projects:export-events-csv", args=["shop"]))

    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    moved = next(row for row in rows if row["kind"] == "planet.moved")
    assert (moved["who"], moved["target"]) == ("'=1+1", "'@SUM(A1)")
    assert moved["sentence"].startswith("'=1+1")
    assert json.loads(moved["details"]) == {"reason": "=2"}


def test_a_file_is_english_whoever_takes_it(client, project, lead):
    lead.preferences = {"language": "de"}
    lead.save()
    client.force_login(lead)
    answer = client.get(reverse("projects:export-events", args=["shop"]))
    assert "Concord made the project shop" in b"".join(answer.streaming_content).decode()


# The site's own.


def test_the_sites_trail_is_the_admins_alone(client, lead):
    names = ("list-site-events", "export-site-events", "export-site-events-csv")
    client.force_login(lead)
    assert [client.get(reverse(f"projects:{name}")).status_code for name in names] == [404] * 3
    client.force_login(make_user(is_superuser=True))
    assert [client.get(reverse(f"projects:{name}")).status_code for name in names] == [200] * 3


def test_the_sites_trail_holds_what_belongs_to_no_project(client, project, lead):
    audit.record("password.changed", actor=lead, target=f"user:{lead.pk}")
    insert(project, 5, actor=lead)
    client.force_login(make_user(is_superuser=True))
    url = reverse("projects:list-site-events")

    told = client.get(url, {"person": "ada"}).context["told"]

    assert [one.sentence for one in told] == ["ada changed the password"]
    assert client.get(url, {"person": "nobody"}).status_code == 422


def test_an_old_event_is_still_found_by_its_day(project):
    insert(project, 3)
    audit.record("project.created", project=project)
    assert wanted(project, until=str((NOON + timedelta(days=1)).date())).count() == 3
