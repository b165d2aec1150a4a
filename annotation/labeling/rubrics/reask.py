"""A share of the items judged under earlier rubric versions goes into the queue again.

An item is asked again by raising its overlap: whoever had it does not get it again, so the further
judgments come from others, under the new version. Earlier judgments stay as they are.
"""

import math
import random
import secrets

from django.utils.translation import gettext as _

from annotation.core import audit
from annotation.core.errors import DomainError
from annotation.labeling.models import Item, Judgment, Reask
from annotation.labeling.overlap import ask_again
from annotation.projects.services import MAX_OVERLAP

MOST_EXTRA = 9


def judged_items(project, extra: int = 1):
    """Open items with a judgment that stands under a published version, and room for more."""
    judged = (
        Judgment.objects.filter(project=project, rubric_version__isnull=False).work().current()
    )
    items = project.items.filter(state=Item.State.OPEN, overlap__lte=MAX_OVERLAP - extra)
    return items.filter(pk__in=judged.values("item"))


def count_of(project, *, percent: int, extra: int) -> int:
    """How many items that will be: a share of them, at least one."""
    _check(percent, extra)
    return math.ceil(judged_items(project, extra).count() * percent / 100)


def reask(*, version, percent: int, extra: int, actor=None, seed: int | None = None) -> Reask:
    """Raise the overlap of a random sample for `version`, just published. In its transaction."""
    project = version.project
    count = count_of(project, percent=percent, extra=extra)
    if not count:
        raise DomainError(_("No item has been judged yet: there is nothing to ask again."))
    seed = secrets.randbits(32) if seed is None else seed
    ids = judged_items(project, extra).order_by("pk").values_list("pk", flat=True)
    chosen = sorted(random.Random(seed).sample(list(ids), count))  # noqa: S311  a sample, no secret
    # Looked at again under the lock: what was withdrawn, or raised meanwhile, is not asked again.
    asked = ask_again(chosen, extra=extra, most=MAX_OVERLAP)
    made = Reask.objects.create(
        rubric_version=version, percent=percent, extra=extra, seed=seed, item_ids=asked
    )
    audit.record(
        "rubric.items_reasked",
        actor=actor,
        project=project,
        target=f"rubric:{version.number}",
        items=len(asked),
        percent=percent,
        extra=extra,
        seed=seed,
    )
    return made


def _check(percent, extra) -> None:
    if not 1 <= percent <= 100:
        raise DomainError(_("Ask again for 1 to 100 % of the items."))
    if not 1 <= extra <= MOST_EXTRA:
        raise DomainError(
            _("Each item can be asked again of 1 to %(most)d labelers.") % {"most": MOST_EXTRA}
        )
