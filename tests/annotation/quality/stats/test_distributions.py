import pytest
from scipy import stats

from annotation.quality.stats.distributions import (
    f_quantile,
    f_survival,
    t_quantile,
)


@pytest.mark.parametrize("df1", [1, 2.5, 5, 40])
@pytest.mark.parametrize("df2", [1, 2.5, 15, 300])
def test_f_equals_scipy(df1, df2):
    for x in (1e-3, 0.3, 1, 5, 30):
        assert f_survival(x, df1, df2) == pytest.approx(stats.f.sf(x, df1, df2), abs=1e-10)
    for p in (0.025, 0.5, 0.975):
        assert f_quantile(p, df1, df2) == pytest.approx(stats.f.ppf(p, df1, df2), rel=1e-8)


def test_quantiles_of_students_table():
    """Student's t at 97.5 %, as printed in every table: 12.706, 4.303, 2.571, 2.042, 1.960."""
    expected = {1: 12.706, 2: 4.303, 5: 2.571, 30: 2.042, 10**6: 1.960}
    for df, value in expected.items():
        assert t_quantile(0.975, df) == pytest.approx(value, abs=5e-4)


def test_the_ends_and_what_is_no_distribution():
    assert f_survival(-1.0, 2, 2) == f_survival(0.0, 2, 2) == 1.0
    for call in (
        lambda: f_survival(1.0, 1, -1),
        lambda: f_quantile(1.0, 2, 2),
        lambda: t_quantile(0.4, 2),
    ):
        with pytest.raises(ValueError):
            call()
