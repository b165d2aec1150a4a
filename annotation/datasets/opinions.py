"""What an AI judge said of a project's items, as a dataset needs it: one outcome for each pair of
responses, by the newest run that answered the pair in every order.

Each pair is a ranking of its own. A model may well say that a beats b, b beats c and c beats a; as
one ranking of the item that could not be written down.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import itemgetter

from django.utils.translation import gettext as _

from annotation.datasets.policy import Policy, PolicyError
from annotation.labeling.exports.rows import RawJudgment
from annotation.quality.judges.models import Judge, JudgeRun, Opinion, sign_of

SOURCE = "ai_judge"
# Why a pair has no outcome: the two orders contradict each other; one has no answer; a reward
# model was trained on the prompt, where it repeats what people said instead of judging; or one of
# the two has left the item.
INCONSISTENT, UNANSWERED, LEARNED, LEFT = DROPS = (
    "inconsistent",
    "unanswered",
    "learned_by_judge",
    "response_left",
)
# A revision is the number of the judge's run, then the two positions, which are 1 to 9, as they
# are when the dataset is frozen.
PLACES = 100


@dataclass(frozen=True)
class Said:
    """Of a pair, the lower position first; no positions where one of the two has left. sign: -1
    the first is better, 0 a tie, 1 the second; `dropped` instead where it came to nothing. run:
    the judge's first is 1."""

    item: int
    pair: tuple[int, int]
    run: int
    sign: int = 0
    dropped: str = ""
    principle: str = ""
    at: datetime | None = None

    @property
    def revision(self) -> int:
        low, high = self.pair
        return self.run * PLACES + low * 10 + high

    def as_raw(self, judge: Judge, responses: int) -> RawJudgment:
        """As a judgment that ranks these two of so many responses and says nothing else."""
        rubric = judge.rubric_version
        low, high = self.pair
        ranks: list[int | None] = [None] * responses
        ranks[low - 1] = 2 if self.sign > 0 else 1
        ranks[high - 1] = 2 if self.sign < 0 else 1
        return RawJudgment(
            revision=self.revision,
            origin=SOURCE,
            purpose="work",
            is_surplus=False,
            is_retraction=False,
            ranks=ranks,
            unacceptable=[False] * responses,
            rest_below=False,
            strength=[],
            scale=None,
            preference=None,
            both="",
            ratings={},
            flags={},
            highlights=[],
            confidence=None,
            rationale="",
            recording=None,
            seconds=None,
            order=[low, high],
            submitted_at=self.at,
            rubric_version=rubric.number if rubric else None,
        )


def name_of(judge: Judge) -> str:
    """What the judge is called where a labeler's handle stands otherwise."""
    return f"{SOURCE}:{judge.name.replace('/', '_')}"  # a judgment's name is item/labeler/revision


def judge_of(project, policy: Policy) -> Judge | None:
    """None where only people count; a sentence where the project has no such judge."""
    if not policy.judge:
        return None
    judge = project.judges.select_related("rubric_version", "endpoint").filter(name=policy.judge)
    found = judge.first()
    if found is None:
        raise PolicyError(
            _("The project has no AI judge “%(name)s”.") % {"name": policy.judge}, field="judge"
        )
    return found


def run_of(judge: Judge, revision: int) -> JudgeRun | None:
    """The run behind a judgment of the judge in a dataset."""
    number = revision // PLACES
    return judge.runs.order_by("pk")[number - 1 : number].first() if number > 0 else None


@dataclass(frozen=True)
class Asked:
    """The numbers of a judge's runs, and the items that any of them had learned from: as long as
    the project's, so it is read once and not for every few items."""

    judge: Judge
    runs: Mapping[int, int]
    learned: frozenset[int]


def read_asked(judge: Judge) -> Asked:
    runs, learned = {}, set()
    asked = judge.runs.order_by("pk").values_list("pk", "terms__learned")
    for number, (pk, items_learned) in enumerate(asked, start=1):
        runs[pk] = number
        learned.update(items_learned or ())
    return Asked(judge, runs, frozenset(learned))


def read_said(asked: Asked, items: Sequence[int], policy: Policy) -> Iterator[Said]:
    """By item and pair, all that the judge was asked about; behind it what was said of responses
    that have left, which have no positions any more."""
    judge, runs, learned = asked.judge, asked.runs, asked.learned
    about = Opinion.objects.filter(run__judge=judge, item__in=items)
    rows = about.with_places().values_list(
        "item_id", "first_response_id", "second_response_id", "run_id", "first", "second",
        "preferred", "fault", "principle", "run__principle_list__principles", "created_at",
    )  # fmt: skip
    told, left = [], set()
    for item, one, other, run, first, second, *said in rows:
        if first is None or second is None:
            left.add((item, min(one, other), max(one, other)))
            continue
        pair = (min(first, second), max(first, second))
        told.append((item, pair, runs[run], (first, second, *said)))
    told.sort(key=lambda one: (one[:3], one[3][:2], one[3][-1]))
    for (item, pair), of_pair in groupby(told, key=itemgetter(0, 1)):
        if item in learned:
            yield Said(item, pair, max(one[2] for one in of_pair), dropped=LEARNED)
            continue
        by_run = {run: list(found) for run, found in groupby(of_pair, key=itemgetter(2))}
        yield _newest(judge, policy, item, pair, {n: [o[3] for o in f] for n, f in by_run.items()})
    for item, *_responses in sorted(left):
        yield Said(item, (0, 0), 0, dropped=LEFT)


def _newest(judge: Judge, policy: Policy, item: int, pair, by_run: dict) -> Said:
    for run in sorted(by_run, reverse=True):
        answered = [one for one in by_run[run] if not one[3]]
        if len(answered) < judge.orders:
            continue
        signs = {sign_of(*one[:3]) for one in answered}
        _first, _second, _preferred, _fault, place, principles, at = answered[-1]
        principle = principles[place - 1] if place and principles else ""
        if len(signs) > 1 and policy.contradictions == "drop":
            return Said(item, pair, run, dropped=INCONSISTENT)
        sign = signs.pop() if len(signs) == 1 else 0
        return Said(item, pair, run, sign, principle=principle, at=at)
    return Said(item, pair, max(by_run), dropped=UNANSWERED)
