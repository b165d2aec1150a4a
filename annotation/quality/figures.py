"""What every figure of a report has in common."""

from annotation.quality.stats.estimate import Estimate

SEED = 20  # the same judgments give the same intervals, wherever and whenever


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
