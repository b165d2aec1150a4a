"""The analysis of abilities against the functions it rests on, on snapshots made by hand."""

import json

import numpy as np
import pytest

from annotation.quality.analyses import ANALYSES
from annotation.quality.figures import unheard
from annotation.quality.stats.bradley_terry import bradley_terry, fit_abilities
from annotation.quality.stats.outcomes import compare_generators
from annotation.quality.stats.plackett_luce import plackett_luce
from annotation.quality.stats.ranked_generators import rankings_of_table
from annotation.quality.stats.style import Style
from annotation.quality.stats.style_control import style_controlled_abilities
from tests.annotation.quality.snapshots import snapshot_of

A_WINS, TIE, B_WINS = [1, 2], [1, 1], [2, 1]


def abilities(snapshot):
    """The result as it is kept: through JSON, which refuses NaN."""
    result = ANALYSES["abilities"].compute(snapshot, unheard)
    return json.loads(json.dumps(result, allow_nan=False))


def pairs(*said):
    """A snapshot from (first generator, second, ranks, how often, perhaps places shown)."""
    generators, judgments = [], []
    for one, other, ranks, times, *shown in said:
        for _ in range(times):
            judgments.append((len(generators), ranks, *shown))
            generators.append([one, other])
    return snapshot_of(generators, judgments)


def fit_of(board, tie_model="davidson", prior=0.0):
    return next(
        fit for fit in board["fits"] if (fit["tie_model"], fit["prior"]) == (tie_model, prior)
    )


def values(fit):
    return [row["value"] for row in fit["generators"]]


SEPARABLE = (("a", "b", A_WINS, 10), ("a", "b", B_WINS, 3), ("b", "c", A_WINS, 5))


@pytest.mark.parametrize("tie_model", ["davidson", "half", "drop"])
@pytest.mark.parametrize("prior", [0.0, 0.5])
def test_each_fit_is_that_of_the_function(tie_model, prior):
    said = (*SEPARABLE, ("c", "b", A_WINS, 2), ("a", "c", TIE, 4), ("a", "b", TIE, 3))
    board = abilities(pairs(*said))["boards"][0]
    wins = np.array([[0, 10, 0], [3, 0, 5], [0, 2, 0]])
    ties = np.array([[0, 3, 4], [3, 0, 0], [4, 0, 0]])
    expected = bradley_terry(
        wins, ties, tie_model=tie_model, prior_strength=prior,
        when_not_identified="error" if prior else "per_component",
    )  # fmt: skip
    assert values(fit_of(board, tie_model, prior)) == pytest.approx(list(expected.ability))
    assert board["extent"]["comparisons"] == 27
    assert board["extent"]["ties"] == 7
    assert [row["games"] for row in board["record"]] == [20, 23, 11]
    assert [row["won"] for row in board["record"]] == [10, 8, 2]
    assert [row["tied"] for row in board["record"]] == [7, 3, 4]


def test_who_never_won_has_no_place_and_is_told_whom_to_meet():
    board = abilities(pairs(*SEPARABLE))["boards"][0]
    plain = fit_of(board)["generators"]
    assert plain[2]["value"] is None
    assert plain[2]["reason"] == "not_identified"
    assert plain[2]["place"] is None
    assert plain[2]["flags"] == ["not_identified", "never_won"]
    assert [row["place"] for row in plain[:2]] == [1, 2]
    # Of two that can be placed, places go from 1 to 2: the one without a value takes none.
    assert plain[0]["places"] == [1, 2]
    assert board["connecting"] == [{"generator": 2, "against": 1, "why": "never_won"}]
    with_prior = fit_of(board, prior=0.5)["generators"]
    assert [row["place"] for row in with_prior] == [1, 2, 3]
    assert "not_identified" in with_prior[2]["flags"]


def test_who_never_lost_meets_the_best_of_the_others():
    said = (("a", "b", A_WINS, 9), ("a", "b", B_WINS, 3), ("top", "b", A_WINS, 5))
    board = abilities(pairs(*said))["boards"][0]
    assert board["connecting"] == [{"generator": 2, "against": 0, "why": "never_lost"}]


def test_groups_that_never_met_are_named():
    said = [(one, other, ranks, 6) for ranks in (A_WINS, B_WINS) for one, other in ("ab", "cd")]
    board = abilities(pairs(*said, ("a", "b", TIE, 2)))["boards"][0]
    assert board["groups"] == [[0, 1], [2, 3]]
    assert {row["why"] for row in board["connecting"]} == {"disconnected"}
    assert [row["generator"] for row in board["connecting"]] == [2, 3]
    assert [row["place"] for row in fit_of(board)["generators"]] == [1, 1, None, None]


