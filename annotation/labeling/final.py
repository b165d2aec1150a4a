"""Making a judgment final: from then on its labeler may read what others say of the item."""

from django.db import transaction
from django.utils.translation import gettext as _

from annotation.core import audit
from annotation.core.errors import Conflict
from annotation.labeling.models import Assignment, FinalJudgment, Judgment
from annotation.labeling.models.final import is_final


def make_final(*, judgment: Judgment, labeler) -> None:
    """Once; made final again it stays as it is. The current revision stands from here on."""
    with transaction.atomic():
        # Whoever submits, undoes or revises holds these rows.
        held = list(
            Assignment.objects.select_for_update().filter(item=judgment.item_id, labeler=labeler)
        )
        if any(one.state == Assignment.State.LIVE for one in held):
            raise Conflict(_("This item is on your desk: judge it first."))
        if not Judgment.objects.filter(pk=judgment.pk, labeler=labeler).current().exists():
            raise Conflict(_("You changed this judgment elsewhere meanwhile: look again."))
        _final, is_new = FinalJudgment.objects.get_or_create(
            item_id=judgment.item_id, labeler=labeler
        )
        if is_new:
            audit.record(
                "judgment.made_final",
                actor=labeler,
                project=judgment.project,
                target=f"judgment:{judgment.pk}",
                item=judgment.item_id,
            )


def refuse_final(judgment: Judgment) -> None:
    """For whoever would change it, under the locks of `make_final`."""
    if is_final(judgment):
        raise Conflict(
            _("This judgment is final: you have read what others say of its item since.")
        )
