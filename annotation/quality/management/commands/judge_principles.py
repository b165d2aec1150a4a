"""Give a judge other principles, or print those it has."""

from pathlib import Path

from django.core.management.base import BaseCommand

from annotation.core.errors import NotFound
from annotation.quality.judges.models import Judge
from annotation.quality.judges.principles import (
    current_list,
    lines_of,
    principles_of,
    set_principles,
)
from annotation.quality.management.commands.add_judge import text_of


class Command(BaseCommand):
    help = (
        "Print a judge's principles. With a file, one principle a line, they are these from now "
        "on, as the list's next version; what was said before keeps its own. An empty file takes "
        "them away."
    )

    def add_arguments(self, parser):
        parser.add_argument("project", help="the project's short name, as in its address")
        parser.add_argument("judge", help="the judge's name")
        parser.add_argument("file", nargs="?", type=Path, help="a text file")

    def handle(self, *args, **options):
        judges = Judge.objects.select_related("project")
        judge = judges.filter(project__slug=options["project"], name=options["judge"]).first()
        if judge is None:
            said = "There is no judge “{judge}” in a project “{project}”."
            raise NotFound(said.format(**options))
        if options["file"] is not None:
            set_principles(judge=judge, principles=lines_of(text_of(options["file"])))
        current = current_list(judge)
        self.stderr.write(f"version {current.number if current else 0}")
        for one in principles_of(current):
            self.stdout.write(one)
