"""The rules of every kind of judgment, without a database."""

from types import SimpleNamespace

import pytest

from annotation.core.errors import DomainError
from annotation.labeling.verdict import (
    Highlight,
    VerdictError,
    check,
    verdict_from_choices,
    verdict_from_ranking,
)
from annotation.labeling.verdict.marks import MAX_HIGHLIGHTS, MAX_WRITTEN
from annotation.labeling.verdict.scale import SCALES, ranking_of_preference
from annotation.projects.models import Criterion, Project

RUBRIC = SimpleNamespace(
    criteria_list=[
        Criterion(key="tone", label="Tone", scale_min=0, scale_max=4, allows_na=True),
        Criterion(key="safe", label="Safe", scale_min=0, scale_max=1, is_yes_no=True),
    ],
    flags=[{"key": "hallucination", "label": "Hallucination", "description": ""}],
    error_labels=[{"key": "factual", "label": "Wrong fact", "description": ""}],
)
TEXTS = {1: "Two 😀 plus two is five.", 2: "It is four.", 3: ""}


def rules(verdict, *, is_complete=True, count=None, **project):
    check(
        verdict,
        response_count=len(verdict.ranks) if count is None else count,
        rubric=RUBRIC,
        project=Project(**project),
        texts=TEXTS,
        is_complete=is_complete,
    )


def choices(*ranks, **said):
    return verdict_from_choices(dict(enumerate(ranks, start=1)), response_count=len(ranks), **said)


def refused(verdict, **options):
    with pytest.raises(VerdictError) as caught:
        rules(verdict, **options)
    return caught.value


# Orders


def test_a_full_order_names_the_responses_that_miss_a_rank():
    rules(choices(1, 1, "x"))
    assert refused(choices(1, None, None)).positions == [2, 3]


@pytest.mark.parametrize("ranks", [(1, None, None), (2, 1, None), (1, 1, 1), ("x", None, None)])
def test_a_partial_order_may_leave_some_out(ranks):
    rules(choices(*ranks), ordering="partial")
    assert refused(choices(None, None, None), ordering="partial")


def test_a_top_k_order_wants_its_k_best_or_as_many_as_are_acceptable():
    rules(choices(1, 2, None), ordering="partial", top_k=2)
    rules(choices(1, "x", "x"), ordering="partial", top_k=2)
    rules(choices("x", "x", "x"), ordering="partial", top_k=2)
    error = refused(choices(1, None, None), ordering="partial", top_k=2)
    assert "best 2" in str(error)
    assert error.field == "ranking"


def test_a_project_without_an_order_takes_items_of_any_size():
    for ranks in [(), (None,), (None, None, None)]:
        rules(choices(*ranks), ordering="none")


def test_an_item_without_a_response_cannot_be_ranked_by_its_demonstration_alone():
    assert refused(choices(), ordering="none", demonstration="always").field == "demonstration"
    rules(choices(demonstration="Four."), ordering="none", demonstration="always")


# The scale


@pytest.mark.parametrize(
    ("points", "preference", "ranks", "strength"),
    [
        (7, -3, (1, 2), (3,)),
        (7, 1, (2, 1), (1,)),
        (7, 0, (1, 1), ()),
        (4, -2, (1, 2), (2,)),
        (9, 4, (2, 1), (3,)),
        (9, -2, (1, 2), (2,)),
    ],
)
def test_a_preference_says_a_ranking_too(points, preference, ranks, strength):
    verdict = choices(None, None, scale=points, preference=preference)
    rules(verdict, ordering="scale", scale_points=points)
    assert (verdict.ranks, verdict.strength) == (ranks, strength)
    assert verdict.unacceptable == (False, False)


def test_both_bad_is_no_tie_and_both_good_is_no_middle():
    bad = choices(None, None, scale=7, both="bad")
    good = choices(None, None, scale=7, both="good")
    middle = choices(None, None, scale=7, preference=0)
    for verdict in (bad, good, middle):
        rules(verdict, ordering="scale")
    assert (bad.ranks, bad.unacceptable) == ((None, None), (True, True))
    assert good.ranks == middle.ranks == (1, 1)
    assert len({bad.sha256, good.sha256, middle.sha256}) == 3


