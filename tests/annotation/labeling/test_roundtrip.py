"""What was entered is what comes out: each kind of judgment from the page's form to the export,
and from the export through an import into another project, byte for byte."""

import io
import json

import pytest
from django.urls import reverse

from annotation.core.hashing import sha256_of_text
from annotation.labeling.exports.reading import read_rows
from annotation.labeling.exports.streams import export
from annotation.labeling.imports import services
from annotation.labeling.models import Assignment, WrittenResponse
from annotation.projects.services import CriterionSpec, TagSpec, publish_rubric
from tests.factories import make_item, make_member, make_project, make_prompt

pytestmark = pytest.mark.django_db

EMOJI_AND_RTL = "שלום 👩‍🔬 e\u0301: the moon is made of cheese."
FOUR = ("One.", "Two.", "Three.", "Four.")
TWO = ("One.", "Two.")
FLAGS = (TagSpec("unsafe", "Unsafe"), TagSpec("off-topic", "Off topic"))
ERRORS = (TagSpec("fact", "Wrong"), TagSpec("style", "Clumsy"))
CRITERIA = (
    CriterionSpec("helpful", "Helpful"),
    CriterionSpec("fluent", "Fluent", scale_max=7),
    CriterionSpec("deep", "Deep", scale_min=0, scale_max=4, allows_na=True),
    CriterionSpec("safe", "Safe", scale_min=0, scale_max=1, is_yes_no=True, allows_na=True),
)
SCALE = {"ordering": "scale", "rationale": "off"}
MARK = {"response": "b", "start": 14, "end": 35, "label": "fact", "note": "It is rock."}


def written(text):
    return {"text": text, "sha256": sha256_of_text(text)}


# name: (the project's settings, the item's texts, the form by the letters shown, the row's part).
# Responses are shown from the last to the first: letter a is the last one.
KINDS = {
    "a full order": (
        {},
        FOUR,
        {"rank_a": 1, "rank_b": 3, "rank_c": 2, "rank_d": 4, "on": "response-a"},
        {"ranking": [["d"], ["b"], ["c"], ["a"]], "order": ["d", "c", "b", "a"]},
    ),
    "ties, strength and the floor": (
        {},
        FOUR,
        {"rank_a": 2, "rank_b": 1, "rank_c": 1, "rank_d": "x", "strength_1": 3},
        {
            "ranking": [["b", "c"], ["d"]],
            "strength": [3],
            "unacceptable": ["a"],
            "rest_below": False,
        },
    ),
    "the best two of four": (
        {"ordering": "partial", "top_k": 2},
        FOUR,
        {"rank_a": 1, "rank_d": 2, "strength_1": 1},
        {"ranking": [["d"], ["a"]], "rest_below": True, "strength": [1]},
    ),
    "some of four, the rest unknown": (
        {"ordering": "partial"},
        FOUR,
        {"rank_a": 1, "rank_d": 2},
        {"ranking": [["d"], ["a"]], "rest_below": False},
    ),
    "four points": (
        SCALE | {"scale_points": 4},
        TWO,
        {"preference": -2},
        {
            "scale": 4,
            "preference": 2,
            "preference_words": "b is clearly better",
            "ranking": [["b"], ["a"]],
            "strength": [2],
        },
    ),
    "seven points, the middle": (
        SCALE,
        TWO,
        {"preference": 0},
        {
            "scale": 7,
            "preference": 0,
            "preference_words": "about the same",
            "ranking": [["a", "b"]],
        },
    ),
    "nine points": (
        SCALE | {"scale_points": 9},
        TWO,
        {"preference": 4},
        {"scale": 9, "preference": -4, "preference_words": "a is far better", "strength": [3]},
    ),
    "both good": (
        SCALE,
        TWO,
        {"preference": "good"},
        {"scale": 7, "preference": None, "both": "good", "preference_words": "both good"},
    ),
    "both bad": (
        SCALE,
        TWO,
        {"preference": "bad"},
        {
            **{"scale": 7, "preference": None, "both": "bad", "preference_words": "both bad"},
            **{"ranking": [], "unacceptable": ["a", "b"]},
        },
    ),
    "ratings of each scale": (
        {"ordering": "none"},
        TWO,
        {
            **{"rating_helpful_a": 5, "rating_helpful_b": 1},
            **{"rating_fluent_a": 7, "rating_deep_a": 0, "rating_deep_b": "na"},
            **{"rating_safe_a": 1, "rating_safe_b": 0},
        },
        {
            "ratings": {
                "helpful": {"b": 5, "a": 1},
                "fluent": {"b": 7},
                "deep": {"b": 0, "a": "na"},
                "safe": {"b": 1, "a": 0},
            },
            "ranking": [],
        },
    ),
    "flags": (
        {"ordering": "none"},
        FOUR,
        {"flag_unsafe_a": "on", "flag_unsafe_c": "on", "flag_off-topic_b": "on"},
        {"flags": {"unsafe": ["b", "d"], "off-topic": ["c"]}},
    ),
    "corrections": (
        {"allows_corrections": True},
        TWO,
        {"rank_a": 1, "rank_b": 2, "edit_a": "Two,\r\nbetter.", "edit_b": "One."},
        {"corrections": {"b": written("Two,\nbetter.")}},  # the other one changed nothing
    ),
    "a demonstration where nothing is acceptable": (
        {"demonstration": "fallback"},
        TWO,
        {"rank_a": "x", "rank_b": "x", "demonstration": "  Like this.\r\n"},
        {"demonstration": written("  Like this.\n"), "unacceptable": ["a", "b"]},
    ),
    "a demonstration as a project of its own": (
        {"ordering": "none", "demonstration": "always"},
        (),
        {"demonstration": "An ideal response."},
        {"demonstration": written("An ideal response."), "ranking": [], "order": []},
    ),
    "marked errors after emoji and right-to-left text": (
        {},
        (EMOJI_AND_RTL, "Two."),
        {
            "rank_a": 1,
            "rank_b": 2,
            "highlights": json.dumps(
                [
                    MARK,
                    {"response": "b", "start": 0, "end": 8, "label": "style"},
                    {"response": "a", "start": 0, "end": 3, "label": "fact", "note": "<b>"},
                ]
            ),
        },
        {
            "highlights": [
                {
                    **{"response": "a", "start": 0, "end": 8, "label": "style", "note": ""},
                    "text": EMOJI_AND_RTL[:8],
                },
                MARK | {"response": "a", "text": EMOJI_AND_RTL[14:35]},
                {
                    **{"response": "b", "start": 0, "end": 3, "label": "fact", "note": "<b>"},
                    "text": "Two",
                },
            ]
        },
    ),
    "why, how sure and how long": (
        {"confidence": "required", "rationale": "required"},
        TWO,
        {
            **{"rank_a": 1, "rank_b": 2, "confidence": 4, "seconds": "41.5"},
            "rationale": 'So\r\n\u202e"it" is,\u2028=1+1',
        },
        {"confidence": 4, "rationale": 'So\n\u202e"it" is,\u2028=1+1', "seconds": 41.5},
    ),
}


