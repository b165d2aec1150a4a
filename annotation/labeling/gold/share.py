"""How much of the queue is gold."""

from django.db import transaction
from django.utils.translation import gettext as _

from annotation.core import audit
from annotation.core.errors import DomainError

MOST_PERCENT = 50


def set_share(*, project, actor, gold_percent: int, probation_gold_percent: int) -> None:
    """From the next item on. On probation the larger of the two holds."""
    said = {"gold_percent": gold_percent, "probation_gold_percent": probation_gold_percent}
    for percent in said.values():
        if not 0 <= percent <= MOST_PERCENT:
            raise DomainError(
                _("The share of gold is from 0 to %(most)d %%.") % {"most": MOST_PERCENT}
            )
    before = {name: getattr(project, name) for name in said}
    if said == before:
        return
    with transaction.atomic():
        for name, percent in said.items():
            setattr(project, name, percent)
        project.save(update_fields=list(said))
        audit.record("gold.share_changed", actor=actor, project=project, before=before, **said)
