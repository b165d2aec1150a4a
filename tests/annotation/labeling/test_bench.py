"""What the judging page asks for, as values: no database, no request."""

import pytest

from annotation.labeling.bench.cards import ShownTurn
from annotation.labeling.bench.flags import FlagList
from annotation.labeling.bench.order import OrderAsk
from annotation.labeling.bench.panel import RubricPanel
from annotation.labeling.bench.problems import headline_of, letters_of, problems_of
from annotation.labeling.bench.ratings import Rating
from annotation.labeling.desk import Turn
from annotation.labeling.forms import Problem
from annotation.labeling.models import Assignment
from annotation.labeling.verdict import VerdictError
from annotation.labeling.verdict.scale import SCALES
from annotation.projects.models import Criterion, Project, RubricVersion


def order(count=4, entered=None, **fields):
    return OrderAsk(Project(**fields), count, entered or {})


def rubric(criteria=(), **fields):
    version = RubricVersion(number=1, **fields)
    version.criteria_list = list(criteria)
    return version


def criterion(**fields):
    return Criterion(**({"key": "overall", "label": "Overall"} | fields))


@pytest.mark.parametrize(
    ("fields", "count", "kind"),
    [
        ({}, 4, "ranks"),
        ({"ordering": "partial", "top_k": 3}, 9, "ranks"),
        ({"ordering": "scale"}, 2, "scale"),
        ({"ordering": "scale"}, 3, "ranks"),
        ({"ordering": "none"}, 2, "none"),
        ({}, 0, "none"),
    ],
)
def test_an_item_is_ranked_or_put_on_a_scale_or_neither(fields, count, kind):
    assert order(count, **fields).kind == kind


def test_a_top_of_three_says_so_and_leaves_the_rest():
    ask = order(6, ordering="partial", top_k=3)

    assert (ask.top, ask.is_partial) == (3, True)
    assert ask.lead == "Rank the best 3, leave the rest"
    assert ask.title == "Rank the best 3 of 6 responses"


def test_a_top_of_as_many_as_there_are_is_a_full_ranking():
    ask = order(3, ordering="partial", top_k=3)

    assert (ask.top, ask.is_partial) == (None, False)
    assert ask.title == "Rank 3 responses"
    assert ask.lead == "Nothing ranked yet"


def test_the_page_is_called_by_what_is_to_be_done():
    assert order(1, ordering="none").title == "Judge 1 response"
    assert order(2, ordering="none").title == "Judge 2 responses"
    assert order(2, ordering="scale").title == "Compare two responses"
    assert order(0).title == "Write the response you would give"


def test_a_partial_order_without_a_number_asks_for_as_many_as_can_be_placed():
    ask = order(5, ordering="partial", top_k=None)

    assert (ask.top, ask.is_partial) == (None, True)
    assert "leave what you cannot place" in ask.lead


@pytest.mark.parametrize("points", [4, 7, 9])
def test_every_point_of_a_scale_has_its_own_words_from_a_to_b(points):
    shown = order(2, ordering="scale", scale_points=points).points

    assert [int(point.value) for point in shown] == list(SCALES[points])
    words = [point.words for point in shown]
    assert len(set(words)) == points
    assert words[0].startswith("A ")
    assert words[-1].startswith("B ")
    # Turned around, it says the same of the other one.
    sides = [word.split(" ", 1) for word in words if word != "About equal"]
    assert [rest for _, rest in sides] == [rest for _, rest in reversed(sides)]


def test_only_a_scale_with_a_middle_has_about_equal():
    def words(points):
        return [point.words for point in order(2, ordering="scale", scale_points=points).points]

    assert "About equal" in words(7)
    assert "About equal" not in words(4)


def test_what_was_chosen_on_the_scale_is_chosen_again():
    ask = order(2, {"preference": "-2"}, ordering="scale")
    assert [point.value for point in ask.points if point.is_chosen] == ["-2"]
    assert not any(point.is_chosen for point in ask.both)

    both = order(2, {"preference": "bad"}, ordering="scale")
    assert [point.value for point in both.both if point.is_chosen] == ["bad"]
    assert not any(point.is_chosen for point in both.points)


def test_a_project_may_go_without_both():
    assert order(2, ordering="scale", has_both=True).both
    assert order(2, ordering="scale", has_both=False).both == []


def test_strengths_are_asked_between_ranks_only():
    assert order(3).asks_strength
    assert not order(2, ordering="scale").asks_strength
    assert [step.label for step in order(3).steps] == [
        "Place 1 over place 2:",
        "Place 2 over place 3:",
    ]


def test_yes_and_no_are_words_over_1_and_0():
    rating = Rating(criterion(scale_min=0, scale_max=1, is_yes_no=True), "a", "0")

    assert [(p.value, p.short, p.is_chosen) for p in rating.points] == [
        ("1", "Yes", False),
        ("0", "No", True),
    ]


def test_not_applicable_is_offered_where_it_is_allowed():
    assert Rating(criterion(), "a", "").not_applicable is None
    assert Rating(criterion(allows_na=True), "a", "na").not_applicable.is_chosen


