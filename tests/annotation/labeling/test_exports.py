"""Judgments out: the row of each, the table of spreadsheets, and the doors they leave by."""

import csv
import io
import json
import tracemalloc
from datetime import UTC, datetime

import pytest
from django.core.management import CommandError, call_command
from django.db import InternalError, connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from annotation.core.errors import NotFound
from annotation.core.models import Event
from annotation.core.spreadsheet import FORMULA
from annotation.labeling.exports.reading import read_rows
from annotation.labeling.exports.rows import (
    JudgedItem,
    RawJudgment,
    Written,
    judgment_row,
    said_row,
    without_unsaid,
)
from annotation.labeling.exports.streams import export
from annotation.labeling.exports.table import header, lines_of
from annotation.labeling.verdict import Highlight
from annotation.projects.models import Membership
from annotation.projects.services import TagSpec, publish_rubric
from tests.annotation.quality.world import make_judged_project
from tests.data import shared
from tests.factories import (
    make_item,
    make_judgment,
    make_key,
    make_member,
    make_project,
    make_user,
)

NOON = datetime(2026, 5, 4, 12, 30, tzinfo=UTC)
PLAIN = RawJudgment(
    revision=1,
    origin="desk",
    purpose="work",
    is_surplus=False,
    is_retraction=False,
    ranks=[2, 1],
    unacceptable=[False, False],
    rest_below=False,
    strength=[],
    scale=None,
    preference=None,
    both="",
    ratings={},
    flags={},
    highlights=[],
    confidence=None,
    rationale="",
    recording=None,
    seconds=None,
    order=[],
    submitted_at=NOON,
    rubric_version=None,
)
ITEM = JudgedItem("x1", ["a", "b"], {1: "One 😀 شيء.", 2: "Two."})


def said(written=(), item=ITEM, **fields):
    return said_row(PLAIN._replace(**fields), item, written)


def test_every_key_is_there_even_where_nothing_is_said():
    row = judgment_row(PLAIN, ITEM, "w1", is_current=True)
    assert row == {
        "item": "x1",
        "labeler": "w1",
        "revision": 1,
        "is_current": True,
        "is_surplus": False,
        "retracted": False,
        "origin": "desk",
        "purpose": "work",
        "ranking": [["b"], ["a"]],
        "unacceptable": [],
        "rest_below": False,
        "strength": [],
        "scale": None,
        "preference": None,
        "preference_words": "",
        "both": "",
        "ratings": {},
        "flags": {},
        "highlights": [],
        "confidence": None,
        "corrections": {},
        "demonstration": None,
        "rationale": "",
        "recording": None,
        "seconds": None,
        "order": [],
        "rubric_version": None,
        "submitted_at": "2026-05-04T12:30:00+00:00",
    }


def test_what_is_not_said_can_be_left_out_but_the_middle_of_the_scale_is_said():
    assert set(without_unsaid(said())) == {
        *("ranking", "unacceptable", "strength", "ratings"),
        *("rationale", "seconds", "order", "rubric_version"),
    }
    row = without_unsaid(said(scale=7, preference=0, ranks=[1, 1]))
    assert (row["scale"], row["preference"]) == (7, 0)
    assert row["preference_words"] == "about the same"
    assert without_unsaid(said(rest_below=True))["rest_below"] is True


@pytest.mark.parametrize(
    ("scale", "preference", "words"),
    [
        (4, -1, "a is slightly better"),
        (7, 2, "b is clearly better"),
        (7, -3, "a is far better"),
        (9, 4, "b is far better"),
    ],
)
def test_a_preference_goes_by_ids_not_by_positions(scale, preference, words):
    row = said(scale=scale, preference=preference)
    assert (row["preference"], row["preference_words"]) == (preference, words)
    turned = said(scale=scale, preference=-preference, item=JudgedItem("x1", ["b", "a"]))
    assert (turned["preference"], turned["preference_words"]) == (preference, words)


def test_marks_go_by_ids_and_highlights_bring_their_words():
    row = said(
        flags={"unsafe": [False, True]},
        ratings={"clear": ["na", 0], "true": [None, 3]},
        highlights=[
            {"position": 2, "start": 0, "end": 3, "label": "style", "note": "n"},
            {"position": 1, "start": 4, "end": 9, "label": "fact", "note": ""},
        ],
    )
    assert row["flags"] == {"unsafe": ["b"]}
    assert row["ratings"] == {"clear": {"a": "na", "b": 0}, "true": {"b": 3}}
    assert [(m["response"], m["text"]) for m in row["highlights"]] == [
        ("a", "😀 شيء"[:5]),
        ("b", "Two"),
    ]


