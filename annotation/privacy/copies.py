"""A person's own copy of everything kept about them: a ZIP of JSON files, made by a job, theirs
alone, removed after a week."""

import json
import os
import secrets
import time
import zipfile
from datetime import timedelta
from functools import partial
from pathlib import Path

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop, override

from annotation.accounts import personal as accounts
from annotation.accounts.preferences import preferences_of
from annotation.core import audit, jobs
from annotation.core import personal as core
from annotation.core.erasing import Leaving
from annotation.core.models import Job
from annotation.labeling import personal_copy as labeling
from annotation.privacy import tasks
from annotation.privacy.models import PersonalCopy
from annotation.privacy.readme import readme
from annotation.projects import personal as projects
from annotation.prompts import personal as prompts

KEPT_FOR = timedelta(days=7)
ORPHAN_SECONDS = 24 * 3600
COLLECTORS = (
    accounts.collect,
    projects.collect,
    prompts.collect,
    labeling.collect,
    core.collect,
)


def folder() -> Path:
    return settings.DATA_DIR / "personal-copies"


def path_of(copy: PersonalCopy) -> Path:
    return folder() / copy.name


def request_copy(*, user) -> Job:
    """Queue the copy; one that is under way is returned instead of a second."""
    with transaction.atomic():
        job, created = jobs.enqueue(kind=tasks.COPY, actor=user, target=f"user:{user.pk}")
        if created:
            audit.record("personal_copy.ordered", actor=user, target=f"user:{user.pk}")
    return job


def build(claim: jobs.Claim) -> dict:
    """The job: what each app keeps, one file after the other."""
    user = claim.job.created_by
    name = f"{user.pk}-{secrets.token_hex(16)}.zip"
    folder().mkdir(parents=True, exist_ok=True, mode=0o700)
    part = folder() / f".part-{name}"
    try:
        _write(part, user, claim)
        with transaction.atomic():
            claim.fence()
            copy = PersonalCopy.objects.create(
                user=user,
                job=claim.job,
                name=name,
                byte_count=part.stat().st_size,
                expires_at=timezone.now() + KEPT_FOR,
            )
            os.replace(part, folder() / name)
            claim.finish({"copy": copy.pk})
    finally:
        part.unlink(missing_ok=True)
    return {}


def _write(part: Path, user, claim) -> None:
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with (
        os.fdopen(handle, "wb") as file,
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        with override(preferences_of(user).language or "en"):
            archive.writestr("README.txt", readme(user))
        for done, collect in enumerate(COLLECTORS):
            claim.progress(done, len(COLLECTORS), gettext_noop("Collecting what is kept"))
            for name, content in collect(user).items():
                archive.writestr(f"{name}.json", _json(content))


def _json(content) -> str:
    return json.dumps(content, cls=DjangoJSONEncoder, ensure_ascii=False, indent=2) + "\n"


def copies_of(user):
    """Those that can still be taken, newest first."""
    return PersonalCopy.objects.filter(user=user).ready().order_by("-pk")


def sweep_copies() -> int:
    """Remove what is older than a week, and what no row knows. Returns how many files."""
    removed = 0
    for copy in PersonalCopy.objects.filter(expires_at__lte=timezone.now()):
        path_of(copy).unlink(missing_ok=True)
        copy.delete()
        removed += 1
    known = set(PersonalCopy.objects.values_list("name", flat=True))
    for path in folder().glob("*"):
        # A young one may belong to a job that is just writing it.
        is_old = path.stat().st_mtime < time.time() - ORPHAN_SECONDS
        if path.name not in known and is_old:
            path.unlink(missing_ok=True)
            removed += 1
    return removed


def erase(leaving: Leaving) -> None:
    copies = PersonalCopy.objects.filter(user=leaving.user)
    paths = [path_of(copy) for copy in copies]
    leaving.counts["copies"] += len(paths)
    copies.delete()
    for path in paths:
        transaction.on_commit(partial(path.unlink, missing_ok=True))
