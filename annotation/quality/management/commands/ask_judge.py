"""Ask a judge about a sample of a project's items."""

import json

from django.core.management.base import BaseCommand

from annotation.core import jobs
from annotation.core.errors import DomainError, NotFound
from annotation.quality.judges import services
from annotation.quality.judges.documents import findings_document, run_document
from annotation.quality.judges.items import estimate
from annotation.quality.judges.models import Judge, JudgeRun
from annotation.quality.judges.stored import stored_findings


class Command(BaseCommand):
    help = (
        "Ask a judge about a random sample of a project's items, every two responses in both "
        "orders. Prints what it will take, and the run. With --now the answers are waited for, "
        "and what was found is printed as JSON: agreement with people, how often the two orders "
        "contradict each other, and the items that people should look at."
    )

    def add_arguments(self, parser):
        parser.add_argument("project", help="the project's short name, as in its address")
        parser.add_argument("judge", help="the judge's name")
        parser.add_argument("--items", type=int, default=200, help="at most so many (200)")
        parser.add_argument(
            "--unjudged", action="store_true", help="also items that nobody has judged yet"
        )
        parser.add_argument("--seed", type=int, default=1, help="of the sample (1)")
        parser.add_argument(
            "--estimate", action="store_true", help="ask nothing, print what it would take"
        )
        parser.add_argument(
            "--now", action="store_true", help="ask here, without a worker, and print the result"
        )

    def handle(self, *args, **options):
        judge = Judge.objects.select_related("project", "endpoint").filter(
            project__slug=options["project"], name=options["judge"]
        )
        judge = judge.first()
        if judge is None:
            said = "There is no judge “{judge}” in a project “{project}”."
            raise NotFound(said.format(**options))
        if judge.reward_model:
            raise DomainError("This judge is a reward model: use reward_judge.")
        items = services.items_for(
            judge,
            most=options["items"],
            only_judged=not options["unjudged"],
            seed=options["seed"],
        )
        self.tell(judge, items)
        if options["estimate"]:
            return
        run = services.start_run(judge=judge, item_ids=items)
        self.stderr.write(f"judge run {run.pk}, job {run.job_id}")
        if options["now"]:
            self.ask(run)

    def tell(self, judge, items):
        takes = estimate(judge, items)
        cost = "unknown" if takes.cost_most is None else f"{takes.cost_most} {takes.currency}"
        self.stderr.write(
            f"{takes.items} items, {takes.questions} questions, about {takes.tokens_in} tokens "
            f"read, at most {takes.tokens_out_most} written, cost at most {cost}"
        )

    def ask(self, run):
        """In turns, as a worker would."""
        jobs.run(run.job_id)
        run = JudgeRun.objects.select_related("job", "judge").get(pk=run.pk)
        if run.job.state != "done":
            raise DomainError(f"The run is {run.job.state}. {run.job.error}".strip())
        document = run_document(run) | {"findings": findings_document(stored_findings(run))}
        self.stdout.write(json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False))
