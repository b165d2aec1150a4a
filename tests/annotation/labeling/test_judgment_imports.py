"""Everything a judgment can say, from files and programs: taken whole, or named and refused."""

import io
import json

import pytest

from annotation.core.hashing import sha256_of_text
from annotation.labeling import queue
from annotation.labeling import services as desk
from annotation.labeling.exports.reading import read_rows
from annotation.labeling.exports.streams import export
from annotation.labeling.imports import services
from annotation.labeling.models import Judgment, WrittenResponse
from annotation.labeling.undo import undo_last
from annotation.labeling.verdict import verdict_from_choices
from annotation.projects.services import CriterionSpec, TagSpec, publish_rubric
from annotation.prompts.models import Response
from tests.annotation.labeling.test_api import borrow, client_of, send
from tests.factories import make_item, make_judgment, make_member, make_project

pytestmark = pytest.mark.django_db
TEXTS = ("😀 One is\tso\\N.", "Two.")
ROW = {"item": "x1", "labeler": "w1", "ranking": [["a"], ["b"]]}
MARK = {"response": "a", "start": 2, "end": 5, "label": "fact", "note": "no\n", "text": "One"}
WHOLE = ROW | {
    "ratings": {"safe": {"a": 1, "b": "na"}},
    "flags": {"unsafe": ["b"]},
    "highlights": [MARK],
    "confidence": 2,
    "corrections": {"b": {"text": "2\\N\t.", "sha256": sha256_of_text("2\\N\t.")}},
    "demonstration": "Best.\n",
    "revision": 3,
    "is_surplus": True,
    "submitted_at": "2024-02-29T12:00:00.123456+00:00",
    "rubric_version": 2,
    "seconds": 3,
    "order": ["b", "a"],
}


def make_world(slug="shop", **settings):
    settings = {"allows_corrections": True, "demonstration": "fallback"} | settings
    project = make_project(slug, **settings)
    publish_rubric(
        project=project,
        guideline="",
        criteria=[CriterionSpec("safe", "Safe", scale_min=0, scale_max=1, allows_na=True)],
        flags=[TagSpec("unsafe", "Unsafe")],
        error_labels=[TagSpec("fact", "Wrong")],
    )
    make_item(project, TEXTS, external_id="x1")
    return project


@pytest.fixture
def project():
    return make_world()


def bring(project, *rows, create=True):
    content = b"".join(json.dumps(row).encode() + b"\n" for row in rows)
    return services.import_file(
        project=project, kind="judgments", stream=io.BytesIO(content), create=create
    )


def told(imported):
    return [(error.line, error.field, error.reason) for error in imported.errors.all()]


def test_everything_comes_in_and_goes_out_again(project):
    imported = bring(project, WHOLE)
    assert imported.state == "done", told(imported)
    assert imported.counts["responses"] == 2
    (row,) = read_rows(project)
    written = {"text": "Best.\n", "sha256": sha256_of_text("Best.\n")}
    expected = WHOLE | {"demonstration": written, "seconds": 3.0}
    assert {name: row[name] for name in WHOLE} == expected
    kinds = dict(WrittenResponse.objects.values_list("position", "response__kind"))
    assert kinds == {2: Response.Kind.CORRECTION, None: Response.Kind.DEMONSTRATION}


def test_a_plain_text_will_do_for_what_was_written(project):
    bring(project, ROW | {"corrections": {"a": "One."}, "demonstration": {"text": "Best."}})
    (row,) = read_rows(project)
    assert row["corrections"]["a"]["text"] == "One."
    assert row["demonstration"]["text"] == "Best."


