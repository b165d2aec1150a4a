"""What the gold page shows: every known answer, how labelers do on it, and how far it lasts."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil

from django.core.paginator import Page, Paginator
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from annotation.labeling.gold.results import Results, Share, results
from annotation.labeling.item_views import order_line
from annotation.labeling.models import GoldItem, ItemResponse, Judgment

# So many judgments at least, and less than half of them met, whatever chance did: then the
# answer is looked at before the labelers are.
FEWEST_JUDGED = 5
ON_A_PAGE = 100


@dataclass(frozen=True)
class GoldRow:
    gold: GoldItem
    share: Share
    answer: str = ""  # of those that are shown

    @property
    def is_doubtful(self) -> bool:
        """Do most labelers miss it? Then the answer may be wrong."""
        interval = self.share.interval
        enough = self.share.count >= FEWEST_JUDGED and interval is not None
        return bool(self.gold.is_active and enough and interval[1] < 0.5)


@dataclass(frozen=True)
class GoldPage:
    rows: Page  # of GoldRow: those of one page
    doubtful: int  # of all
    found: Results
    forecasts: list[str]

    @property
    def finding(self) -> str:
        if self.doubtful:
            return ngettext(
                "Most labelers miss %(count)d of them: look at its answer first",
                "Most labelers miss %(count)d of them: look at their answers first",
                self.doubtful,
            ) % {"count": self.doubtful}
        if self.found.share.count:
            return _("%(percent)s of %(count)d judgments of gold meet the known answer") % {
                "percent": self.found.share.percent,
                "count": self.found.share.count,
            }
        return _("Nobody has judged a gold item yet")


def page_of(project, number=1) -> GoldPage:
    """Three statements, and the judgments of gold. Those that most labelers miss come first."""
    found = results(project)
    kept = list(
        GoldItem.objects.filter(project=project).select_related("item", "section").order_by("-pk")
    )
    rows = [GoldRow(gold, found.by_gold.get(gold.pk, Share(0, 0))) for gold in kept]
    rows.sort(key=lambda row: (not row.is_doubtful, not row.gold.is_active, row.gold.use))
    shown = Paginator(rows, ON_A_PAGE).get_page(number)
    keys = _keys_of([row.gold.item_id for row in shown])
    shown.object_list = [
        replace(row, answer=answer_line(row.gold, keys[row.gold.item_id])) for row in shown
    ]
    doubtful = sum(row.is_doubtful for row in rows)
    return GoldPage(shown, doubtful, found, forecasts(project, kept))


def answer_line(gold: GoldItem, keys: Sequence[str]) -> str:
    """The known answer as one sentence, in the words of a judgment."""
    said = Judgment(
        ranks=gold.ranks, unacceptable=gold.unacceptable, rest_below=gold.rest_below, strength=[]
    )
    return order_line(said, keys)


def forecasts(project, kept: Sequence[GoldItem]) -> list[str]:
    """How many items it takes until a labeler has seen all gold there is."""
    count = sum(gold.is_active and gold.use == GoldItem.Use.QUEUE for gold in kept)
    share = project.gold_percent
    on_probation = max(share, project.probation_gold_percent)
    if not count:
        none = _("There is no gold in the queue: the share has nothing to draw from.")
        return [none] if on_probation else []
    if not on_probation:
        return [_("None of them is lent: the share of the queue is 0 %.")]
    said = []
    if share:
        said.append(_lasts(count, share))
    if on_probation > share:
        said.append(
            _("On probation, at %(percent)d %%, that is after %(items)d items.")
            % {"percent": on_probation, "items": ceil(100 * count / on_probation)}
        )
    return said


def _lasts(count: int, share: int) -> str:
    return ngettext(
        "With %(count)d gold item and %(percent)d %% of the queue each labeler has seen it after "
        "about %(items)d items.",
        "With %(count)d gold items and %(percent)d %% of the queue each labeler has seen all of "
        "them after about %(items)d items.",
        count,
    ) % {"count": count, "percent": share, "items": ceil(100 * count / share)}


def _keys_of(items: Sequence[int]) -> dict[int, list[str]]:
    keys: dict[int, list[str]] = {item: [] for item in items}
    placed = ItemResponse.objects.filter(item__in=items).order_by("position")
    for item, key in placed.values_list("item_id", "key"):
        keys[item].append(key)
    return keys
