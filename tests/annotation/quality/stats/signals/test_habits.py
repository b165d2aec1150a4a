"""Side, sameness, runs, pace, repeats, gold, length, triads, against figures and oracles."""

import csv
import json
from itertools import combinations, product

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from annotation.quality.stats.chance import binomial_test
from annotation.quality.stats.labels import UNKNOWN, Labels
from annotation.quality.stats.logistic import fit_logistic
from annotation.quality.stats.signals.habits import (
    chance_of_run,
    gold_posterior,
    gold_signals,
    longest_run,
    pace,
    position_bias,
    same_answer,
    self_consistency,
)
from annotation.quality.stats.signals.length import length_bias, length_bias_by_labeler, log_ratio
from annotation.quality.stats.signals.record import Signal, adjusted, undefined
from annotation.quality.stats.signals.triads import (
    circular_triads,
    triad_counts,
    triads_by_labeler,
)
from tests.data import shared


def by_labelers(answers):
    """One list of categories a labeler, all on items 0, 1, …"""
    rows = [(i, who, c) for who, row in enumerate(answers) for i, c in enumerate(row)]
    item, who, category = zip(*rows, strict=True)
    return Labels.of(
        item, who, category, n_items=max(item) + 1, n_labelers=len(answers), n_categories=3
    )


def test_a_signal_is_a_number_or_a_reason():
    with pytest.raises(ValueError, match="never both"):
        Signal(0.5, "too_few", 3, 20, "share")
    with pytest.raises(ValueError, match="not a number"):
        Signal(float("nan"), None, 30, 20, "share")
    assert undefined(0, 20, "share").reason == "no_data"
    assert undefined(3, 20, "share").reason == "too_few"


def test_who_has_too_few_judgments_is_no_test():
    signals = [Signal(1.0, None, 30, 20, "m", p=0.01), undefined(3, 20, "m")]
    assert [signal.q for signal in adjusted(signals)] == [0.01, None]


def test_position_bias_is_exact_and_needs_twenty():
    first = np.r_[np.ones(21), np.tile([1.0, 0.0], 30), np.ones(19), np.full(30, np.nan)]
    who = np.repeat([0, 1, 2, 3], [21, 60, 19, 30])
    labels = Labels.of(
        np.arange(130), who, np.zeros(130), n_items=130, n_labelers=4, n_categories=3
    )
    always, even, few, ties = position_bias(labels, first)
    assert (always.value, always.n) == (1.0, 21)
    assert always.p == pytest.approx(stats.binomtest(21, 21).pvalue)
    assert always.q == pytest.approx(2 * always.p)  # two labelers were tested
    assert even.p == 1.0
    assert (few.reason, ties.reason) == ("too_few", "no_data")


