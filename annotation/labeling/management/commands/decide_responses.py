"""Decide the same on all responses with one kind of mark: undecided ones, or those decided so."""

from django.core.management.base import BaseCommand

from annotation.candidates.models import ResponseDecision, ResponseMark
from annotation.core.errors import NotFound
from annotation.labeling.responses.deciding import decide
from annotation.labeling.responses.listing import UNDECIDED, Filter, filtered
from annotation.projects.models import Project


class Command(BaseCommand):
    help = (
        "Decide on every response with this mark, undecided or with the named decision: "
        "left, masked (names and personal data, for labelers), withheld (from items) "
        "or merged (into the one it repeats)."
    )

    def add_arguments(self, parser):
        parser.add_argument("project", help="the project's short name, as in its address")
        parser.add_argument("kind", choices=ResponseMark.Kind.values, help="the mark")
        parser.add_argument("choice", choices=ResponseDecision.Choice.values, help="what to do")
        parser.add_argument(
            "--decision",
            choices=[UNDECIDED, *ResponseDecision.Choice.values],
            default=UNDECIDED,
            help="those that were decided so until now (usually those that nobody decided on)",
        )

    def handle(self, *args, **options):
        project = Project.objects.filter(slug=options["project"]).first()
        if project is None:
            raise NotFound(f"There is no project “{options['project']}”.")
        found = filtered(project, Filter(kind=options["kind"], decision=options["decision"]))
        count, changed = decide(
            project=project,
            responses=found.values_list("pk", flat=True),
            choice=options["choice"],
            actor=None,
        )
        self.stdout.write(
            f"{count:,} response{'' if count == 1 else 's'}; in items: {changed.shown:,} places "
            f"shown otherwise, {changed.removed:,} taken out, {changed.restored:,} put back, "
            f"{changed.withdrawn:,} items withdrawn, {changed.reopened:,} in the queue again, "
            f"{changed.left:,} left as they are"
        )
