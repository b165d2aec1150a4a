"""Counts and rows of a dataset as a page shows them: parts that visibly add up. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from annotation.datasets import wording
from annotation.datasets.policy import LABELS, SPLITS


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

    @property
    def is_empty(self) -> bool:
        return not (self.comparisons or self.ties or self.sft)

    @property
    def is_bare(self) -> bool:
        """Nothing to freeze, and nothing that was left out either."""
        return not any(whole.total for whole in self.wholes)

    @property
    def outcome(self) -> str:
        """What a button that freezes this would make."""
        if self.comparisons or not self.sft:
            return _counted(self.comparisons, "comparison")
        return _counted(self.sft, "example")


def summarise(counts: dict) -> Summary:
    pairs, sft, judgments = counts["comparisons"], counts["sft"], counts["judgments"]
    corrected = pairs.get("corrections", 0)
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
                "Pairs of responses in judged items",
                pairs["pairs"],
                [
                    ("Comparisons", "a chosen and a rejected response", pairs["kept"] - corrected),
                    *_where_any(
                        _("Corrections"), _("the corrected text over its original"), corrected
                    ),
                    ("Ties", "kept apart", pairs["ties"]),
                ],
                _drops(counts["dropped"], wording.PAIR_DROPS),
            ),
            _whole(
                "judgments",
                "Judgments",
                judgments["all"],
                [("Counted", "each names its labeler's handle", judgments["counted"])],
                _drops(judgments["dropped"], wording.JUDGMENT_DROPS),
            ),
            _whole(
                "sft",
                "Candidates to imitate",
                sft["candidates"],
                [
                    ("Best responses", "one of an item", sft["best"]),
                    ("Demonstrations", "written as examples", sft["demonstrations"]),
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
        judgments=judgments,
    )


def _whole(name, title, total, kept, drops) -> Whole:
    def percent(count):
        return round(100 * count / total, 1) if total else 0.0

    parts = [
        Part(words, note, count, percent(count), "f1" if index == 0 else "f3")
        for index, (words, note, count) in enumerate(kept)
    ]
    parts += [Part(f"Left out: {w}", note, n, percent(n), "f0") for w, note, n in drops]
    return Whole(name, title, total, parts)


def _where_any(title: str, note: str, count: int) -> list[tuple[str, str, int]]:
    """A part that most datasets do not have, where there is one."""
    return [(title, note, count)] if count else []


def _drops(counts: dict, words: dict) -> Iterable[tuple[str, str, int]]:
    for reason, (title, note) in words.items():
        yield f"{title[0].lower()}{title[1:]}", note, counts.get(reason, 0)


def policy_lines(policy: dict) -> list[tuple[str, str]]:
    """A policy as pairs of a word and its value."""
    left_out = [
        words
        for key, words in (
            ("drop_empty", "pairs with an empty response"),
            ("drop_equal", "pairs of equal texts"),
            ("drop_both_unacceptable", "pairs found both unacceptable"),
        )
        if policy[key]
    ]
    if not policy["surplus"]:
        left_out.append("surplus judgments")
    if policy.get("corrections") == "exclude":
        left_out.append(_("corrections"))
    shares = " · ".join(
        f"{name} {share * 100:g} %" for name, share in zip(SPLITS, policy["split"], strict=True)
    )
    return [
        ("Outcome of a pair", LABELS[policy["labels"]]),
        ("Pairs", "all pairs of a ranking"),
        ("Votes a pair needs", f"{policy['min_votes']}"),
        ("Left out", ", ".join(left_out) or "nothing"),
        ("Items of", ", ".join(policy["batches"]) or "all batches"),
        ("Judgments from", ", ".join(policy["origins"]) or "everywhere"),
        ("Demonstrations", policy["demonstrations"]),
        ("Split by prompt", shares + (f" (salt “{policy['salt']}”)" if policy["salt"] else "")),
    ]


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
    percent: int
    judgments: list[str]
    url: str = ""


def samples(rows: Iterable[dict], urls: dict[str, str]) -> list[Sample]:
    """Lines of preferences as a page shows them; `urls` by item id."""
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
            judgments=row["judgments"],
            url=urls.get(row["item"], ""),
        )
        for row in rows
    ]


def files(listed: dict[str, dict]) -> list[dict]:
    return [
        {"name": name, "title": wording.FILES[name.split(".")[0]], **entry}
        for name, entry in listed.items()
    ]


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}" + ("" if count == 1 else "s")