@pytest.mark.parametrize("points", SCALES)
def test_a_preference_off_its_scale_is_refused(points):
    rules(choices(None, None, scale=points, preference=SCALES[points][-1]))
    off = choices(None, None, scale=points, preference=SCALES[points][-1] + 1)
    assert refused(off).field == "preference"
    if points == 4:
        assert refused(choices(None, None, scale=4, preference=0)).field == "preference"


def test_a_scale_is_for_two_responses_and_wants_one_answer():
    three = choices(None, None, None, scale=7, preference=1)
    assert refused(three, count=3).field == "ranking"
    assert refused(choices(1, 2), ordering="scale").field == "preference"
    assert refused(choices(None, None, scale=7), ordering="scale").field == "preference"
    assert refused(choices(None, None, scale=7, preference=1, both="good")).field == "preference"
    assert (
        refused(choices(None, None, scale=7, both="ugly"), ordering="scale").field == "preference"
    )
    assert refused(choices(None, None, scale=7, both="good"), has_both=False).field == "preference"
    assert refused(choices(1, 2, preference=1)).field == "preference"


def test_three_responses_on_a_scale_project_are_ranked():
    rules(choices(1, 2, 3), ordering="scale")


def test_every_preference_ranks_its_two_responses_the_right_way_round():
    for points, values in SCALES.items():
        for value in values:
            (first, second), floor, strength = ranking_of_preference(value, "")
            assert (first < second) == (value < 0), points
            assert (first == second) == (value == 0)
            assert floor == (False, False)
            assert bool(strength) == (value != 0)


# Ratings


def test_not_applicable_is_a_rating_only_where_the_criterion_allows_it():
    rules(choices(1, 2, ratings={"tone": {1: "na", 2: 0}}))
    assert refused(choices(1, 2, ratings={"safe": {1: "na"}})).field == "ratings.safe"
    assert refused(choices(1, 2, ratings={"safe": {1: 2}})).field == "ratings.safe"
    rules(choices(1, 2, ratings={"safe": {1: 1, 2: 0}}))


@pytest.mark.parametrize("value", [True, "3", 1.0, 5, -1])
def test_what_is_not_on_the_scale_is_refused(value):
    assert refused(choices(1, 2, ratings={"tone": {1: value}})).field == "ratings.tone"


# Flags, errors, confidence


def test_a_flag_is_one_of_the_rubric():
    verdict = choices(1, 2, flags={"hallucination": [2]})
    rules(verdict)
    assert verdict.flags == {"hallucination": (False, True)}
    assert "hallucination" in str(refused(choices(1, 2, flags={"rude": [1]})))
    assert choices(1, 2, flags={"hallucination": []}).flags == {}


@pytest.mark.parametrize(
    "mark",
    [
        Highlight(1, 0, 24, "factual"),  # one past the end: the emoji counts as one character
        Highlight(1, 5, 5, "factual"),
        Highlight(1, -1, 3, "factual"),
        Highlight(3, 0, 1, "factual"),
        Highlight(1, 0, 3, "rude"),
        Highlight(1, 0, 3, "factual", "n" * 2_001),
        Highlight(1, 0, 3, "factual", "\x00"),
    ],
)
def test_an_error_lies_within_its_text_and_has_a_known_name(mark):
    rules(choices(1, 2, 3, highlights=(Highlight(1, 0, 23, "factual"),)))
    with pytest.raises(DomainError):
        rules(choices(1, 2, 3, highlights=(mark,)))


def test_errors_are_bounded_and_not_marked_twice_alike():
    marks = tuple(Highlight(1, n % 20, n % 20 + 1, "factual", str(n)) for n in range(201))
    assert refused(choices(1, 2, highlights=marks)).field == "highlights"
    assert len(marks) > MAX_HIGHLIGHTS
    twice = (Highlight(1, 0, 3, "factual", "a"), Highlight(1, 0, 3, "factual", "b"))
    assert refused(choices(1, 2, highlights=twice)).field == "highlights"


def test_confidence_goes_from_1_to_5_and_is_wanted_where_required():
    rules(choices(1, 2, confidence=5), confidence="required")
    assert refused(choices(1, 2, confidence=6)).field == "confidence"
    assert refused(choices(1, 2), confidence="required").field == "confidence"
    rules(choices(1, 2), confidence="required", is_complete=False)


