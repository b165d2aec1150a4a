"""Freeze a project's rankings into a dataset."""

from django.core.management.base import BaseCommand

from annotation.core.errors import DomainError, NotFound
from annotation.datasets import services
from annotation.datasets.drop_table import drop_table
from annotation.datasets.policy import (
    CONSENSUS,
    DEMONSTRATIONS,
    LABELS,
    ORIGINS,
    PAIRS,
    PURPOSES,
    Policy,
)
from annotation.projects.models import Project


class Command(BaseCommand):
    help = (
        "Turn a project's rankings into comparisons and freeze them: files that never change, in "
        "a folder named by their content. Prints what was kept and what was left out and why; "
        "the last line is the dataset's hash alone. The same judgments always give the same "
        "hash. Then: train on it (manage.py train) or copy it out (manage.py export_dataset)."
    )

    def add_arguments(self, parser):
        parser.add_argument("project", help="the project's short name, as in its address")
        parser.add_argument("--name", default="", help="what people shall call the dataset")
        parser.add_argument(
            "--labels",
            choices=LABELS,
            default="majority",
            help="how several judgments of a pair become one outcome. majority: the outcome with "
            "the most votes (a tie is one); soft: the side with more than half of the votes, a "
            "tie counting half for each. Vote shares are in the files either way. "
            "Default: majority",
        )
        parser.add_argument(
            "--consensus",
            choices=CONSENSUS,
            default="votes",
            help="how labelers weigh: every vote the same, or by reliability; p_chosen and weight "
            "of each comparison follow from it",
        )
        parser.add_argument(
            "--min-weight",
            type=float,
            default=0.0,
            help="leave out comparisons of less weight (0 to 1); needs a consensus by reliability",
        )
        parser.add_argument(
            "--settled-first",
            action="store_true",
            help="what a reviewer has settled stands for its item, with full weight, whatever "
            "the votes are",
        )
        parser.add_argument(
            "--pairs",
            choices=PAIRS,
            default="all",
            help="which pairs of a ranking become comparisons. Default: all",
        )
        parser.add_argument(
            "--split",
            default="0.8,0,0.2",
            metavar="TRAIN,DEV,TEST",
            help="shares of the prompts; a prompt lies in one split only. Default: 0.8,0,0.2",
        )
        parser.add_argument(
            "--salt", default="", help="any text; another one deals the prompts out differently"
        )
        parser.add_argument(
            "--batch",
            action="append",
            default=[],
            help="only items of this batch, such as import:3; may be repeated. Default: all",
        )
        parser.add_argument(
            "--origin",
            action="append",
            default=[],
            choices=ORIGINS,
            help="only judgments that came this way; may be repeated. Default: all",
        )
        parser.add_argument(
            "--purpose",
            action="append",
            default=[],
            choices=PURPOSES,
            help="judgments that were made as this; may be repeated. Default: work alone",
        )
        parser.add_argument(
            "--min-votes",
            type=int,
            default=1,
            metavar="N",
            help="leave out pairs with fewer votes. Default: 1",
        )
        parser.add_argument(
            "--demonstrations",
            choices=DEMONSTRATIONS,
            default="include",
            help="what the SFT files hold. include: best responses and demonstrations; exclude: "
            "best responses; only: demonstrations, and no comparisons. Default: include",
        )
        parser.add_argument(
            "--without-corrections",
            action="store_true",
            help="leave out corrections, which otherwise are better than their originals and "
            "worth imitating",
        )
        parser.add_argument(
            "--without-surplus",
            action="store_true",
            help="leave out judgments beyond the wanted number",
        )
        for what in ("empty", "equal", "both-unacceptable"):
            parser.add_argument(
                f"--keep-{what}",
                action="store_true",
                help=f"keep pairs of which {KEPT[what]}, which are left out otherwise",
            )
        parser.add_argument(
            "--preview", action="store_true", help="count and print, but write nothing"
        )

    def handle(self, *args, **options):
        project = Project.objects.filter(slug=options["project"]).first()
        if project is None:
            raise NotFound(f"There is no project “{options['project']}”.")
        policy = _policy(options)
        if options["preview"]:
            self._print(services.preview(project=project, policy=policy))
            self.stdout.write("Nothing was written: this was a preview.")
            return
        frozen = services.freeze_dataset(project=project, policy=policy, name=options["name"])
        self._print(frozen.dataset.counts)
        self.stdout.write(
            "Frozen." if frozen.created else "This very dataset was frozen before: nothing new."
        )
        self.stdout.write(frozen.dataset.hash)

    def _print(self, counts):
        for line in drop_table(counts):
            self.stdout.write(line)


KEPT = {
    "empty": "one response is empty",
    "equal": "both responses have the same text",
    "both-unacceptable": "most labelers found both unacceptable (they become ties)",
}


def _policy(options) -> Policy:
    try:
        split = tuple(float(share) for share in options["split"].split(","))
    except ValueError:
        raise DomainError(
            f"--split {options['split']}: write three shares, such as 0.8,0,0.2."
        ) from None
    return Policy(
        batches=tuple(options["batch"]),
        origins=tuple(options["origin"]),
        purposes=tuple(options["purpose"]) or ("work",),
        surplus=not options["without_surplus"],
        labels=options["labels"],
        pairs=options["pairs"],
        min_votes=options["min_votes"],
        drop_empty=not options["keep_empty"],
        drop_equal=not options["keep_equal"],
        drop_both_unacceptable=not options["keep_both_unacceptable"],
        demonstrations=options["demonstrations"],
        corrections="exclude" if options["without_corrections"] else "include",
        consensus=options["consensus"],
        min_weight=options["min_weight"],
        settled=options["settled_first"],
        split=split,
        salt=options["salt"],
    )
