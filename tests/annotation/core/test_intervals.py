import pytest

from annotation.core.intervals import wilson_interval


@pytest.mark.parametrize(
    ("correct", "total", "low", "high"),
    [
        (81, 263, 0.255289, 0.366210),  # Newcombe 1998, table I
        (15, 148, 0.062386, 0.160487),
        (0, 20, 0.0, 0.161125),
        (1, 29, 0.006113, 0.171755),
        (17, 20, 0.639581, 0.947631),
    ],
)
def test_wilson_against_published_values(correct, total, low, high):
    assert wilson_interval(correct, total) == pytest.approx((low, high), abs=1e-6)


def test_the_bounds_are_exact_at_the_ends():
    """In floating point the formula misses them for many n."""
    for n in range(1, 300):
        assert wilson_interval(n, n)[1] == 1.0
        assert wilson_interval(0, n)[0] == 0.0


def test_nothing_of_nothing_has_no_interval():
    assert wilson_interval(0, 0) is None


def test_more_than_all_is_refused():
    assert wilson_interval(3, 3) is not None
    for correct, total in ((4, 3), (-1, 3)):
        with pytest.raises(ValueError, match="no share"):
            wilson_interval(correct, total)
