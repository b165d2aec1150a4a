"""Where ready exports lie, and for how long: a file for each content, named by its hash."""

import os
import shutil
import time
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from annotation.core import jobs
from annotation.core.errors import NotFound
from annotation.core.hashing import sha256_of_file
from annotation.core.locks import lock_number
from annotation.datasets.exports.wanted import Wanted
from annotation.datasets.models import Dataset, Export

KEPT_FOR = timedelta(days=7)
ORPHAN_SECONDS = 24 * 3600


def folder() -> Path:
    return Path(settings.DATA_DIR) / "exports"


def is_ready(export: Export) -> bool:
    """Whether its file can be taken: made, not too old, and there."""
    if export.expires_at is None or export.expires_at <= timezone.now():
        return False
    path = folder() / export.sha256
    return path.is_file() and path.stat().st_size == export.byte_count


def path_of(export: Export) -> Path:
    if not is_ready(export):
        raise NotFound(_("This file is not kept any more. Order the export again."))
    return folder() / export.sha256


def keep(
    dataset: Dataset,
    wanted: Wanted,
    key: str,
    part: Path,
    *,
    actor=None,
    claim: jobs.Claim | None = None,
) -> Export:
    """Put a file that is written where it can be taken: its row and the job's end commit with
    it. What dies between the two leaves a file without a row, which is swept."""
    sha256 = sha256_of_file(part, alive=claim.alive if claim else lambda: None)
    now = timezone.now()
    values = {
        "key": key,
        "sha256": sha256,
        "byte_count": part.stat().st_size,
        "expires_at": now + KEPT_FOR,
    }
    if claim is None:
        values |= {"job": None, "ordered_at": now, "created_by": actor}
    with transaction.atomic():
        if claim is not None:
            claim.fence()
        _lock(sha256)
        os.replace(part, folder() / sha256)
        export, _is_new = Export.objects.update_or_create(
            dataset=dataset,
            **wanted.named,
            defaults=values,
            create_defaults={"ordered_at": now} | values,
        )
        if claim is not None:
            claim.finish({"export": export.pk})
    return export


def sweep() -> int:
    """Remove what is older than a week, and files that no row names. Returns how many rows."""
    now = timezone.now()
    over = Q(job=None) | Q(job__finished_at__isnull=False)
    old = Q(expires_at__lte=now) | Q(expires_at=None, ordered_at__lte=now - KEPT_FOR)
    removed = 0
    for pk, sha256 in Export.objects.filter(over & old).values_list("pk", "sha256"):
        with transaction.atomic():
            _lock(sha256)
            # Ordered or made again since it was listed: then it is not old any more.
            still = Export.objects.select_for_update(of=("self",)).filter(over & old, pk=pk)
            export = still.filter(sha256=sha256).first()
            if export is None:
                continue
            export.delete()
            if sha256 and not Export.objects.filter(sha256=sha256).exists():
                (folder() / sha256).unlink(missing_ok=True)
        removed += 1
    _sweep_files()
    return removed


def _sweep_files() -> None:
    known = set(Export.objects.values_list("sha256", flat=True))
    for path in folder().glob("*"):
        try:
            age = time.time() - path.stat().st_mtime
        except FileNotFoundError:
            continue  # put into its place, or taken away, by its owner
        # A young one may belong to a job that is just writing it.
        if path.name in known or age < ORPHAN_SECONDS:
            continue
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def _lock(sha256: str) -> None:
    """One at a time who puts a file there or takes it away, until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [lock_number(f"export:{sha256}")])
