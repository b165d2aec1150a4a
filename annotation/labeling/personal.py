"""What becomes of what labeling keeps of a person: what is lent to them, what they judged, said
and were told."""

from collections import Counter

from django.db.models import Q, Value
from django.db.models.functions import Now, Replace

from annotation.core.erasing import REMOVED, Leaving
from annotation.core.hashing import sha256_of_text
from annotation.core.personal import PIECE, forget_rendered
from annotation.labeling.messages.services import quoted
from annotation.labeling.models import (
    Adjudication,
    Announcement,
    Appeal,
    Assignment,
    CalibrationMember,
    CalibrationPost,
    CalibrationRound,
    Feedback,
    ItemReport,
    Judgment,
    Question,
    StageChange,
)
from annotation.labeling.queue import give_back
from annotation.projects.models import RubricDraft
from annotation.prompts.models import Response


def erase(leaving: Leaving) -> None:
    leaving.counts["items_given_back"] += give_back(Assignment.objects.held_by(leaving.user))
    _drafts(leaving)
    _messages(leaving)
    _ladder(leaving)
    _decisions(leaving)
    _let_recordings_go(leaving)
    mine = Judgment.objects.filter(labeler=leaving.user)
    leaving.counts["judgments_kept"] += mine.count()
    if leaving.removes_texts:
        _judgments_texts(leaving)
        _written_responses(leaving)


def _drafts(leaving: Leaving) -> None:
    mine = Assignment.objects.filter(labeler=leaving.user)
    leaving.counts["drafts"] += mine.exclude(draft={}).update(draft={}, draft_at=None)
    leaving.counts["skip_reasons"] += mine.exclude(skip_reason="").update(skip_reason="")


def _messages(leaving: Leaving) -> None:
    """Words they wrote to others, and words about them. That there was a message stays."""
    user = leaving.user
    told = Feedback.objects.filter(Q(labeler=user) | Q(reviewer=user))
    told = told.in_words().exclude(text=REMOVED) | told.filter(text="").exclude(answer="")
    texts = list(told.values_list("text", "answer"))
    of_those = Feedback.objects.filter(pk__in=list(told.values_list("pk", flat=True)))
    of_those.exclude(answer="").update(answer=REMOVED)
    of_those.in_words().update(text=REMOVED)
    leaving.counts["feedback"] += len(texts)
    reports = ItemReport.objects.filter(labeler=user).exclude(text="")
    resolved = ItemReport.objects.filter(resolved_by=user).exclude(resolution="")
    asked = Question.objects.filter(asker=user).exclude(text=REMOVED)
    answered = Question.objects.filter(answered_by=user).exclude(answer__in=["", REMOVED])
    texts += [*asked.values_list("text", "text"), *answered.values_list("answer", "answer")]
    passed_on = list((asked | answered).exclude(announcement=None, noted_at=None))
    texts += [(quoted(one), "") for one in passed_on]
    before = {one.pk: quoted(one) for one in passed_on}
    leaving.counts["questions"] += asked.update(text=REMOVED) + answered.update(answer=REMOVED)
    for question in passed_on:
        question.refresh_from_db()
        _quote_anew(question, before[question.pk])
    posts = CalibrationPost.objects.filter(author=user, removed_at=None)
    texts += posts.values_list("text", "text")
    leaving.counts["posts"] += posts.update(text="", removed_at=Now())
    forget_rendered([text for pair in texts for text in pair])
    leaving.counts["reports"] += reports.update(text="") + resolved.update(resolution="")


def _quote_anew(question: Question, before: str) -> None:
    """What everybody was told says what the question says now; so does a guideline that is still
    being written. A published one is the rubric that people judged by, and stays."""
    now = quoted(question)
    told = Announcement.objects.filter(pk=question.announcement_id)
    told.update(text=Replace("text", Value(before), Value(now)))
    for draft in RubricDraft.objects.select_for_update().filter(project=question.project_id):
        guideline = draft.content.get("guideline", "")
        if before in guideline:
            draft.content["guideline"] = guideline.replace(before, now)
            draft.revision += 1
            draft.save(update_fields=["content", "revision"])


def _ladder(leaving: Leaving) -> None:
    """Why somebody was put where, and what they said against it: about them, or by them."""
    user = leaving.user
    steps = StageChange.objects.filter(Q(membership__user=user) | Q(changed_by=user))
    worded = steps.exclude(reason__in=["", REMOVED])
    about = Q(suspension__membership__user=user) | Q(answered_by=user)
    appeals = Appeal.objects.filter(about).exclude(text=REMOVED)
    appeals.exclude(answer="").update(answer=REMOVED)
    leaving.counts["ladder"] += worded.update(reason=REMOVED) + appeals.update(text=REMOVED)


def _decisions(leaving: Leaving) -> None:
    """What went back to them, or by them to others, is a message; why they settled an item is a
    text like a rationale."""
    user = leaving.user
    mine = Adjudication.objects.filter(Q(reviewer=user) | Q(returned__labeler=user))
    if not leaving.removes_texts:
        mine = mine.filter(outcome=Adjudication.Outcome.RETURNED)
    told = mine.exclude(reason__in=["", REMOVED])
    forget_rendered(list(told.values_list("reason", flat=True)))
    leaving.counts["decisions"] += told.update(reason=REMOVED)
    excused = CalibrationMember.objects.filter(labeler=user).exclude(excuse__in=["", REMOVED])
    revealed = CalibrationRound.objects.filter(revealed_by=user).exclude(reveal_reason="")
    leaving.counts["decisions"] += excused.update(excuse=REMOVED)
    leaving.counts["decisions"] += revealed.update(reveal_reason="")


def _let_recordings_go(leaving: Leaving) -> None:
    """Their files and rows go with `prompts`; no judgment may point there then."""
    spoken = Judgment.objects.filter(labeler=leaving.user).exclude(recording=None)
    leaving.counts["recordings_unlinked"] += spoken.update(recording=None)


def _judgments_texts(leaving: Leaving) -> None:
    """The database lets these columns of these rows be emptied, while the person is erased."""
    worded = Judgment.objects.filter(labeler=leaving.user).exclude(rationale="", highlights=[])
    changed, texts = [], []
    for judgment in worded.iterator(chunk_size=PIECE):
        texts.append(judgment.rationale)
        texts += [mark.get("note", "") for mark in judgment.highlights]
        judgment.rationale = ""
        judgment.highlights = [mark | {"note": ""} for mark in judgment.highlights]
        # It would tell a guessed text from a wrong guess.
        judgment.content_sha256 = ""
        changed.append(judgment)
    fields = ["rationale", "highlights", "content_sha256"]
    Judgment.objects.bulk_update(changed, fields, batch_size=PIECE)
    forget_rendered(texts)
    leaving.counts["rationales"] += len(changed)


def _written_responses(leaving: Leaving) -> None:
    """Corrections and demonstrations stay as rows: judgments and datasets count them."""
    mine = Response.objects.filter(author=leaving.user).exclude(text="")
    forget_rendered(list(mine.values_list("text", flat=True)))
    leaving.counts["responses"] += mine.update(text="", text_sha256=sha256_of_text(""))


def judgment_counts(user) -> Counter:
    """How many judgments there are by project: what stays under the pseudonym."""
    mine = Judgment.objects.filter(labeler=user)
    return Counter(mine.values_list("project__name", flat=True))
