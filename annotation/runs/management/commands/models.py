"""List a project's model versions, or move one to another stage."""

from django.core.management.base import BaseCommand

from annotation.core.errors import NotFound
from annotation.projects.models import Project
from annotation.runs.registry.stages import set_stage
from annotation.runs.services import find_base


class Command(BaseCommand):
    help = "List the model versions of a project; with --version-name and --stage, move one."

    def add_arguments(self, parser):
        parser.add_argument("project", help="the project's short name, as in its address")
        parser.add_argument("--version-name", help="name or id of a model version")
        parser.add_argument("--stage", help="candidate, promoted or retired")
        parser.add_argument("--reason", default="", help="why, for the audit trail")

    def handle(self, *args, **options):
        project = Project.objects.filter(slug=options["project"]).first()
        if project is None:
            raise NotFound(f"There is no project “{options['project']}”.")
        if options["version_name"] and options["stage"]:
            version = find_base(project=project, name=options["version_name"])
            set_stage(version=version, stage=options["stage"], reason=options["reason"])
        for version in project.model_versions.select_related("run", "dataset").order_by("-pk"):
            cells = [f"{version.pk:>5}", f"{version.kind:<6}", f"{version.stage:<9}"]
            cells += [version.run.kind, version.dataset.short_hash, version.name]
            self.stdout.write("  ".join(cells))
