"""What goes into a dataset, and how rankings become comparisons: a whitelist. Pure.

A policy is written into the dataset's manifest in one canonical form, so the same policy on the
same data gives the same hash, whichever door it came through.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from django.utils.translation import gettext as _

from annotation.core.errors import DomainError
from annotation.core.text import clean
from annotation.datasets.choices import (
    CONSENSUS,
    CONTRADICTIONS,
    CORRECTIONS,
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
from annotation.quality.signals.wording import KINDS

# Settings that did not exist at first, as they were then: a policy of that time keeps its hash.
LATER: dict[str, Any] = {
    "corrections": "include",
    "purposes": ("work",),
    "consensus": "votes",
    "min_weight": 0.0,
    "settled": False,
    "rubric_versions": (),
    "without_findings": (),
    "min_reliability": 0.0,
    "without_labelers": (),
    "signals_of": "",
    "min_strength": 0,
    "ties": "keep",
    "unacceptable": "below",
    "drop_turns": False,
    "drop_repeated": False,
    "drop_personal": False,
    "max_per_prompt": 0,
    "share_weight": "none",
    "name_rankings": False,
    "balance_length": False,
    "near_prompts": "ignore",
    "near_from": 0.8,
    "whose": "people",
    "judge": "",
    "contradictions": "drop",
}
CHOICES: dict[str, Mapping[str, Any]] = {
    "labels": LABELS,
    "pairs": PAIRS,
    "demonstrations": DEMONSTRATIONS,
    "corrections": CORRECTIONS,
    "consensus": CONSENSUS,
    "ties": TIES,
    "unacceptable": UNACCEPTABLE,
    "share_weight": SHARE_WEIGHT,
    "near_prompts": NEAR_PROMPTS,
    "whose": WHOSE,
    "contradictions": CONTRADICTIONS,
}
SWITCHES = (
    "surplus",
    "drop_empty",
    "drop_equal",
    "drop_both_unacceptable",
    "settled",
    "drop_turns",
    "drop_repeated",
    "drop_personal",
    "name_rankings",
    "balance_length",
)
# The least and the most of each whole number.
COUNTS = {"min_votes": (1, 50), "min_strength": (0, 3), "max_per_prompt": (0, 10_000)}
SHARES = {"min_weight": (0.0, 1.0), "min_reliability": (0.0, 1.0), "near_from": (0.5, 1.0)}
SPLITS = ("train", "dev", "test")
DEFAULT_SPLIT = (0.8, 0.0, 0.2)
MAX_BATCHES = 200
MAX_LABELERS = 5_000
MAX_VERSIONS = 200
MAX_MIN_VOTES = COUNTS["min_votes"][1]
NO_RUBRIC = 0  # stands for judgments that came without a rubric


class PolicyError(DomainError):
    """What is wrong with a policy, and which field it is about."""

    def __init__(self, message: str, *, field: str):
        super().__init__(message)
        self.field = field


@dataclass(frozen=True)
class Policy:
    """Empty `batches`, `origins` or `rubric_versions` mean all of them. `settled`: what a reviewer
    has settled stands for its item, whatever the votes are. `split`: shares of train, dev, test.

    `without_findings` and `min_reliability` leave labelers out by what their signals say. Signals
    move on, a dataset does not: freezing writes who it was into `without_labelers`, by handle, and
    the digest of the figures it looked at into `signals_of`; from then on those names count.

    `judge`: the name of the AI judge that counts beside people or in their place (`whose`).
    """

    batches: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    surplus: bool = True
    labels: str = "majority"
    pairs: str = "all"
    min_votes: int = 1
    drop_empty: bool = True
    drop_equal: bool = True
    drop_both_unacceptable: bool = True
    demonstrations: str = "include"
    corrections: str = "include"
    purposes: tuple[str, ...] = ("work",)
    consensus: str = "votes"
    min_weight: float = 0.0
    settled: bool = False
    rubric_versions: tuple[int, ...] = ()
    without_findings: tuple[str, ...] = ()
    min_reliability: float = 0.0
    without_labelers: tuple[str, ...] = ()
    signals_of: str = ""
    min_strength: int = 0
    ties: str = "keep"
    unacceptable: str = "below"
    drop_turns: bool = False
    drop_repeated: bool = False
    drop_personal: bool = False
    max_per_prompt: int = 0
    share_weight: str = "none"
    name_rankings: bool = False
    balance_length: bool = False
    near_prompts: str = "ignore"
    near_from: float = 0.8
    whose: str = "people"
    judge: str = ""
    contradictions: str = "drop"
    split: tuple[float, float, float] = DEFAULT_SPLIT
    salt: str = ""

    def __post_init__(self):
        _check_names("batches", self.batches, None, MAX_BATCHES)
        _check_names("origins", self.origins, ORIGINS, len(ORIGINS))
        _check_names("purposes", self.purposes, PURPOSES, len(PURPOSES))
        _check_names("without_findings", self.without_findings, KINDS, len(KINDS))
        _check_names("without_labelers", self.without_labelers, None, MAX_LABELERS)
        _check_versions(self.rubric_versions)
        if not self.purposes:
            raise PolicyError(f"purposes are some of: {', '.join(PURPOSES)}.", field="purposes")
        for name, choices in CHOICES.items():
            value = getattr(self, name)
            if not isinstance(value, str) or value not in choices:
                raise PolicyError(f"{name} is one of: {', '.join(choices)}.", field=name)
        for name in SWITCHES:
            if not isinstance(getattr(self, name), bool):
                raise PolicyError(f"{name} is true or false.", field=name)
        for name, (least, most) in COUNTS.items():
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
                raise PolicyError(f"{name} is from {least} to {most}.", field=name)
        for name, (low, high) in SHARES.items():
            object.__setattr__(self, name, _share(name, getattr(self, name), low, high))
        for name in ("salt", "signals_of", "judge"):
            value = getattr(self, name)
            if not isinstance(value, str) or len(value) > 100:
                raise PolicyError(f"{name} is a text of at most 100 characters.", field=name)
            clean(value, field=name)
        for name in ("batches", "origins", "purposes", "rubric_versions", "without_findings",
                     "without_labelers"):  # fmt: skip
            object.__setattr__(self, name, tuple(sorted(set(getattr(self, name)))))
        object.__setattr__(self, "split", _shares(self.split))
        if self.near_prompts == "ignore":  # nothing is near then: the threshold says nothing
            object.__setattr__(self, "near_from", LATER["near_from"])
        _check_together(self)
        _check_judge(self)

    @property
    def asks_for_signals(self) -> bool:
        """Whether who is left out still has to be looked up."""
        by_signals = bool(self.without_findings) or self.min_reliability > 0
        return by_signals and not self.signals_of

    def as_json(self) -> dict[str, Any]:
        """The canonical form: every key present, lists sorted, shares as floats. What was added
        later stands there only where it differs from what was always done."""
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in asdict(self).items()
            if name not in LATER or LATER[name] != value
        }

    @classmethod
    def from_json(cls, value: Any) -> Policy:
        """A policy from outside. Absent keys take their defaults; unknown ones are refused."""
        if not isinstance(value, Mapping):
            raise PolicyError("A policy is an object of named settings.", field="policy")
        known = {field.name for field in fields(cls)}
        for name in value:
            if name not in known:
                raise PolicyError(
                    f"A policy has no “{name}” (it has: {', '.join(sorted(known))}).", field=name
                )
        return cls(**{k: tuple(v) if isinstance(v, list) else v for k, v in value.items()})


def _check_together(policy: Policy) -> None:
    """What makes no sense beside each other."""
    if policy.min_weight and policy.consensus == "votes":
        raise PolicyError(
            _("Plain votes have no weight to leave pairs out by: choose another consensus."),
            field="min_weight",
        )
    if policy.labels == "each" and policy.consensus != "votes":
        raise PolicyError(
            _(
                "Each vote stands for itself: there is no consensus to weigh it by. Choose "
                "majority or soft labels, or let every vote count the same."
            ),
            field="consensus",
        )
    if policy.labels == "each" and policy.settled:
        raise PolicyError(
            _(
                "Each vote stands for itself: a reviewer’s verdict cannot stand in its place. "
                "Choose majority or soft labels."
            ),
            field="settled",
        )


# What is asked of people's judgments, and means nothing where only a judge's count.
OF_PEOPLE = (
    "origins",
    "surplus",
    "purposes",
    "settled",
    "rubric_versions",
    "without_findings",
    "min_reliability",
    "without_labelers",
)


def _check_judge(policy: Policy) -> None:
    """An AI judge is no labeler: it has no reliability, no signals, and one voice."""
    if (policy.whose != "people") != bool(policy.judge):
        raise PolicyError(
            _("Name the AI judge whose opinions count.")
            if not policy.judge
            else _("An AI judge is named, but only people’s judgments count."),
            field="judge",
        )
    if not policy.judge:
        object.__setattr__(policy, "contradictions", LATER["contradictions"])
        return
    if policy.consensus != "votes":
        raise PolicyError(
            _("An AI judge is no labeler to be weighed: let every vote count the same."),
            field="consensus",
        )
    if policy.labels == "each":
        raise PolicyError(
            _("An AI judge has one opinion of a pair: choose majority or soft labels."),
            field="labels",
        )
    if policy.whose == "people_first":
        return
    for name in OF_PEOPLE:
        if getattr(policy, name) != getattr(Policy, name):
            raise PolicyError(
                _(
                    "Only the AI judge counts, and %(setting)s asks something of people’s "
                    "judgments: leave it as usual."
                )
                % {"setting": name},
                field=name,
            )


def _check_versions(versions):
    right = isinstance(versions, tuple) and all(
        isinstance(one, int) and not isinstance(one, bool) and 0 <= one < 2**31 for one in versions
    )
    if not right or len(versions) > MAX_VERSIONS:
        raise PolicyError(
            f"rubric_versions is a list of at most {MAX_VERSIONS} numbers of versions; "
            f"{NO_RUBRIC} stands for judgments without one.",
            field="rubric_versions",
        )


def _check_names(field, names, choices, limit):
    if not isinstance(names, tuple) or not all(isinstance(name, str) for name in names):
        raise PolicyError(f"{field} is a list of names.", field=field)
    if len(names) > limit:
        raise PolicyError(f"{field} has {len(names)} names; at most {limit}.", field=field)
    for name in names:
        clean(name, field=field)
        if choices is not None and name not in choices:
            raise PolicyError(f"“{name}” is not one of: {', '.join(choices)}.", field=field)


def _share(name: str, value, low: float, high: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise PolicyError(f"{name} is from {low:g} to {high:g}.", field=name)
    return round(float(value), 4)


def _shares(split) -> tuple[float, float, float]:
    wrong = PolicyError(
        "split is three shares for train, dev and test from 0 to 1 that add up to 1, such as "
        "0.8, 0, 0.2.",
        field="split",
    )
    if not isinstance(split, tuple) or len(split) != len(SPLITS):
        raise wrong
    for share in split:
        if isinstance(share, bool) or not isinstance(share, int | float):
            raise wrong
        if not math.isfinite(share) or not 0 <= share <= 1:
            raise wrong
    if not math.isclose(sum(split), 1.0, abs_tol=1e-6):
        raise wrong
    train, dev, test = (round(float(share), 6) for share in split)
    return train, dev, test
