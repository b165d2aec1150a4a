"""Announcements and questions: what is told, asked and answered."""

from datetime import date

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from annotation.core import audit
from annotation.core.errors import Conflict, DomainError, NotFound
from annotation.labeling.feedback import checked_text
from annotation.labeling.models import Announcement, AnnouncementRead, Question
from annotation.projects.permissions import visible_in
from annotation.projects.rubrics import drafts
from annotation.projects.rubrics.editing import with_guideline_text


def announce(
    *, project, author, text: str, is_pinned: bool = False, until: date | None = None
) -> Announcement:
    """Tell everybody in the project: above the queue until each has read it, and pinned or until
    a day for longer or shorter."""
    text = checked_text(text, _("Write what everybody should know."))
    if until is not None and until < timezone.localdate():
        raise DomainError(_("The last day is over: nobody would see it."))
    with transaction.atomic():
        made = Announcement.objects.create(
            project=project, author=author, text=text, is_pinned=is_pinned, until=until
        )
        audit.record(
            "announcement.made",
            actor=author,
            project=project,
            target=f"announcement:{made.pk}",
            is_pinned=is_pinned,
        )
    return made


def withdraw_announcement(*, announcement: Announcement, actor) -> None:
    """Nobody is told any more. Withdrawing twice is withdrawing once."""
    shown = Announcement.objects.filter(pk=announcement.pk, withdrawn_at=None)
    with transaction.atomic():
        if shown.update(withdrawn_at=timezone.now()):
            audit.record(
                "announcement.withdrawn",
                actor=actor,
                project=announcement.project,
                target=f"announcement:{announcement.pk}",
            )


def announcements_for(user):
    """What this person is told, in the projects they are in."""
    return visible_in(Announcement.objects.shown(), user, "judge").select_related("project")


def mark_read(*, announcement_id: int, user) -> Announcement:
    """NotFound for one of a project that the person is not in."""
    told = visible_in(Announcement.objects.all(), user, "judge")
    announcement = told.filter(pk=announcement_id).first()
    if announcement is None:
        raise NotFound(_("There is no such announcement."))
    AnnouncementRead.objects.get_or_create(announcement=announcement, user=user)
    return announcement


def ask(*, assignment, text: str) -> Question:
    """A question of the labeler of an assignment about its item. The item stays with them. The
    same question again, while it waits, is the same question."""
    text = checked_text(text, _("Write what you want to know."))
    labeler = assignment.labeler
    waiting = Question.objects.open().filter(item=assignment.item_id, asker=labeler, text=text)
    with transaction.atomic():
        if (known := waiting.first()) is not None:
            return known
        question = Question.objects.create(
            project=assignment.project, item_id=assignment.item_id, asker=labeler, text=text
        )
        audit.record(
            "question.asked",
            actor=labeler,
            project=assignment.project,
            target=f"question:{question.pk}",
            item=assignment.item_id,
        )
    return question


def answer_question(
    *, question: Question, actor, text: str, for_everybody: bool = False
) -> Question:
    """Answer it, once: the asker finds it under Feedback, and by choice everybody is told."""
    text = checked_text(text, _("Write the answer."))
    with transaction.atomic():
        changed = Question.objects.open().filter(pk=question.pk)
        if not changed.update(answer=text, answered_by=actor, answered_at=timezone.now()):
            raise Conflict(_("Somebody has answered this question already."))
        question.refresh_from_db()
        audit.record(
            "question.answered",
            actor=actor,
            project=question.project,
            target=f"question:{question.pk}",
            item=question.item_id,
        )
        if for_everybody:
            question.announcement = announce(
                project=question.project, author=actor, text=quoted(question)
            )
            question.save(update_fields=["announcement"])
    return question


def own_questions(asker):
    """What this person asked in projects they are still in."""
    asked = Question.objects.filter(asker=asker).select_related("item__prompt", "project")
    return visible_in(asked, asker, "judge")


def mark_answer_read(*, question_id: int, asker) -> None:
    question = own_questions(asker).filter(pk=question_id, answered_at__isnull=False).first()
    if question is None:
        raise NotFound(_("There is no such question."))
    Question.objects.filter(pk=question.pk, read_at=None).update(read_at=timezone.now())


def note_in_guideline(*, question: Question, actor) -> None:
    """Put question and answer at the end of the guideline's draft, once."""
    with transaction.atomic():
        noted = Question.objects.filter(pk=question.pk, answered_at__isnull=False, noted_at=None)
        if not noted.update(noted_at=timezone.now()):
            raise Conflict(_("This is in the draft of the guideline already."))
        draft = drafts.draft_of(question.project)
        drafts.save_draft(
            project=question.project,
            content=with_guideline_text(draft.content, quoted(question)),
            revision=draft.revision,
            actor=actor,
        )
        audit.record(
            "question.noted",
            actor=actor,
            project=question.project,
            target=f"question:{question.pk}",
        )


def quoted(question: Question) -> str:
    """The question as a quotation, the answer below it, in Markdown."""
    asked = "\n".join(f"> {line}" for line in question.text.splitlines())
    return f"{asked}\n\n{question.answer}"
