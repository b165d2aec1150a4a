"""List a project's trainings and model versions."""

from django.core.management.base import BaseCommand

from annotation.core.errors import NotFound
from annotation.projects.models import Project
from annotation.runs import presentation


class Command(BaseCommand):
    help = "List the trainings of a project, the newest first, with what came of each."

    def add_arguments(self, parser):
        parser.add_argument("project", help="the project's short name, as in its address")

    def handle(self, *args, **options):
        project = Project.objects.filter(slug=options["project"]).first()
        if project is None:
            raise NotFound(f"There is no project “{options['project']}”.")
        runs = project.runs.select_related("job", "dataset", "model_version").order_by("-pk")
        if not runs:
            self.stdout.write("No training yet. Start one with: manage.py train reward DATASET")
        for run in runs:
            version = getattr(run, "model_version", None)
            metrics = version.metrics if version else {}
            figures = presentation.accuracies(metrics, metrics.get("baselines"))
            outcome = "; ".join(f"{f.name.lower()} {f.value} ({f.interval})" for f in figures)
            cells = [
                f"{run.pk:>5}",
                f"{run.kind:<6}",
                f"{run.state:<9}",
                run.dataset.short_hash,
                run.name,
                outcome or (run.job.error if run.job else ""),
            ]
            self.stdout.write("  ".join(cells).rstrip())
