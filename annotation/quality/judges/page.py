"""A judge run as its page shows it."""

from dataclasses import dataclass, replace

from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from annotation.core.models import Job
from annotation.core.numbers import grouped
from annotation.labeling.models import Item
from annotation.quality.figures import as_json
from annotation.quality.judges.faults import sentence_of
from annotation.quality.judges.findings import LEAST_ITEMS, ByPrinciple, Compared, Findings
from annotation.quality.judges.models import Judge, JudgeRun, Opinion
from annotation.quality.judges.principles import current_list
from annotation.quality.judges.stored import stored_findings
from annotation.quality.presentation import Row, row_of
from annotation.quality.wording import format_interval, format_value

MOST_SHOWN = 50  # of each list


@dataclass(frozen=True)
class Suspect:
    """A comparison that people should look at. keys: of the two responses; judge: what each order
    says; people: votes for one, for a tie, for the other; critiques: of each order."""

    item_id: int
    external_id: str
    keys: tuple[str, str]
    judge: list[str]
    people: list[int]
    critiques: list[str]


@dataclass(frozen=True)
class Shown:
    steadiness: list[Row]  # nothing of a reward model, which cannot contradict itself
    agreement: list[Row]
    slices: list[Row]
    sides: list[Row]
    criteria: list[tuple[str, Row, str, str]]
    principles: list[Row]
    differing: list[Suspect]
    differing_count: int
    unsure: list[Suspect]
    unsure_count: int

    @property
    def has_people(self) -> bool:
        return self.agreement[0].is_defined


def shown(run: JudgeRun) -> Shown:
    found = stored_findings(run)
    differing, unsure = found.differing, found.unsure
    told = _told_of(run, [*differing[:MOST_SHOWN], *unsure[:MOST_SHOWN]])
    return Shown(
        steadiness=[]
        if run.judge.reward_model
        else [
            _row(_("Both orders agree"), found.consistency),
            _row(_("The one shown first is chosen"), found.place, _("0.5 is even")),
        ],
        agreement=_agreement(run, found),
        sides=[_row(label, estimate) for label, estimate in found.sides],
        slices=[_row(name, estimate) for name, estimate in found.slices],
        criteria=[
            (
                one.label,
                _row(one.label, one.kappa),
                format_value(one.difference.value),
                format_interval(one.difference.ci),
            )
            for one in found.criteria
        ],
        principles=[principle_row(one) for one in found.principles],
        differing=told(differing[:MOST_SHOWN]),
        differing_count=len(differing),
        unsure=told(unsure[:MOST_SHOWN]),
        unsure_count=len(unsure),
    )


def _agreement(run: JudgeRun, found: Findings) -> list[Row]:
    said_of_ties = [] if run.judge.reward_model else [_("a contradiction counts as a tie")]
    rows = [
        _row(_("Raw, with the majority"), found.raw, *said_of_ties),
        _row(_("Raw, where it is steady"), found.steady),
        _row(_("Krippendorff’s alpha, with the majority"), found.alpha),
        _row(_("Cohen’s kappa, with the majority"), found.kappa),
        _row(_("Raw, with one person"), found.person, _("compare it with the next line")),
        _row(_("Raw, two people with each other"), found.people),
    ]
    if found.learned.n_items:
        said = _("counted in no other line")
        rows.append(_row(_("Raw, on what it has learned from"), found.learned, said))
    return rows


def principle_row(one: ByPrinciple) -> Row:
    """Agreement with people where this one was drawn; too few items tell nothing."""
    name = f"{one.number}. {one.principle}"
    if one.is_told:
        return _row(name, one.raw)
    few = _("not told of %(count)s items: from %(least)s on") % {
        "count": grouped(one.raw.n_items),
        "least": grouped(LEAST_ITEMS),
    }
    return replace(_row(name, one.raw, few), interval="", is_defined=False)


def by_principle(judge: Judge) -> tuple[JudgeRun | None, list[Row]]:
    """Of the newest run by the judge's list of now that is over: the run, and its rows."""
    current = current_list(judge)
    if current is None or not current.principles:
        return None, []
    runs = judge.runs.filter(principle_list=current).exclude(job__state__in=Job.ACTIVE)
    runs = runs.select_related("job", "judge", "project", "principle_list")
    run = (
        runs.filter(Exists(Opinion.objects.answered().filter(run=OuterRef("pk"))))
        .order_by("-pk")
        .first()
    )
    return run, [principle_row(one) for one in stored_findings(run).principles] if run else []


def _row(name: str, estimate, *said: str) -> Row:
    return row_of(name, "", as_json(estimate), *said)


def _told_of(run: JudgeRun, compared: list[Compared]):
    """How to tell of each of these: their items and critiques are read once."""
    ids = {one.item for one in compared}
    items = Item.objects.filter(pk__in=ids).prefetch_related("item_responses").in_bulk()
    critiques: dict = {}
    for opinion in run.opinions.answered().placed().filter(item__in=ids).order_by("first"):
        if opinion.critique:
            about = (opinion.item_id, opinion.responses)
            critiques.setdefault(about, []).append(opinion.critique)

    def told(some: list[Compared]) -> list[Suspect]:
        return [suspect for one in some if (suspect := _suspect(items[one.item], one, critiques))]

    return told


def _suspect(item: Item, one: Compared, critiques: dict) -> Suspect | None:
    """None where one of the two has left the item since it was compared, a moment ago."""
    keys = {place.response_id: place.key for place in item.item_responses.all()}
    if not set(one.responses) <= keys.keys():
        return None
    pair = (keys[one.responses[0]], keys[one.responses[1]])
    said = [(pair[0], _("tie"), pair[1])[outcome] for outcome in one.said]
    return Suspect(
        item_id=item.pk,
        external_id=item.external_id,
        keys=pair,
        judge=said if one.orders == 2 and one.is_unsure else said[:1],
        people=one.votes,
        critiques=critiques.get((one.item, one.responses), []),
    )


def failures_of(run: JudgeRun) -> list[tuple[str, int]]:
    """(sentence, how often) of what has no answer yet, the most frequent first; at most ten."""
    question = ("item_id", "first_response_id", "second_response_id")
    answered = set(run.opinions.answered().values_list(*question))
    counts: dict[str, int] = {}
    rows = run.opinions.failed().values_list(*question, "fault", "detail")
    for item, first, second, fault, detail in rows:
        if (item, first, second) not in answered:
            sentence = sentence_of(fault, detail)
            counts[sentence] = counts.get(sentence, 0) + 1
    return sorted(counts.items(), key=lambda one: (-one[1], one[0]))[:10]
