"""Feedback on a judgment: a reviewer writes it, the labeler acknowledges or disputes it."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from annotation.core import audit
from annotation.core.errors import Conflict, DomainError
from annotation.core.numbers import grouped
from annotation.core.text import clean
from annotation.labeling.models import Feedback, Judgment
from annotation.projects.permissions import visible_in

MAX_TEXT = 4_000


def give_feedback(*, judgment: Judgment, reviewer, text: str, adjudication=None) -> Feedback:
    """Say something to the labeler of a judgment. Nobody gives it to themselves. `adjudication`:
    the decision that it comes with."""
    text = checked_text(text, _("Write what the labeler should know."))
    if judgment.labeler_id == reviewer.pk:
        raise DomainError(_("This judgment is your own."))
    with transaction.atomic():
        feedback = Feedback.objects.create(
            judgment=judgment,
            labeler=judgment.labeler,
            reviewer=reviewer,
            text=text,
            adjudication=adjudication,
        )
        _tell("feedback.given", feedback, reviewer)
    return feedback


def answer_feedback(*, feedback: Feedback, is_disputed: bool, answer: str = "") -> None:
    """The labeler has read it, or disputes it in words. Once: the first answer stands."""
    needs = _("Say why you see it otherwise.") if is_disputed else ""
    answer = checked_text(answer, needs)
    state = Feedback.State.DISPUTED if is_disputed else Feedback.State.ACKNOWLEDGED
    with transaction.atomic():
        waiting = Feedback.objects.waiting().filter(pk=feedback.pk)
        if not waiting.update(state=state, answer=answer, answered_at=timezone.now()):
            raise Conflict(_("You have answered this already."))
        _tell(f"feedback.{state}", feedback, feedback.labeler)


def own_feedback(labeler):
    """What was said to this labeler in projects they are still in, what waits first."""
    projects = visible_in(Judgment.objects.filter(labeler=labeler), labeler, "judge")
    mine = Feedback.objects.filter(labeler=labeler, judgment__in=projects)
    return mine.select_related("judgment__item__prompt", "judgment__project", "adjudication")


def waiting_count(labeler) -> int:
    return own_feedback(labeler).waiting().count()


def checked_text(text: str, reason_if_empty: str) -> str:
    """A text for a person, without the spaces around it; DomainError where it cannot be sent."""
    text = clean(text.replace("\r\n", "\n"), field="text").strip()
    if not text and reason_if_empty:
        raise DomainError(reason_if_empty)
    if len(text) > MAX_TEXT:
        raise DomainError(
            _("The text has %(count)s characters; at most %(most)s fit.")
            % {"count": grouped(len(text)), "most": grouped(MAX_TEXT)}
        )
    return text


def _tell(kind: str, feedback: Feedback, actor) -> None:
    audit.record(
        kind,
        actor=actor,
        project=feedback.judgment.project,
        target=f"judgment:{feedback.judgment_id}",
        feedback=feedback.pk,
    )
