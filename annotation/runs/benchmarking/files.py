"""Keeping a file that reward models are measured on, and letting it go."""

import os
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import IO

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from annotation.core import audit
from annotation.core.errors import Conflict, DomainError
from annotation.core.models import Job
from annotation.core.outgoing import told_when_full
from annotation.core.text import clean
from annotation.projects.models import Project
from annotation.runs.benchmarking.reading import Read, read_file
from annotation.runs.models import BenchmarkFile

MOST_FILES = 50  # of one project
LONGEST_FILE_NAME = 200
PART = ".new-"


def root() -> Path:
    return settings.DATA_DIR / "benchmarks"


def path_of(project_id: int, sha256: str) -> Path:
    """Where the bytes lie. Nothing of the name comes from outside."""
    return root() / str(project_id) / sha256[:2] / sha256


def keep_file(*, project, stream: IO[bytes], name: str, actor=None) -> tuple[BenchmarkFile, bool]:
    """The file with these bytes, and whether it is new here. Memory does not grow with them.

    DomainError, TooLarge: nothing was kept."""
    name = clean(Path(name).name, field="name").strip()[-LONGEST_FILE_NAME:] or "comparisons.jsonl"
    folder = root() / str(project.pk)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with told_when_full():
        handle, temporary = tempfile.mkstemp(prefix=PART, dir=folder)  # with mode 0600
        try:
            with os.fdopen(handle, "wb") as copy:
                read = read_file(stream, most_bytes=settings.BENCHMARK_MAX_BYTES, write=copy.write)
                copy.flush()
                os.fsync(copy.fileno())
            return _keep(project, read, name, Path(temporary), actor)
        finally:
            Path(temporary).unlink(missing_ok=True)


def _keep(project, read: Read, name: str, copy: Path, actor) -> tuple[BenchmarkFile, bool]:
    place = path_of(project.pk, read.sha256)
    try:
        with transaction.atomic():
            # The lock bounds how many there are, and keeps `_drop_orphan` away from this one.
            Project.objects.select_for_update(no_key=True).get(pk=project.pk)
            there = BenchmarkFile.objects.filter(project=project, sha256=read.sha256).first()
            is_new = there is None or there.removed_at is not None
            if is_new:
                _check_room(project)
            row = there or BenchmarkFile(project=project, sha256=read.sha256)
            if is_new:
                row.name, row.created_by, row.removed_at = name, actor, None
                row.byte_count, row.comparison_count = read.byte_count, read.comparison_count
                row.subset_count = read.subset_count
                row.save()
                _record("benchmark_file.added", row, actor)
            place.parent.mkdir(exist_ok=True, mode=0o700)
            copy.replace(place)
    except BaseException:
        _drop_orphan(project.pk, read.sha256)
        raise
    return row, is_new


def _check_room(project) -> None:
    if project.benchmark_files.kept().count() >= MOST_FILES:
        raise DomainError(
            _("A project keeps at most %(count)d files to measure on: remove one first.")
            % {"count": MOST_FILES}
        )


def remove_file(*, file: BenchmarkFile, actor=None) -> None:
    """Let the bytes go. Figures that came of them stay, and name their hash."""
    with transaction.atomic():
        held = BenchmarkFile.objects.select_for_update().get(pk=file.pk)
        if held.removed_at is not None:
            return
        if held.measurements.filter(job__state__in=Job.ACTIVE).exists():
            raise Conflict(
                _("A model is being measured on it: wait for that, or cancel it, and try again.")
            )
        held.removed_at = timezone.now()
        held.save(update_fields=["removed_at"])
        _record("benchmark_file.removed", held, actor)
    _drop_orphan(held.project_id, held.sha256)


def _drop_orphan(project_id: int, sha256: str) -> None:
    """Remove the bytes where no row keeps them."""
    with transaction.atomic():
        Project.objects.select_for_update(no_key=True).filter(pk=project_id).first()
        kept = BenchmarkFile.objects.kept().filter(project=project_id, sha256=sha256)
        if not kept.exists():
            path_of(project_id, sha256).unlink(missing_ok=True)


def _record(kind: str, file: BenchmarkFile, actor) -> None:
    audit.record(
        kind,
        actor=actor,
        project=file.project,
        target=f"benchmark_file:{file.pk}",
        name=file.name,
        sha256=file.sha256,
        comparisons=file.comparison_count,
    )


def sweep_files(*, older_than_seconds: float = 24 * 3600) -> int:
    """Remove what has no row: cut off half-way. Returns how many."""
    border, removed = time.time() - older_than_seconds, 0
    old = []
    for path in root().glob("*/**/*"):
        # An upload that ends now renames its file between the two looks.
        with suppress(FileNotFoundError):
            if path.is_file() and path.stat().st_mtime <= border:
                old.append(path)
    # Asked of all at once; the lock of a project is for those alone that may have none.
    hashes = {path.name for path in old}
    rows = BenchmarkFile.objects.kept().filter(sha256__in=hashes)
    known = set(rows.values_list("project_id", "sha256"))
    for path in old:
        project_id = int(path.relative_to(root()).parts[0])
        if path.name.startswith(PART):
            path.unlink(missing_ok=True)
        elif (project_id, path.name) not in known:
            _drop_orphan(project_id, path.name)
        removed += not path.exists()
    return removed
