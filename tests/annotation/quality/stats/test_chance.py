"""Our distributions and tests against scipy's and statsmodels'."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special, stats
from statsmodels.stats.multitest import multipletests

from annotation.quality.stats import chance

NEAR = {"rel": 1e-9, "abs": 1e-13}


def test_log_gamma():
    x = np.concatenate([np.geomspace(1e-6, 1e6, 200), np.arange(1, 60)])
    assert chance.log_gamma(x) == pytest.approx(special.gammaln(x), rel=1e-11, abs=1e-11)


@given(st.integers(1, 400), st.floats(0, 1), st.sampled_from([0.5, 0.3, 0.031, 1.0, 0.0]))
@settings(max_examples=80, deadline=None)
def test_binomial(n, share, p):
    k = round(share * n)
    assert chance.binomial_test(k, n, p) == pytest.approx(
        stats.binomtest(k, n, p).pvalue, rel=1e-8, abs=1e-12
    )
    assert chance.binomial_tail(k, n, p) == pytest.approx(
        stats.binom.sf(k - 1, n, p), rel=1e-8, abs=1e-12
    )


def test_no_trials_are_no_evidence():
    assert chance.binomial_test(0, 0) == 1.0
    with pytest.raises(ValueError):
        chance.binomial_test(3, 2)


@given(st.lists(st.floats(0, 1), max_size=30), st.integers(0, 30))
@settings(max_examples=60, deadline=None)
def test_the_sum_of_different_coins(chances, k):
    assert chance.poisson_binomial_tail(k, chances) == pytest.approx(
        stats.poisson_binom.sf(k - 1, chances) if chances else float(k <= 0), abs=1e-9
    )


@given(st.floats(0.01, 300), st.floats(0.5, 120))
@settings(max_examples=100, deadline=None)
def test_chi_square(x, degrees):
    assert chance.chi_square_tail(x, degrees) == pytest.approx(stats.chi2.sf(x, degrees), **NEAR)


@given(st.floats(0, 1), st.floats(0.3, 300), st.floats(0.3, 300))
@settings(max_examples=100, deadline=None)
def test_beta(x, a, b):
    assert chance.beta_share(x, a, b) == pytest.approx(stats.beta.cdf(x, a, b), abs=1e-10)


def test_beta_interval():
    for a, b in ((1, 1), (18, 4), (0.5, 30), (200, 3)):
        assert chance.beta_interval(a, b) == pytest.approx(
            stats.beta.ppf([0.025, 0.975], a, b), abs=1e-9
        )


def test_normal():
    assert chance.normal_tail(1.5) == pytest.approx(stats.norm.sf(1.5), **NEAR)
    assert chance.two_sided(-2.2) == pytest.approx(2 * stats.norm.sf(2.2), **NEAR)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40))
@settings(max_examples=60, deadline=None)
def test_false_discovery_control(p_values):
    rejected, adjusted, *_ = multipletests(p_values, 0.05, method="fdr_bh")
    assert chance.adjust_for_discoveries(p_values) == pytest.approx(adjusted.tolist(), abs=1e-12)
    assert chance.discoveries(p_values, 0.05).tolist() == rejected.tolist()


def test_what_was_not_tested_is_no_test():
    assert chance.adjust_for_discoveries([0.01, None, 0.03]) == [0.02, None, 0.03]
    assert chance.adjust_for_discoveries([]) == []
    with pytest.raises(ValueError):
        chance.adjust_for_discoveries([1.2])
