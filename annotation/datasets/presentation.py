"""Counts and rows of a dataset as a page shows them: parts that visibly add up. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from annotation.core.numbers import grouped, localised
from annotation.datasets import wording
from annotation.datasets.comparisons import SETTLED
from annotation.datasets.policy import SPLITS


@dataclass(frozen=True)
class Part:
    """A line of a table of parts: `percent` of the total, for the bar."""

    title: str
    note: str
    count: int
    percent: float
    style: str = "f3"


@dataclass(frozen=True)
class Whole:
    """What there was, and what became of each: the parts add up to `total`."""

    name: str
    title: str
    total: int
    parts: list[Part] = field(default_factory=list)


@dataclass(frozen=True)
class Summary:
    comparisons: int
    ties: int
    sft: int
    wholes: list[Whole]
    splits: list[dict]
    split_sum: dict
    items: dict
    judgments: dict
    consensus: dict | None = None
    settled: dict | None = None
    length: dict | None = None
    near: dict | None = None
    by_judge: dict | None = None

    @property
    def is_empty(self) -> bool:
        return not (self.comparisons or self.ties or self.sft)

    @property
    def is_bare(self) -> bool:
        """Nothing to freeze, and nothing that was left out either."""
        return not any(whole.total for whole in self.wholes)

    @property
    def freeze_it(self) -> str:
        """What the button says: what it would make."""
        if self.comparisons or not self.sft:
            count = self.comparisons
            said = ngettext("Freeze %(count)s comparison", "Freeze %(count)s comparisons", count)
        else:
            count = self.sft
            said = ngettext("Freeze %(count)s example", "Freeze %(count)s examples", count)
        return said % {"count": grouped(count)}


def summarise(counts: dict) -> Summary:
    pairs, sft, judgments = counts["comparisons"], counts["sft"], counts["judgments"]
    corrected, soft_ties = pairs.get("corrections", 0), pairs.get("soft_ties", 0)
    splits = [
        {
            "name": split,
            "prompts": counts["prompts"][split],
            "comparisons": pairs[split],
            "ties": counts["ties"][split],
            "sft": sft[split],
        }
        for split in SPLITS
    ]
    columns = ("prompts", "comparisons", "ties", "sft")
    return Summary(
        comparisons=pairs["kept"],
        ties=pairs["ties"],
        sft=sft["kept"],
        wholes=[
            _whole(
                "pairs",
                _("Pairs of responses, once for each judgment")
                if pairs.get("each_vote")
                else _("Pairs of responses in judged items"),
                pairs["pairs"],
                [
                    (
                        _("Comparisons"),
                        _("a chosen and a rejected response"),
                        pairs["kept"] - corrected - soft_ties,
                    ),
                    *_where_any(
                        _("Corrections"), _("the corrected text over its original"), corrected
                    ),
                    *_where_any(
                        _("Soft ties"), _("among the comparisons, half for each"), soft_ties
                    ),
                    (_("Ties"), _("kept apart"), pairs["ties"]),
                ],
                _drops(counts["dropped"], wording.PAIR_DROPS),
            ),
            _whole(
                "judgments",
                _("Judgments"),
                judgments["all"],
                [(_("Counted"), _("each names its labeler's handle"), judgments["counted"])],
                _drops(judgments["dropped"], wording.JUDGMENT_DROPS),
            ),
            _whole(
                "sft",
                _("Candidates to imitate"),
                sft["candidates"],
                [
                    (_("Best responses"), _("one of an item"), sft["best"]),
                    (_("Demonstrations"), _("written as examples"), sft["demonstrations"]),
                    *_where_any(
                        _("Corrections"), _("written by labelers"), sft.get("corrections", 0)
                    ),
                ],
                _drops(sft["dropped"], wording.SFT_DROPS),
            ),
        ],
        splits=splits,
        split_sum={name: sum(split[name] for split in splits) for name in columns},
        items=counts["items"],
        consensus=counts.get("consensus"),
        settled=counts.get("settled"),
        length=_length(counts.get("length")),
        near=counts.get("near"),
        by_judge=counts.get("ai_judge"),
        judgments=judgments,
    )


@dataclass(frozen=True)
class Share:
    """What one of several projects gave."""

    project: object
    labelers: int
    judgments: int
    counted: int
    pairs: int
    comparisons: int
    ties: int
    dropped: int
    sft: int
    prompts: int


def by_project(counts: dict, projects: Iterable) -> list[Share]:
    """By the projects' names; nothing where there is one alone."""
    parts = counts.get("projects", {})
    return [
        Share(
            project=project,
            labelers=part["labelers"],
            judgments=part["judgments"]["all"],
            counted=part["judgments"]["counted"],
            pairs=part["comparisons"]["pairs"],
            comparisons=part["comparisons"]["kept"],
            ties=part["comparisons"]["ties"],
            dropped=part["comparisons"]["dropped"],
            sft=part["sft"]["kept"],
            prompts=sum(part["prompts"].values()),
        )
        for project in sorted(projects, key=lambda one: (one.name, one.slug))
        if (part := parts.get(project.slug)) is not None
    ]


