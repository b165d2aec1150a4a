"""What a comparison says, in numbers. Pure: outcomes in, a JSON dictionary out.

The prompt is the unit: its pairs and its judgments depend on each other. It counts when all that
was wanted of it is there, for a prompt half judged may still turn round, and a test that may be
looked at wants outcomes that stay.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np

from annotation.core.intervals import wilson_interval
from annotation.quality.stats.bootstrap import bootstrap_mean
from annotation.quality.stats.sequential import sequential_test
from annotation.quality.stats.style_control import length_controlled_win_rate

ALPHA = 0.05
MOST_VALUES, MOST_FACETS = 8, 4
PATH_POINTS = 200


@dataclass(frozen=True)
class Outcome:
    """One pair: value 1 where the new one wins, 0.5 even, 0 where it loses; None as long as it is
    not complete. `at`: when it was. Lengths in characters; `said`: what its prompt is about."""

    prompt: int
    value: float | None
    new_length: int = 0
    old_length: int = 0
    at: datetime | None = None
    said: dict[str, str] = field(default_factory=dict)


def majority(votes: Sequence[int]) -> float:
    """1 where most votes (+1, 0 or -1 each) are for the new one, 0 where against, else 0.5."""
    total = sum(votes)
    return 0.5 if total == 0 else float(total > 0)


def figures_of(outcomes: Sequence[Outcome], *, seed: int) -> dict[str, Any]:
    by_prompt = _complete(outcomes)
    values = np.array([value for value, _ in by_prompt.values()], dtype=np.float64)
    pairs = [one for one in outcomes if one.prompt in by_prompt]
    return {
        "prompts": len({one.prompt for one in outcomes}),
        "complete": len(by_prompt),
        "wins": sum(one.value == 1 for one in pairs),
        "ties": sum(one.value == 0.5 for one in pairs),
        "losses": sum(one.value == 0 for one in pairs),
        "win_rate": rate(values, seed=seed),
        "sequential": _sequential(by_prompt),
        "at_equal_length": _at_equal_length(pairs),
        "slices": _slices(by_prompt, pairs, seed=seed),
    }


def _complete(outcomes: Sequence[Outcome]) -> dict[int, tuple[float, datetime | None]]:
    """By prompt, of those whose pairs are all complete: their mean, and when the last one was."""
    found: dict[int, list[Outcome]] = {}
    for one in outcomes:
        found.setdefault(one.prompt, []).append(one)
    complete = {}
    for prompt, pairs in found.items():
        values = [pair.value for pair in pairs if pair.value is not None]
        if len(values) == len(pairs):
            times = [pair.at for pair in pairs if pair.at is not None]
            complete[prompt] = (sum(values) / len(values), max(times, default=None))
    return complete


def rate(values, *, seed: int) -> dict[str, Any]:
    """The mean of a value for each prompt with a bootstrap interval over prompts; Wilson's where
    they are all alike, for resampling then has nothing to vary."""
    n = int(values.size)
    if n == 0:
        return {"value": None, "low": None, "high": None, "n": 0}
    mean = float(values.mean())
    interval = bootstrap_mean(values, seed=seed) if np.ptp(values) > 0 else None
    low, high = interval or wilson_interval(mean * n, n) or (0.0, 1.0)
    return {"value": mean, "low": float(low), "high": float(high), "n": n}


def _sequential(by_prompt) -> dict[str, Any]:
    """The test that may be looked at, over prompts in the order in which they were complete."""
    rows = sorted(by_prompt.items(), key=lambda row: (row[1][1] is not None, row[1][1], row[0]))
    values = np.array([value for _, (value, _) in rows], dtype=np.float64)
    test = sequential_test(values, alpha=ALPHA)
    n = values.size
    steps = sorted({*np.linspace(1, n, min(n, PATH_POINTS)).round().astype(int)} if n else ())
    running = values.cumsum() / np.arange(1, n + 1)
    return {
        "finding": test.finding,
        "decided_at": test.decided_at,
        "low": float(test.low[-1]) if n else 0.0,
        "high": float(test.high[-1]) if n else 1.0,
        "path": [
            [int(k), float(running[k - 1]), float(test.low[k - 1]), float(test.high[k - 1])]
            for k in steps
        ],
    }


def _at_equal_length(pairs: Sequence[Outcome]) -> dict[str, Any]:
    outcome = [{1.0: 0, 0.5: 1, 0.0: 2}[float(one.value)] for one in pairs]
    new = [one.new_length for one in pairs]
    old = [one.old_length for one in pairs]
    said = length_controlled_win_rate(outcome, new, old, item=[one.prompt for one in pairs])
    longer = sum(a > b for a, b in zip(new, old, strict=True))
    return {
        **said.as_json(),
        "new_longer": longer / len(pairs) if pairs else None,
        "mean_new": float(np.mean(new)) if pairs else None,
        "mean_old": float(np.mean(old)) if pairs else None,
    }


def _slices(by_prompt, pairs, *, seed) -> list[dict[str, Any]]:
    """For each key with 2 to MOST_VALUES values, a win rate for each of them."""
    said = {one.prompt: one.said for one in pairs}
    keys: dict[str, set[str]] = {}
    for words in said.values():
        for key, value in words.items():
            keys.setdefault(key, set()).add(value)
    found = []
    for key in sorted(key for key, values in keys.items() if 2 <= len(values) <= MOST_VALUES):
        rows = []
        for value in sorted(keys[key]):
            inside = [by_prompt[p][0] for p, words in said.items() if words.get(key) == value]
            rows.append({"value": value, **{"rate": rate(np.array(inside), seed=seed)}})
        found.append({"key": key, "rows": rows})
    return found[:MOST_FACETS]
