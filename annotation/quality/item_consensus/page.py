"""The consensus of an item as its page shows it."""

from dataclasses import dataclass

import numpy as np
from django.utils.translation import gettext as _

from annotation.core.charts import Whisker, whisker
from annotation.core.numbers import grouped, localised
from annotation.labeling.item_views import order_line
from annotation.labeling.models import Adjudication, Judgment
from annotation.labeling.verdict.tiers import effective_tiers, signs_of
from annotation.quality.adaptive.beliefs import (
    LEAST_ACCURACY,
    MOST_ACCURACY,
    USUAL_ACCURACY,
)
from annotation.quality.bias_page.rows import percent
from annotation.quality.item_consensus.together import Pair, Together, consensus_of
from annotation.quality.services import latest_report
from annotation.quality.strips import Strip, outcomes


@dataclass(frozen=True)
class ResponseRow:
    """best: the chance that it alone is the best one."""

    key: str
    points: str
    borda: int
    kemeny: int
    schulze: int
    best: str
    chart: Whisker


@dataclass(frozen=True)
class PairRow:
    name: str
    votes: Strip
    share: str
    chances: str


@dataclass(frozen=True)
class ItemConsensus:
    """settled: the order that a reviewer entered, empty where none did; knows_labelers: some of
    them were compared with others often enough to weigh them."""

    finding: str
    settled: str
    reason: str
    said: list[str]
    responses: list[ResponseRow]
    pairs: list[PairRow]
    none_alone: str
    judgments: int
    knows_labelers: bool


def page_of(item) -> ItemConsensus | None:
    """None where nobody has judged it as work."""
    rows = Judgment.objects.current().work().revealed().filter(item=item)
    judgments = list(rows.order_by("pk"))
    if not judgments:
        return None
    keys = list(item.item_responses.order_by("position").values_list("key", flat=True))
    known = _reliabilities(item.project)
    accuracy = [known.get(one.labeler_id, USUAL_ACCURACY) for one in judgments]
    together = consensus_of(
        [_signs(one) for one in judgments], [_best(one) for one in judgments], accuracy, len(keys)
    )
    settled = _settled(item)
    return ItemConsensus(
        finding=_finding(together, keys),
        settled=order_line(settled, keys) if settled else "",
        reason=settled.reason if settled else "",
        said=_said(together, keys),
        responses=_responses(together, keys),
        pairs=[_pair(pair, keys) for pair in together.pairs],
        none_alone=percent(together.best[0]),
        judgments=len(judgments),
        knows_labelers=any(one.labeler_id in known for one in judgments),
    )


def _signs(judgment) -> dict[tuple[int, int], int]:
    signs = signs_of(judgment.ranks, judgment.unacceptable, judgment.rest_below)
    return {(one - 1, other - 1): sign for (one, other), sign in signs.items()}


def _best(judgment) -> int:
    """The position that is alone at the top, 0 where none is, -1 where nothing was compared."""
    if not _signs(judgment):
        return -1
    tiers = effective_tiers(judgment.ranks, judgment.unacceptable)
    placed = enumerate(zip(tiers, judgment.unacceptable, strict=True), start=1)
    top = [position for position, (tier, bad) in placed if tier == 1 and not bad]
    return top[0] if len(top) == 1 else 0


def _reliabilities(project) -> dict[int, float]:
    """{user id: chance to be right}, from the labelers' figures in force."""
    report = latest_report(project, "labelers")
    people = report.result["labelers"] if report else []
    found = {one["labeler"]: one["signals"]["reliability"]["value"] for one in people}
    return {
        labeler: min(max(value, LEAST_ACCURACY), MOST_ACCURACY)
        for labeler, value in found.items()
        if value is not None
    }


def _settled(item) -> Adjudication | None:
    decided = Adjudication.objects.current().filter(item=item)
    return decided.filter(outcome=Adjudication.Outcome.SETTLED).first()


def _finding(together: Together, keys: list[str]) -> str:
    answer = int(together.best.argmax())
    sure = percent(together.best[answer])
    if answer == 0:
        return _("Likeliest no response alone is the best one (%(sure)s)") % {"sure": sure}
    return _("Likeliest %(key)s is the best one (%(sure)s)") % {
        "key": keys[answer - 1],
        "sure": sure,
    }


def _said(together: Together, keys: list[str]) -> list[str]:
    found = []
    if together.winner is not None:
        found.append(
            _("%(key)s beats each other one by most votes.") % {"key": keys[together.winner]}
        )
    if together.has_circle:
        found.append(_("Most votes go in a circle: the orders break it in their own ways."))
    if not together.is_only_order:
        found.append(_("Several orders agree with as many votes: Kemeny has ties for that."))
    return found


def _responses(together: Together, keys: list[str]) -> list[ResponseRow]:
    """In Borda's order."""
    order = np.argsort(together.borda, kind="stable")
    return [
        ResponseRow(
            key=keys[at],
            points=localised(f"{together.points[at]:.3g}"),
            borda=int(together.borda[at]),
            kemeny=int(together.kemeny[at]),
            schulze=int(together.schulze[at]),
            best=percent(together.best[at + 1]),
            chart=whisker(float(together.best[at + 1]), name=keys[at], number=percent),
        )
        for at in order
    ]


def _pair(pair: Pair, keys: list[str]) -> PairRow:
    one, other = keys[pair.one], keys[pair.other]
    first, tie, second = pair.votes
    ahead = one if pair.chances[0] >= pair.chances[2] else other
    share = (first if ahead == one else second) + tie / 2
    chance = max(pair.chances[0], pair.chances[2])
    return PairRow(
        name=_("%(one)s and %(other)s") % {"one": one, "other": other},
        votes=outcomes([(one, first), ("=", tie), (other, second)], _("Votes")),
        share=_("%(key)s %(share)s of %(count)s")
        % {
            "key": ahead,
            "share": percent(share / (first + tie + second)),
            "count": grouped(first + tie + second),
        },
        chances=_("%(key)s %(chance)s, a tie %(tie)s")
        % {
            "key": ahead,
            "chance": percent(chance),
            "tie": percent(pair.chances[1]),
        },
    )
