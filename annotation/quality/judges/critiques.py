"""What a judge says of an item, for a labeler who has judged it and can change nothing any more.

Blind as the desk is: the responses by the letters that the labeler saw, neither the judge nor its
model by name, and names of models that it lets slip are masked.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from annotation.candidates.marks.identity import find_identity
from annotation.core import audit
from annotation.core.errors import DomainError
from annotation.labeling.desk import LETTERS
from annotation.labeling.models import Judgment, Purpose
from annotation.labeling.responses.masking import masked
from annotation.labeling.revising import own_judgments
from annotation.quality.judges.models import Judge, Opinion


@dataclass(frozen=True)
class Critique:
    """Of the responses with these two letters, `pair[0]` shown to the judge as A. better: a letter
    of them, or empty for a tie; is_steady: asked the other way round it said the same."""

    pair: tuple[str, str]
    better: str
    text: str
    is_steady: bool

    @property
    def is_renamed(self) -> bool:
        """Whether the A and B in its text are other letters than the labeler's."""
        return self.pair != ("A", "B")


def show_critiques(*, judge: Judge, is_shown: bool, actor=None) -> None:
    """From now on labelers may read this judge; whichever was read before no longer is."""
    if judge.reward_model:
        raise DomainError(_("A reward model writes nothing that could be read."))
    with transaction.atomic():
        type(judge.project).objects.select_for_update(no_key=True).get(pk=judge.project_id)
        others = Judge.objects.filter(project=judge.project_id, is_read_by_labelers=True)
        for other in others.exclude(pk=judge.pk) if is_shown else ():
            _set(other, False, actor)
        judge.refresh_from_db(fields=["is_read_by_labelers"])
        if judge.is_read_by_labelers != is_shown:
            _set(judge, is_shown, actor)


def _set(judge: Judge, is_shown: bool, actor) -> None:
    judge.is_read_by_labelers = is_shown
    judge.save(update_fields=["is_read_by_labelers"])
    audit.record(
        "judge.critiques_shown" if is_shown else "judge.critiques_hidden",
        actor=actor,
        project=judge.project,
        target=f"judge:{judge.pk}",
    )


def _shown_opinions():
    """With the positions that a judgment's order speaks of: they stay once an item was lent."""
    return (
        Opinion.objects.answered()
        .placed()
        .exclude(critique="")
        .filter(run__judge__is_read_by_labelers=True)
    )


def judgments_with_critiques(labeler):
    """What this labeler judged as work and the judge has a word on, newest first."""
    rows = (
        own_judgments(labeler)
        .current()
        .filter(
            Exists(_shown_opinions().filter(item=OuterRef("item"))),
            purpose=Purpose.WORK,
            assignment__isnull=False,
        )
    )
    return rows.order_by("-submitted_at", "-pk")


def critiques_of(judgment: Judgment) -> list[Critique]:
    """Of every two responses, in the order in which the labeler saw them: of the two orders that
    the judge was asked in, the one that calls the earlier of the two A, as the labeler did."""
    opinions = _shown_opinions().filter(item=judgment.item_id).order_by("pk")
    said = {(one.first, one.second): one for one in opinions}  # of several runs the newest
    order = judgment.order or range(1, len(judgment.ranks) + 1)
    letter = dict(zip(order, LETTERS, strict=False))
    names = _generator_names(judgment)
    found = []
    for first, second in combinations(order, 2):
        one, other = said.get((first, second)), said.get((second, first))
        if one is not None:
            found.append(
                Critique(
                    pair=(letter[first], letter[second]),
                    better="" if one.sign == 0 else letter[_better(one)],
                    text=_without_names(one.critique, names),
                    is_steady=other is None or other.sign == one.sign,
                )
            )
    return found


def _better(opinion: Opinion) -> int:
    return opinion.first if opinion.preferred == Opinion.Choice.FIRST else opinion.second


def _generator_names(judgment: Judgment) -> list[str]:
    return list(judgment.project.generators.values_list("name", flat=True))


def _without_names(text: str, names: Iterable[str]) -> str:
    return masked(text, [(one.start, one.end) for one in find_identity(text, names=names)])