def make_world(slug, settings, texts):
    project = make_project(slug, overlap=1, criteria=(), **settings)
    publish_rubric(
        project=project, guideline="", criteria=CRITERIA, flags=FLAGS, error_labels=ERRORS
    )
    make_item(project, texts, prompt=make_prompt(project, "How?"), external_id="x1")
    return project


def judge(client, project, form):
    """Borrow the item, see it from the last response to the first, and submit the form."""
    labeler = make_member(project, handle="w1")
    client.force_login(labeler)
    assert client.get(reverse("labeling:judge", args=[project.slug])).status_code == 200
    assignment = Assignment.objects.live().get(labeler=labeler)
    Assignment.objects.update(order=sorted(assignment.order, reverse=True))
    sent = {"key": str(assignment.key), "token": assignment.token, **form}
    target = reverse("labeling:submit-judgment", args=[project.slug, assignment.pk])
    answer = client.post(target, sent)
    assert answer.status_code == 303, answer.content.decode()[-600:]


@pytest.fixture(params=KINDS)
def kind(request):
    return KINDS[request.param]


@pytest.fixture
def judged(client, kind):
    settings, texts, form, _ = kind
    project = make_world("shop", settings, texts)
    judge(client, project, form)
    return project


def test_what_was_entered_on_the_page_is_what_the_export_says(judged, kind):
    *_, expected = kind
    (row,) = read_rows(judged)
    assert {name: row[name] for name in expected} == expected
    assert (row["item"], row["labeler"], row["origin"]) == ("x1", "w1", "desk")
    assert (row["revision"], row["is_current"], row["retracted"]) == (1, True, False)
    assert row["rubric_version"] == 2
    (judgment,) = judged.judgments.all()
    assert row["submitted_at"] == judgment.submitted_at.isoformat()
    # Nothing was said that nobody entered.
    empty = ({}, [], "", None, False)
    may_follow = {"ranking", "order", "strength", "unacceptable", "seconds"}
    always = {"item", "labeler", "revision", "is_current", "origin", "purpose", "rubric_version"}
    said = {name for name, value in row.items() if value not in empty}
    assert said <= expected.keys() | may_follow | always | {"submitted_at"}


def bring(project, content):
    return services.import_file(
        project=project, kind="judgments", stream=io.BytesIO(content), create=True
    )


def content_of(project, **options):
    return b"".join(export(project, "jsonl", **options))


def test_what_comes_out_goes_in_and_comes_out_the_same(judged, kind):
    settings, texts, *_ = kind
    first = content_of(judged)
    other = make_world("other", settings, texts)
    imported = bring(other, first)
    assert imported.state == "done", [str(error) for error in imported.errors.all()]
    second = content_of(other)
    # The one thing that is not the same: it came by a file.
    assert second == first.replace(b'"origin": "desk"', b'"origin": "import"')
    assert bring(other, first).state == "unchanged"
    assert bring(judged, first).state == "unchanged"  # at home all of it is known
    for mine, theirs in zip(
        WrittenResponse.objects.filter(judgment__project=judged),
        WrittenResponse.objects.filter(judgment__project=other),
        strict=True,
    ):
        assert (mine.response.kind, mine.position) == (theirs.response.kind, theirs.position)
        assert theirs.response.author_id == theirs.judgment.labeler_id
        assert theirs.response.prompt.project == other
        if mine.position:
            assert theirs.response.corrects.items.get().project == other