def test_what_was_written_brings_its_hash():
    row = said(written=[Written(1, "One!", "f" * 64), Written(None, "Best.", "0" * 64)])
    assert row["corrections"] == {"a": {"text": "One!", "sha256": "f" * 64}}
    assert row["demonstration"] == {"text": "Best.", "sha256": "0" * 64}


@pytest.mark.parametrize("case", json.loads(shared("security/csv_injection.json").read_text()))
def test_no_cell_of_a_table_is_a_formula(case):
    row = judgment_row(PLAIN._replace(rationale=case["value"]), ITEM, "w1", is_current=True)
    (line, _) = lines_of(row, "ab", [], [])
    cell = line[header([], []).index("rationale")]
    assert cell.startswith(FORMULA) is False
    assert cell == ("'" + case["value"] if case["dangerous"] else case["value"])


def test_ids_and_labels_are_no_formulas_either_and_numbers_stay_numbers():
    item = JudgedItem("=1", ["+a", "@b"])
    raw = PLAIN._replace(scale=7, preference=-2, strength=[2])
    row = judgment_row(raw, item, "-w", is_current=True)
    first, second = (
        dict(zip(header([], []), line, strict=True)) for line in lines_of(row, item.keys, [], [])
    )
    assert (first["item"], first["labeler"], first["response"]) == ("'=1", "'-w", "'+a")
    assert (first["rank"], first["strength"]) == (2, "")
    assert (second["rank"], second["strength"], second["preference"]) == (1, 2, -2)


@pytest.fixture
def project(db):
    project = make_project("shop", allows_corrections=True)
    publish_rubric(
        project=project, guideline="", criteria=(), flags=[TagSpec("unsafe", "Unsafe")],
        error_labels=[TagSpec("fact", "Wrong")],
    )  # fmt: skip
    for name in ("x2", "x10", "x1"):
        make_item(project, ("One 😀 two.", "Three."), external_id=name)
    return project


def items_of(project):
    return {item.external_id: item for item in project.items.all()}


def test_rows_come_by_item_handle_and_revision_whatever_was_made_first(project):
    items = items_of(project)
    people = {name: make_member(project, handle=name) for name in ("w2", "W1", "w1")}
    for handle, labeler in people.items():
        for name, item in items.items():
            make_judgment(item, labeler, [1, 2], rationale=f"{name} {handle}")
    found = [(row["item"], row["labeler"]) for row in read_rows(project)]
    assert found == sorted(found)
    assert len(found) == 9


def test_only_what_counts_comes_out_unless_all_of_it_is_asked_for(project):
    item, labeler = items_of(project)["x1"], make_member(project, handle="w1")
    other = make_member(project, handle="w2")
    make_judgment(item, labeler, [1, 2])
    make_judgment(item, labeler, [2, 1], revision=2)
    make_judgment(item, other, [1, 2])
    make_judgment(item, other, [1, 2], revision=2, is_retraction=True)

    def short(rows):
        return [(r["labeler"], r["revision"], r["is_current"], r["retracted"]) for r in rows]

    assert short(read_rows(project)) == [("w1", 2, True, False)]
    assert short(read_rows(project, all_revisions=True)) == [
        ("w1", 1, False, False),
        ("w1", 2, True, False),
        ("w2", 1, False, False),
        ("w2", 2, False, True),
    ]


def test_foreign_judgments_stay_where_they_are(project):
    other = make_project("other")
    make_judgment(make_item(other), make_member(other), [1, 2])
    assert list(read_rows(project)) == []
    assert len(list(read_rows(other))) == 1


@pytest.fixture
def judged(project):
    """One judgment with a text at every place that takes one."""
    return make_judgment(
        items_of(project)["x1"],
        make_member(project, handle="w1"),
        [1, 2],
        flags={"unsafe": [2]},
        highlights=(Highlight(1, 4, 5, "fact", "\u202enote"),),
        corrections={2: "Three,\nbetter."},
        demonstration="=Best",
        rationale="so\u2028it is",
        order=[2, 1],
    )