# What is written


def test_a_correction_needs_a_project_that_asks_for_it_and_a_text():
    rules(choices(1, 2, corrections={1: "Two plus two is four."}), allows_corrections=True)
    assert refused(choices(1, 2, corrections={1: "Four."})).positions == [1]
    assert refused(choices(1, 2, corrections={1: " \n"}), allows_corrections=True)
    long = "x" * (MAX_WRITTEN + 1)
    assert refused(choices(1, 2, corrections={2: long}), allows_corrections=True).positions == [2]


def test_a_demonstration_is_wanted_when_nothing_is_acceptable():
    fallback = {"demonstration": "fallback"}
    rules(choices(1, "x"), **fallback)
    assert refused(choices("x", "x"), **fallback).field == "demonstration"
    rules(choices("x", "x", demonstration="Four."), **fallback)
    bad = choices(None, None, scale=7, both="bad")
    assert refused(bad, ordering="scale", **fallback).field == "demonstration"
    assert refused(choices(1, 2, demonstration="Four.")).field == "demonstration"


def test_a_spoken_rationale_takes_no_place_of_words_where_none_is_asked_for():
    assert refused(choices(1, 2, recording="ab" * 32)).field == "recording"
    assert refused(choices(1, 2), rationale="required").field == "rationale"


# Hashes and words


def test_what_is_not_said_leaves_the_hash_as_it_was():
    plain = choices(1, 2)
    # Of the first release's five fields: imports compare by it.
    assert plain.sha256 == ("19b8e397fa31d7aac40c79f8b86f08bb7e5e47d3ea15a9edb81ccf06d9e23edf")
    said = [
        choices(1, 2, rest_below=True),
        choices(1, 2, confidence=1),
        choices(1, 2, flags={"hallucination": [1]}),
        choices(1, 2, highlights=(Highlight(1, 0, 1, "factual"),)),
        choices(1, 2, corrections={1: "x"}),
        choices(1, 2, demonstration="x"),
        choices(1, 2, recording="ab"),
    ]
    assert len({verdict.sha256 for verdict in [plain, *said]}) == 1 + len(said)


def test_the_words_of_files_and_of_forms_say_the_same():
    positions = {"p": 1, "q": 2}
    from_words = verdict_from_ranking(
        positions=positions,
        ranking=[["q"], ["p"]],
        flags={"hallucination": ["p"]},
        highlights=[{"response": "p", "start": 0, "end": 3, "label": "factual"}],
        corrections={"p": "Four."},
        ratings={"tone": {"q": "na"}},
        confidence=2,
    )
    from_form = choices(
        2,
        1,
        flags={"hallucination": [1]},
        highlights=(Highlight(1, 0, 3, "factual"),),
        corrections={1: "Four."},
        ratings={"tone": {2: "na"}},
        confidence=2,
    )
    assert from_words == from_form
    assert from_words.sha256 == from_form.sha256
    on_scale = verdict_from_ranking(positions=positions, ranking=[], scale=9, preference=3)
    assert on_scale == choices(None, None, scale=9, preference=3)


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"flags": {"hallucination": ["z"]}}, "flags.hallucination[0]"),
        ({"flags": {"hallucination": ["p", "p"]}}, "flags.hallucination[1]"),
        ({"corrections": {"z": "x"}}, "corrections"),
        (
            {"highlights": [{"response": "z", "start": 0, "end": 1, "label": "factual"}]},
            "highlights[0].response",
        ),
    ],
)
def test_words_about_an_unknown_response_are_refused_by_field(said, field):
    with pytest.raises(VerdictError) as caught:
        verdict_from_ranking(positions={"p": 1, "q": 2}, ranking=[["p"], ["q"]], **said)
    assert caught.value.field == field


def test_the_first_broken_rule_is_raised_and_the_others_come_with_it():
    project = Project(confidence="required", rationale="required")
    verdict = verdict_from_choices({1: 1}, response_count=2)

    with pytest.raises(VerdictError) as caught:
        check(verdict, response_count=2, project=project)

    assert caught.value.field == "ranking"
    assert [error.field for error in caught.value.also] == ["confidence", "rationale"]
