"""Compare a new model with an old one, or print how a comparison stands."""

import json

from django.core.management.base import BaseCommand

from annotation.core.errors import NotFound
from annotation.projects.models import Project
from annotation.runs.evaluation import judged, presentation, services, stored


class Command(BaseCommand):
    help = "Compare a new model version with an old generator; without --new, list comparisons."

    def add_arguments(self, parser):
        parser.add_argument("project", help="the project's short name, as in its address")
        parser.add_argument("--new", help="name or id of the new model version")
        parser.add_argument("--old", help="name or id of the old generator")
        parser.add_argument(
            "--judge", help="name or id of a reward model; without it people judge"
        )
        parser.add_argument("--prompts", type=int, default=100, help="how many (100)")
        parser.add_argument("--batch", default="", help="prompts of this batch of items alone")
        parser.add_argument("--n", type=int, default=1, help="responses of each side (1)")
        parser.add_argument("--overlap", type=int, help="judgments of each pair")
        parser.add_argument("--seed", type=int, default=11)
        parser.add_argument("--json", action="store_true", help="print every figure as JSON")

    def handle(self, *args, **options):
        project = Project.objects.filter(slug=options["project"]).first()
        if project is None:
            raise NotFound(f"There is no project “{options['project']}”.")
        if options["new"]:
            made = services.order_evaluation(
                project=project,
                new=options["new"],
                old=options["old"],
                kind="reward" if options["judge"] else "people",
                judge=options["judge"],
                count=options["prompts"],
                batch=options["batch"],
                n=options["n"],
                overlap=options["overlap"],
                seed=options["seed"],
            )
            self.stdout.write(f"Evaluation {made.pk} begun: {made.prompts.count()} prompts.")
            return
        rows = project.evaluations.select_related("new", "old", "job").order_by("-pk")
        for evaluation in rows:
            self._tell(evaluation, as_json=options["json"])

    def _tell(self, evaluation, *, as_json):
        figures = stored.read(evaluation)
        state = presentation.state_of(evaluation, figures).key
        if as_json:
            said = {"id": evaluation.pk, "state": state, "figures": figures}
            said["judges"] = judged.judges_document(evaluation)
            self.stdout.write(json.dumps(said, allow_nan=False))
            return
        cells = [f"{evaluation.pk:>5}", f"{state:<9}", presentation.finding(evaluation, figures)]
        if figures["complete"]:
            rate = presentation.rates(evaluation, figures)[0]
            cells += [rate["value"], f"({rate['interval']})"]
        cells.append(f"{figures['complete']} of {figures['prompts']} prompts")
        self.stdout.write("  ".join(cells))