BAD = [
    ({"flags": {"unsafe": ["z"]}}, "flags.unsafe[0]", "no response “z”"),
    ({"flags": {"unsafe": ["a", "a"]}}, "flags.unsafe[1]", "a second time"),
    ({"flags": {"unsafe": "a"}}, "flags.unsafe", "must be a list, is text"),
    ({"flags": {"rude": ["a"]}}, "flags.rude", "no flag “rude”"),
    ({"flags": []}, "flags", "must be an object, is a list"),
    ({"highlights": {}}, "highlights", "must be a list"),
    ({"highlights": [MARK | {"response": "z"}]}, "highlights[0].response", "no response “z”"),
    ({"highlights": [MARK | {"response": 1}]}, "highlights[0].response", "must be the id"),
    ({"highlights": [MARK | {"start": "2"}]}, "highlights[0].start", "whole number, is text"),
    ({"highlights": [MARK | {"end": None}]}, "highlights[0].end", "is missing"),
    ({"highlights": [MARK | {"text": "two"}]}, "highlights[0].text", "not what stands there"),
    ({"highlights": [{**MARK, "start": 3, "end": 6}]}, "highlights[0].text", "count characters"),
    ({"highlights": [{**MARK, "end": 99, "text": TEXTS[0][2:]}]}, "highlights[0]", "within the"),
    ({"highlights": [MARK | {"label": "x"}]}, "highlights[0].label", "no error label “x”"),
    ({"highlights": [MARK | {"colour": 1}]}, "highlights[0].colour", "is no field"),
    ({"highlights": [MARK, MARK]}, "highlights", "marked twice alike"),
    ({"highlights": [7]}, "highlights[0]", "must be an object, is a number"),
    ({"confidence": 6}, "confidence", "from 1"),
    ({"confidence": True}, "confidence", "whole number, is a boolean"),
    ({"corrections": {"z": "x"}}, "corrections.z", "no response “z”"),
    ({"corrections": {"b": "Two."}}, "corrections.b", "the very text"),
    ({"corrections": {"b": 1}}, "corrections.b", "must be text, is a number"),
    ({"corrections": {"b": {"text": "x", "sha256": "0"}}}, "corrections.b.sha256", "not the hash"),
    ({"corrections": {"b": " "}}, "corrections", "empty"),
    ({"demonstration": {"words": "x"}}, "demonstration.words", "is no field"),
    ({"demonstration": ["x"]}, "demonstration", "must be text, is a list"),
    ({"rest_below": 1}, "rest_below", "must be true or false, is a number"),
    ({"scale": 7, "preference": 1}, "ranking", "another one than the preference says"),
    ({"scale": 7, "preference": -1, "strength": [3]}, "strength", "another one than"),
    ({"scale": 5, "preference": -1}, "preference", "4, 7 or 9 points"),
    ({"scale": 4, "preference": 0, "ranking": []}, "preference", "not on the scale"),
    ({"scale": 7, "ranking": []}, "ranking", "names no response"),
    ({"scale": 7, "both": "fine", "ranking": []}, "ranking", "names no response"),
    ({"preference": -1}, "preference", "needs its scale"),
    ({"ratings": {"safe": {"a": "n/a"}}}, "ratings.safe", "'n/a' is not on it"),
    ({"revision": 0}, "revision", "must be from 1"),
    ({"revision": 40_000}, "revision", "must be from 1"),
    ({"retracted": True}, "retracted", "takes nothing back"),
    ({"origin": "somewhere"}, "origin", "must be one of desk"),
    ({"purpose": "fun"}, "purpose", "must be one of work"),
    ({"purpose": 1}, "purpose", "must be one of work"),
    ({"rubric_version": 3}, "rubric_version", "no rubric version 3"),
    ({"rubric_version": None, "flags": {"unsafe": ["a"]}}, "flags.unsafe", "no flag"),
    ({"submitted_at": "2024-02-29T12:00:00"}, "submitted_at", "with its zone"),
    ({"submitted_at": "yesterday"}, "submitted_at", "with its zone"),
    ({"submitted_at": 5}, "submitted_at", "must be text"),
    ({"submitted_at": "9999-01-01T00:00:00+00:00"}, "submitted_at", "in the future"),
    ({"submitted_at": "0001-01-01T00:00:00+23:00"}, "submitted_at", "with its zone"),
]


@pytest.mark.parametrize(("fields", "field", "reason"), BAD)
def test_a_wrong_field_is_named_and_nothing_comes_in(project, fields, field, reason):
    good = ROW | {"labeler": "w0"}
    refused = bring(project, good, ROW | fields)
    assert refused.state == "refused"
    assert [(line, name) for line, name, _ in told(refused)] == [(2, field)]
    assert reason in told(refused)[0][2]
    assert not project.judgments.exists()
    assert bring(project, good).state == "done"


