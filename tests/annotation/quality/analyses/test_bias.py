"""Bias that was planted is found, and none is found where none was."""

import json
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from annotation.quality.analyses.bias import compute
from annotation.quality.analyses.bias.choices import choices_of
from annotation.quality.analyses.bias.reward import reward_figures
from annotation.quality.figures import unheard
from annotation.quality.stats.project.odds import feature_odds
from annotation.quality.stats.signals.length import length_bias
from tests.annotation.quality.analyses.planted import pairs
from tests.annotation.quality.snapshots import MONDAY, make_snapshot


def bias_of(**columns):
    found = compute(make_snapshot(**columns), unheard)
    json.dumps(found, allow_nan=False)
    return found


def test_nothing_planted_is_nothing_found():
    found = bias_of(**pairs(1, days=60))
    assert found["position"]["first"]["q"] > 0.05
    assert found["form"]["length"]["q"] > 0.05
    assert not found["position"]["order"]["is_uneven"]
    assert all(one["q"] is None or one["q"] > 0.05 for one in found["drift"])


def test_who_stands_first_wins_and_the_generators_do_not_gain():
    columns = pairs(2, first=0.5)
    columns["generator"] = np.tile([0, 1], (600, 1))
    found = bias_of(**columns)["position"]
    decisive = columns["ranks"][:, 0] != columns["ranks"][:, 1]
    hit = (columns["ranks"][:, 0] < columns["ranks"][:, 1]) == (columns["shown"][:, 0] == 0)
    hits, n = int(hit[decisive].sum()), int(decisive.sum())
    assert (found["first"]["value"], found["first"]["n"]) == (hits / n, n)
    assert found["first"]["p"] == pytest.approx(stats.binomtest(hits, n).pvalue)
    assert found["first"]["q"] < 0.001
    assert found["first"]["ci"][0] > 0.5
    assert found["order"]["value"] == pytest.approx(0.5, abs=0.05)
    assert found["listed"] is None
    assert abs(found["most_moved"]["shift"]) < 0.01


def test_an_order_that_was_not_drawn_is_no_position_bias():
    """The better response always stood first: its place says nothing."""
    columns = pairs(3)
    columns["shown"] = np.tile([0, 1], (len(columns["item"]), 1))
    found = bias_of(**columns)["position"]
    assert found["order"]["is_uneven"]
    assert (found["first"]["value"], found["first"]["reason"]) == (None, "order_not_random")
    assert found["listed"]["value"] is not None


def test_an_order_that_nobody_wrote_down_is_not_recorded():
    found = bias_of(**pairs(3) | {"shown": None})["position"]
    assert found["first"]["reason"] == "not_recorded"
    assert found["order"]["reason"] == "not_recorded"


@pytest.mark.parametrize(("planted", "found"), [(0.4, True), (0.0, False)])
def test_places_of_four_responses(planted, found):
    rng = np.random.default_rng(4)
    rows = 500
    shown = np.argsort(rng.random((rows, 4)), axis=1)
    ranks = np.argsort(np.argsort(rng.normal(0, 1, (rows, 4)) + planted * shown)) + 1.0
    (four,) = bias_of(item=np.arange(rows), labeler=np.arange(rows) % 9, ranks=ranks, shown=shown)[
        "position"
    ]["places"]
    assert (four["responses"], four["n"]) == (4, 500)
    assert (four["q"] < 0.001) is found
    best = shown[np.arange(rows), ranks.argmin(axis=1)]
    times = np.bincount(best, minlength=4)
    assert four["p"] == pytest.approx(stats.chisquare(times).pvalue)
    assert [place["value"] for place in four["places"]] == (times / rows).tolist()


def test_length_is_told_per_doubling():
    found = bias_of(**pairs(5, n_items=1500, length=0.6))["form"]
    assert found["longer"]["value"] > 0.55
    # A worth that differs between responses pulls odds towards one: exp(0.6) is 1.82.
    assert 1.2 < found["length"]["value"] < 1.82
    assert found["length"]["ci"][0] > 1
    assert bias_of(**pairs(5, length=-0.6))["form"]["length"]["ci"][1] < 1


def test_a_mark_is_told_from_length():
    """Headings are on the long responses, and length alone was planted."""
    columns = pairs(6, n_items=1500, length=0.6)
    columns["marks"] = {"headers": (columns["characters"] > 600) * 2.0}
    found = bias_of(**columns)["form"]["marks"]
    assert found["headers"]["more"]["value"] > 0.55
    assert found["headers"]["odds"]["ci"][0] < 1
    assert found["bold"]["odds"]["reason"] == "no_difference"


