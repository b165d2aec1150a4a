"""How much each row of the training split counts. Imports no torch.

Weights are brought to mean 1 once, over the whole split, and batches divide by their counts. A
batch that divided by its own weights would lose them: of one comparison w l / w is l.
"""

from collections.abc import Sequence
from typing import Any

from training.data import Comparison
from training.errors import DataError


def of_rows(weights: Sequence[float], options: dict[str, Any]) -> list[float]:
    """Each row's part in the mean over rows; all 1 where `use_weights` is off."""
    if not options["use_weights"]:
        return [1.0] * len(weights)
    return _scaled(weights, [1.0] * len(weights))


def of_groups(
    rows: Sequence[Comparison],
    groups: Sequence[Sequence[int]],
    options: dict[str, Any],
    *,
    is_shared: bool,
) -> list[float]:
    """Each comparison's part in the mean over its prompt's comparisons and then over prompts.

    groups: the places of each prompt's comparisons in rows. is_shared: the dataset has divided
    the weight of one among them already, so that the mean must not divide it again.
    """
    if not options["use_weights"]:
        return [1.0] * len(rows)
    weights, parts = [0.0] * len(rows), [0.0] * len(rows)
    for group in groups:
        shared = [at for at in group if is_shared and not rows[at].criterion]
        for at in group:
            weights[at] = rows[at].weight
            parts[at] = 1 / len(group)
        for at in shared:
            weights[at] *= len(shared)
    return _scaled(weights, parts)


def _scaled(weights: Sequence[float], parts: Sequence[float]) -> list[float]:
    """Such that the mean by parts is 1."""
    total = sum(weight * part for weight, part in zip(weights, parts, strict=True))
    if total <= 0:
        raise DataError("every comparison weighs nothing: set use_weights false, or freeze others")
    mean = total / sum(parts)
    return [weight / mean for weight in weights]