@pytest.mark.parametrize(
    ("settings", "fields", "reason"),
    [
        ({"allows_corrections": False}, {"corrections": {"b": "2"}}, "no corrections"),
        ({"demonstration": "off"}, {"demonstration": "x"}, "no response of yours"),
        ({"has_both": False}, {"scale": 7, "both": "good", "ranking": []}, "“both”"),
    ],
)
def test_what_the_project_does_not_ask_for_is_refused(settings, fields, reason):
    project = make_world("strict", **settings)
    assert reason in told(bring(project, ROW | fields))[0][2]
    assert bring(make_world("free"), ROW | fields).state == "done"


def test_a_scale_compares_two(project):
    make_item(project, ("1", "2", "3"), external_id="x3")
    refused = bring(project, {"item": "x3", "labeler": "w1", "scale": 7, "preference": 1})
    assert told(refused) == [(1, "scale", "compares two responses, the item has 3")]
    assert bring(project, {"item": "x1", "labeler": "w1", "scale": 7, "preference": 1}).counts[
        "judgments"
    ]
    assert project.judgments.get().ranks == [2, 1]


def test_every_revision_goes_from_project_to_project(project):
    item = project.items.get()
    first, second = (make_member(project, handle=handle) for handle in ("w1", "w2"))
    make_judgment(item, first, [1, 2], demonstration="First.")
    make_judgment(item, first, [2, 1], revision=2, demonstration="Second.")
    make_judgment(item, second, [1, 2])
    make_judgment(item, second, [1, 2], revision=2, is_retraction=True)
    content = b"".join(export(project, "jsonl", all_revisions=True))
    other = make_world("other")

    rows = [json.loads(line) for line in content.splitlines()]
    assert bring(other, *rows).counts["judgments"] == 4
    assert b"".join(export(other, "jsonl", all_revisions=True)) == content
    assert [row["revision"] for row in read_rows(other)] == [2]
    assert bring(other, *rows).state == "unchanged"
    assert bring(project, *rows).state == "unchanged"


def test_what_was_undone_at_the_desk_goes_out_and_in(client):
    project = make_world(overlap=1)
    labeler = make_member(project, handle="w1")
    lent = queue.lend_next_item(project=project, labeler=labeler)
    said = {"corrections": {2: "2."}, "demonstration": "Best."}
    verdict = verdict_from_choices({1: 1, 2: 2}, response_count=2, **said)
    desk.submit_judgment(
        assignment_id=lent.pk, labeler=labeler, verdict=verdict, key=lent.key, lend_next=False
    )
    assert len(list(read_rows(project))) == 1
    undo_last(assignment_id=lent.pk, labeler=labeler)
    assert list(read_rows(project)) == []
    first, second = rows = list(read_rows(project, all_revisions=True))
    assert (first["is_current"], second["retracted"]) == (False, True)
    assert first["demonstration"]["text"] == "Best."
    assert bring(project, *rows).state == "unchanged"
    assert bring(make_world("other"), *rows).counts["judgments"] == 2


def test_a_file_that_a_later_revision_overtook_is_unchanged(project):
    """Who brings a file in, changes a judgment at the desk and brings the file in again has
    nothing new in the file; a third verdict still is an error."""
    bring(project, ROW)
    judgment = project.judgments.get()
    make_judgment(judgment.item, judgment.labeler, [2, 1], revision=2, origin="desk")
    again = bring(project, ROW)
    assert (again.state, again.counts["unchanged"]) == ("unchanged", 1)
    assert bring(project, ROW | {"ranking": [["b"], ["a"]]}).state == "unchanged"
    refused = bring(project, ROW | {"ranking": [["a", "b"]]})
    assert told(refused) == [(1, "labeler", "“w1” has judged item “x1” already, differently")]
    assert project.judgments.count() == 2


def test_a_judgment_taken_back_here_is_not_brought_back_by_its_file(project):
    bring(project, ROW)
    judgment = project.judgments.get()
    make_judgment(judgment.item, judgment.labeler, [1, 2], revision=2, is_retraction=True)
    assert bring(project, ROW).state == "unchanged"
    assert not list(read_rows(project))