def test_the_command_writes_a_file_that_is_there_when_it_is_complete(project, judged, tmp_path):
    target = tmp_path / "rows.jsonl"
    out = io.StringIO()
    call_command("export_judgments", "shop", output=str(target), stdout=out)
    (row,) = [json.loads(line) for line in target.read_bytes().split(b"\n")[:-1]]
    assert row == next(read_rows(project))
    assert row["highlights"][0]["text"] == "😀"
    assert [path.name for path in tmp_path.iterdir()] == ["rows.jsonl"]
    assert "bytes" in out.getvalue()
    with pytest.raises(CommandError, match="cannot be written"):
        call_command("export_judgments", "shop", output=str(tmp_path / "no" / "rows"))
    with pytest.raises(NotFound, match="no project"):
        call_command("export_judgments", "nowhere")


def test_the_command_prints_a_table(project, judged):
    out = io.StringIO()
    call_command("export_judgments", "shop", kind="csv", stdout=out)
    first, second = csv.DictReader(io.StringIO(out.getvalue().removeprefix("\ufeff")))
    assert (first["response"], first["rank"], first["place"]) == ("a", "1", "2")
    assert (first["flag_unsafe"], second["flag_unsafe"]) == ("false", "true")
    assert json.loads(first["highlights"])[0]["text"] == "😀"
    assert (first["correction"], second["correction"]) == ("", "Three,\nbetter.")
    assert first["demonstration"] == "'=Best"


def client_of(user):
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {make_key(user)}")
    return client


def test_the_api_streams_lines_and_writes_down_who_took_them(project, judged):
    engineer = make_member(project, Membership.Role.ENGINEER)
    answer = client_of(engineer).get("/api/projects/shop/judgments/")
    assert (answer.status_code, answer.streaming) == (200, True)
    assert answer.headers["Content-Type"] == "application/x-ndjson"
    assert "attachment" in answer.headers["Content-Disposition"]
    rows = [json.loads(line) for line in answer.getvalue().splitlines()]
    assert rows == list(read_rows(project))
    event = Event.objects.get(kind="judgments.exported")
    assert (event.actor, event.payload["file"]) == (engineer, "jsonl")
    for query in ("kind=xlsx", "revisions=1"):
        assert client_of(engineer).get(f"/api/projects/shop/judgments/?{query}").status_code == 400


@pytest.mark.parametrize("role", [Membership.Role.LABELER, Membership.Role.REVIEWER])
def test_who_only_judges_gets_nobodys_judgments(project, judged, role):
    answer = client_of(make_member(project, role)).get("/api/projects/shop/judgments/")
    assert answer.status_code == 404
    assert client_of(make_user()).get("/api/projects/shop/judgments/").status_code == 404


def test_the_items_page_offers_the_download_to_those_who_may(client, project, judged):
    lead = make_member(project, Membership.Role.LEAD)
    client.force_login(lead)
    page = client.get("/projects/shop/items/").content.decode()
    assert 'href="/projects/shop/judgments.csv"' in page
    taken = client.get("/projects/shop/judgments.csv")
    assert taken.getvalue().startswith(b"\xef\xbb\xbfitem,labeler")
    client.force_login(make_member(project, Membership.Role.REVIEWER))
    assert "judgments.csv" not in client.get("/projects/shop/items/").content.decode()


def test_memory_does_not_grow_with_the_judgments(db):
    """Four thousand judgments are six chunks of the export and more than is ever held."""
    verdicts = [(number, f"w{who}", [1, 2, 3]) for number in range(2_000) for who in (1, 2)]
    project = make_judged_project(verdicts, n_responses=3, slug="many")
    tracemalloc.start()
    count = sum(piece.count(b"\n") for piece in export(project, "jsonl"))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 4_000
    assert peak < 8_000_000


def test_the_number_of_statements_goes_by_the_chunk(project, judged):
    for _ in range(20):
        make_judgment(judged.item, make_member(project), [1, 2], corrections={1: "1!"})
    with CaptureQueriesContext(connection) as queries:
        assert len(list(read_rows(project))) == 21
    assert len(queries) <= 6


@pytest.mark.django_db(transaction=True)
def test_a_download_is_of_one_moment_and_leaves_no_transaction_behind(project):
    item = items_of(project)["x1"]
    for _ in range(3):
        make_judgment(item, make_member(project), [1, 2])
    rows = read_rows(project)
    next(rows)
    assert connection.in_atomic_block
    with pytest.raises(InternalError, match="read-only"):
        make_judgment(item, make_member(project), [1, 2])
    rows.close()
    assert not connection.in_atomic_block
    # Whoever goes away in the middle of a download takes no connection along either.
    pieces = export(project, "csv")
    next(pieces)
    pieces.close()
    assert not connection.in_atomic_block
    make_judgment(item, make_member(project), [1, 2])
    assert len(list(read_rows(project))) == 4
