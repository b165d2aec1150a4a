"""Bring a file in: read it all, then one transaction, or a list of what is wrong with it.

`run` works on any stream, of any size, with flat memory. `receive` is the entrance of the page
and the API: it keeps the upload in quarantine, does a small one at once and queues a large one.
"""

import hashlib
import io
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from annotation.candidates.marks.marking import ring_marking
from annotation.core import audit, jobs
from annotation.core.errors import DomainError, TooLarge
from annotation.core.jobs import Claim
from annotation.core.numbers import grouped
from annotation.core.strict_json import LineReader
from annotation.labeling.imports import item_import, judgment_import
from annotation.labeling.imports.item_gold import GoldRows
from annotation.labeling.imports.item_rows import ItemOptions, fewest_responses
from annotation.labeling.imports.problems import Problems
from annotation.labeling.imports.wording import summary
from annotation.labeling.prerender import request_rendering
from annotation.labeling.review.entries import request_refresh
from annotation.labeling.tasks import IMPORT_KIND
from annotation.projects.permissions import may
from annotation.prompts.attachments.library import Library
from annotation.prompts.models import Import, LineError

DIRECT_BYTES = 2 * 1024 * 1024  # below, the answer is the result; above, a job
OPTIONS = {
    Import.Kind.ITEMS: {"coerce_text", "keep_preferences"},
    Import.Kind.JUDGMENTS: {"create"},
}
# Kept with the options of whoever sent the file: a job that reads it later knows their role, but
# not the token they came with.
MAKES_GOLD = "makes_gold"
# So many new lines make another table of those they come into: planned by the statistics of
# before, the queue is read from end to end until autovacuum has looked, a minute later.
ANALYSED_FROM = 1_000
FILLED = {
    Import.Kind.ITEMS: (
        "prompts_prompt, prompts_response, labeling_item, labeling_itemresponse, labeling_judgment"
    ),
    Import.Kind.JUDGMENTS: "labeling_judgment, labeling_item",
}
ADVISORY_LOCK = 0x1A907  # one import per project at a time; the project's id is the second key

Progress = Callable[[int], None]


class _Hashed:
    """A stream that knows the sha256 of what was read from it."""

    def __init__(self, stream: IO[bytes]):
        self._readline = stream.readline
        self.digest = hashlib.sha256()

    def readline(self, size: int = -1) -> bytes:
        line = self._readline(size)
        self.digest.update(line)
        return line


def import_file(
    *,
    project,
    kind: str,
    stream: IO[bytes],
    actor=None,
    file_name: str = "",
    on_progress: Progress = lambda done: None,
    attachments: Path | None = None,
    **options,
) -> Import:
    """Import a stream now. The Import that comes back is done, unchanged or refused. Files that
    lines refer to are looked for in the folder `attachments` first."""
    imported = _new(project, kind, actor, file_name, options)
    try:
        return run(
            imported=imported, stream=stream, on_progress=on_progress, attachments=attachments
        )
    except BaseException:
        imported.delete()
        raise


def _new(project, kind, actor, file_name, options) -> Import:
    unknown = options.keys() - OPTIONS[kind]
    if unknown:
        raise TypeError(f"no options of an import of {kind}: {', '.join(sorted(unknown))}")
    if kind == Import.Kind.ITEMS:
        options = options | {MAKES_GOLD: _may_make_gold(project, actor)}
    return Import.objects.create(
        project=project,
        kind=kind,
        file_name=_storable(Path(file_name).name)[:200],
        created_by=actor,
        options=options,
    )


def _may_make_gold(project, actor) -> bool:
    """The command has no actor, and may everything."""
    return actor is None or may(actor, "review", project)


def _storable(name: str) -> str:
    """A file's name as the list of imports shows it. Linux allows bytes that are no text there."""
    return name.encode("utf-8", "replace").decode().replace("\x00", "")


