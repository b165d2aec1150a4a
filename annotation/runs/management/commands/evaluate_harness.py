"""Put tasks of the lm-evaluation-harness to a policy, or print what came of it."""

import json

from django.core.management.base import BaseCommand

from annotation.core.errors import DomainError, NotFound
from annotation.projects.models import Project
from annotation.runs.harness import presentation, services
from annotation.runs.harness.catalogue import catalogue
from annotation.runs.harness.options import LM_EVAL
from annotation.runs.models import HarnessEvaluation
from annotation.runs.services import find_base


class Command(BaseCommand):
    help = (
        "Queue tasks of the lm-evaluation-harness for a policy; without --task, list what there "
        "is to order and what was ordered. The train worker does it."
    )

    def add_arguments(self, parser):
        parser.add_argument("project", help="the project's short name, as in its address")
        parser.add_argument("version", help="name or number of the policy")
        parser.add_argument(
            "--task", action="append", default=[], metavar="NAME", help="once for each task"
        )
        parser.add_argument("--seed", type=int, default=11)
        for option in LM_EVAL:
            flag = "--" + option.name.replace("_", "-")
            parser.add_argument(flag, dest=option.name, metavar="X", help=str(option.help))
        parser.add_argument("--json", action="store_true", help="print every figure as JSON")

    def handle(self, *args, **options):
        project = Project.objects.filter(slug=options["project"]).first()
        if project is None:
            raise NotFound(f"There is no project “{options['project']}”.")
        version = find_base(project=project, name=options["version"])
        if version is None:
            raise DomainError("Say which policy, by its name or number.")
        if options["task"]:
            given = {one.name: options[one.name] for one in LM_EVAL}
            given = {name: value for name, value in given.items() if value is not None}
            made = services.order(
                version=version, names=options["task"], options=given, seed=options["seed"]
            )
            self.stdout.write(f"Harness evaluation {made.pk} queued: {', '.join(made.tasks)}.")
            return
        if not options["json"]:
            there = catalogue()
            self.stdout.write("There are: " + ", ".join(there.names))
            if there.problem:
                self.stderr.write(there.problem)
        for one in version.harness_evaluations.select_related("job").order_by("-pk"):
            self._tell(one, as_json=options["json"])

    def _tell(self, one: HarnessEvaluation, *, as_json: bool):
        figures = list(one.figures.order_by("is_part", "task", "pk"))
        if as_json:
            names = ("task", "metric", "filter", "value", "stderr", "example_count")
            said = [{name: getattr(figure, name) for name in names} for figure in figures]
            row = {"id": one.pk, "state": one.job.state, "error": one.job.error, "figures": said}
            self.stdout.write(json.dumps(row, allow_nan=False))
            return
        self.stdout.write(f"{one.pk:>5}  {one.job.state:<9}  {', '.join(one.tasks)}")
        if one.job.error:
            self.stdout.write(f"       {one.job.error}")
        for row in presentation.rows(figures):
            ends = f" ({row.interval})" if row.interval else ""
            self.stdout.write(f"       {row.task:<30} {row.metric:<18} {row.value}{ends}")
