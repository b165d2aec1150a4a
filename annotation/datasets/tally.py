"""Counting while freezing: what was kept, what was left out and why. Pure."""

from collections import Counter
from collections.abc import Iterable

from annotation.datasets import best, comparisons, opinions
from annotation.datasets.comparisons import SETTLED as BY_VERDICT
from annotation.datasets.comparisons import Drop, Outcome
from annotation.datasets.corrections import SOURCE as BY_CORRECTION
from annotation.datasets.length_balance import EQUAL, LONGER, SHORTER, winner_by_length
from annotation.datasets.policy import SPLITS, Policy

# Why a judgment is not counted, in the order in which reasons are looked for.
JUDGMENT_DROPS = (
    "superseded",
    "retracted",
    "not_work",
    "item_withdrawn",
    "other_origin",
    "other_rubric",
    "surplus",
    "labeler_without_handle",
    "labeler_left_out",
    *opinions.DROPS,
)
LATER = frozenset(
    {
        "retracted",
        "not_work",
        "other_rubric",
        "labeler_left_out",
        *opinions.DROPS,
        comparisons.LOW_WEIGHT,
        *comparisons.LATER_REASONS,
    }
)
ITEMS = ("judged", "unjudged", "withdrawn")
SFT_DROPS = (
    *best.DROP_REASONS,
    "empty_demonstration",
    "repeated_demonstration",
    comparisons.PERSONAL,
    comparisons.MASKED,
)
# Items and comparisons (ties among them) by a verdict, and those that go against their votes.
SETTLED = ("items", "comparisons", "flips")
KINDS = ("preferences", "ties", "sft")


# What is counted for each of several projects; the rest is of them all together.
OF_A_PROJECT = ("items", "judgments", "comparisons", "dropped", "ties", "sft", "prompts")


