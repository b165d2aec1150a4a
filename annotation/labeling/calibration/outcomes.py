"""What came of talking about an item: rows that are only ever added."""

from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from annotation.core import audit
from annotation.core.errors import Conflict, DomainError
from annotation.labeling.calibration.drafts import locked
from annotation.labeling.feedback import checked_text
from annotation.labeling.gold.making import Known, make_gold
from annotation.labeling.models import CalibrationItem, CalibrationOutcome
from annotation.labeling.review.rules import check_settled, settled_columns
from annotation.labeling.verdict import Verdict
from annotation.projects.rubrics.drafts import add_example

Kind = CalibrationOutcome.Kind


def agree(
    *, found: CalibrationItem, actor, verdict: Verdict, note: str, key: UUID, rubric=None
) -> CalibrationOutcome:
    """Enter the verdict that people agreed on. VerdictError says what is missing."""
    note = checked_text(note, "")
    check_settled(verdict, item=found.item, rubric=rubric)
    columns = settled_columns(verdict) | {"note": note, "rubric_version": rubric}
    return _add(found, actor, Kind.AGREED, key, **columns)


def leave_open(*, found: CalibrationItem, actor, note: str, key: UUID) -> CalibrationOutcome:
    note = checked_text(note, _("Say what stays open."))
    return _add(found, actor, Kind.NONE, key, note=note)


def make_example(
    *, found: CalibrationItem, actor, criterion: str, text: str, key: UUID
) -> CalibrationOutcome:
    """Put the item into the rubric's draft, as an example of a criterion."""
    text = checked_text(text, _("The example is empty."))

    def then():
        add_example(
            project=found.round.project,
            key=criterion,
            text=text,
            item_id=found.item_id,
            actor=actor,
        )

    return _add(found, actor, Kind.EXAMPLE, key, then=then, note=text)


def make_it_gold(*, found: CalibrationItem, actor, tolerance: str, key: UUID):
    """The agreed verdict becomes the known answer of the item; its note explains it."""
    agreed = verdict_of(found)
    if agreed is None:
        raise DomainError(_("Enter the agreed verdict first: it is the known answer."))
    verdict = Verdict(
        ranks=tuple(agreed.ranks),
        unacceptable=tuple(agreed.unacceptable),
        ratings=agreed.ratings,
        rest_below=agreed.rest_below,
    )
    known = Known(verdict, tolerance=tolerance, explanation=agreed.note)

    def then():
        make_gold(item=found.item, actor=actor, known=known)

    return _add(found, actor, Kind.GOLD, key, then=then)


def latest_verdict(found: CalibrationItem) -> CalibrationOutcome | None:
    """The last word: a verdict, or that there is none."""
    rows = found.outcomes.filter(kind__in=[Kind.AGREED, Kind.NONE])
    return rows.order_by("-pk").first()


def verdict_of(found: CalibrationItem) -> CalibrationOutcome | None:
    latest = latest_verdict(found)
    return latest if latest is not None and latest.kind == Kind.AGREED else None


def _add(found, actor, kind, key: UUID | None, then=None, **columns) -> CalibrationOutcome:
    if key is None:
        raise DomainError(_("This page is broken. Reload it and try again."))
    with transaction.atomic():
        round_ = locked(found.round)
        if there := CalibrationOutcome.objects.filter(key=key, item=found).first():
            return there
        if not round_.is_discussed:
            raise Conflict(_("This round is over: what was said stays as it is."))
        if then is not None:
            then()
        outcome = CalibrationOutcome.objects.create(
            item=found, author=actor, kind=kind, key=key, **columns
        )
        audit.record(
            "calibration.outcome",
            actor=actor,
            project=round_.project,
            target=f"item:{found.item_id}",
            outcome=str(kind),
            calibration=round_.pk,
        )
    return outcome
