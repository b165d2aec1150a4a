"""What a reviewer decides about an item: approve it, give it back, settle it, open it again.

Each decision is a further revision of the item's adjudication. Whoever decides holds the item's
row of the queue, and says which revision their page showed: of two reviewers one is first, and
the other is told.
"""

from collections.abc import Callable
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from annotation.core import audit
from annotation.core.errors import Conflict, DomainError
from annotation.labeling.feedback import checked_text, give_feedback
from annotation.labeling.models import Adjudication, Feedback, Item, ItemReview, Judgment
from annotation.labeling.review.audit_share import new_seed
from annotation.labeling.review.entries import mark_stale, settings_of, work_judgments
from annotation.labeling.review.rules import check_settled, settled_columns
from annotation.labeling.verdict import Verdict

Outcome = Adjudication.Outcome


class DecidedMeanwhile(Conflict):
    """Another decision came first. `latest` is what holds now."""

    def __init__(self, latest: Adjudication):
        super().__init__(
            _("Somebody decided about this item meanwhile (%(outcome)s): yours is not kept.")
            % {"outcome": latest.get_outcome_display()}
        )
        self.latest = latest


def latest_of(item) -> Adjudication | None:
    """The last revision, also one that opened the item again."""
    rows = Adjudication.objects.filter(item=item).select_related("rubric_version", "returned")
    return rows.order_by("-revision").first()


def settle(
    *,
    item: Item,
    reviewer,
    verdict: Verdict,
    reason: str,
    seen: int,
    key: UUID,
    rubric=None,
    order=(),
    was_blind: bool = True,
) -> Adjudication:
    """Enter the settled verdict. Everybody who judged the item is told, with the reason.

    `seen` is the revision that the page showed, 0 for none: over another it is a
    DecidedMeanwhile. The same key again is the same decision. VerdictError says what is missing.
    """
    reason = checked_text(reason, _("Say why: those who judged the item read it."))
    check_settled(verdict, item=item, rubric=rubric)
    columns = settled_columns(verdict) | {
        "reason": reason,
        "rubric_version": rubric,
        "order": list(order),
        "was_blind": was_blind,
    }
    return _decide(item, reviewer, Outcome.SETTLED, seen, key, columns, then=_tell_all)


def approve(*, item: Item, reviewer, seen: int, key: UUID, was_blind: bool = True) -> Adjudication:
    """The judgments are fine as they are, whether they agree or not. Those who judged the item
    find that under Feedback; nothing is asked of them."""
    if not work_judgments(item=item).exists():
        raise DomainError(_("Nobody has judged this item yet: there is nothing to approve."))
    columns = {"was_blind": was_blind}
    return _decide(item, reviewer, Outcome.APPROVED, seen, key, columns, then=_tell_of_approval)


def send_back(
    *,
    judgment: Judgment,
    reviewer,
    text: str,
    seen: int,
    key: UUID,
    order=(),
    was_blind: bool = True,
) -> Adjudication:
    """Ask the labeler of one judgment to look at it again. The item waits for the revision."""
    text = checked_text(text, _("Write what the labeler should look at."))
    if judgment.labeler_id == reviewer.pk:
        raise DomainError(_("This judgment is your own."))
    if judgment.assignment_id is None:
        raise DomainError(_("This judgment came from a file: nobody can revise it here."))
    columns = {"reason": text, "returned": judgment, "order": list(order), "was_blind": was_blind}

    def then(adjudication, seen_judgments):
        if judgment.pk not in {one.pk for one in seen_judgments}:
            raise Conflict(_("This judgment was changed meanwhile: look at it again."))
        give_feedback(judgment=judgment, reviewer=reviewer, text=text, adjudication=adjudication)

    return _decide(judgment.item, reviewer, Outcome.RETURNED, seen, key, columns, then=then)


def reopen(*, item: Item, reviewer, seen: int, key: UUID) -> Adjudication:
    """Take the last decision back: the item waits again. What was told stays, marked as such, and
    whoever was told is told of this, too."""
    latest = latest_of(item)
    if latest is None or latest.outcome == Outcome.REOPENED:
        raise Conflict(_("This item waits already: there is no decision to take back."))

    def then(adjudication, _judgments):
        _tell_of_reopening(adjudication, latest)

    return _decide(item, reviewer, Outcome.REOPENED, seen, key, {}, then=then)