def test_a_point_says_its_number_and_what_it_stands_for():
    rating = Rating(criterion(scale_min=0, scale_max=4, anchors={"4": "Perfect."}), "b", "4")

    assert rating.points[-1].words == "4 of 4. Perfect."
    assert rating.points[0].words == "0 of 4"
    # By place from the left, so that the style sheet need not know the values.
    assert rating.anchors == [(5, "4: Perfect.")]


@pytest.mark.parametrize(
    ("low", "high", "css"), [(1, 5, ""), (1, 7, " broad"), (0, 4, ""), (-10, 10, " broad long")]
)
def test_long_scales_take_a_line_of_their_own(low, high, css):
    assert Rating(criterion(scale_min=low, scale_max=high), "a", "").css == css


def test_the_panel_is_called_by_what_it_asks():
    def title(criteria=(), rationale="off", confidence="off"):
        return RubricPanel(rubric(criteria), 2, rationale, confidence).title

    assert title([criterion()], "required") == "Rate"
    assert title(rationale="optional") == "Why"
    assert title(confidence="required") == "Confidence"
    assert title() == "Guideline"


def test_without_responses_there_is_nothing_to_rate():
    panel = RubricPanel(rubric([criterion()]), 0, "off")

    assert not panel.has_criteria
    assert panel.is_bare


def test_the_panel_opens_at_the_first_response_that_lacks_a_rating():
    missing = frozenset({"rating_overall_c", "rating_overall_b"})
    panel = RubricPanel(rubric([criterion()]), 3, "off", entered={"on": "a"}, missing=missing)

    assert panel.on == "b"
    assert [rated.ratings[0].is_missing for rated in panel.responses] == [False, True, True]


def test_flags_carry_digits_for_the_first_nine():
    tags = [{"key": f"f{n}", "label": f"Flag {n}", "description": ""} for n in range(1, 12)]
    flags = FlagList(rubric(flags=tags), "b", {"flag_f2_b": "1", "flag_f3_a": "1"}).flags

    assert [flag.key for flag in flags] == [*"123456789", "", ""]
    assert [flag.name for flag in flags if flag.is_set] == ["flag_f2_b"]


def test_without_flags_nothing_is_drawn():
    assert FlagList(rubric(), "a").html == ""
    assert FlagList(None, "a").html == ""


def test_instructions_stand_apart_from_the_conversation():
    def turn(role, text="Be kind."):
        return ShownTurn(Turn(role=role, text=text, html=""))

    assert turn("system").is_instruction
    assert not turn("user").is_instruction
    assert turn("system").is_short
    assert not turn("system", "x" * 5_000).is_short
    assert turn("tool").who == "Tool"
    assert turn("critic").who == "Critic"


def test_letters_go_by_the_order_that_was_shown():
    assert letters_of(Assignment(order=[3, 1, 2]), [1, 2]) == ["b", "c"]


def problems(error, **project):
    assignment = Assignment(order=[2, 1, 3], project=Project(**project))
    return [
        (problem.text, problem.target)
        for problem in problems_of(error, assignment, rubric([criterion()]))
    ]


def test_each_missing_rank_is_named_and_leads_to_its_card():
    error = VerdictError("Some have no rank.", field="ranking", positions=[1, 3])
    assert problems(error) == [
        ("Rank response B.", "response-b"),
        ("Rank response C.", "response-c"),
    ]


def test_a_top_that_is_not_full_says_how_many_once():
    error = VerdictError("Rank at least the best 2.", field="ranking", positions=[1, 3])
    assert problems(error, ordering="partial", top_k=2) == [
        ("Rank at least the best 2.", "response-b")
    ]


def test_each_missing_rating_names_its_response_and_criterion():
    error = VerdictError("Rate every response.", field="ratings.overall", positions=[2, 3])
    assert problems(error) == [
        ("Rate response A on “Overall”.", "rating_overall_a"),
        ("Rate response C on “Overall”.", "rating_overall_c"),
    ]


def test_everything_that_is_missing_is_said_at_once():
    error = VerdictError("Some have no rank.", field="ranking", positions=[1])
    error.also = [VerdictError("Say why.", field="rationale")]
    assert problems(error) == [("Rank response B.", "response-b"), ("Say why.", "rationale")]


@pytest.mark.parametrize("field", ["preference", "confidence", "rationale", "demonstration"])
def test_what_stands_once_on_the_page_is_reached_by_its_name(field):
    assert problems(VerdictError("Say it.", field=field)) == [("Say it.", field)]


def test_what_has_no_place_is_said_without_a_link():
    assert problems(VerdictError("No such flag.", field="flags.x")) == [("No such flag.", "")]


def test_the_headline_counts():
    one = Problem("Rank response A.")
    assert headline_of([]) == ""
    assert headline_of([one]) == "One thing is missing."
    assert headline_of([one] * 3) == "Three things are missing."
    assert headline_of([one] * 20) == "Several things are missing."
