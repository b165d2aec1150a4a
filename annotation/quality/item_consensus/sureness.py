"""How sure an item's answer is: the project's consensus, asked of one item.

The consensus page fits all items of one size together and keeps what it found of the labelers and
of ties; with that the same judgments give the same number here as there.
"""

from collections.abc import Mapping, Sequence

from annotation.quality.item_consensus.together import posterior
from annotation.quality.models import Report
from annotation.quality.stats.estimate import FloatArray


def crowd_of(report: Report | None, responses: int) -> Mapping | None:
    """What the answers of items of so many responses rest on, if that was found out yet; see
    `analyses.consensus.certainty.crowds_of`."""
    crowds = report.result["crowds"] if report else []
    return next((crowd for crowd in crowds if crowd["responses"] == responses), None)


def believed(crowd: Mapping, said: Sequence[int], labelers: Sequence[int]) -> FloatArray:
    """Chance that no response alone is the best, then of each that it is. said: of each judgment
    the best one, as in `consensus_of`; a labeler who is new since is as reliable as most."""
    known = crowd["labelers"]
    accuracy = [known.get(str(labeler), crowd["typical"]) for labeler in labelers]
    return posterior(said, accuracy, crowd["prior"])