class Counts:
    """Every item, judgment and pair is added exactly once, so the sums hold; `check` proves it.

    Of several projects each has counts of its own besides, named by its slug: `of` gives all that
    something of a project is added to."""

    def __init__(self, policy: Policy, projects: Iterable[str] = ()):
        self.policy = policy
        self.by_project = {slug: Counts(policy) for slug in projects}
        self.labelers: set[str] = set()
        self.shared_prompts = 0
        self.items = Counter()
        self.judgments = Counter()
        self.dropped_judgments = Counter()
        self.pairs = 0
        self.corrections = 0
        self.flips = 0
        self.soft_ties = 0
        self.has_settled = policy.settled
        self.settled = Counter()
        self.lengths = Counter()
        self.length_before: Counter[str] = Counter()
        self.near: dict[str, int] = {}
        self.by_judge: Counter[str] = Counter()
        self.consensus: dict[str, object] = {}
        self.dropped_pairs = Counter()
        self.sft_candidates = 0
        self.dropped_sft = Counter()
        self.sft_sources = Counter()
        self.rows = {kind: Counter() for kind in KINDS}
        self.prompts = Counter()

    def of(self, project: str) -> tuple["Counts", ...]:
        return (self, self.by_project[project]) if self.by_project else (self,)

    def add_prompt(self, split: str, projects: set[str]) -> None:
        """A prompt with rows, of these projects."""
        self.prompts[split] += 1
        self.shared_prompts += len(projects) > 1
        if self.by_project:
            for slug in projects:
                self.by_project[slug].prompts[split] += 1

    def add_outcome(self, outcome: Outcome) -> None:
        self.pairs += 1
        if isinstance(outcome, Drop):
            self.dropped_pairs[outcome.reason] += 1
            return
        self.corrections += outcome.source == BY_CORRECTION
        self.lengths[winner_by_length(outcome)] += 1
        if outcome.source == BY_VERDICT:
            self.settled["comparisons"] += 1
            self.settled["flips"] += outcome.is_flip
        else:
            self.flips += outcome.is_flip

    def as_json(self) -> dict:
        """The manifest's counts, without `files`. Reasons stand there with 0, too: nobody has to
        guess whether a reason was looked for. What could not be at first stands there where it
        is, so that the same judgments keep the hash they had."""
        preferences, ties, sft = (self.rows[kind] for kind in KINDS)
        return {
            "items": {name: self.items[name] for name in ("all", *ITEMS)},
            "judgments": {
                "all": self.judgments["all"],
                "counted": self.judgments["counted"],
                "dropped": _listed(self.dropped_judgments, JUDGMENT_DROPS),
            },
            "comparisons": {
                "pairs": self.pairs,
                "kept": preferences.total(),
                **_where_any(corrections=self.corrections, soft_ties=self.soft_ties),
                "ties": ties.total(),
                "dropped": self.dropped_pairs.total(),
                **({"each_vote": True} if self.policy.labels == "each" else {}),
                **{split: preferences[split] for split in SPLITS},
            },
            **({"consensus": self.consensus | {"flips": self.flips}} if self.consensus else {}),
            **(
                {"settled": {name: self.settled[name] for name in SETTLED}}
                if self.has_settled
                else {}
            ),
            **self._about_judge(),
            **self._about_length(),
            **({"near": self.near} if self.near else {}),
            "dropped": _listed(self.dropped_pairs, comparisons.DROP_REASONS),
            "ties": {split: ties[split] for split in SPLITS},
            "sft": {
                "candidates": self.sft_candidates,
                "kept": sft.total(),
                "best": self.sft_sources["best"],
                "demonstrations": self.sft_sources["demonstration"],
                **_where_any(corrections=self.sft_sources["correction"]),
                "dropped": _listed(self.dropped_sft, SFT_DROPS),
                **{split: sft[split] for split in SPLITS},
            },
            "prompts": {split: self.prompts[split] for split in SPLITS},
            **self._about_projects(),
        }

    def _about_projects(self) -> dict:
        """Where there are several: what each gave, in the same words, and who judged, each person
        once. A prompt of two projects is counted in both, and once in all."""
        if not self.by_project:
            return {}
        return {
            "labelers": len(self.labelers),
            "shared_prompts": self.shared_prompts,
            "projects": {
                slug: counts._part() | {"labelers": len(counts.labelers)}
                for slug, counts in self.by_project.items()
            },
        }

    def _part(self) -> dict:
        said = self.as_json()
        return {name: said[name] for name in OF_A_PROJECT}

    def _about_judge(self) -> dict:
        """Where an AI judge may count: of how many items it does, and of how many comparisons and
        ties."""
        if not self.policy.judge:
            return {}
        return {"ai_judge": {name: self.by_judge[name] for name in ("items", "comparisons")}}

    def _about_length(self) -> dict:
        """Of the comparisons before and after: how many the longer response wins, how many the
        shorter one, and how many neither (ties and equal lengths)."""
        if not self.policy.balance_length:
            return {}
        sides = (LONGER, SHORTER, EQUAL)
        return {
            "length": {
                "before": {side: self.length_before[side] for side in sides},
                "after": {side: self.lengths[side] for side in sides},
            }
        }

    def check(self) -> None:
        """Raise AssertionError where a sum does not hold: a defect of ours, never of the data."""
        counted = self.judgments["counted"] + self.dropped_judgments.total()
        kept = self.rows["preferences"].total() + self.rows["ties"].total()
        sft = self.rows["sft"].total() + self.dropped_sft.total()
        for name, total, parts in (
            ("items", self.items["all"], sum(self.items[name] for name in ITEMS)),
            ("judgments", self.judgments["all"], counted),
            ("pairs", self.pairs, kept + self.dropped_pairs.total()),
            ("sft", self.sft_candidates, sft),
        ):
            if total != parts:
                raise AssertionError(f"{name}: {total} in all, {parts} accounted for")
        for counts in self.by_project.values():
            counts.check()
        if self.by_project and self.pairs != sum(one.pairs for one in self.by_project.values()):
            raise AssertionError("pairs: the projects' do not add up")


def _listed(counter: Counter, reasons) -> dict[str, int]:
    return {
        reason: counter[reason] for reason in reasons if counter[reason] or reason not in LATER
    }


def _where_any(**counts: int) -> dict[str, int]:
    return {name: count for name, count in counts.items() if count}
