"""Known answers that come in with their items: all or nothing, each refusal by line and field."""

import io
import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from annotation.core import jobs
from annotation.core.models import Event, Job
from annotation.labeling.gold.exports import read_gold
from annotation.labeling.gold.files import import_gold
from annotation.labeling.imports import services
from annotation.labeling.imports.wording import summary
from annotation.labeling.models import GoldItem, Item
from annotation.projects.models import Membership
from annotation.projects.services import publish_rubric
from annotation.prompts.models import Import
from tests.factories import make_key, make_member, make_project

pytestmark = pytest.mark.django_db
Role = Membership.Role


@pytest.fixture
def project():
    return make_project("shop")


def item(name="x1", count=3, **more):
    responses = [{"id": key, "text": f"Text {key}."} for key in "abc"[:count]]
    return {"id": name, "prompt": f"About {name}?", "responses": responses} | more


GOLD = {"ranking": [["c"], ["a"]], "unacceptable": ["b"]}
WHOLE = GOLD | {
    "rest_below": False,
    "ratings": {"helpfulness": {"a": 3, "c": 5}},
    "rating_slack": 2,
    "tolerance": "inversions",
    "max_inversions": 1,
    "explanation": "c answers.",
}


def without_item(row):
    return {name: value for name, value in row.items() if name != "item"}


def bring(project, *rows, actor=None, **options):
    text = "".join(json.dumps(row) + "\n" for row in rows)
    stream = io.BytesIO(text.encode())
    return services.import_file(
        project=project, kind="items", stream=stream, actor=actor, **options
    )


def told(imported):
    return [(error.line, error.field) for error in imported.errors.order_by("line", "pk")]


def test_the_answer_comes_with_the_item_which_is_kept_for_it(project):
    whole = GOLD | {
        "tolerance": "inversions",
        "max_inversions": 1,
        "rating_slack": 2,
        "explanation": " c answers. ",
    }
    imported = bring(project, item(gold=whole), item("x2"), item("x3", gold=GOLD))

    assert imported.state == "done", told(imported)
    assert imported.counts["gold"] == 2
    assert "2 known answers" in summary(imported)
    gold = GoldItem.objects.get(item__external_id="x1")
    assert (gold.ranks, gold.unacceptable) == ([2, None, 1], [False, True, False])
    assert (gold.tolerance, gold.max_inversions, gold.rating_slack) == ("inversions", 1, 2)
    assert gold.explanation == "c answers."
    assert gold.use == GoldItem.Use.QUEUE
    states = dict(Item.objects.values_list("external_id", "state"))
    assert states == {"x1": "reserved", "x2": "open", "x3": "reserved"}
    assert Event.objects.filter(kind="gold.made").count() == 2


def test_the_same_file_again_changes_nothing_and_a_later_one_may_bring_the_answer(project):
    bring(project, item())
    assert bring(project, item(gold=GOLD)).counts["gold"] == 1
    again = bring(project, item(gold=GOLD))
    assert again.state == "unchanged"
    assert bring(project, item()).state == "unchanged", "the answer is no part of the item"
    assert GoldItem.objects.count() == 1


def test_another_answer_than_the_one_there_is_refused(project):
    bring(project, item(gold=GOLD))
    refused = bring(project, item("x9"), item(gold={"ranking": [["a"], ["b"], ["c"]]}))

    assert refused.state == "refused"
    assert told(refused) == [(2, "gold")]
    assert not Item.objects.filter(external_id="x9").exists()
    assert GoldItem.objects.get().ranks == [2, None, 1]


def test_a_withdrawn_item_gets_none(project):
    bring(project, item())
    Item.objects.update(state=Item.State.WITHDRAWN)
    assert told(bring(project, item(gold=GOLD))) == [(1, "gold")]


@pytest.mark.parametrize(
    ("gold", "field"),
    [
        ([], "gold"),
        ("a", "gold"),
        ({}, "gold.ranking"),
        ({"ranking": [["z"]]}, "gold.ranking"),
        ({"ranking": [["a", 7]]}, "gold.ranking[0][1]"),
        ({"ranking": [["a"], ["b"]], "wrong": 1}, "gold.wrong"),
        ({"ranking": [["a"], ["b"]], "item": "x1"}, "gold.item"),
        ({"ranking": [["a", "b", "c"]], "tolerance": "best"}, "gold.tolerance"),
        ({"ranking": [["a"], ["b"]], "tolerance": "near"}, "gold.tolerance"),
        (
            {"ranking": [["a"], ["b"]], "tolerance": "inversions", "max_inversions": 9},
            "gold.max_inversions",
        ),
        ({"ranking": [["a"], ["b"]], "rating_slack": -1}, "gold.rating_slack"),
        ({"ranking": [["a"], ["b"]], "explanation": "x" * 20_001}, "gold.explanation"),
        ({"ranking": [["a"], ["b"]], "ratings": {"nothing": {"a": 1}}}, "gold.ratings"),
    ],
)
def test_an_answer_that_does_not_fit_refuses_the_whole_file_by_line_and_field(
    project, gold, field
):
    assert bring(project, item("x0", gold=GOLD)).state == "done", "that one fits"
    refused = bring(project, item("x8"), item("x1", gold=gold))

    assert refused.state == "refused"
    assert [(line, name[: len(field)]) for line, name in told(refused)] == [(2, field)]
    assert list(Item.objects.values_list("external_id", flat=True)) == ["x0"]
    assert GoldItem.objects.count() == 1


