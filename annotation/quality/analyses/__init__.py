"""What is computed of a snapshot, each kind in a module of its own.

An analysis is a function of a `Snapshot`: numpy in, JSON values out, no queries. Its result names
labelers by their ids, never by a handle: whoever shows it looks the handle up, so that nothing
has to be rewritten when a person is erased (the oldest kind, agreement, still has handles).
"""

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.translation import gettext_noop

from annotation.quality.analyses import (
    abilities,
    adaptive,
    agreement,
    bias,
    consensus,
    labelers,
    prompts,
    repeats,
)
from annotation.quality.figures import Progress
from annotation.quality.snapshot import Snapshot


@dataclass(frozen=True)
class Analysis:
    """kind: its name in `Report.kind`; version: raised whenever a figure, an interval or the shape
    of the result changes, for reports of an older version are not shown again; compute: (snapshot,
    progress) to the result; note: what the progress line says before it."""

    kind: str
    version: str
    compute: Callable[[Snapshot, Progress], dict]
    note: str
    # Who may see it, as in projects/permissions.py. Figures of each labeler need the right to look
    # at anybody's record; counts of them are in the report.
    right: str = "see_agreement"
    # Parts of its result that are of single people, and so go to no reader of the rest.
    kept_back: tuple[str, ...] = ()


# In the order in which they are computed. A further kind is one line here.
ANALYSES: dict[str, Analysis] = {
    one.kind: one
    for one in (
        Analysis(
            "agreement",
            agreement.CODE_VERSION,
            agreement.compute,
            gettext_noop("Comparing labelers"),
        ),
        Analysis(
            "labelers",
            labelers.CODE_VERSION,
            labelers.compute,
            gettext_noop("Looking at labelers"),
            right="review",
        ),
        Analysis(
            "abilities",
            abilities.CODE_VERSION,
            abilities.compute,
            gettext_noop("Comparing generators"),
        ),
        Analysis(
            "repeats",
            repeats.CODE_VERSION,
            repeats.compute,
            gettext_noop("Comparing labelers with themselves"),
            right="review",
        ),
        Analysis(
            "adaptive",
            adaptive.CODE_VERSION,
            adaptive.compute,
            gettext_noop("Judging again, one judgment at a time"),
        ),
        Analysis("bias", bias.CODE_VERSION, bias.compute, gettext_noop("Looking for bias")),
        Analysis(
            "prompts", prompts.CODE_VERSION, prompts.compute, gettext_noop("Looking at prompts")
        ),
        Analysis(
            "consensus",
            consensus.CODE_VERSION,
            consensus.compute,
            gettext_noop("Aggregating judgments"),
            kept_back=("crowds",),
        ),
    )
}
