"""What somebody has judged, newest first: a page at a time, however much there is."""

from dataclasses import dataclass

from django.db.models import Q

from annotation.labeling.desk import LETTERS
from annotation.labeling.item_views import order_line, rating_rows
from annotation.labeling.revising import own_judgments

PAGE = 20


@dataclass(frozen=True)
class Judged:
    """A judgment in the letters under which its labeler saw the responses."""

    judgment: object

    @property
    def prompt(self) -> str:
        return self.judgment.item.prompt.last_message

    @property
    def order(self) -> str:
        return order_line(self.judgment, self.letters())

    @property
    def ratings(self) -> list[str]:
        return rating_rows(self.judgment, self.letters())

    @property
    def can_be_revised(self) -> bool:
        return self.judgment.assignment_id is not None and not self.is_final

    @property
    def is_final(self) -> bool:
        """Of `own_judgments`; elsewhere nobody looked."""
        return getattr(self.judgment, "is_final", False)

    def letters(self) -> list[str]:
        """Of each position, in order."""
        order = self.judgment.order or range(1, len(self.judgment.ranks) + 1)
        shown = dict(zip(order, LETTERS, strict=False))
        return [shown[position] for position in range(1, len(self.judgment.ranks) + 1)]


@dataclass(frozen=True)
class HistoryPage:
    rows: list[Judged]
    older: str  # where the next page begins, or nothing

    @property
    def is_empty(self) -> bool:
        return not self.rows


def history_of(labeler, *, project=None, before: int | None = None) -> HistoryPage:
    """What holds of this labeler's judgments; `before` is the id that the last page ended with."""
    rows = own_judgments(labeler).current().order_by("-submitted_at", "-pk")
    if project is not None:
        rows = rows.filter(project=project)
    last = own_judgments(labeler).filter(pk=before).first() if before else None
    if last is not None:
        rows = rows.filter(
            Q(submitted_at__lt=last.submitted_at)
            | Q(submitted_at=last.submitted_at, pk__lt=last.pk)
        )
    found = list(rows[: PAGE + 1])
    shown = [Judged(judgment) for judgment in found[:PAGE]]
    return HistoryPage(shown, str(shown[-1].judgment.pk) if len(found) > PAGE else "")
