"""Print the figures of one analysis of a project."""

import json

from django.core.management.base import BaseCommand
from django.core.serializers.json import DjangoJSONEncoder

from annotation.core.errors import NotFound
from annotation.projects.models import Project
from annotation.quality.analyses import ANALYSES
from annotation.quality.documents import as_document
from annotation.quality.services import compute_report


class Command(BaseCommand):
    help = (
        "Print the figures of one analysis of a project as JSON, computed from the judgments as "
        "they are now. Where a number does not exist, the reason."
    )

    def add_arguments(self, parser):
        parser.add_argument("project", help="the project's short name, as in its address")
        parser.add_argument("kind", choices=list(ANALYSES), help="which analysis")

    def handle(self, *args, **options):
        project = Project.objects.filter(slug=options["project"]).first()
        if project is None:
            raise NotFound(f"There is no project “{options['project']}”.")
        document = as_document(compute_report(project=project, kind=options["kind"]))
        self.stdout.write(
            json.dumps(
                document, indent=2, ensure_ascii=False, allow_nan=False, cls=DjangoJSONEncoder
            )
        )
