"""Where a reward model and people see it differently."""

import numpy as np

from annotation.quality.analyses.bias.choices import Choices
from annotation.quality.analyses.bias.shapes import figure, share
from annotation.quality.snapshot import Snapshot
from annotation.quality.stats.estimate import FloatArray


def reward_figures(
    snapshot: Snapshot, choices: Choices, rewards: FloatArray | None = None
) -> dict:
    """Share of decisive comparisons in which the model prefers what the labeler preferred.

    rewards: (items, 9) what a model gives each response, NaN not scored; None where no model has
    scored anything yet.
    """
    if rewards is None or not np.isfinite(rewards).any():
        return figure(reason="no_model_yet")
    decisive = choices.decisive
    one, other = decisive.of_both(rewards, snapshot.item[decisive.row])
    differ = np.isfinite(one) & np.isfinite(other) & (one != other)
    hits = ((one > other) == (decisive.won == 1))[differ]
    return share(int(hits.sum()), int(differ.sum()))
