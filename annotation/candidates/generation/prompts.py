"""Which prompts a run asks."""

from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from annotation.core.errors import DomainError
from annotation.core.numbers import grouped
from annotation.prompts.models import Prompt, Response

MOST_RESPONSES = 1_000_000  # of a run, and of an order


class Which(models.TextChoices):
    ALL = "all", _("All prompts")
    UNANSWERED = "unanswered", _("Prompts without a candidate")


def prompts_for(project, *, which: str = Which.ALL, most: int | None = None) -> list[int]:
    """The ids of the prompts that can be asked, the newest first where not all may come along."""
    prompts = askable(project)
    if which == Which.UNANSWERED:
        candidates = Response.objects.filter(
            prompt=models.OuterRef("pk"), kind=Response.Kind.CANDIDATE
        )
        prompts = prompts.filter(~models.Exists(candidates))
    ids = prompts.order_by("-pk").values_list("pk", flat=True)
    return sorted(ids if most is None else ids[:most])


def askable(project):
    """An endpoint gets words alone: prompts with attachments are none of it."""
    return Prompt.objects.filter(project=project).exclude(messages__contains=[{"attachments": []}])


def check_askable(project, ids: list[int]) -> None:
    """Whoever names prompts may name those of others, or ones that hold more than words."""
    if askable(project).filter(pk__in=ids).count() != len(ids):
        raise DomainError(
            gettext(
                "A prompt belongs to another project, or has attachments, which no endpoint gets."
            )
        )


def check_count(prompts: int, n: int) -> None:
    if prompts * n > MOST_RESPONSES:
        raise DomainError(
            gettext(
                "At most %(count)s responses are ordered at once. "
                "Take fewer prompts, fewer sets, or a smaller n."
            )
            % {"count": grouped(MOST_RESPONSES)}
        )