def test_the_place_on_the_page_is_an_effect_and_not_an_ability():
    """a and b are alike, and whoever is shown first wins three times of four."""
    said = (
        ("a", "b", A_WINS, 6, [0, 1]), ("a", "b", B_WINS, 2, [0, 1]),
        ("a", "b", A_WINS, 1, [1, 0]), ("a", "b", B_WINS, 3, [1, 0]),
    )  # fmt: skip
    board = abilities(pairs(*said))["boards"][0]
    first, second = [0] * 8 + [1] * 4, [1] * 8 + [0] * 4
    games = compare_generators(first, second, [0] * 6 + [2] * 2 + [2] + [0] * 3, 2)
    expected = fit_abilities(games, tie_model="davidson", position=True)
    fit = fit_of(board)
    assert fit["effects"]["position"]["value"] == pytest.approx(expected.effects[0].value)
    assert fit["effects"]["position"]["value"] == pytest.approx(np.log(3))
    assert values(fit) == pytest.approx([0.0, 0.0], abs=1e-6)
    assert board["place_reason"] is None
    assert board["extent"]["order_known"] == 12


def test_a_place_that_goes_with_a_generator_takes_nothing_from_its_ability():
    """a is always shown first: a prior would share its wins out between it and the place."""
    said = [(*one, [0, 1]) for one in SEPARABLE]
    board = abilities(pairs(*said))["boards"][0]
    assert board["place_reason"] == "not_told_apart"
    for prior in (0.0, 0.5):
        assert fit_of(board, prior=prior)["effects"] == {}
    assert [row["place"] for row in fit_of(board, prior=0.5)["generators"]] == [1, 2, 3]


def test_where_the_order_is_known_of_some_the_others_say_nothing_of_the_place():
    said = (
        ("a", "b", A_WINS, 6, [0, 1]), ("a", "b", B_WINS, 2, [0, 1]),
        ("a", "b", A_WINS, 2, [1, 0]), ("a", "b", B_WINS, 6, [1, 0]),
    )  # fmt: skip
    known = fit_of(abilities(pairs(*said))["boards"][0])["effects"]["position"]
    more = (*said, ("a", "b", A_WINS, 5), ("a", "b", B_WINS, 5))
    mixed = fit_of(abilities(pairs(*more))["boards"][0])["effects"]["position"]
    assert mixed["value"] == pytest.approx(known["value"])


def test_what_nobody_knows_the_author_of_is_left_out_and_counted():
    snapshot = snapshot_of(
        [["a", "b"], ["a", None], ["b", "b"], [None, None, "a"]],
        [(0, A_WINS), (1, A_WINS), (2, A_WINS), (3, [1, 2, 3])],
    )
    result = abilities(snapshot)
    extent = result["boards"][0]["extent"]
    assert (extent["comparisons"], extent["items"]) == (1, 1)
    assert (extent["unnamed"], extent["items_unnamed"]) == (4, 2)
    assert extent["same_generator"] == 1
    assert result["rankings"]["rankings"] == 1
    assert result["rankings"]["repeated"] == 1


@pytest.mark.parametrize(
    ("generators", "judgments", "reason"),
    [
        ([], [], "no_data"),
        ([[None, None]], [(0, A_WINS)], "no_generators"),
        ([["a", "a"]], [(0, A_WINS)], "no_games"),
        ([["a", "b"]], [(0, [1, None])], "no_games"),
    ],
)
def test_nothing_to_compare_has_its_reason(generators, judgments, reason):
    result = abilities(snapshot_of(generators, judgments))
    assert result["boards"][0]["reason"] == reason
    assert result["boards"][0]["fits"] == []
    assert result["boards"][0]["connecting"] == []
    assert result["elo"]["reason"] == "no_games"


def test_all_ties_place_everybody_level():
    board = abilities(pairs(("a", "b", TIE, 4)))["boards"][0]
    assert fit_of(board, "half")["generators"][0]["places"] == [1, 2]
    # Davidson has nothing to tell ties from: there is no fit, and a reason.
    assert fit_of(board)["reason"] == "not_identified"
    assert values(fit_of(board)) == [None, None]


def test_in_a_ranking_of_the_best_the_rest_lies_below():
    snapshot = snapshot_of([["a", "b", "c"]], [(0, [1, None, None])], top=[[1, 0, 0]])
    record = abilities(snapshot)["boards"][0]["record"]
    assert [(row["won"], row["lost"]) for row in record] == [(2, 0), (0, 1), (0, 1)]


