"""Keep an attachment: its bytes below the data directory under their hash, and its row."""

import hashlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import IO

from django.conf import settings
from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext as _

from annotation.core.errors import DomainError, TooLarge
from annotation.projects.models import Project
from annotation.prompts.attachments.kinds import HEAD_BYTES, kind_of, media_type_of
from annotation.prompts.models import Attachment

CHUNK_BYTES = 64 * 1024


def path_of(project_id: int, sha256: str) -> Path:
    """Where the bytes lie. Nothing of the name comes from outside."""
    return settings.DATA_DIR / "attachments" / str(project_id) / sha256[:2] / sha256


def attach(*, project, stream: IO[bytes], actor) -> tuple[Attachment, bool]:
    """The attachment with these bytes, and whether it is new. Memory does not grow with them."""
    folder = settings.DATA_DIR / "attachments" / str(project.pk)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    # Made by mkstemp with mode 0600.
    handle, name = tempfile.mkstemp(prefix=".new-", dir=folder)
    try:
        with os.fdopen(handle, "wb") as copy:
            row = Attachment(project=project, created_by=actor)
            row.media_type, row.sha256, row.byte_count = _copy(stream, copy.write)
            copy.flush()
            os.fsync(copy.fileno())
        return _keep(row, Path(name))
    finally:
        Path(name).unlink(missing_ok=True)


def _copy(stream: IO[bytes], write: Callable) -> tuple[str, str, int]:
    head = b""
    while len(head) < HEAD_BYTES and (more := stream.read(HEAD_BYTES - len(head))):
        head += more
    if not head:
        raise DomainError(_("The file is empty."))
    media_type = media_type_of(head)
    if media_type is None:
        raise DomainError(
            _(
                "This is no image, sound, video or PDF that can be shown safely: PNG, JPEG, GIF, "
                "WebP, AVIF, MP3, Ogg, WAV, M4A, FLAC, WebM, MP4 and PDF are."
            )
        )
    most = settings.ATTACHMENT_MAX_BYTES[kind_of(media_type)]
    digest, count, chunk = hashlib.sha256(), 0, head
    while chunk:
        count += len(chunk)
        if count > most:
            raise TooLarge(
                _("A file of the type %(type)s may have at most %(most)s bytes.")
                % {"type": media_type, "most": f"{most:,}"}
            )
        digest.update(chunk)
        write(chunk)
        chunk = stream.read(CHUNK_BYTES)
    return media_type, digest.hexdigest(), count


def _keep(row: Attachment, copy: Path) -> tuple[Attachment, bool]:
    try:
        with transaction.atomic():
            # The lock holds the quota, and keeps `_drop_orphan` away from a row being written.
            Project.objects.select_for_update().get(pk=row.project_id)
            there = Attachment.objects.filter(project=row.project_id, sha256=row.sha256).first()
            if there is None:
                _check_quota(row)
                row.save()
            place = path_of(row.project_id, row.sha256)
            place.parent.mkdir(exist_ok=True, mode=0o700)
            copy.replace(place)
    except BaseException:
        _drop_orphan(row)
        raise
    return (there, False) if there else (row, True)


def _check_quota(row: Attachment) -> None:
    kept = Attachment.objects.filter(project=row.project_id)
    used = kept.aggregate(sum=Sum("byte_count"))["sum"] or 0
    if used + row.byte_count > settings.ATTACHMENT_QUOTA_BYTES:
        raise TooLarge(
            _("The attachments of a project may have at most %(most)s bytes together.")
            % {"most": f"{settings.ATTACHMENT_QUOTA_BYTES:,}"}
        )


def _drop_orphan(row: Attachment) -> None:
    """Remove the bytes if no row came to be for them."""
    with transaction.atomic():
        Project.objects.select_for_update().filter(pk=row.project_id).first()
        if not Attachment.objects.filter(project=row.project_id, sha256=row.sha256).exists():
            path_of(row.project_id, row.sha256).unlink(missing_ok=True)
