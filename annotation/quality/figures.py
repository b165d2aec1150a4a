"""What every figure of a report has in common."""

from collections.abc import Callable

from annotation.quality.stats.estimate import Estimate

# (done, total, note): how far a computation is; the note is a msgid.
Progress = Callable[[int, int, str], None]

SEED = 20  # the same judgments give the same intervals, wherever and whenever


def unheard(done: int, total: int, note: str) -> None:
    """The progress of a computation that nobody waits for."""


def as_json(estimate: Estimate, *, with_undefined: bool = False) -> dict:
    """The keys of an estimate that leave the house. Never NaN: `Estimate` refuses it."""
    values = {
        "value": estimate.value,
        "reason": estimate.reason,
        "ci": None if estimate.ci is None else list(estimate.ci),
        "n_items": estimate.n_items,
        "n_pairable": estimate.n_pairable,
        "n_ratings": estimate.n_ratings,
    }
    if with_undefined:
        values["n_undefined"] = estimate.n_undefined
    return values