def test_each_criterion_has_its_board():
    snapshot = snapshot_of(
        [["a", "b"]] * 4,
        [(item, A_WINS) for item in range(4)],
        ratings={"truth": [[5, 1], [2, 4], [3, 3], [4, None]], "unused": [[], [], [], []]},
    )
    whole, truth, unused = abilities(snapshot)["boards"]
    assert [row["won"] for row in whole["record"]] == [4, 0]
    assert (truth["criterion"], truth["label"]) == ("truth", "Truth")
    assert [(r["won"], r["tied"], r["lost"]) for r in truth["record"]] == [(1, 1, 1), (1, 1, 1)]
    assert unused["reason"] == "no_data"


@pytest.fixture(scope="module")
def long_winded():
    """Three generators; the longer response wins more often than the better one."""
    rng = np.random.default_rng(7)
    generators, judgments, lengths = [], [], []
    for item in range(400):
        one, other = rng.choice(3, size=2, replace=False)
        length = rng.integers(50, 400, size=2) * (1 + np.array([one, other]))
        d = 0.4 * (other - one) + 1.2 * np.log(length[0] / length[1])
        first_wins = rng.random() < 1 / (1 + np.exp(-d))
        generators.append(["abc"[one], "abc"[other]])
        judgments.append((item, A_WINS if first_wins else B_WINS))
        lengths.append(length.tolist())
    return snapshot_of(
        generators,
        judgments,
        styles={"characters": lengths},
        facets={"language": ["de" if item < 380 else "en" for item in range(400)]},
    )


def test_at_equal_length_the_better_one_wins(long_winded):
    result = abilities(long_winded)
    held = result["held_equal"]["length"]
    names = {name: place for place, name in enumerate("abc")}
    games = compare_generators(
        *(
            [names["abc"[long_winded.facts.generator[item, side]]] for item in range(400)]
            for side in (0, 1)
        ),
        [0 if ranks[0] == 1 else 2 for ranks in long_winded.ranks],
        3,
    )
    styles = (
        [Style(int(x), 0, 0, 0, 0) for x in long_winded.facts.style["characters"][:, side]]
        for side in (0, 1)
    )
    expected = style_controlled_abilities(games, *styles, tie_model="davidson")
    assert values(held) == pytest.approx(list(expected.controlled.ability), abs=1e-6)
    assert held["effects"]["length"]["value"] == pytest.approx(
        expected.controlled.effects[0].value, abs=1e-6
    )
    shifts = [row["shift"] for row in held["generators"]]
    assert shifts == pytest.approx(list(expected.shift), abs=1e-6)
    assert [row["place"] for row in held["generators"]] == [1, 2, 3]
    assert [row["place"] for row in fit_of(result["boards"][0])["generators"]] == [3, 1, 2]
    assert [row["moved"] for row in held["generators"]] == [2, -1, -1]


def test_a_part_needs_fifty_comparisons(long_winded):
    (language,) = abilities(long_winded)["facets"]
    german, english = language["parts"]
    assert (german["comparisons"], english["comparisons"]) == (380, 20)
    assert english["reason"] == "too_few"
    assert values(english) == [None, None, None]
    expected = bradley_terry(_wins(long_winded, 380), tie_model="davidson", prior_strength=0.5)
    assert values(german) == pytest.approx(list(expected.ability))


def _wins(snapshot, n_items):
    wins = np.zeros((3, 3))
    for row in range(n_items):
        one, other = snapshot.facts.generator[row, :2]
        wins[(one, other) if snapshot.ranks[row, 0] == 1 else (other, one)] += 1
    return wins


def test_whole_rankings_are_fitted_as_rankings():
    orders = ([1, 2, 3], [1, 3, 2], [2, 1, 3], [3, 1, 2], [1, 2, 2])
    snapshot = snapshot_of([["a", "b", "c"]] * 5, list(enumerate(orders)))
    expected = plackett_luce(rankings_of_table(orders))
    said = abilities(snapshot)["rankings"]
    assert values(said) == pytest.approx(list(expected.ability))
    assert (said["rankings"], said["longest"]) == (5, 3)


def test_the_order_of_the_judgments_changes_nothing():
    said = (*SEPARABLE, ("c", "b", A_WINS, 2), ("a", "b", TIE, 3))
    straight, turned = (abilities(pairs(*order)) for order in (said, said[::-1]))
    for one, other in zip(straight["boards"][0]["fits"], turned["boards"][0]["fits"], strict=True):
        assert values(one) == pytest.approx(values(other))
    assert straight["boards"][0]["win_rates"] == turned["boards"][0]["win_rates"]
