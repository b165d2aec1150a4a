"""The forecast: exact where nothing is uncertain, wider where more is, honest where it cannot."""

import numpy as np
import pytest

from annotation.quality.stats.forecast import HORIZON, days_until_done


def test_an_even_pace_leaves_no_doubt():
    forecast = days_until_done(95, [10] * 14)
    assert (forecast.low, forecast.middle, forecast.high) == (10, 10, 10)
    assert (forecast.per_day, forecast.day_count, forecast.reason) == (10.0, 14, "")


def test_it_is_the_same_each_time_it_is_asked():
    days = [0, 40, 55, 12, 0, 31, 70]
    assert days_until_done(1000, days) == days_until_done(1000, days)


def test_free_days_widen_the_interval_around_the_same_middle():
    even = days_until_done(1000, [50] * 14)
    uneven = days_until_done(1000, [70, 70, 70, 70, 70, 0, 0] * 2)
    assert even.high == even.low == 20
    assert uneven.low < 20 < uneven.high
    assert abs(uneven.middle - 20) <= 1


def test_four_of_five_truths_lie_in_the_interval():
    """Work drawn from one law, half of it seen and half of it to come: how often is it inside?"""
    rng = np.random.default_rng(3)
    inside = 0
    for run in range(200):
        days = rng.poisson(40, 200) * (rng.random(200) > 0.25)
        forecast = days_until_done(600, days[:14], seed=run)
        truth = int((np.cumsum(days[14:]) >= 600).argmax()) + 1
        inside += forecast.low <= truth <= forecast.high
    assert 0.72 <= inside / 200 <= 0.95


def test_more_work_never_ends_earlier():
    days = [3, 0, 8, 5, 9, 0, 2]
    middles = [days_until_done(left, days).middle for left in (1, 10, 100, 400)]
    assert middles == sorted(middles)
    assert middles[0] < middles[-1]


@pytest.mark.parametrize(
    ("remaining", "days", "reason"),
    [
        (0, [], "done"),
        (0, [5] * 14, "done"),
        (10, [], "too_few_days"),
        (10, [5] * 4, "too_few_days"),
        (10, [5, 5, 0, 0, 0, 0, 0], "too_few_days"),
        (10, [0] * 14, "no_work"),
    ],
)
def test_without_enough_days_there_is_a_reason_and_no_number(remaining, days, reason):
    forecast = days_until_done(remaining, days)
    assert forecast.reason == reason
    assert forecast.middle in (None, 0)


def test_what_lies_beyond_two_years_is_not_dated():
    forecast = days_until_done(1_000_000, [1, 2, 1, 0, 1, 3, 1])
    assert (forecast.low, forecast.middle, forecast.high) == (None, None, None)
    doubtful = days_until_done(HORIZON - 100, [0, 0, 0, 0, 0, 4, 4, 0, 0, 4, 0, 0, 0, 0])
    assert doubtful.low is not None
    assert doubtful.high is None
