"""Keep what a labeler said."""

from django.utils.translation import gettext as _

from annotation.core.errors import DomainError
from annotation.prompts.attachments.services import attach
from annotation.prompts.models import Attachment


def attach_voice(assignment, stream) -> str:
    """The sha256 of the kept sound. DomainError: the project takes none, or this is none."""
    if not assignment.project.allows_recording:
        raise DomainError(_("This project takes no spoken rationale."))
    row, _is_new = attach(
        project=assignment.project,
        stream=stream,
        actor=assignment.labeler,
        purpose=Attachment.Purpose.RECORDING,
    )
    return row.sha256
