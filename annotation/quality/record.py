"""What a lead knows of one person's work in a project: how much, how long, gold, agreement."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from statistics import median

from annotation.labeling.gold.results import GoldResult, Results, Share, results
from annotation.labeling.models import GoldItem, Judgment
from annotation.quality.own_figures import Agreement, agreement_of, rows_of, shares_with_peers

MOST_SHOWN = 20


@dataclass(frozen=True)
class Record:
    """Of what holds now; times and agreement of the latest judgments only."""

    done: int
    median_seconds: float | None
    agreement: Agreement
    gold: Results

    @property
    def by_week(self) -> list[tuple[date, Share]]:
        return sorted(self.gold.by_week.items(), reverse=True)

    @property
    def by_tolerance(self) -> list[tuple[str, Share]]:
        labels = dict(GoldItem.Tolerance.choices)
        return [(labels[name], share) for name, share in self.gold.by_tolerance.items()]

    @property
    def latest(self) -> Sequence[GoldResult]:
        """What was judged of gold last: the evidence."""
        return self.gold.rows[: -MOST_SHOWN - 1 : -1]


def record_of(project, labeler) -> Record:
    """Five statements, whatever its size; figured out now, for whoever may see it at once."""
    mine = Judgment.objects.filter(project=project, labeler=labeler)
    rows = rows_of(mine)
    timed = [row.seconds for row in rows if row.seconds is not None]
    return Record(
        done=mine.current().count(),
        median_seconds=median(timed) if timed else None,
        agreement=agreement_of(list(shares_with_peers(labeler, rows).values())),
        gold=results(project, labeler),
    )
