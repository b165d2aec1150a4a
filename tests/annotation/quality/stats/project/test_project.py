"""Signals of a project, on data whose truth is known."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from annotation.quality.stats.dawid_skene import dawid_skene
from annotation.quality.stats.labels import Labels
from annotation.quality.stats.project.ambiguity import ambiguous_items
from annotation.quality.stats.project.camps import two_camps
from annotation.quality.stats.project.drift import drift, with_discoveries
from annotation.quality.stats.project.fairness import (
    fairness_slices,
    shown_groups,
    t_two_sided,
)

VALUES = np.array([-1.0, 0.0, 1.0])


def project(seed, n_items=400, n_labelers=12, per_item=6, split=0, two_ways=0.0):
    """`split`: the first items are toss-ups; `two_ways`: share of items on which the second half
    of the labelers finds the opposite."""
    rng = np.random.default_rng(seed)
    truth = rng.choice([0, 2], n_items)
    contrary = rng.random(n_items) < two_ways
    who = np.argsort(rng.random((n_items, n_labelers)), axis=1)[:, :per_item].ravel()
    item = np.repeat(np.arange(n_items), per_item)
    other = contrary[item] & (who >= n_labelers // 2)
    own = np.where(other, 2 - truth[item], truth[item])
    given_ = np.where(rng.random(item.size) < 0.85, own, rng.integers(0, 3, item.size))
    given_ = np.where(item < split, rng.choice([0, 2], item.size), given_)
    return Labels.of(item, who, given_, n_items=n_items, n_labelers=n_labelers, n_categories=3)


def test_toss_ups_come_first_and_a_clean_project_has_none():
    labels = project(1, split=20, per_item=11)
    found = ambiguous_items(labels, dawid_skene(labels, model="one_coin"), seed=2, draws=500)
    assert (found.item[:15] < 20).mean() > 0.6
    assert np.median(found.p[found.item < 20]) < 0.1 < np.median(found.p[found.item >= 20])
    clean = project(3, per_item=11)
    none = ambiguous_items(clean, dawid_skene(clean, model="one_coin"), seed=2, draws=500)
    assert none.q.min() > 0.05
    assert none.item.size == 400


def test_an_item_judged_once_is_not_ambiguous():
    labels = Labels.of([0, 1], [0, 0], [0, 1], n_items=2, n_labelers=1, n_categories=3)
    found = ambiguous_items(labels, dawid_skene(labels), seed=1)
    assert found.item.size == 0


def test_two_readings_are_told_from_noise():
    split = two_camps(project(4, two_ways=0.3), VALUES, seed=5, draws=99)
    assert split.p == 0.01
    assert abs(split.side[:6].sum()) == 6
    assert split.side[0] == -split.side[6]
    assert np.abs(split.gaps[0]) == 2
    p_values = [
        two_camps(project([6, seed], n_items=150), VALUES, seed=7, draws=99).p
        for seed in range(20)
    ]
    assert np.mean(np.array(p_values) <= 0.05) <= 0.2


def test_too_few_items_are_no_camps():
    few = project(8, n_items=10)
    assert two_camps(few, VALUES, seed=1).reason == "too_few"
    alike = Labels.of(
        np.repeat(np.arange(30), 5), np.tile(np.arange(5), 30), np.zeros(150),
        n_items=30, n_labelers=5, n_categories=3,
    )  # fmt: skip
    assert two_camps(alike, VALUES, seed=1).reason == "no_variation"


def test_drift_against_scipy():
    rng = np.random.default_rng(9)
    week = rng.integers(0, 8, 900)
    hit = (rng.random(900) < 0.5 + 0.04 * week) * 1
    found = drift(week, hit)
    table = np.array([[((week == w) & (hit == h)).sum() for w in range(8)] for h in (0, 1)])
    assert found.any_p == pytest.approx(stats.chi2_contingency(table, correction=False).pvalue)
    # Cochran-Armitage: N r² of hit and week is its chi-square
    r = np.corrcoef(week, hit)[0, 1]
    assert found.trend_p == pytest.approx(stats.chi2.sf(900 * r**2, 1))
    assert found.slope == pytest.approx(0.04, abs=0.02)
    steady = drift(week, (rng.random(900) < 0.6) * 1)
    moved, still = with_discoveries([found, steady])
    assert moved.q < 0.001 < still.q


def test_weeks_that_say_nothing():
    assert drift([1] * 30, [1] * 30).reason == "too_few"
    assert drift([1, 2, 3] * 20, [1] * 60).reason == "no_variation"
    assert drift([], []).reason == "too_few"


def test_students_t():
    for t, degrees in ((0.0, 3), (1.5, 7.3), (-4.0, 30)):
        assert t_two_sided(t, degrees) == pytest.approx(2 * stats.t.sf(abs(t), degrees))


def test_a_group_that_differs_is_found_and_small_ones_are_not_shown():
    rng = np.random.default_rng(10)
    value = rng.normal(0.7, 0.05, 60)
    language = ["de"] * 20 + ["en"] * 20 + ["fr"] * 17 + ["la"] * 3
    value[:20] -= 0.15
    found = {one.answer: one for one in fairness_slices(value, {"language": language})}
    assert found["de"].q < 1e-4
    assert found["de"].p == pytest.approx(
        stats.ttest_ind(value[:20], value[20:], equal_var=False).pvalue
    )
    assert found["de"].ci[1] < 0
    assert found["la"].reason == "suppressed"
    # and one more, or the three could be had by subtraction
    assert found["fr"].reason == "suppressed"
    assert (found["la"].n_labelers, found["la"].difference, found["la"].p) == (None, None, None)
    with pytest.raises(ValueError, match="at least 5"):
        fairness_slices(value, {"language": language}, k=4)


@given(st.lists(st.integers(1, 12), max_size=8), st.integers(5, 9))
def test_no_small_group_is_left_by_subtraction(sizes, k):
    groups = {str(n): size for n, size in enumerate(sizes)}
    shown = shown_groups(groups, k)
    assert all(groups[name] >= k for name in shown)
    hidden = sum(size for name, size in groups.items() if name not in shown)
    assert hidden == 0 or hidden >= k or not shown


def test_who_did_not_answer_is_in_no_group_and_who_has_no_figure_does_not_count():
    value = np.r_[np.linspace(0, 1, 20), np.nan]
    answers = ["a"] * 7 + ["b"] * 7 + [None] * 6 + ["b"]
    found = fairness_slices(value, {"question": answers})
    assert [(one.answer, one.n_labelers) for one in found] == [("a", 7), ("b", 7)]