def test_what_no_person_judged_does_not_pass_for_it(project):
    bring(
        project,
        ROW | {"origin": "simulated"},
        ROW | {"labeler": "w2", "origin": "desk"},
        ROW | {"labeler": "w3"},
    )
    assert [row["origin"] for row in read_rows(project)] == ["simulated", "import", "import"]


def test_many_lines_with_texts_come_in_with_one_look_up_a_batch(
    project, django_assert_max_num_queries
):
    rows = [WHOLE | {"labeler": f"w{number}"} for number in range(50)]
    bring(project, *[row | {"labeler": f"first-{row['labeler']}"} for row in rows[:1]])
    labelers = [row["labeler"] for row in rows]
    for handle in labelers:
        make_member(project, handle=handle)
    with django_assert_max_num_queries(45):
        assert bring(project, *rows, create=False).counts["responses"] == 100


def test_a_program_sends_all_that_a_page_does():
    project = make_world(confidence="optional")
    client = client_of(make_member(project, handle="w1"))
    answer = send(
        client,
        borrow(client),
        {
            **{name: WHOLE[name] for name in ("ranking", "ratings", "flags", "confidence")},
            "highlights": [{name: MARK[name] for name in MARK if name != "text"}],
            "corrections": {"b": "2."},
            "demonstration": " Best.\n",
        },
    )
    assert answer.status_code == 201, answer.json()
    (row,) = read_rows(project)
    for name in ("ranking", "ratings", "flags", "confidence", "highlights"):
        assert row[name] == WHOLE[name]
    assert row["corrections"]["b"]["text"] == "2."
    assert row["demonstration"]["text"] == " Best.\n"
    # The same by a file is the same judgment.
    assert bring(project, row).state == "unchanged"


@pytest.mark.parametrize(
    ("sent", "ranks"),
    [
        ({"scale": 7, "preference": -2}, [1, 2]),
        ({"scale": 9, "preference": 1}, [2, 1]),
        ({"scale": 4, "both": "good"}, [1, 1]),
    ],
)
def test_a_program_answers_on_the_scale_by_ids(sent, ranks):
    project = make_world()
    item = project.items.get()
    for old, new in (("a", "aside"), ("b", "a"), ("aside", "b")):
        item.item_responses.filter(key=old).update(key=new)
    client = client_of(make_member(project, handle="w1"))
    answer = send(client, borrow(client), sent)
    assert answer.status_code == 201, answer.json()
    assert Judgment.objects.get().ranks == ranks[::-1]  # by positions, and those were turned
    (row,) = read_rows(project)
    assert {name: row[name] for name in sent} == sent


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({"scale": 7, "preference": -2, "ranking": [["b"], ["a"]]}, 400),
        ({"ranking": [["a"], ["b"]], "ratings": {"safe": {"a": "no"}}}, 400),
        ({"ranking": [["a"], ["b"]], "highlights": [{"response": "a"}]}, 400),
        ({"ranking": [["a"], ["b"]], "highlights": [MARK | {"end": 10**30}]}, 400),
        ({"ranking": [["a"], ["b"]], "flags": {"unsafe": [["a"]]}}, 400),
        ({"ranking": [["a"], ["b"]], "corrections": ["b"]}, 400),
        ({"ranking": [["a"], ["b"]], "confidence": 10**30}, 400),
        ({"scale": 7, "preference": 10**30}, 400),
        ({}, 400),
        ({"ranking": [["a"], ["b"]]}, 201),
    ],
)
def test_a_program_is_told_what_is_wrong(wrong, status):
    project = make_world()
    client = client_of(make_member(project))
    assert send(client, borrow(client), wrong).status_code == status
    assert project.judgments.count() == (status == 201)


def test_the_purpose_comes_back_in(project):
    """Out of one project and into another: gold stays gold."""
    bring(project, ROW | {"purpose": "gold"}, ROW | {"labeler": "w2"})
    assert [row["purpose"] for row in read_rows(project)] == ["gold", "work"]
