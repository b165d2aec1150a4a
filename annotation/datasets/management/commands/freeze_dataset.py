"""Freeze a project's rankings into a dataset."""

from django.core.management.base import BaseCommand

from annotation.core.errors import DomainError, NotFound
from annotation.datasets import services
from annotation.datasets.choices import (
    CONSENSUS,
    CONTRADICTIONS,
    DEMONSTRATIONS,
    LABELS,
    NEAR_PROMPTS,
    ORIGINS,
    PAIRS,
    PURPOSES,
    SHARE_WEIGHT,
    TIES,
    UNACCEPTABLE,
    WHOSE,
)
from annotation.datasets.drop_table import drop_table
from annotation.datasets.policy import Policy
from annotation.projects.models import Project
from annotation.quality.signals.wording import KINDS


class Command(BaseCommand):
    help = (
        "Turn a project's rankings into comparisons and freeze them: files that never change, in "
        "a folder named by their content. Prints what was kept and what was left out and why; "
        "the last line is the dataset's hash alone. The same judgments always give the same "
        "hash. Then: train on it (manage.py train) or copy it out (manage.py export_dataset)."
    )

    def add_arguments(self, parser):
        parser.add_argument("project", help="the project's short name, as in its address")
        parser.add_argument(
            "--with",
            dest="further",
            action="append",
            default=[],
            metavar="PROJECT",
            help="take the judgments of another project, too; may be repeated. Items, batches and "
            "labelers left out are then named with their project: shop/round-1",
        )
        parser.add_argument("--name", default="", help="what people shall call the dataset")
        parser.add_argument(
            "--labels",
            choices=LABELS,
            default="majority",
            help="how several judgments of a pair become one outcome. majority: the outcome with "
            "the most votes (a tie is one); soft: the side with more than half of the votes, a "
            "tie counting half for each; each: every vote is a comparison of its own. Vote "
            "shares are in the files either way. Default: majority",
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
            help="which pairs of an item become comparisons, by the order of its responses: all, "
            "neighbours, the best against each of the rest, the best against the worst. "
            "Default: all",
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
        self._add_judgments(parser)
        self._add_pairs(parser)
        self._add_amounts(parser)
        self._add_judge(parser)
        parser.add_argument(
            "--preview", action="store_true", help="count and print, but write nothing"
        )

    def _add_judgments(self, parser):
        parser.add_argument(
            "--rubric-version",
            action="append",
            default=[],
            type=int,
            metavar="N",
            help="only judgments by this version of the rubric, 0 for none; may be repeated. "
            "Default: all",
        )
        parser.add_argument(
            "--without-finding",
            action="append",
            default=[],
            choices=KINDS,
            help="leave out labelers whom the newest signals warn of so; may be repeated. Who it "
            "was is kept in the dataset, by handle",
        )
        parser.add_argument(
            "--min-reliability",
            type=float,
            default=0.0,
            help="leave out labelers whose reliability is known and lower (0 to 1)",
        )
        parser.add_argument(
            "--without-labeler",
            action="append",
            default=[],
            metavar="HANDLE",
            help="leave out this labeler; may be repeated",
        )

    def _add_pairs(self, parser):
        parser.add_argument(
            "--ties",
            choices=TIES,
            default="keep",
            help="keep: in files of their own; drop: left out; soft: those of train among the "
            "comparisons, with their share of the votes. Default: keep",
        )
        parser.add_argument(
            "--unacceptable",
            choices=UNACCEPTABLE,
            default="below",
            help="what half or more found unacceptable: below every acceptable response, or "
            "dropped with all its pairs. Default: below",
        )
        parser.add_argument(
            "--min-strength",
            type=int,
            default=0,
            metavar="N",
            help="leave out comparisons of less mean strength: 1 slightly, 2 clearly, 3 far",
        )
        parser.add_argument(
            "--drop-turns",
            action="store_true",
            help="leave out pairs in which a response goes on as a transcript of both sides",
        )
        parser.add_argument(
            "--drop-repeated",
            action="store_true",
            help="leave out pairs that stood in another item before: same prompt, same two texts",
        )

        parser.add_argument(
            "--drop-personal",
            action="store_true",
            help="leave out what has personal data in the prompt or a text: addresses, telephone "
            "and account numbers",
        )

    def _add_amounts(self, parser):
        parser.add_argument(
            "--max-per-prompt",
            type=int,
            default=0,
            metavar="N",
            help="so many comparisons of a prompt at most, drawn by lot. Default: 0, all",
        )
        parser.add_argument(
            "--share-weight",
            choices=SHARE_WEIGHT,
            default="none",
            help="whose comparisons share the weight of one: a ranking's or a prompt's",
        )
        parser.add_argument(
            "--name-rankings",
            action="store_true",
            help="each line names the ranking that it comes from",
        )
        parser.add_argument(
            "--balance-length",
            action="store_true",
            help="as many comparisons that the longer response wins as the shorter one, by "
            "leaving out some of the commoner kind",
        )
        parser.add_argument(
            "--near-prompts",
            choices=NEAR_PROMPTS,
            default="ignore",
            help="near-equal prompts: count how many lie in two splits, or keep them together. "
            "Default: ignore",
        )
        parser.add_argument(
            "--near-from",
            type=float,
            default=0.8,
            help="from which Jaccard's index of runs of five characters on (0.5 to 1). "
            "Default: 0.8",
        )

    def _add_judge(self, parser):
        parser.add_argument(
            "--whose",
            choices=WHOSE,
            default="people",
            help="whose judgments count: people's, an AI judge's alone, or people's and the "
            "judge's where no person's counts. Default: people",
        )
        parser.add_argument("--judge", default="", metavar="NAME", help="the AI judge's name")
        parser.add_argument(
            "--contradictions",
            choices=CONTRADICTIONS,
            default="drop",
            help="pairs of which its two orders say different things. Default: drop",
        )

    def handle(self, *args, **options):
        project = _project(options["project"])
        further = [_project(slug) for slug in options["further"]]
        policy = _policy(options)
        if options["preview"]:
            self._print(services.preview(project=project, policy=policy, further=further))
            self.stdout.write("Nothing was written: this was a preview.")
            return
        frozen = services.freeze_dataset(
            project=project, policy=policy, name=options["name"], further=further
        )
        self._print(frozen.dataset.counts)
        self.stdout.write(
            "Frozen." if frozen.created else "This very dataset was frozen before: nothing new."
        )
        self.stdout.write(frozen.dataset.hash)

    def _print(self, counts):
        for line in drop_table(counts):
            self.stdout.write(line)


def _project(slug: str) -> Project:
    project = Project.objects.filter(slug=slug).first()
    if project is None:
        raise NotFound(f"There is no project “{slug}”.")
    return project


KEPT = {
    "empty": "one response is empty",
    "equal": "both responses have the same text",
    "both-unacceptable": "most labelers found both unacceptable (they become ties)",
}


AS_THEY_ARE = (
    "min_reliability",
    "ties",
    "unacceptable",
    "min_strength",
    "drop_turns",
    "drop_repeated",
    "drop_personal",
    "max_per_prompt",
    "share_weight",
    "name_rankings",
    "balance_length",
    "near_prompts",
    "near_from",
    "whose",
    "judge",
    "contradictions",
)


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
        rubric_versions=tuple(options["rubric_version"]),
        without_findings=tuple(options["without_finding"]),
        without_labelers=tuple(options["without_labeler"]),
        **{name: options[name] for name in AS_THEY_ARE},
        split=split,
        salt=options["salt"],
    )
