"""The consensus of an item as its page shows it."""

from dataclasses import dataclass

import numpy as np
from django.utils.translation import gettext as _

from annotation.core.charts.whiskers import Whisker, whisker
from annotation.core.numbers import grouped, localised
from annotation.labeling.item_views import order_line
from annotation.labeling.models import Adjudication, Judgment
from annotation.labeling.verdict.tiers import effective_tiers, signs_of
from annotation.quality.adaptive.beliefs import (
    LEAST_ACCURACY,
    MOST_ACCURACY,
    USUAL_ACCURACY,
)
from annotation.quality.item_consensus.sureness import believed, crowd_of
from annotation.quality.item_consensus.together import Pair, Together, consensus_of
from annotation.quality.services import is_stale, latest_report
from annotation.quality.share_rows import percent
from annotation.quality.stats.estimate import FloatArray
from annotation.quality.strips import Strip, outcomes


@dataclass(frozen=True)
class ResponseRow:
    """best: the chance that it alone is the best one, or the share of judgments that say so."""

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
    """settled: the order that a reviewer entered, empty where none did; knows_chances: the
    project's consensus says what the item's answer rests on, else these are votes; knows_labelers:
    it knows how reliable they are; is_behind: something was judged since; knows_pairs: the figures
    of labelers say how reliable they are on a pair."""

    finding: str
    settled: str
    reason: str
    said: list[str]
    responses: list[ResponseRow]
    pairs: list[PairRow]
    none_alone: str
    judgments: int
    knows_chances: bool
    knows_labelers: bool
    is_behind: bool
    knows_pairs: bool


def page_of(item) -> ItemConsensus | None:
    """None where nobody has judged it as work."""
    rows = Judgment.objects.current().work().revealed().filter(item=item)
    judgments = list(rows.order_by("pk"))
    if not judgments:
        return None
    keys = list(item.item_responses.order_by("position").values_list("key", flat=True))
    said = [_best(one) for one in judgments]
    labelers = [one.labeler_id for one in judgments]
    by_pairs = _reliabilities(item.project, labelers)
    together = consensus_of([_signs(one) for one in judgments], said, by_pairs, len(keys))
    report = latest_report(item.project, "consensus")
    crowd = crowd_of(report, len(keys))
    best = believed(crowd, said, labelers) if crowd else _shares(together)
    settled = _settled(item)
    return ItemConsensus(
        finding=_finding(together, best, keys, is_chance=crowd is not None),
        settled=order_line(settled, keys) if settled else "",
        reason=settled.reason if settled else "",
        said=_said(together, keys),
        responses=_responses(together, best, keys),
        pairs=[_pair(pair, keys) for pair in together.pairs],
        none_alone=percent(best[0]),
        judgments=len(judgments),
        knows_chances=crowd is not None,
        knows_labelers=crowd is not None and crowd["is_known"],
        is_behind=report is not None and is_stale(report),
        knows_pairs=by_pairs is not None,
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


def _reliabilities(project, labelers: list[int]) -> list[float] | None:
    """Of each labeler the chance to be right of a pair, from the labelers' figures in force; None
    where they know nobody of these."""
    report = latest_report(project, "labelers")
    people = report.result["labelers"] if report else []
    found = {one["labeler"]: one["signals"]["reliability"]["value"] for one in people}
    known = {
        labeler: min(max(value, LEAST_ACCURACY), MOST_ACCURACY)
        for labeler, value in found.items()
        if value is not None
    }
    if known.keys().isdisjoint(labelers):
        return None
    return [known.get(labeler, USUAL_ACCURACY) for labeler in labelers]


def _settled(item) -> Adjudication | None:
    decided = Adjudication.objects.current().filter(item=item)
    return decided.filter(outcome=Adjudication.Outcome.SETTLED).first()


def _shares(together: Together) -> FloatArray:
    shares: FloatArray = together.alone / max(1, int(together.alone.sum()))
    return shares


def _finding(together: Together, best: FloatArray, keys: list[str], *, is_chance: bool) -> str:
    if not together.alone.any():
        return _("Nothing was said of which response is the best one")
    if not is_chance and (together.alone == together.alone.max()).sum() > 1:
        return _("The votes for the best one are split")
    answer = int(best.argmax())
    words = {
        "key": keys[answer - 1],
        "share": percent(best[answer]),
        "sure": percent(best[answer]),
    }
    if is_chance and answer == 0:
        return _("Likeliest no response alone is the best one (%(sure)s)") % words
    if is_chance:
        return _("Likeliest %(key)s is the best one (%(sure)s)") % words
    if answer == 0:
        return _("By most votes no response alone is the best one (%(share)s)") % words
    return _("By most votes %(key)s is the best one (%(share)s)") % words


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


def _responses(together: Together, best: FloatArray, keys: list[str]) -> list[ResponseRow]:
    """In Borda's order."""
    order = np.argsort(together.borda, kind="stable")
    return [
        ResponseRow(
            key=keys[at],
            points=localised(f"{together.points[at]:.3g}"),
            borda=int(together.borda[at]),
            kemeny=int(together.kemeny[at]),
            schulze=int(together.schulze[at]),
            best=percent(best[at + 1]),
            chart=whisker(float(best[at + 1]), name=keys[at], number=percent),
        )
        for at in order
    ]


def _pair(pair: Pair, keys: list[str]) -> PairRow:
    one, other = keys[pair.one], keys[pair.other]
    first, tie, second = pair.votes
    ahead = one if first >= second else other
    share = (first if ahead == one else second) + tie / 2
    return PairRow(
        name=_("%(one)s and %(other)s") % {"one": one, "other": other},
        votes=outcomes([(one, first), ("=", tie), (other, second)], _("Votes")),
        share=_("%(key)s %(share)s of %(count)s")
        % {
            "key": ahead,
            "share": percent(share / (first + tie + second)),
            "count": grouped(first + tie + second),
        },
        chances=_chances(pair, one, other),
    )


def _chances(pair: Pair, one: str, other: str) -> str:
    if pair.chances is None:
        return ""
    first, tie, second = pair.chances
    return _("%(key)s %(chance)s, a tie %(tie)s") % {
        "key": one if first >= second else other,
        "chance": percent(max(first, second)),
        "tie": percent(tie),
    }