def _whole(name, title, total, kept, drops) -> Whole:
    def percent(count):
        return round(100 * count / total, 1) if total else 0.0

    parts = [
        Part(words, note, count, percent(count), "f1" if index == 0 else "f3")
        for index, (words, note, count) in enumerate(kept)
    ]
    parts += [
        Part(_("Left out: %(reason)s") % {"reason": w}, note, n, percent(n), "f0")
        for w, note, n in drops
    ]
    return Whole(name, title, total, parts)


def _length(found: dict | None) -> dict | None:
    """How often the longer response wins, in percent of those with a winner, before and after."""
    if found is None:
        return None

    def percent(sides: dict) -> str:
        decided = sides["longer"] + sides["shorter"]
        return localised(f"{100 * sides['longer'] / decided:.1f}") if decided else "–"

    return {when: percent(sides) for when, sides in found.items()}


def _where_any(title: str, note: str, count: int) -> list[tuple[str, str, int]]:
    """A part that most datasets do not have, where there is one."""
    return [(title, note, count)] if count else []


def _drops(counts: dict, words: dict) -> Iterable[tuple[str, str, int]]:
    for reason, (title, note) in words.items():
        if reason in counts:  # of rules that came later only where they left something out
            yield f"{title[0].lower()}{title[1:]}", note, counts[reason]


@dataclass(frozen=True)
class Sample:
    """A comparison to read."""

    item: str
    last_message: str
    chosen: str
    rejected: str
    chosen_id: str
    rejected_id: str
    votes: int
    percent: int  # of the votes; or, where labelers are weighed, how sure that makes it
    is_weighed: bool
    judgments: list[str]
    url: str = ""
    line: str = ""  # what the row is called in its dataset


def samples(rows: Iterable[dict], urls: dict[str, str], policy: dict) -> list[Sample]:
    """Lines of preferences as a page shows them; `urls` by item id."""
    is_weighed = policy.get("consensus", "votes") != "votes"
    return [
        Sample(
            item=row["item"],
            last_message=row["prompt"][-1]["content"],
            chosen=row["chosen"][0]["content"],
            rejected=row["rejected"][0]["content"],
            chosen_id=row["chosen_id"],
            rejected_id=row["rejected_id"],
            votes=row["n_votes"],
            percent=round(row["p_chosen"] * 100),
            is_weighed=is_weighed and row.get("source") != SETTLED,
            judgments=row["judgments"],
            url=urls.get(row["item"], ""),
            line=row.get("line", ""),
        )
        for row in rows
    ]


def files(listed: dict[str, dict]) -> list[dict]:
    return [
        {"name": name, "title": wording.FILES[name.split(".")[0]], **entry}
        for name, entry in listed.items()
    ]
