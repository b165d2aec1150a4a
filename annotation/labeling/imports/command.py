"""What the two import commands share."""

import os
import sys
import time
from contextlib import nullcontext

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from annotation.core.errors import NotFound
from annotation.labeling.imports import services
from annotation.labeling.imports.wording import summary
from annotation.projects.models import Project
from annotation.projects.services import create_project
from annotation.prompts.models import Import

SHOWN_ERRORS = 20
QUIET_SECONDS = 2


class ImportCommand(BaseCommand):
    kind: str

    def add_arguments(self, parser):
        parser.add_argument("project", help="the project's short name, as in its address")
        parser.add_argument("file", help="a JSON Lines file, or - for standard input")
        parser.add_argument(
            "--all-errors",
            action="store_true",
            help=f"print the first 1,000 errors instead of {SHOWN_ERRORS}",
        )

    def handle(self, *args, **options):
        stream, total = _opened(options["file"])
        # A project that --create makes is not there without its items; one that was there before
        # keeps what was refused, and no transaction is open for as long as the file is read.
        is_new = not Project.objects.filter(slug=options["project"]).exists()
        with stream, transaction.atomic() if is_new else nullcontext():
            project = self._project(options)
            imported = services.import_file(
                project=project,
                kind=self.kind,
                stream=stream,
                file_name=options["file"],
                on_progress=_Report(self.stderr, total),
                **self.options_of(options),
            )
            if imported.state == Import.State.REFUSED:
                self._print_errors(imported, 1_000 if options["all_errors"] else SHOWN_ERRORS)
                raise CommandError(summary(imported))
        self.stdout.write(summary(imported))
        if self.kind == Import.Kind.ITEMS and not _has_people(project):
            self.stdout.write(
                f"Nobody is in “{project.slug}” yet: `manage.py add_member {project.slug} NAME "
                "--role lead` lets somebody open it. Site admins see it already."
            )

    def _project(self, options):
        project = Project.objects.filter(slug=options["project"]).first()
        if project is None and self.kind == Import.Kind.ITEMS and options["create"]:
            overlap = 3 if options["overlap"] is None else options["overlap"]
            return create_project(slug=options["project"], overlap=overlap)
        if project is None:
            hint = "; --create makes it" if self.kind == Import.Kind.ITEMS else ""
            raise NotFound(f"There is no project “{options['project']}”{hint}.")
        wanted = options.get("overlap")
        if wanted is not None and wanted != project.overlap:
            raise CommandError(
                f"“{project.slug}” wants {project.overlap} judgments for each item, not {wanted}. "
                "Leave --overlap out, or use another project."
            )
        return project

    def options_of(self, options) -> dict:
        raise NotImplementedError

    def _print_errors(self, imported, limit):
        for error in imported.errors.all()[:limit]:
            where = f"line {error.line}: " + (f"{error.field}: " if error.field else "")
            self.stderr.write(f"{where}{error.reason}")
        if imported.error_count > limit:
            self.stderr.write(f"… and {imported.error_count - limit:,} more")


def _has_people(project) -> bool:
    return project.memberships.active().filter(user__is_active=True).exists()


def _opened(name):
    if name == "-":
        return sys.stdin.buffer, None
    try:
        return open(name, "rb"), os.path.getsize(name)
    except OSError as error:
        raise CommandError(f"{name} cannot be read: {error.strerror}.") from None


class _Report:
    """Progress on standard error, for files that take longer than a moment."""

    def __init__(self, stderr, total):
        self._stderr, self._total = stderr, total
        self._last = time.monotonic()

    def __call__(self, done):
        now = time.monotonic()
        if now - self._last < QUIET_SECONDS:
            return
        self._last = now
        share = f" of {self._total / 2**20:.0f}" if self._total else ""
        self._stderr.write(f"checked {done / 2**20:.0f}{share} MiB")