def note_unblinding(*, item: Item, actor) -> None:
    """Somebody looks at who judged and what wrote the responses, before the decision."""
    audit.record("review.unblinded", actor=actor, project=item.project, target=f"item:{item.pk}")


def save_settings(
    *, project, actor, audit_percent: int, spread_percent: int, draws_anew: bool = False
) -> None:
    """What waits for reviewers from now on. What is decided stays decided."""
    for value in (audit_percent, spread_percent):
        if not 0 <= value <= 100:
            raise DomainError(_("A share is from 0 to 100 percent."))
    with transaction.atomic():
        settings = settings_of(project)
        settings.audit_percent, settings.spread_percent = audit_percent, spread_percent
        if draws_anew:
            settings.audit_seed = new_seed()
        settings.save()
        mark_stale(project)
        audit.record(
            "review.settings_changed",
            actor=actor,
            project=project,
            target=project.slug,
            audit_percent=audit_percent,
            spread_percent=spread_percent,
            audit_seed=settings.audit_seed,
        )


def _decide(
    item,
    reviewer,
    outcome: str,
    seen: int,
    key: UUID,
    columns: dict,
    then: Callable[[Adjudication, list[Judgment]], None] | None = None,
) -> Adjudication:
    with transaction.atomic():
        ItemReview.objects.get_or_create(item=item, defaults={"project": item.project})
        review = ItemReview.objects.select_for_update().get(item=item)
        latest = latest_of(item)
        if latest is not None and latest.key == key:
            return latest
        if seen != (latest.revision if latest else 0):
            if latest is None:
                raise Conflict(_("This page is broken. Reload it and try again."))
            raise DecidedMeanwhile(latest)
        judgments = list(work_judgments(item=item).order_by("pk"))
        adjudication = Adjudication.objects.create(
            project=item.project,
            item=item,
            reviewer=reviewer,
            revision=seen + 1,
            outcome=outcome,
            key=key,
            judgment_ids=[judgment.pk for judgment in judgments],
            **columns,
        )
        _note(review, outcome)
        if then is not None:
            then(adjudication, judgments)
        audit.record(
            f"item.{outcome}",
            actor=reviewer,
            project=item.project,
            target=f"item:{item.pk}",
            adjudication=adjudication.pk,
            revision=adjudication.revision,
            was_blind=adjudication.was_blind,
        )
    return adjudication


def _note(review: ItemReview, outcome: str) -> None:
    """What the queue knows of the decision. An item that is opened again waits for that alone."""
    why = [reason for reason in review.why if reason != ItemReview.Why.BACK]
    is_open = outcome == Outcome.REOPENED
    review.outcome = "" if is_open else outcome
    review.why = [*why, ItemReview.Why.BACK] if is_open else why
    review.save(update_fields=["outcome", "why"])


def _tell_all(adjudication: Adjudication, judgments: list[Judgment]) -> None:
    _tell(adjudication, judgments, text=adjudication.reason)


def _tell_of_approval(adjudication: Adjudication, judgments: list[Judgment]) -> None:
    _tell(adjudication, judgments, state=Feedback.State.TOLD)


def _tell_of_reopening(adjudication: Adjudication, taken_back: Adjudication) -> None:
    """Those whom the decision was told to. What they had to read of it they have to read again;
    of an approval that is gone they only learn."""
    told = Judgment.objects.filter(feedback__adjudication=taken_back).order_by("pk")
    was_approved = taken_back.outcome == Outcome.APPROVED
    state = Feedback.State.TOLD if was_approved else Feedback.State.NEW
    _tell(adjudication, list(told), state=state)


def _tell(adjudication: Adjudication, judgments: list[Judgment], **fields) -> None:
    """Each labeler of those judgments; nobody of what they decided themselves."""
    Feedback.objects.bulk_create(
        Feedback(
            judgment=judgment,
            labeler_id=judgment.labeler_id,
            reviewer=adjudication.reviewer,
            adjudication=adjudication,
            **fields,
        )
        for judgment in judgments
        if judgment.labeler_id != adjudication.reviewer_id
    )