def test_position_of_a_real_crowd():
    """llmfao (statistics.md, 8): left .533150 of the decisive, p 1.0e-6; labeler 32: 21 of 21."""
    with shared("llmfao/llmfao.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    decisive = [row["winner"] for row in rows if row["winner"] != "tie"]
    left = decisive.count("left")
    assert left / len(decisive) == pytest.approx(0.533150, abs=1e-6)
    assert binomial_test(left, len(decisive)) == pytest.approx(1.0e-6, abs=5e-8)
    workers = sorted({row["worker"] for row in rows})
    category = [("left", "tie", "right").index(row["winner"]) for row in rows]
    labels = Labels.of(
        np.arange(len(rows)),
        [workers.index(row["worker"]) for row in rows],
        category,
        n_items=len(rows),
        n_labelers=len(workers),
        n_categories=3,
    )
    shares = np.bincount(category, minlength=3) / len(rows)
    same = same_answer(labels, np.tile(shares, (len(rows), 1)))[workers.index("32")]
    assert (same.value, same.n) == (1.0, 21)
    assert same.q < 0.01


def test_position_and_length_of_pandalm():
    """statistics.md, 8: first chosen .469861 of decisive, longer chosen .667799 (n = 2649)."""
    rows = json.loads(shared("pandalm/testset-v1.json").read_text())
    answers = np.array([[row[f"annotator{n}"] for n in (1, 2, 3)] for row in rows]).ravel()
    first = np.where(answers == 0, np.nan, (answers == 1) * 1.0)
    assert np.nanmean(first) == pytest.approx(0.469861, abs=1e-6)
    one, other = (
        np.repeat([len(str(row[f"response{side}"])) for row in rows], 3) for side in (1, 2)
    )
    found = length_bias(first, one, other)
    assert found.longer.n == 2649
    assert found.longer.value == pytest.approx(0.667799, abs=1e-6)
    assert found.length.ci[0] > 1.4
    x = sm.add_constant(log_ratio(one, other)[np.isfinite(first)])
    oracle = sm.Logit(first[np.isfinite(first)], x).fit(disp=0)
    # Ours has a weak ridge.
    assert np.log(found.length.value) == pytest.approx(oracle.params[1] * np.log(2), abs=1e-4)


def test_logistic_against_statsmodels():
    rng = np.random.default_rng(5)
    x = np.c_[np.ones(300), rng.normal(size=(300, 3))]
    y = (rng.random(300) < 1 / (1 + np.exp(-x @ [0.3, 1.0, -0.5, 0.0]))) * 1.0
    ours, theirs = fit_logistic(x, y), sm.Logit(y, x).fit(disp=0)
    assert ours.converged
    assert ours.beta == pytest.approx(theirs.params, abs=1e-6)
    assert [ours.error(k) for k in range(4)] == pytest.approx(theirs.bse, abs=1e-6)
    assert ours.log_likelihood == pytest.approx(theirs.llf, abs=1e-9)


def test_logistic_stays_finite_on_separable_data():
    x = np.c_[np.ones(40), np.r_[-np.ones(20), np.ones(20)]]
    y = np.r_[np.zeros(20), np.ones(20)]
    fit = fit_logistic(x, y, ridge=np.array([0.02, 0.02]))
    assert fit.converged
    assert np.isfinite(fit.beta).all()
    assert fit.beta[1] > 3


def test_who_prefers_longer_as_the_others_do_is_not_biased():
    """Longer responses are better here: the honest find so, one labeler looks at nothing else."""
    rng = np.random.default_rng(6)
    n = 400
    quality = rng.normal(size=n)
    length = 0.7 * quality + rng.normal(0, 0.7, n)
    honest = rng.random(n) < 1 / (1 + np.exp(-3 * quality))
    blind = length > 0
    labels = by_labelers([np.where(honest, 0, 2), np.where(blind, 0, 2)])
    first = np.r_[honest, blind] * 1.0
    honest_signal, blind_signal = length_bias_by_labeler(
        labels, first, np.tile(length, 2), np.tile(np.tanh(1.5 * quality), 2)
    )
    assert blind_signal.q < 1e-6
    assert blind_signal.ci[0] > 3
    assert honest_signal.p > 0.01


def test_lengths_that_are_not_kept_are_not_recorded():
    labels = by_labelers([[0] * 40])
    nothing = np.full(40, np.nan)
    assert (
        length_bias_by_labeler(labels, np.ones(40), nothing, nothing)[0].reason == "not_recorded"
    )
    assert length_bias(np.ones(3), [1, 2, 3], [2, 3, 4]).length.reason == "too_few"
    assert length_bias(np.ones(50), np.arange(50), 7 * np.ones(50)).length.reason == "no_variation"


def test_always_the_same_where_the_others_say_so_too_is_nothing():
    labels = by_labelers([[1] * 60, [1] * 60])
    others = np.r_[np.tile([0.01, 0.98, 0.01], (60, 1)), np.tile([0.4, 0.2, 0.4], (60, 1))]
    common, strange = same_answer(labels, others)
    assert common.p > 0.05
    assert strange.q < 1e-9


@given(st.lists(st.floats(0, 1), min_size=1, max_size=9), st.integers(1, 9))
@settings(max_examples=60, deadline=None)
def test_the_chance_of_a_run_is_that_of_all_sequences(chances, length):
    total = 0.0
    for outcome in product([0, 1], repeat=len(chances)):
        text = "".join(map(str, outcome))
        if "1" * length in text:
            total += np.prod([c if o else 1 - c for o, c in zip(outcome, chances, strict=True)])
    assert chance_of_run(length, np.array(chances)) == pytest.approx(total, abs=1e-12)


def test_a_lapse_is_a_run_and_a_row_of_alike_items_is_not():
    rng = np.random.default_rng(7)
    mixed = rng.integers(0, 3, 100)
    lapsed = mixed.copy()
    lapsed[40:60] = 2
    labels = by_labelers([mixed, lapsed, lapsed])
    even = np.full((200, 3), 1 / 3)
    alike = np.full((100, 3), 1 / 3)
    alike[40:60] = [0.02, 0.02, 0.96]
    at = np.tile(np.arange(100), 3)
    honest, lapse, told = longest_run(labels, np.r_[even, alike], at)
    assert (honest.q > 0.05, lapse.value >= 20, lapse.q < 1e-4) == (True, True, True)
    assert told.p > 0.01
    assert longest_run(labels, np.r_[even, alike], None)[0].reason == "not_recorded"


def test_pace_is_held_against_items_of_the_same_size():
    """One labeler gets short items only and is not fast for it; one takes a tenth of the time."""
    rng = np.random.default_rng(8)
    size = np.r_[rng.uniform(1000, 4000, 480), rng.uniform(100, 300, 120)]
    size = np.r_[size, rng.uniform(100, 300, 360)]
    who = np.r_[np.repeat(np.arange(8), 60), np.repeat([8], 120), np.repeat(np.arange(8), 45)]
    seconds = size / 20 * np.exp(rng.normal(0, 0.3, size.size))
    seconds[who == 3] /= 10
    labels = Labels.of(
        np.arange(960), who, np.zeros(960), n_items=960, n_labelers=9, n_categories=3
    )
    found = pace(labels, seconds, size)
    assert found[3].value < 0.2
    assert found[3].q < 1e-6
    assert min(signal.q for n, signal in enumerate(found) if n != 3) > 0.05
    assert pace(labels, seconds)[8].q < 1e-9  # without sizes it looks like one
    assert pace(labels, np.zeros(960))[0].reason == "not_recorded"


def test_hidden_repeats():
    who = np.repeat([0, 1], [20, 9])
    first, second = np.tile([0, 2], 15)[:29], np.tile([0, 2], 15)[:29].copy()
    second[:4] = 1
    known, few = self_consistency(who, first, second, n_labelers=2, n_categories=3)
    assert (known.value, known.n) == (0.8, 20)
    assert known.typical == pytest.approx(0.4)
    assert few.reason == "too_few"


@pytest.mark.parametrize(
    ("correct", "total", "proposed"),
    [(0, 9, False), (3, 10, True), (5, 10, False), (0, 0, False), (14, 30, True), (20, 20, False)],
)
def test_suspension_is_proposed_by_the_upper_bound_and_from_ten_on(correct, total, proposed):
    found = gold_posterior(correct, total)
    assert found.propose_suspension is proposed
    assert found.above == pytest.approx(
        stats.beta.sf(0.7, 1 + correct, 1 + total - correct), abs=1e-9
    )
    assert (found.interval is None) == (total == 0)


def test_gold_met():
    labels = by_labelers([[0] * 12, [2] * 12, [0] * 5])
    gold = np.where(np.arange(12) < 11, 0, UNKNOWN)
    met, missed, few = gold_signals(labels, gold)
    assert (met.value, missed.value, few.reason) == (1.0, 0.0, "too_few")
    assert missed.p == pytest.approx(0.3**11)


# Circular triads


def tournament(n, code):
    table = np.full((n, n), 0.5)
    for bit, (a, b) in enumerate(combinations(range(n), 2)):
        table[a, b], table[b, a] = ((1, 0), (0, 1))[code >> bit & 1]
    return table


@given(st.integers(3, 7), st.integers(0, 2**21 - 1))
@settings(max_examples=60, deadline=None)
def test_the_closed_form_counts_the_circles(n, code):
    table = tournament(n, code)
    counted = sum(
        len({table[a, b], table[b, c], table[c, a]}) == 1 for a, b, c in combinations(range(n), 3)
    )
    found = circular_triads(table)
    assert found.circular == counted
    assert 0 <= found.zeta <= 1


def test_the_distribution_of_kendall_and_babington_smith():
    """Kendall & Babington Smith 1940, table I: frequencies of d for n = 6."""
    assert triad_counts(6) == (720, 960, 2240, 2880, 6240, 3648, 8640, 4800, 2640)
    assert circular_triads(np.triu(np.ones((6, 6)), 1)).p == pytest.approx(720 / 32768)


def test_many_responses_by_the_approximation():
    """n = 8: the chi-square approximation against drawn tournaments."""
    rng = np.random.default_rng(9)
    drawn = np.array(
        [circular_triads(tournament(8, int(rng.integers(2**28)))).circular for _ in range(3000)]
    )
    few = np.quantile(drawn, 0.05)
    table = next(
        t
        for t in (tournament(8, int(rng.integers(2**28))) for _ in range(5000))
        if circular_triads(t).circular == few
    )
    assert circular_triads(table).p == pytest.approx((drawn <= few).mean(), abs=0.03)


def test_edges_of_triads():
    assert circular_triads(np.zeros((2, 2)) + 0.5).zeta is None
    tied = circular_triads(np.full((4, 4), 0.5))
    assert (tied.zeta, tied.p) == (0.0, None)
    for broken in (np.ones((3, 3)), np.zeros((2, 3))):
        with pytest.raises(ValueError):
            circular_triads(broken)


def test_circles_by_labeler():
    item = np.repeat(np.arange(12), 3)
    who = np.repeat([0, 1], [33, 3])
    winner, loser = np.tile([0, 1, 2], 12), np.tile([1, 2, 0], 12)
    winner[:9], loser[:9] = np.tile([0, 0, 1], 3), np.tile([1, 2, 2], 3)
    found, few = triads_by_labeler(item, who, winner, loser, n_labelers=2)
    assert found.value == pytest.approx(8 / 11)
    assert few.reason == "too_few"
