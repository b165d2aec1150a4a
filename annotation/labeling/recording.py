"""Keep what a labeler said."""

from datetime import timedelta

from django.conf import settings
from django.db.models import Exists, F, JSONField, OuterRef, Sum, Value
from django.db.models.expressions import CombinedExpression
from django.db.models.functions import Coalesce, Now
from django.utils import timezone
from django.utils.translation import gettext as _

from annotation.core.errors import DomainError
from annotation.labeling.models import Assignment, Judgment
from annotation.prompts.attachments.services import attach, path_of
from annotation.prompts.models import Attachment


def attach_voice(assignment, stream) -> str:
    """The sha256 of the kept sound. DomainError: the project takes none, or this is none."""
    project = assignment.project
    if not project.allows_recording:
        raise DomainError(_("This project takes no spoken rationale."))
    mine = Attachment.objects.filter(
        project=project, created_by=assignment.labeler, purpose=Attachment.Purpose.RECORDING
    )
    if (mine.aggregate(sum=Sum("byte_count"))["sum"] or 0) > settings.RECORDINGS_OF_ONE_BYTES:
        raise DomainError(_("Your recordings take more room here than one person's may."))
    row, _is_new = attach(
        project=project,
        stream=stream,
        actor=assignment.labeler,
        purpose=Attachment.Purpose.RECORDING,
    )
    if row.created_by_id != assignment.labeler.pk:
        raise DomainError(_("Somebody else has added this very file. Record it yourself."))
    return row.sha256


def keep_in_draft(assignment, sha256: str) -> None:
    """As soon as the sound is kept the draft knows it, whatever becomes of the page. Added to what
    the draft holds at this moment: another request may save it at the same time."""
    held = Assignment.objects.filter(
        pk=assignment.pk, state__in=[Assignment.State.LIVE, Assignment.State.EXPIRED]
    )
    said = Value({"recording": sha256}, JSONField())
    held.update(
        draft=CombinedExpression(F("draft"), "||", said, output_field=JSONField()),
        draft_at=Coalesce(F("draft_at"), Now()),
    )


def sweep_recordings(*, older_than=timedelta(days=2)) -> int:
    """Remove what was spoken and belongs to no judgment and no draft. Returns how many."""
    same = {"project": OuterRef("project"), "recording": OuterRef("sha256")}
    stale = Attachment.objects.filter(
        ~Exists(Judgment.objects.filter(**same)),
        purpose=Attachment.Purpose.RECORDING,
        created_at__lt=timezone.now() - older_than,
    )
    removed = 0
    for row in stale:
        in_draft = Assignment.objects.filter(
            project=row.project_id, labeler=row.created_by_id, draft__recording=row.sha256
        )
        if not in_draft.exists():
            row.delete()
            path_of(row.project_id, row.sha256).unlink(missing_ok=True)
            removed += 1
    return removed
