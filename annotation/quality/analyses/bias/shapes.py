"""The form of a figure of the bias analysis, as JSON values."""

from datetime import date

from annotation.core.intervals import wilson_interval
from annotation.quality.stats.chance import binomial_test
from annotation.quality.stats.project.drift import Drift
from annotation.quality.stats.project.odds import Odds

LEAST = 20  # below, a share says nothing


def figure(value=None, reason=None, ci=None, n=0, p=None, q=None) -> dict:
    """A value with its interval, or None with the reason."""
    return {
        "value": value,
        "reason": reason,
        "ci": None if ci is None else list(ci),
        "n": n,
        "p": p,
        "q": q,
    }


def share(hits: int, n: int, *, tested_against: float | None = 0.5) -> dict:
    """Wilson's interval; exact binomial p. None below LEAST."""
    if n < LEAST:
        return figure(reason="too_few" if n else "no_data", n=n)
    p = None if tested_against is None else binomial_test(hits, n, tested_against)
    return figure(hits / n, ci=wilson_interval(hits, n), n=n, p=p)


def odds(found: Odds) -> dict:
    reason = "no_difference" if found.reason == "no_variation" else found.reason
    return figure(found.value, reason, found.ci, found.n, found.p, found.q)


def series(key: str, found: Drift) -> dict:
    """Shares by week, each week named by its Monday."""
    return {
        "key": key,
        "weeks": [date.fromordinal(int(week) * 7 + 1).isoformat() for week in found.week],
        "values": list(found.share),
        "intervals": [list(ci) for ci in found.ci],
        "n": [int(n) for n in found.n],
        "slope": found.slope,
        "p": found.p,
        "q": found.q,
        "reason": found.reason,
    }
