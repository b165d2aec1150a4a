"""The end of a probation: looked at now and then, never in a submit, whose time must not tell
which items are gold."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from annotation.labeling.ladder import stages
from annotation.labeling.ladder.answers import settle
from annotation.labeling.ladder.evidence import gold_share
from annotation.labeling.ladder.stages import Rule, Stage
from annotation.labeling.models import Judgment, StageNote
from annotation.projects.models import Membership


@dataclass(frozen=True)
class Probation:
    """How far somebody is with it. `gold` is a share as `evidence.share` makes it."""

    since: datetime
    judged: int
    wanted: int
    gold: dict[str, Any]
    mark: int

    @property
    def is_over(self) -> bool:
        return self.judged >= self.wanted

    @property
    def is_met(self) -> bool:
        """Exactly: 100 * right >= mark * of. Without any gold nothing is known, so it is not."""
        return bool(self.gold["of"]) and 100 * self.gold["right"] >= self.mark * self.gold["of"]

    def as_evidence(self) -> dict[str, Any]:
        return {"judged": self.judged, "wanted": self.wanted, "gold": self.gold, "mark": self.mark}


def probation_of(membership) -> Probation:
    rules = stages.settings_of(membership.project)
    since = begun_at(membership)
    judged = Judgment.objects.counted().filter(
        project=membership.project_id, labeler=membership.user_id, submitted_at__gte=since
    )
    return Probation(
        since=since,
        judged=judged.count(),
        wanted=rules.probation_items,
        gold=gold_share(membership, since=since),
        mark=rules.probation_percent,
    )


def begun_at(membership) -> datetime:
    """Since when they are on the stage they are on."""
    came = membership.stage_changes.filter(to_stage=membership.stage).exclude(rule=Rule.RETAKE)
    return came.values_list("at", flat=True).first() or membership.created_at


def review_probation(membership_id: int) -> None:
    """Promote whoever has met the mark, where the project says so; else a note for the lead."""
    with transaction.atomic():
        mine = stages.locked(membership_id)
        rules = stages.settings_of(mine.project)
        if mine.stage != Stage.PROBATION or not rules.probation_items:
            return
        found = probation_of(mine)
        if not found.is_over:
            return
        if found.is_met and rules.promotes:
            stages.step(
                membership=mine,
                to=Stage.FULL,
                rule=Rule.PROBATION_MET,
                evidence=found.as_evidence(),
            )
            return
        kind = StageNote.Kind.PROBATION_MET if found.is_met else StageNote.Kind.PROBATION_MISSED
        _note(mine, kind, found.as_evidence())


def _note(membership, kind, evidence) -> None:
    """One open note, which says what is so now."""
    open_notes = StageNote.objects.open().filter(membership=membership)
    if open_notes.filter(kind=kind).update(evidence=evidence):
        return
    now = timezone.now()
    open_notes.update(settled_at=now)
    StageNote.objects.create(membership=membership, kind=kind, evidence=evidence, at=now)


def climb() -> None:
    """Everybody on a ladder: end what has nothing left (an item may have been taken out of it),
    and look at the probations."""
    on_it = Membership.objects.active().filter(project__ladder__isnull=False)
    for pk in on_it.filter(stage=Stage.PROBATION).values_list("pk", flat=True):
        review_probation(pk)
    begun = on_it.filter(stage__in=[Stage.TRAINING, Stage.TEST])
    for pk in begun.values_list("pk", flat=True):
        with transaction.atomic():
            settle(stages.locked(pk))