def run(
    *,
    imported: Import,
    stream: IO[bytes],
    on_progress: Progress = lambda done: None,
    claim: Claim | None = None,
    attachments: Path | None = None,
) -> Import:
    """Read, check, and write all or nothing; the row of the import says which."""
    problems, hashed = Problems(), _Hashed(stream)
    reader = LineReader(hashed)  # type: ignore[arg-type]  readline is all it asks for
    is_items = imported.kind == Import.Kind.ITEMS
    with (
        _Items(imported, problems, Library(imported.project, attachments))
        if is_items
        else _Judgments(imported, problems)
    ) as spooled:
        spooled.read(reader, on_progress)
        imported.byte_count, imported.line_count = reader.byte_count, reader.line_count
        imported.sha256 = hashed.digest.hexdigest()
        if not problems:
            _write(imported, spooled, problems, claim)
            _look_again(imported)
    if problems:
        _refuse(imported, problems)
    return imported


class _Items:
    def __init__(self, imported: Import, problems: Problems, library: Library):
        self.imported, self.problems, self.library = imported, problems, library
        project, options = imported.project, dict(imported.options)
        makes_gold = options.pop(MAKES_GOLD, False) and _may_make_gold(
            project, imported.created_by
        )
        self.gold = GoldRows(project, is_allowed=makes_gold)
        self.options = ItemOptions(
            **options,
            fewest_responses=fewest_responses(project),
            library=self.library,
            gold=self.gold,
        )
        self.spools = item_import.ItemSpools()

    def __enter__(self):
        return self

    def __exit__(self, failed: object, *_: object) -> None:
        self.spools.__exit__()
        self.gold.__exit__()
        if failed:
            self.library.drop()

    def read(self, reader, on_progress):
        item_import.spool_items(
            reader,
            options=self.options,
            problems=self.problems,
            spools=self.spools,
            progress=on_progress,
        )

    def stage(self):
        item_import.stage_items(imported=self.imported, spools=self.spools, problems=self.problems)
        if not self.problems:
            self.gold.stage(self.problems)

    def insert(self):
        actor = self.imported.created_by
        counts = item_import.insert_items(imported=self.imported, spools=self.spools, actor=actor)
        if made := self.gold.insert(actor, self.problems):
            counts["gold"] = made
        # Last: a file that was moved into place does not come back by a rollback.
        added = self.library.keep(actor)
        return counts | ({"attachments": added} if added else {})


class _Judgments:
    def __init__(self, imported: Import, problems: Problems):
        self.imported, self.problems = imported, problems
        self.spool = judgment_import.JudgmentSpool(
            project=imported.project,
            may_create=bool(imported.options.get("create")),
            problems=problems,
        )

    def __enter__(self):
        return self

    def __exit__(self, *_: object) -> None:
        self.spool.__exit__()

    def read(self, reader, on_progress):
        self.spool.read(reader, on_progress)

    def stage(self):
        judgment_import.stage_judgments(
            spool=self.spool, problems=self.problems, actor=self.imported.created_by
        )

    def insert(self):
        return judgment_import.insert_judgments(
            imported=self.imported, spool=self.spool, actor=self.imported.created_by
        )


class _Refused(Exception):
    """Rolls the transaction back."""


def _write(imported: Import, spooled: Any, problems: Problems, claim: Claim | None) -> None:
    with suppress(_Refused), transaction.atomic():
        if claim is not None:
            claim.fence()
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_advisory_xact_lock(%s, %s)", [ADVISORY_LOCK, imported.project_id]
            )
            cursor.execute("SET LOCAL statement_timeout = 0")
        spooled.stage()
        if problems:
            raise _Refused
        counts = spooled.insert()
        if problems:
            raise _Refused
        is_new = any(counts.get(name) for name in ("items", "judgments", "gold"))
        imported.counts = counts
        imported.state = Import.State.DONE if is_new else Import.State.UNCHANGED
        imported.finished_at = timezone.now()
        imported.save()
        if counts.get("items") or counts.get("gold"):
            request_rendering(project=imported.project, actor=imported.created_by)
        if counts.get("items"):
            ring_marking(project=imported.project, actor=imported.created_by)
        if counts.get("judgments"):  # of any age: what keeps the queue looks at new ones only
            request_refresh(imported.project, imported.created_by)
        audit.record(
            f"import.{imported.state}",
            actor=imported.created_by,
            project=imported.project,
            target=f"import:{imported.pk}",
            **counts,
        )


