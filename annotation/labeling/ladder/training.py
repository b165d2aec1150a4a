"""Going through the training again."""

from django.db import transaction
from django.utils.translation import gettext as _

from annotation.core.errors import Conflict
from annotation.labeling.ladder import stages
from annotation.labeling.ladder.stages import Rule, Stage
from annotation.labeling.models import Assignment, GoldItem, Purpose
from annotation.labeling.queue import give_back


def may_repeat(membership) -> bool:
    """Before the test: while nothing of it has been begun, or after a failed attempt."""
    if membership.stage not in (Stage.TRAINING, Stage.TEST):
        return False
    if membership.test_attempts.filter(ended_at=None).exists():
        return False
    return stages.ladder_items(membership.project, GoldItem.Use.TRAINING).exists()


def repeat_training(*, membership) -> None:
    """From its first item on, by the labeler's own wish."""
    with transaction.atomic():
        mine = stages.locked(membership.pk)
        give_back(Assignment.objects.of(mine))
        if not may_repeat(mine):
            raise Conflict(_("The training cannot be repeated now."))
        stages.make_lendable_again(mine, Purpose.TRAINING)
        if mine.stage != Stage.TRAINING:
            stages.step(membership=mine, to=Stage.TRAINING, rule=Rule.TRAINING_REPEATED)