def test_the_odds_are_those_of_the_labeler_signal_where_items_are_apart():
    rng = np.random.default_rng(7)
    long, short = rng.uniform(50, 900, (2, 400))
    won = (rng.random(400) < 0.6) * 1.0
    sides = rng.integers(0, 5, (2, 400))
    ratio = (np.log1p(long) - np.log1p(short)) / np.log(2)
    ours, first = feature_odds(won, ratio[:, None], item=np.arange(400), generators=tuple(sides))
    theirs = length_bias(won, long, short, generators=tuple(sides))
    assert ours.value == pytest.approx(theirs.length.value, rel=0.01)
    assert ours.ci == pytest.approx(theirs.length.ci, rel=0.1)
    assert first.value == pytest.approx(theirs.position.value, rel=0.01)


def test_ten_copies_of_a_vote_are_no_more_sure_of_it():
    rng = np.random.default_rng(8)
    x, won = rng.normal(0, 1, 200), (rng.random(200) < 0.6) * 1.0
    (once, _), (often, _) = (
        feature_odds(
            np.repeat(won, n), np.repeat(x, n)[:, None], item=np.repeat(np.arange(200), n)
        )
        for n in (1, 10)
    )
    assert often.ci == pytest.approx(once.ci, rel=0.02)


def test_odds_refuse_what_they_cannot_tell():
    few = feature_odds([1, 0], np.zeros((2, 1)), item=[0, 1])
    assert [one.reason for one in few] == ["too_few", "too_few"]
    x = np.zeros((60, 1))
    x[:5] = 1
    rare, first = feature_odds(np.tile([1, 0], 30), x, item=np.arange(60))
    assert (rare.reason, first.reason) == ("too_few", None)
    with pytest.raises(ValueError, match="1 or 0"):
        feature_odds([np.nan] * 60, x, item=np.arange(60))


def test_what_moves_by_the_week_is_found():
    columns = pairs(9, days=70)
    week = (columns["day"] - MONDAY) // 7
    rng = np.random.default_rng(9)
    columns["ranks"][rng.random(len(week)) < 0.05 * week] = 1.0
    columns["seconds"] = rng.exponential(30, len(week)) * (1 + (week >= 5))
    found = {one["key"]: one for one in bias_of(**columns)["drift"]}
    assert found["ties"]["q"] < 0.001
    assert found["ties"]["slope"] > 0.02
    assert found["slow"]["q"] < 0.001
    assert len(found["slow"]["median_seconds"]) == len(found["slow"]["weeks"]) == 10
    assert found["ties"]["weeks"][:2] == ["2026-01-05", "2026-01-12"]
    assert found["first"]["q"] > 0.05


def test_turning_every_item_round_changes_no_figure():
    columns = pairs(10, n_items=200, first=0.4, length=0.3)
    turned = columns | {
        name: np.asarray(columns[name])[:, ::-1] for name in ("ranks", "shown", "characters")
    }
    one, other = (bias_of(**each) for each in (columns, turned))
    assert one["position"]["first"] == other["position"]["first"]
    assert one["form"]["longer"] == other["form"]["longer"]
    assert one["form"]["length"]["value"] == pytest.approx(other["form"]["length"]["value"])


def test_a_reward_model_is_compared_once_there_is_one():
    snapshot = make_snapshot(**pairs(11, n_items=50))
    choices = choices_of(snapshot)
    assert reward_figures(snapshot, choices)["reason"] == "no_model_yet"
    longest = snapshot.facts.style["characters"]
    found = reward_figures(snapshot, choices, longest)
    longer = bias_of(**pairs(11, n_items=50))["form"]["longer"]
    assert (found["value"], found["n"]) == (longer["value"], longer["n"])


def test_nothing_judged_is_no_figure_and_no_error():
    found = bias_of(item=[], labeler=[], ranks=np.zeros((0, 2)))
    assert found["position"]["first"]["reason"] == "no_data"
    assert found["form"]["length"]["reason"] == "too_few"
    tied = make_snapshot(**pairs(12, n_items=40))
    tied = replace(tied, ranks=np.where(np.isfinite(tied.ranks), 1.0, np.nan))
    assert compute(tied, unheard)["extent"]["decisive"] == 0
