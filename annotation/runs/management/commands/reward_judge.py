"""Have a reward model judge items that it has not learned from."""

from django.core.management.base import BaseCommand

from annotation.core.errors import NotFound
from annotation.projects.models import Project
from annotation.runs.judging import services


class Command(BaseCommand):
    help = (
        "Have a reward model of a project judge a random sample of its items, beside people. The "
        "judge is added where there is none of the name. Workers score; judge_findings prints "
        "what was found."
    )

    def add_arguments(self, parser):
        parser.add_argument("project", help="the project's short name, as in its address")
        parser.add_argument("judge", help="the judge's name")
        parser.add_argument("--model", help="the reward model's name; for a new judge")
        parser.add_argument(
            "--tie-below",
            type=float,
            default=services.TIE_BELOW,
            help="of a new judge: two rewards nearer than this are a tie (0.2)",
        )
        parser.add_argument("--items", type=int, default=200, help="at most so many (200)")
        parser.add_argument(
            "--unjudged", action="store_true", help="also items that nobody has judged yet"
        )
        parser.add_argument(
            "--learned", action="store_true", help="also items that it has learned from"
        )
        parser.add_argument("--seed", type=int, default=1, help="of the sample (1)")

    def handle(self, *args, **options):
        judge = self.judge_of(options)
        sample = services.sample_for(
            judge,
            most=options["items"],
            only_judged=not options["unjudged"],
            with_learned=options["learned"],
            seed=options["seed"],
        )
        run = services.start_run(judge=judge, sample=sample)
        self.stderr.write(
            f"{len(sample.asked)} items, {run.question_count} comparisons; {sample.left_out} "
            f"items left out: the model has learned from them"
        )
        self.stdout.write(f"judge run {run.pk}, job {run.job_id}")

    def judge_of(self, options):
        project = Project.objects.filter(slug=options["project"]).first()
        if project is None:
            raise NotFound("There is no project “{project}”.".format(**options))
        judge = project.judges.filter(name=options["judge"]).exclude(reward_model="").first()
        if judge is not None:
            return judge
        if not options["model"]:
            raise NotFound(
                "There is no reward model “{judge}” among the judges of “{project}”: say with "
                "--model which one it is to be.".format(**options)
            )
        return services.add_judge(
            project=project,
            version=options["model"],
            name=options["judge"],
            tie_below=options["tie_below"],
        )
