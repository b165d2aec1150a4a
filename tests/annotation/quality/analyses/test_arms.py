"""Whether choosing beat chance, from snapshots whose truth is known."""

from dataclasses import replace

import numpy as np
import pytest

from annotation.quality.adaptive.choosing_page import arms_page_of
from annotation.quality.analyses.arms import _spread, arms_of
from annotation.quality.snapshot.arms import CONTROL, INFORMATION, NEITHER, Arms
from annotation.quality.stats.outcomes import compare_generators
from tests.annotation.quality.snapshots import make_snapshot


def judged(seed, *, narrow, n_control=240, n_information=600, n=8):
    """Pairs of n generators of known ability; the chosen ones any pair as well, or all one."""
    rng = np.random.default_rng(seed)
    ability = np.linspace(-2, 2, n)
    total = n_control + n_information
    arm = np.where(np.arange(total) < n_control, CONTROL, INFORMATION)
    first = rng.integers(0, n, total)
    second = (first + rng.integers(1, n, total)) % n
    if narrow:
        first[arm == INFORMATION], second[arm == INFORMATION] = 0, n - 1
    won = rng.random(total) < 1 / (1 + np.exp(ability[second] - ability[first]))
    ranks = np.where(won[:, None], [1.0, 2.0], [2.0, 1.0])
    snapshot = make_snapshot(
        np.arange(total), rng.integers(0, 5, total), ranks,
        generator=np.stack([first, second], axis=1),
    )  # fmt: skip
    return replace(snapshot, arms=Arms(arm, rng.permutation(total) + 1))


def test_choosing_that_asks_what_is_known_is_told_from_choosing_that_does_not():
    narrow = arms_of(judged(1, narrow=True))
    assert narrow["verdict"] == "worse"
    assert narrow["likelihood"]["ci"][1] < 0
    assert narrow["likelihood"]["random"] > narrow["likelihood"]["adaptive"]
    assert (narrow["n_judgments"], narrow["n_held_out"]) == (120, 120)
    assert narrow["control"] == {"items": 240, "judgments": 240}
    assert narrow["information"] == {"items": 600, "judgments": 600}
    alike = arms_of(judged(1, narrow=False))
    assert alike["verdict"] == "no_difference"
    assert alike["likelihood"]["ci"][0] < 0 < alike["likelihood"]["ci"][1]


def test_too_few_of_either_arm_say_so_and_no_draw_says_nothing():
    few = arms_of(judged(1, narrow=False, n_control=80))
    assert (few["verdict"], few["likelihood"]["reason"]) == ("too_few", "too_few")
    assert few["likelihood"]["value"] is None
    snapshot = judged(1, narrow=False, n_control=10, n_information=10)
    nothing = np.zeros(20, np.int64)
    assert arms_of(replace(snapshot, arms=Arms(nothing + NEITHER, nothing))) is None
    assert arms_of(replace(snapshot, arms=None)) is None


@pytest.mark.parametrize(
    ("made", "finding"),
    [
        ({"narrow": True}, "Choosing was worse than drawing at random: from 120 comparisons"),
        ({"narrow": False}, "No difference can be told"),
        ({"narrow": False, "n_control": 80}, "cannot be said yet: that needs 50 comparisons"),
    ],
)
def test_it_is_told_as_a_sentence_with_a_row_and_a_picture_a_measure(made, finding):
    page = arms_page_of(arms_of(judged(1, **made)))
    assert finding in page.finding
    assert "600 chosen items 600 times" in page.extent
    if "n_control" in made:
        assert page.rows == []
        return
    assert len(page.rows) == 3
    for row in page.rows:
        assert row.chart.has_interval
        assert row.difference in row.chart.label
        assert row.interval
    assert arms_page_of(None) is None


@pytest.mark.parametrize("wanted", [1, 7, 30, 59, 60, 100])
def test_as_many_are_taken_evenly_over_the_order_with_whole_items(wanted):
    item = np.repeat(np.arange(20), 3)
    games = compare_generators(item * 0, item * 0 + 1, item * 0, 2, item=item)
    kept = _spread(games, wanted)
    assert min(wanted, 60) <= len(kept) <= min(wanted, 60) + 2
    counts = np.unique(kept.item, return_counts=True)[1]
    assert (counts == 3).all()
    if wanted == 30:
        assert abs(int((kept.item < 10).sum()) - 15) <= 3
