"""What the page says about figures, without a database."""

import pytest
from django.utils import translation

from annotation.core.numbers import points
from annotation.quality.leaderboard.beside import missing_of
from annotation.quality.leaderboard.choice import method_of
from annotation.quality.parts_page import present_parts
from annotation.quality.presentation import finding
from annotation.quality.prompts_page import few_of
from annotation.quality.share_rows import percent
from annotation.quality.stats.estimate import Estimate
from annotation.quality.strips import WIDTH, first_places
from annotation.quality.wording import (
    REASONS,
    facets_left_out,
    format_interval,
    format_value,
    in_reading_order,
)


@pytest.mark.parametrize(
    ("value", "ci", "expected"),
    [
        (None, None, "No agreement to show yet"),
        (0.54, [0.50, 0.58], "54 % of comparisons, less than the usual 65 to 80 %"),
        (0.54, [0.38, 0.70], "54 % of comparisons, below the usual 65 to 80 %, though too few"),
        (0.72, [0.70, 0.74], "72 % of comparisons, as is usual (65 to 80 %)"),
        (0.72, [0.50, 0.94], "72 % of comparisons, as is usual (65 to 80 %)"),
        (0.85, [0.75, 0.90], "85 % of comparisons, above the usual 65 to 80 %, though too few"),
        (0.92, None, "92 % of comparisons, more than the usual 65 to 80 %"),
    ],
)
def test_the_title_has_the_figure_and_compares_as_far_as_its_interval_allows(value, ci, expected):
    assert expected in finding({"value": value, "ci": ci})


def test_numbers_have_two_digits_and_a_true_minus():
    assert format_value(0.864221) == "0.86"
    assert format_value(-0.0531) == "−0.05"
    assert format_value(-0.001) == "0.00"
    assert format_value(None) == "none"
    assert format_interval([-0.1, 0.25]) == "−0.10 to 0.25"
    assert format_interval(None) == ""


def test_every_reason_there_is_has_words():
    reasons = Estimate.__dataclass_fields__["reason"].type.__args__[0].__args__
    assert len(reasons) >= 5
    assert set(reasons) <= set(REASONS)


def test_a_strip_is_as_wide_as_its_counts_and_names_all_responses():
    strip = first_places([2, 0, 1], ["a", "b", "c"])
    first, second = strip.segments
    assert strip.label == "First places: a 2, b 0, c 1"
    assert (first.text, second.text) == ("a 2", "c 1")
    assert float(first.width) == pytest.approx(2 * float(second.width), abs=0.1)
    assert float(second.x) + float(second.width) == pytest.approx(WIDTH, abs=0.1)


def test_a_segment_too_narrow_for_its_text_has_none():
    assert [one.text for one in first_places([30, 1], ["a", "b"]).segments] == ["a 30", ""]


def test_keys_come_back_in_the_documented_order():
    shuffled = {"criteria": {"b": 1, "a": 2}, "pairs": {"gwet_ac1": {"ci": 1, "value": 2}}}
    ordered = in_reading_order(shuffled)
    assert ordered == shuffled
    assert list(ordered) == ["pairs", "criteria"]
    assert list(ordered["pairs"]["gwet_ac1"]) == ["value", "ci"]
    assert list(ordered["criteria"]) == ["a", "b"]


def test_parts_too_small_are_one_sentence():
    rows = [{"reason": "too_few"}] * 16 + [{"reason": None}]
    assert few_of(rows).startswith("16 parts are too small: a comparison takes 10 items")
    assert few_of(rows[-1:]) == ""


def test_numbered_parts_stand_in_the_order_of_their_numbers():
    estimate = {"value": 0.5, "ci": None, "reason": None}
    part = {"n_items": 12, "n_pairs": 12}
    part |= dict.fromkeys(("raw", "alpha_nominal", "gwet_ac1"), estimate)
    nothing = {"parts": 0, "n_pairs": 0}
    cut = {
        "by": "facet",
        "key": "level",
        "parts": [part | {"name": name} for name in ("10", "2", "b10", "b9")],
        "few": {"parts": 3, "n_pairs": 7},
        "unshown": nothing,
        "outside": nothing,
        "n_pairs": 55,
        "n_pairs_across": 0,
    }
    (panel,) = present_parts([cut])
    assert [row.name for row in panel.rows] == ["2", "10", "b9", "b10"]
    assert panel.counts == [
        "48 of 55 pairs of answers to one comparison are in this table.",
        "Not shown: 7 in 3 parts with fewer than 10 items that two judged.",
    ]


def test_two_generators_that_miss_each_other_are_one_comparison():
    connecting = [
        {"generator": 0, "against": 1, "why": "never_won"},
        {"generator": 1, "against": 0, "why": "never_lost"},
        {"generator": 2, "against": 1, "why": "disconnected"},
    ]
    first, second = missing_of(["a", "b", "c"], {"connecting": connecting})
    assert (first.name, first.against) == ("a", "b")
    assert first.why.startswith("a: never won")
    assert "b: never lost" in first.why
    assert (second.name, second.against) == ("c", "b")


def test_what_was_left_out_of_the_keys_is_one_sentence():
    assert facets_left_out(0) == ""
    assert facets_left_out(1).startswith("1 more key of the items’ metadata has few values")
    assert facets_left_out(1200).startswith("1,200 more keys of the items’ metadata have")


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0.0314, "+3.1"), (-0.0314, "−3.1"), (0.0004, "0.0"), (-0.0004, "0.0"), (0.0, "0.0")],
)
def test_a_difference_of_shares_is_in_points_and_nothing_has_no_sign(value, expected):
    assert points(value) == expected


def test_a_share_and_its_sign_stay_on_one_line():
    assert percent(0.5) == "50.0\N{NO-BREAK SPACE}%"


@pytest.mark.parametrize(
    ("fit", "expected"),
    [
        ({"tie_model": "davidson", "prior": 0.0, "effects": {}}, "Davidson"),
        (
            {"tie_model": "davidson", "prior": 0.0, "effects": {"position": {}}},
            "Davidson, mit Platz auf der Seite",
        ),
        (
            {"tie_model": "drop", "prior": 0.5, "effects": {}},
            "Bradley–Terry, ohne Gleichstände, "
            "Vorannahme: je ein halber Sieg und eine halbe Niederlage",
        ),
    ],
)
def test_a_fit_is_named_in_the_readers_language(fit, expected):
    with translation.override("de"):
        assert method_of(fit) == expected
