"""Write a project's judgments into a file, as they were given."""

import os
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from annotation.core.errors import NotFound
from annotation.labeling.exports.streams import TYPES, export
from annotation.projects.models import Project


class Command(BaseCommand):
    help = (
        "Write every judgment of a project that counts, one a line, as it was given: ranking, "
        "strength, ratings, flags, marked errors, corrections, times and who judged under which "
        "rubric version. import_judgments takes the file. Formats: docs/formats.md."
    )

    def add_arguments(self, parser):
        parser.add_argument("project", help="the project's short name, as in its address")
        parser.add_argument(
            "--output",
            default="-",
            metavar="FILE",
            help="where to; it appears when it is complete. Default: standard output",
        )
        parser.add_argument(
            "--kind",
            choices=TYPES,
            default="jsonl",
            help="jsonl: a line for each judgment; csv: one for each response, for spreadsheets",
        )
        parser.add_argument(
            "--all-revisions",
            action="store_true",
            help="also judgments that were changed or taken back later",
        )

    def handle(self, *args, **options):
        project = Project.objects.filter(slug=options["project"]).first()
        if project is None:
            raise NotFound(f"There is no project “{options['project']}”.")
        pieces = export(project, options["kind"], all_revisions=options["all_revisions"])
        if options["output"] == "-":
            for piece in pieces:
                self.stdout.write(piece.decode(), ending="")
            return
        target = Path(options["output"])
        part = target.with_name(f"{target.name}.part")
        try:
            with part.open("wb") as file:
                file.writelines(pieces)
            os.replace(part, target)
        except OSError as error:
            raise CommandError(f"{target} cannot be written: {error.strerror}.") from None
        finally:
            part.unlink(missing_ok=True)
        self.stdout.write(f"{target}: {target.stat().st_size:,} bytes")
