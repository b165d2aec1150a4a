"""Abilities on the scales that people know."""

import math
from collections.abc import Callable
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from annotation.core.charts.scales import nice_ticks
from annotation.core.numbers import localised
from annotation.quality.stats.elo import INITIAL, SCALE

# Farther out an interval is drawn to the edge: it would press all others into one point.
FARTHEST = 5.0


@dataclass(frozen=True)
class AbilityScale:
    """convert: log ability against the average and Davidson's nu to the scale; average: what the
    average generator has on it; bounds: fixed ends, or None for the ends of the data."""

    label: str | Promise
    unit: str | Promise
    convert: Callable[[float, float], float]
    average: float
    digits: int
    bounds: tuple[float, float] | None = None

    def write(self, value: float) -> str:
        text = f"{value:,.{self.digits}f}"
        is_zero = not any(sign in "123456789" for sign in text)
        return localised(text.lstrip("-") if is_zero else text.replace("-", "−"))

    def ends(self, lows: list[float], highs: list[float], nu: float) -> tuple[float, float]:
        """Both ends of the axis that holds these log abilities."""
        if self.bounds:
            return self.bounds
        low = max(min(lows, default=-1.0), -FARTHEST)
        high = min(max(highs, default=1.0), FARTHEST)
        ticks = nice_ticks(self.convert(low, nu), self.convert(high, nu))
        return ticks[0], ticks[-1]


def wins_in_100(ability: float, nu: float) -> float:
    """Expected wins, a tie half, against a generator of average ability (0): the formula of
    `stats.pairwise`, without ties where nu is 0."""
    win, loss = math.exp(min(ability / 2, 300.0)), math.exp(min(-ability / 2, 300.0))
    return 100.0 * (win + nu / 2) / (win + loss + nu)


SCALES = {
    "wins": AbilityScale(
        _("wins in 100"),
        _("against the average generator, a tie half a win"),
        wins_in_100,
        50.0,
        0,
        (0.0, 100.0),
    ),
    "points": AbilityScale(
        _("Elo-like points"),
        _("400 points are odds of 10 to 1, the average has 1,000"),
        lambda ability, _nu: INITIAL + ability * SCALE / math.log(10.0),
        INITIAL,
        0,
    ),
    "log": AbilityScale(
        _("log odds"),
        _("1 is odds of 2.7 to 1, the average has 0"),
        lambda ability, _nu: ability,
        0.0,
        2,
    ),
}
