"""Hidden repeats: a labeler is asked again what they judged before, to see whether they agree
with themselves. `lending.REPEAT` draws them."""

from django.db import transaction
from django.utils.translation import gettext as _

from annotation.core import audit
from annotation.core.errors import DomainError

MOST_PERCENT = 20
MOST_ITEMS = 500
MOST_HOURS = 24 * 60


def settings_of(project) -> dict[str, int]:
    """By the names that `set_repeats` has for them."""
    return {
        "percent": project.repeat_percent,
        "after_items": project.repeat_after_items,
        "after_hours": project.repeat_after_hours,
    }


def set_repeats(*, project, actor, percent: int, after_items: int, after_hours: int) -> None:
    """From the next item on: this share of every labeler's items is one they judged at least so
    many items and hours before."""
    for value, least, most, refused in (
        (percent, 0, MOST_PERCENT, _("The share of repeats is from %(least)d to %(most)d %%.")),
        (after_items, 1, MOST_ITEMS, _("A repeat comes after %(least)d to %(most)d items.")),
        (after_hours, 0, MOST_HOURS, _("A repeat comes after %(least)d to %(most)d hours.")),
    ):
        if not least <= value <= most:
            raise DomainError(refused % {"least": least, "most": most})
    said = {
        "repeat_percent": percent,
        "repeat_after_items": after_items,
        "repeat_after_hours": after_hours,
    }
    before = {name: getattr(project, name) for name in said}
    if said == before:
        return
    with transaction.atomic():
        for name, value in said.items():
            setattr(project, name, value)
        project.save(update_fields=list(said))
        audit.record("repeats.changed", actor=actor, project=project, before=before, **said)
