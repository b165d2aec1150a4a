"""When an alert goes off and when it is over. Pure.

A value that wavers about its limit would tell somebody at each turn: what went off under a limit
is over only a margin above it.
"""

from collections.abc import Callable
from dataclasses import dataclass

from annotation.oversight.models import Alert, AlertKind

State = Alert.State


@dataclass(frozen=True)
class Rule:
    """A kind's limits, what a lead may set, and how far back it must come to be over."""

    least: float
    most: float
    usual: float
    margin: Callable[[float], float]
    is_whole: bool = True
    goes_off_above: bool = False
    # Whoever measures it tells us (services.tell): nothing here looks by the clock.
    is_told: bool = False


RULES = {
    AlertKind.AGREEMENT: Rule(1, 100, 65, lambda limit: 2),
    AlertKind.ALPHA: Rule(-1, 1, 0.4, lambda limit: 0.02, is_whole=False),
    AlertKind.GOLD: Rule(1, 100, 70, lambda limit: 2),
    AlertKind.QUEUE: Rule(1, 100_000, 50, lambda limit: max(1, 0.1 * limit)),
    # Hours: a single judgment ends it.
    AlertKind.IDLE: Rule(1, 720, 24, lambda limit: 0, goes_off_above=True),
    # Percentage points of accuracy.
    AlertKind.STALE: Rule(
        0.1, 50, 1, lambda limit: 0, is_whole=False, goes_off_above=True, is_told=True
    ),
}


def next_state(kind: str, state: str, value: float | None, threshold: float) -> str:
    """The state after a measurement. Without a value nothing is known, so nothing changes."""
    rule = RULES[AlertKind(kind)]
    if value is None:
        return state
    margin = rule.margin(threshold) if state == State.RAISED else 0
    is_bad = value >= threshold - margin if rule.goes_off_above else value < threshold + margin
    return State.RAISED if is_bad else State.CALM