@pytest.mark.parametrize("role", [Role.LEAD, Role.ADMIN, Role.ENGINEER])
def test_engineers_bring_items_but_no_known_answers(project, role):
    actor = make_member(project, role)
    imported = bring(project, item("x0"), item(gold=GOLD), actor=actor)

    if role == Role.ENGINEER:
        assert told(imported) == [(2, "gold")]
        assert not Item.objects.exists()
    else:
        assert GoldItem.objects.get().made_by == actor


def test_a_preference_has_no_known_answer_beside_it(project):
    row = {"prompt": "Name one.", "chosen": "11", "rejected": "12", "gold": GOLD}
    assert told(bring(project, row)) == [(1, "gold")]


def test_more_answers_than_are_read_at_once_come_in_and_are_found_again(project, monkeypatch):
    monkeypatch.setattr("annotation.labeling.imports.item_gold.CHUNK", 2)
    rows = [item(f"x{number}", gold=GOLD) for number in range(5)]
    assert bring(project, *rows).counts["gold"] == 5
    assert bring(project, *rows).state == "unchanged"
    assert GoldItem.objects.count() == 5
    assert Job.objects.filter(kind="render").count() == 1, "one order to draw them all"


def test_what_came_in_goes_out_in_the_same_form_and_into_another_project(client, project):
    rows = [
        {"item": "x1", **WHOLE},
        {"item": "x2", **WHOLE, "ranking": [["a", "b"], ["c"]], "unacceptable": []},
    ]
    bring(project, *(item(row["item"], gold=without_item(row)) for row in rows), item("x3"))
    reviewer = make_member(project, Role.REVIEWER)
    client.force_login(reviewer)
    answer = client.get(reverse("labeling:export-gold", args=["shop"]))
    text = b"".join(answer.streaming_content)

    assert [json.loads(line) for line in text.splitlines()] == rows
    assert Event.objects.get(kind="gold.exported").actor == reviewer
    other = make_project("other")
    bring(other, item("x1"), item("x2"))
    assert import_gold(project=other, stream=io.BytesIO(text), actor=None) == 2
    assert list(read_gold(other)) == rows


def test_what_is_retired_or_of_the_ladder_stays(project):
    bring(project, item("x1", gold=WHOLE), item("x2", gold=WHOLE), item("x3", gold=WHOLE))
    GoldItem.objects.filter(item__external_id="x1").update(is_active=False)
    GoldItem.objects.filter(item__external_id="x2").update(use=GoldItem.Use.TRAINING)
    assert [row["item"] for row in read_gold(project)] == ["x3"]


@pytest.mark.parametrize("direct_bytes", [0, 2**20])
def test_a_token_that_may_only_import_makes_no_known_answer_whatever_the_files_size(
    client, project, monkeypatch, direct_bytes
):
    """A large file is read by a job, which knows the lead and not the token they came with."""
    monkeypatch.setattr(services, "DIRECT_BYTES", direct_bytes)
    lead = make_member(project, Role.LEAD)
    url = reverse("labeling-api:import-items", args=["shop"])

    def send(*rights):
        client.post(
            url,
            json.dumps(item(gold=GOLD)),
            content_type="application/jsonl",
            headers={"Authorization": f"Bearer {make_key(lead, *rights)}"},
        )
        imported = Import.objects.latest("pk")
        if imported.job_id:
            jobs.run(imported.job_id)
            imported.refresh_from_db()
        return imported

    refused = send("import")
    assert (refused.state, told(refused)) == ("refused", [(1, "gold")])
    assert bool(refused.job_id) == (direct_bytes == 0)
    assert send("import", "manage").counts["gold"] == 1


def test_whoever_is_no_lead_any_more_when_the_job_runs_makes_none(project, monkeypatch):
    monkeypatch.setattr(services, "DIRECT_BYTES", 0)
    lead = make_member(project, Role.LEAD)
    stream = io.BytesIO(json.dumps(item(gold=GOLD)).encode())
    imported = services.receive(project=project, kind="items", stream=stream, actor=lead)
    Membership.objects.filter(user=lead).update(role=Role.ENGINEER)

    jobs.run(imported.job_id)

    imported.refresh_from_db()
    assert (imported.state, told(imported)) == ("refused", [(1, "gold")])


def test_a_rubric_that_is_published_while_the_file_is_read_refuses_what_does_not_fit(project):
    """Checked by the one in force before, written under the next: a problem of its line."""
    rows = b"".join(
        json.dumps(row).encode() + b"\n"
        for row in (item("x0"), item(gold=GOLD | {"ratings": {"helpfulness": {"a": 3}}}))
    )

    class Slow(io.BytesIO):
        def readline(self, size=-1):
            line = super().readline(size)
            if not line and not project.rubric_versions.filter(number=2).exists():
                publish_rubric(project=project, guideline="Anew.", criteria=[])
            return line

    refused = services.import_file(project=project, kind="items", stream=Slow(rows))

    assert (refused.state, told(refused)) == ("refused", [(2, "gold.ratings.helpfulness")])
    assert not Item.objects.exists()


def test_forty_answers_cost_the_statements_of_two(project):
    def statements(count, start):
        rows = [item(f"x{number}", gold=GOLD) for number in range(start, start + count)]
        with CaptureQueriesContext(connection) as seen:
            assert bring(project, *rows).counts["gold"] == count
        return len(seen)

    statements(1, 0)
    assert statements(40, 100) <= statements(2, 10)
    assert Event.objects.filter(kind="gold.made").count() == 43
