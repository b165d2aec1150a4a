"""What goes into a dataset, and how rankings become comparisons: a whitelist. Pure.

A policy is written into the dataset's manifest in one canonical form, so the same policy on the
same data gives the same hash, whichever door it came through.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from django.utils.translation import gettext_lazy as _

from annotation.core.errors import DomainError
from annotation.core.text import clean

LABELS = {
    "majority": _("Majority: the outcome with the most votes"),
    "soft": _("Soft: the side with more than half of the votes, a tie counting half for each"),
}
CONSENSUS = {
    "votes": _("Every vote counts the same"),
    "dawid_skene": _("By reliability: a confusion matrix for each labeler (Dawid–Skene, shrunk)"),
    "one_coin": _("By reliability: one number for each labeler (Dawid–Skene, one coin)"),
    "crowd_bt": _("By reliability: the responses of an item contend (Crowd-BT); no ties"),
}
PAIRS = {"all": _("All pairs of a ranking")}
DEMONSTRATIONS = {
    "include": _("Best responses and demonstrations"),
    "exclude": _("Best responses only"),
    "only": _("Demonstrations only"),
}
CORRECTIONS = {
    "include": _("A corrected response is better than its original, and worth imitating"),
    "exclude": _("Corrections are left out"),
}
ORIGINS = {
    "desk": _("Judging page"),
    "api": _("API"),
    "import": _("Import"),
    "simulated": _("Simulated"),
}
# What a judgment was lent for. Those of the ladder are of people who were still learning.
PURPOSES = {"work": _("Work"), "gold": _("Gold"), "calibration": _("Calibration rounds")}
# Settings that did not exist at first, as they were then: a policy of that time keeps its hash.
LATER = {
    "corrections": "include",
    "purposes": ("work",),
    "consensus": "votes",
    "min_weight": 0.0,
    "settled": False,
}
SWITCHES = ("surplus", "drop_empty", "drop_equal", "drop_both_unacceptable", "settled")
SPLITS = ("train", "dev", "test")
DEFAULT_SPLIT = (0.8, 0.0, 0.2)
MAX_BATCHES = 200
MAX_MIN_VOTES = 50


class PolicyError(DomainError):
    """What is wrong with a policy, and which field it is about."""

    def __init__(self, message: str, *, field: str):
        super().__init__(message)
        self.field = field


@dataclass(frozen=True)
class Policy:
    """Empty `batches` or `origins` mean all of them. `settled`: what a reviewer has settled stands
    for its item, whatever the votes are. `split`: shares of train, dev and test."""

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
    split: tuple[float, float, float] = DEFAULT_SPLIT
    salt: str = ""

    def __post_init__(self):
        _check_names("batches", self.batches, None, MAX_BATCHES)
        _check_names("origins", self.origins, ORIGINS, len(ORIGINS))
        _check_names("purposes", self.purposes, PURPOSES, len(PURPOSES))
        if not self.purposes:
            raise PolicyError(f"purposes are some of: {', '.join(PURPOSES)}.", field="purposes")
        for name, choices in (
            ("labels", LABELS),
            ("pairs", PAIRS),
            ("demonstrations", DEMONSTRATIONS),
            ("corrections", CORRECTIONS),
            ("consensus", CONSENSUS),
        ):
            value = getattr(self, name)
            if not isinstance(value, str) or value not in choices:
                raise PolicyError(f"{name} is one of: {', '.join(choices)}.", field=name)
        for name in SWITCHES:
            if not isinstance(getattr(self, name), bool):
                raise PolicyError(f"{name} is true or false.", field=name)
        votes = self.min_votes
        if isinstance(votes, bool) or not isinstance(votes, int) or not 1 <= votes <= 50:
            raise PolicyError(f"min_votes is from 1 to {MAX_MIN_VOTES}.", field="min_votes")
        object.__setattr__(self, "min_weight", _weight(self.min_weight, self.consensus))
        if not isinstance(self.salt, str) or len(self.salt) > 100:
            raise PolicyError("salt is a text of at most 100 characters.", field="salt")
        clean(self.salt, field="salt")
        object.__setattr__(self, "batches", tuple(sorted(set(self.batches))))
        object.__setattr__(self, "origins", tuple(sorted(set(self.origins))))
        object.__setattr__(self, "purposes", tuple(sorted(set(self.purposes))))
        object.__setattr__(self, "split", _shares(self.split))

    def as_json(self) -> dict[str, Any]:
        """The canonical form: every key present, lists sorted, shares as floats. What was added
        later stands there only where it differs from what was always done."""
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in asdict(self).items()
            if LATER.get(name) != value
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


def _check_names(field, names, choices, limit):
    if not isinstance(names, tuple) or not all(isinstance(name, str) for name in names):
        raise PolicyError(f"{field} is a list of names.", field=field)
    if len(names) > limit:
        raise PolicyError(f"{field} has {len(names)} names; at most {limit}.", field=field)
    for name in names:
        clean(name, field=field)
        if choices is not None and name not in choices:
            raise PolicyError(f"“{name}” is not one of: {', '.join(choices)}.", field=field)


def _weight(value, consensus: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise PolicyError("min_weight is from 0 to 1.", field="min_weight")
    if value and consensus == "votes":
        raise PolicyError(
            "Plain votes have no weight to leave pairs out by: choose another consensus.",
            field="min_weight",
        )
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