def _look_again(imported: Import) -> None:
    """New statistics after many new rows. Outside the import's transaction: its lock would be
    held to the end. A table that somebody else looks at just now is left to them."""
    if imported.state == Import.State.DONE and imported.line_count >= ANALYSED_FROM:
        with connection.cursor() as cursor:
            cursor.execute(f"ANALYZE (SKIP_LOCKED) {FILLED[Import.Kind(imported.kind)]}")


def _refuse(imported: Import, problems: Problems) -> None:
    with transaction.atomic():
        imported.state = Import.State.REFUSED
        imported.error_count = problems.count
        imported.counts = {}
        imported.finished_at = timezone.now()
        imported.save()
        LineError.objects.filter(imported=imported).delete()  # of an attempt that was cut off
        LineError.objects.bulk_create(
            LineError(imported=imported, line=p.line, field=p.field, reason=p.reason)
            for p in problems.first
        )
        audit.record(
            "import.refused",
            actor=imported.created_by,
            project=imported.project,
            target=f"import:{imported.pk}",
            errors=problems.count,
        )


def too_large() -> str:
    return _(
        "The file is larger than %(most)s MiB. `manage.py import_items` and "
        "`manage.py import_judgments` take any size."
    ) % {"most": grouped(round(settings.IMPORT_MAX_BYTES / 2**20))}


def empty_stream() -> IO[bytes]:
    return io.BytesIO()


def quarantine_path(imported: Import) -> Path:
    return settings.DATA_DIR / "quarantine" / f"import-{imported.pk}.jsonl"


def receive(
    *, project, kind: str, stream: IO[bytes], actor, file_name: str = "", **options
) -> Import:
    """Take an upload in: done at once where it is small, else `imported.job` is queued."""
    imported = _new(project, kind, actor, file_name, options)
    path = quarantine_path(imported)
    try:
        size = _keep(stream, path)
        if size <= DIRECT_BYTES:
            with path.open("rb") as kept:
                return run(imported=imported, stream=kept)
        imported.byte_count = size
        imported.job, _is_new = jobs.enqueue(
            kind=IMPORT_KIND,
            project=project,
            actor=actor,
            target=f"import:{imported.pk}",
            payload={"import": imported.pk},
        )
        imported.save()
        return imported
    except BaseException:
        imported.delete()
        path.unlink(missing_ok=True)
        raise
    finally:
        if imported.job_id is None:
            path.unlink(missing_ok=True)


def _keep(stream: IO[bytes], path: Path) -> int:
    """The stream as a file that nobody else can read. Raises TooLarge above the limit."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    limit, size = settings.IMPORT_MAX_BYTES, 0
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as kept:
        while piece := stream.read(1 << 18):
            size += len(piece)
            if size > limit:
                raise TooLarge(too_large())
            kept.write(piece)
    return size


def run_job(claim: Claim) -> None:
    """The background side of `receive`."""
    imported = Import.objects.select_related("project", "created_by").get(
        pk=claim.job.payload["import"]
    )
    if imported.state == Import.State.PENDING:
        path = quarantine_path(imported)
        if not path.exists():
            raise DomainError("The uploaded file is gone: upload it once more.")
        total = path.stat().st_size
        with path.open("rb") as kept:
            run(
                imported=imported,
                stream=kept,
                claim=claim,
                on_progress=lambda done: claim.progress(
                    done, total, gettext_noop("Checking the lines")
                ),
            )
    quarantine_path(imported).unlink(missing_ok=True)
    if imported.state == Import.State.REFUSED:
        raise DomainError(summary(imported))
    claim.finish({"import": imported.pk, "state": imported.state, "counts": imported.counts})


def sweep_quarantine(*, older_than_seconds: float = 7 * 24 * 3600) -> int:
    """Remove uploads whose job never came to its end. Returns how many."""
    folder = settings.DATA_DIR / "quarantine"
    if not folder.exists():
        return 0
    border = timezone.now().timestamp() - older_than_seconds
    stale = [path for path in folder.glob("import-*.jsonl") if path.stat().st_mtime < border]
    for path in stale:
        path.unlink(missing_ok=True)
    return len(stale)
