"""Agreement in a calibration round, and of the same people in the work before and after it.

What may be compared: before with after, by their intervals. Both are ordinary work, yet of other
items, and perhaps by another rubric. The round itself is apart: its items were chosen, and all
judged them.
"""

import hashlib
from operator import itemgetter

import numpy as np
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.translation import gettext as _

from annotation.core import audit
from annotation.core.errors import Conflict
from annotation.core.strict_json import canonical
from annotation.labeling.calibration.drafts import locked
from annotation.labeling.models import CalibrationRound, Judgment, newer_revisions
from annotation.quality.analyses.agreement import CODE_VERSION
from annotation.quality.analyses.by_version import FEWEST_ITEMS
from annotation.quality.figures import SEED, as_json
from annotation.quality.snapshot import MOST_RESPONSES
from annotation.quality.stats.agreement import pairwise_agreement
from annotation.quality.stats.alpha import krippendorff_alpha
from annotation.quality.stats.comparisons import floor_unacceptable, rankings_to_comparisons
from annotation.quality.stats.rankings import Rankings

# Of the work, the judgments nearest to the round: a page must not grow with a project, and once
# there are so many after a round its figure stays.
MOST = 5_000
COLUMNS = ("pk", "item_id", "labeler_id", "ranks", "unacceptable", "rest_below")


def figures_of_round(round_: CalibrationRound) -> dict:
    """Of the judgments as they were when it was revealed, however few."""
    return _figures(Judgment.objects.filter(pk__in=round_.judgment_ids), fewest=1)


def figures_before(round_: CalibrationRound) -> dict:
    """Of the members' work as it stood when the round was opened."""
    until = Judgment.objects.filter(submitted_at__lt=round_.opened_at)
    newer = newer_revisions().filter(submitted_at__lt=round_.opened_at)
    rows = until.filter(~Exists(newer), is_retraction=False)
    return _figures(_work_of_members(rows, round_).order_by("-submitted_at")[:MOST])


def figures_after(round_: CalibrationRound) -> dict:
    """Of what the members began to judge after it was closed, until the next round was opened:
    from there on its own "before" begins."""
    first = Judgment.objects.filter(
        item=OuterRef("item"),
        labeler=OuterRef("labeler"),
        is_repeat=OuterRef("is_repeat"),
        submitted_at__lte=round_.closed_at,
    )
    rows = Judgment.objects.current().filter(~Exists(first), submitted_at__gt=round_.closed_at)
    later = round_.project.calibration_rounds.filter(opened_at__gt=round_.closed_at)
    if following := later.order_by("opened_at").first():
        rows = rows.filter(submitted_at__lt=following.opened_at)
    return _figures(_work_of_members(rows, round_).order_by("submitted_at")[:MOST])


def agreement_of(round_: CalibrationRound) -> dict:
    """{"round", "before", "after"}: the first two as they were kept when the round was closed."""
    kept = round_.agreement or _snapshot(round_)
    after = figures_after(round_) if round_.closed_at else None
    return {"round": kept["round"], "before": kept["before"], "after": after}


def close_round(*, round_: CalibrationRound, actor) -> CalibrationRound:
    """End the discussion, and keep the figures with the hash of what they rest on."""
    with transaction.atomic():
        round_ = locked(round_)
        if not round_.is_discussed:
            raise Conflict(_("Only a round that was revealed can be closed."))
        round_.agreement = _snapshot(round_)
        round_.state = CalibrationRound.State.CLOSED
        round_.closed_at = timezone.now()
        round_.save(update_fields=["agreement", "state", "closed_at"])
        audit.record(
            "calibration.closed",
            actor=actor,
            project=round_.project,
            target=f"calibration:{round_.pk}",
            input_sha256=round_.agreement["input_sha256"],
        )
    return round_


def _snapshot(round_) -> dict:
    figures = {"round": figures_of_round(round_), "before": figures_before(round_)}
    inputs = [figures[name]["input_sha256"] for name in ("round", "before")]
    return figures | {
        "code_version": CODE_VERSION,
        "input_sha256": hashlib.sha256(canonical([CODE_VERSION, *inputs])).hexdigest(),
        "computed_at": timezone.now().isoformat(),
    }


def _work_of_members(judgments, round_):
    members = round_.members.values("labeler")
    return judgments.work().filter(project=round_.project, labeler__in=members)


def _figures(judgments, fewest: int = FEWEST_ITEMS) -> dict:
    """The figures are None with fewer than `fewest` items that two people judged."""
    rows = list(judgments.values_list(*COLUMNS, "rubric_version__number"))
    rows.sort(key=itemgetter(1, 2))
    rankings = _rankings(rows)
    per_item = np.unique(rankings.item, return_counts=True)[1]
    found = {
        "judgments": len(rows),
        "items": len(per_item),
        "items_twice": int((per_item >= 2).sum()),
        "fewest": fewest,
        "versions": sorted({row[-1] for row in rows if row[-1]}),
        "is_cut": len(rows) == MOST,
        "input_sha256": hashlib.sha256(canonical([list(row) for row in rows])).hexdigest(),
        "raw": None,
        "alpha_nominal": None,
    }
    if found["items_twice"] < fewest:
        return found
    table = rankings_to_comparisons(rankings).table(seed=SEED)
    return found | {
        "raw": as_json(pairwise_agreement(table, "micro")),
        "alpha_nominal": as_json(krippendorff_alpha(table, "nominal")),
    }


def _rankings(rows) -> Rankings:
    shape = (len(rows), MOST_RESPONSES)
    ranks, top = np.full(shape, np.nan), np.full(shape, np.nan)
    bad = np.zeros(shape, dtype=bool)
    for at, (_pk, _item, _labeler, given, unacceptable, rest_below, _number) in enumerate(rows):
        width = len(given)
        ranks[at, :width] = given  # numpy turns None into NaN
        bad[at, :width] = unacceptable
        if rest_below:
            is_in = np.isfinite(ranks[at, :width]).astype(np.float64)
            top[at, :width] = np.where(bad[at, :width], np.nan, is_in)
    item = np.unique([row[1] for row in rows], return_inverse=True)[1]
    labeler = np.unique([row[2] for row in rows], return_inverse=True)[1]
    return Rankings.of(item, labeler, floor_unacceptable(ranks, bad), top)
