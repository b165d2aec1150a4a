"""Keep an attachment: its bytes below the data directory under their hash, and its row."""

import hashlib
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO

from django.conf import settings
from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext as _

from annotation.core.errors import DomainError, TooLarge
from annotation.core.numbers import grouped
from annotation.core.text import clean
from annotation.projects.models import Project
from annotation.prompts.attachments.kinds import (
    HEAD_BYTES,
    kind_of,
    media_type_of,
    recorded_type_of,
    sides_of,
)
from annotation.prompts.models import Attachment

CHUNK_BYTES = 64 * 1024
MAX_NAME = 200
Purpose = Attachment.Purpose


def folder_of(project_id: int) -> Path:
    return settings.DATA_DIR / "attachments" / str(project_id)


def path_of(project_id: int, sha256: str) -> Path:
    """Where the bytes lie. Nothing of the name comes from outside."""
    return folder_of(project_id) / sha256[:2] / sha256


def attach(
    *, project, stream: IO[bytes], actor, name: str = "", purpose: str = Purpose.CONTENT
) -> tuple[Attachment, bool]:
    """The attachment with these bytes, and whether it is new. Memory does not grow with them.

    DomainError, TooLarge: nothing was kept. Inside a transaction that is rolled back later the
    bytes stay until `sweep_attachments`."""
    name = clean(name, field="name")[-MAX_NAME:]
    folder = folder_of(project.pk)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    # Made by mkstemp with mode 0600.
    handle, temporary = tempfile.mkstemp(prefix=".new-", dir=folder)
    try:
        row = Attachment(project=project, created_by=actor, name=name, purpose=purpose)
        with os.fdopen(handle, "wb") as copy:
            examine(stream, row, copy.write)
            copy.flush()
            os.fsync(copy.fileno())
        measure(Path(temporary), row)
        return _keep(row, Path(temporary))
    finally:
        Path(temporary).unlink(missing_ok=True)


def examine(stream: IO[bytes], row: Attachment, write: Callable = lambda chunk: None) -> None:
    """Read the file to its end and note in `row` what it is. DomainError where it is refused."""
    head = b""
    while len(head) < HEAD_BYTES and (more := stream.read(HEAD_BYTES - len(head))):
        head += more
    if not head:
        raise DomainError(_("The file is empty."))
    row.media_type = _type_of(head, row.purpose)
    most = settings.ATTACHMENT_MAX_BYTES[
        "recording" if row.purpose == Purpose.RECORDING else kind_of(row.media_type)
    ]
    digest, row.byte_count, chunk = hashlib.sha256(), 0, head
    while chunk:
        row.byte_count += len(chunk)
        if row.byte_count > most:
            raise TooLarge(
                _("A file of the type %(type)s may have at most %(most)s MiB.")
                % {"type": row.media_type, "most": grouped(round(most / 2**20))}
            )
        digest.update(chunk)
        write(chunk)
        chunk = stream.read(CHUNK_BYTES)
    row.sha256 = digest.hexdigest()


def measure(path: Path, row: Attachment) -> None:
    """Note the sides of a picture in `row`. DomainError where it is none that can be shown."""
    if kind_of(row.media_type) == "image":
        row.width, row.height = sides_of(path)


def _type_of(head: bytes, purpose: str) -> str:
    if purpose == Purpose.RECORDING:
        if media_type := recorded_type_of(head):
            return media_type
        raise DomainError(_("This is no sound that can be played: WebM, Ogg, M4A, MP3 or WAV is."))
    if media_type := media_type_of(head):
        return media_type
    raise DomainError(
        _(
            "This is no image, sound, video or PDF that can be shown safely: PNG, JPEG, GIF, "
            "WebP, AVIF, MP3, Ogg, WAV, M4A, FLAC, WebM, MP4 and PDF are."
        )
    )


def _keep(row: Attachment, copy: Path) -> tuple[Attachment, bool]:
    try:
        with transaction.atomic():
            # The lock holds the quota, and keeps `_drop_orphan` away from a row being written.
            Project.objects.select_for_update(no_key=True).get(pk=row.project_id)
            there = Attachment.objects.filter(project=row.project_id, sha256=row.sha256).first()
            if there is None:
                _check_quota(row)
                row.save()
            elif there.purpose != row.purpose and row.purpose == Purpose.CONTENT:
                # Somebody's recording is put before everybody by who may do that.
                Attachment.objects.filter(pk=there.pk).update(purpose=row.purpose, name=row.name)
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
            _("The attachments of a project may have at most %(most)s MiB together.")
            % {"most": grouped(round(settings.ATTACHMENT_QUOTA_BYTES / 2**20))}
        )


def _drop_orphan(row: Attachment) -> None:
    """Remove the bytes if no row came to be for them."""
    with transaction.atomic():
        Project.objects.select_for_update(no_key=True).filter(pk=row.project_id).first()
        if not Attachment.objects.filter(project=row.project_id, sha256=row.sha256).exists():
            path_of(row.project_id, row.sha256).unlink(missing_ok=True)


def sweep_attachments(*, older_than_seconds: float = 24 * 3600) -> int:
    """Remove files without a row: what was cut off half-way. Returns how many."""
    border, removed = time.time() - older_than_seconds, 0
    for path in (settings.DATA_DIR / "attachments").glob("*/**/*"):
        if not path.is_file() or path.stat().st_mtime > border:
            continue
        project_id = path.relative_to(settings.DATA_DIR / "attachments").parts[0]
        if not Attachment.objects.filter(project=project_id, sha256=path.name).exists():
            path.unlink(missing_ok=True)
            removed += 1
    return removed
