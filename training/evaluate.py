"""How good a reward is at telling chosen from rejected, with its uncertainty. Pure numpy.

Every comparison weighs one, whatever batch it was in. Intervals that compare models resample
prompts, not comparisons: the comparisons of one prompt are not independent.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.data import Comparison

Floats = NDArray[np.float64]
Z95 = 1.959963984540054
RESAMPLES = 2000
DRAWN_TOGETHER = 100
TEMPERATURE_LIMIT = 20.0
# Of fewer prompts no gain is told; a gain that is surely smaller than this is none.
LEAST_PROMPTS = 10
RELEVANT = 0.01


@dataclass(frozen=True)
class Interval:
    value: float
    low: float
    high: float
    method: str

    def describe(self) -> dict[str, Any]:
        return {"value": self.value, "low": self.low, "high": self.high, "method": self.method}


def wilson(successes: float, n: int) -> tuple[float, float]:
    """95 % score interval of a share. Wilson 1927. n = 0 gives (0, 1): nothing is known."""
    if n == 0:
        return 0.0, 1.0
    share, z2 = successes / n, Z95**2
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = Z95 / (1 + z2 / n) * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n))
    return max(0.0, middle - half), min(1.0, middle + half)


def correct(difference: Floats) -> Floats:
    """1 where chosen scores higher, 0 where lower, 0.5 where equal; shape (comparisons,)."""
    return (np.sign(difference) + 1) / 2


def _resampled_means(values: Floats, clusters: Sequence[str], seed: int) -> Floats:
    """Means of `values` in RESAMPLES bootstrap samples of whole clusters; (RESAMPLES,)."""
    _, index = np.unique(np.asarray(clusters, dtype=object).astype(str), return_inverse=True)
    totals = np.bincount(index, weights=values)
    sizes = np.bincount(index)
    chance = np.random.default_rng(seed)
    shares = np.full(len(sizes), 1 / len(sizes))
    means = []
    # A part at a time, or 25,000 prompts take a gigabyte; the draws are those of all at once.
    for start in range(0, RESAMPLES, DRAWN_TOGETHER):
        size = min(DRAWN_TOGETHER, RESAMPLES - start)
        draws = chance.multinomial(len(sizes), shares, size=size)
        means.append((draws @ totals) / (draws @ sizes))
    return np.concatenate(means)


def accuracy(difference: Floats, clusters: Sequence[str], seed: int = 0) -> Interval:
    """Share of comparisons where chosen scores higher, equal scores halved; 95 % interval.

    Prompts are resampled where there are at least 10 of them and more comparisons than prompts;
    otherwise Wilson's interval serves, which stays honest at shares of 0 and 1. It takes the
    number of prompts for n: the comparisons of one prompt are not independent.
    """
    hits = correct(difference)
    value, n = float(hits.mean()), len(hits)
    prompts = len(set(clusters))
    low, high = wilson(value * prompts, prompts)
    if 10 <= prompts < n:
        means = _resampled_means(hits, clusters, seed)
        if means.std() > 0:
            low, high = (float(edge) for edge in np.quantile(means, (0.025, 0.975)))
            return Interval(value, low, high, "bootstrap over prompts")
    return Interval(value, low, high, "Wilson")


def compare(
    ours: Floats, theirs: Floats, clusters: Sequence[str], seed: int = 0
) -> dict[str, Any]:
    """Difference in accuracy of two scores on the same comparisons: paired, prompts resampled.

    `better` needs the whole 95 % interval above 0, and LEAST_PROMPTS. One prompt alone cannot show
    anything.
    """
    gain, prompts = correct(ours) - correct(theirs), len(set(clusters))
    value, low, high = float(gain.mean()), -1.0, 1.0
    if prompts > 1:
        means = _resampled_means(gain, clusters, seed)
        low, high = (float(edge) for edge in np.quantile(means, (0.025, 0.975)))
    found: dict[str, Any] = {"value": value, "low": low, "high": high}
    return found | {"better": outcome(found, prompts) == "better"}


def outcome(gain: dict[str, Any], prompts: int) -> str:
    """`better`, `not_better` or `open`, of a difference with its 95 % interval over prompts."""
    if gain["value"] <= 0:
        return "not_better"
    if prompts < LEAST_PROMPTS:
        return "open"
    if gain["low"] > 0:
        return "better"
    return "not_better" if gain["high"] < RELEVANT else "open"


def log_loss(difference: Floats, p_chosen: Floats) -> float:
    """Mean of -p log s(d) - (1-p) log s(-d) in nats; ln 2 where nothing is known."""
    softplus = np.logaddexp(0.0, -difference), np.logaddexp(0.0, difference)
    return float((p_chosen * softplus[0] + (1 - p_chosen) * softplus[1]).mean())


def calibration_error(difference: Floats, bins: int = 10) -> float:
    """Expected calibration error of s(|d|), equal bins on 0.5 to 1. Guo et al. 2017, eq. 3."""
    confidence = 1 / (1 + np.exp(-np.abs(difference)))
    hits = correct(difference)
    place = np.minimum(((confidence - 0.5) * 2 * bins).astype(int), bins - 1)
    error = 0.0
    for one in np.unique(place):
        inside = place == one
        error += inside.mean() * abs(float(hits[inside].mean() - confidence[inside].mean()))
    return float(error)


def fit_temperature(difference: Floats, p_chosen: Floats) -> float:
    """The T that makes s(d / T) likeliest: temperature scaling, Guo et al. 2017, section 4.2.

    Within 1/TEMPERATURE_LIMIT to TEMPERATURE_LIMIT: where every comparison is right, none of them
    would be sure enough. The loss is convex in 1 / T, so a golden section finds it.
    """
    shrink = (math.sqrt(5) - 1) / 2
    low, high = 1 / TEMPERATURE_LIMIT, TEMPERATURE_LIMIT

    def loss(inverse: float) -> float:
        return log_loss(difference * inverse, p_chosen)

    while high - low > 1e-6:
        left, right = high - shrink * (high - low), low + shrink * (high - low)
        if loss(left) <= loss(right):
            high = right
        else:
            low = left
    return 2 / (low + high)


def calibrate(difference: Floats, p_chosen: Floats, temperature: float) -> dict[str, float]:
    """Calibration before and after dividing by a temperature that was fitted elsewhere."""
    cooled = difference / temperature
    return {
        "temperature": temperature,
        "error_before": calibration_error(difference),
        "error_after": calibration_error(cooled),
        "log_loss_before": log_loss(difference, p_chosen),
        "log_loss_after": log_loss(cooled, p_chosen),
    }


def by_certainty(difference: Floats, deviation: Floats) -> dict[str, float]:
    """Accuracy where an ensemble's members agree most, and where least: a half each.

    Both (comparisons,): difference of reward, and its deviation over the members.
    """
    order = np.argsort(deviation, kind="stable")
    hits, half = correct(difference)[order], (len(order) + 1) // 2
    return {
        "accuracy_sure": float(hits[:half].mean()),
        "accuracy_unsure": float(hits[half:].mean()) if len(hits) > half else math.nan,
        "deviation": float(deviation.mean()),
    }


def length_difference(chosen: Sequence[str], rejected: Sequence[str]) -> Floats:
    """Characters of chosen minus characters of rejected; (comparisons,)."""
    return np.array(
        [len(one) - len(other) for one, other in zip(chosen, rejected, strict=True)],
        dtype=np.float64,
    )


def length_direction(train_difference: Floats) -> int:
    """+1 when the longer response wins more often in training, -1 when the shorter one does."""
    return 1 if len(train_difference) == 0 or correct(train_difference).mean() >= 0.5 else -1


def judge_reward(
    difference: Floats,
    p_chosen: Floats,
    prompts: Sequence[str],
    length: Floats,
    direction: int,
    seed: int = 0,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """All held-out figures of a reward and of its baselines on the same comparisons.

    `difference` = reward of chosen - reward of rejected; all (comparisons,). Returns metrics
    and baselines as they stand in run.json.
    """
    by_length = direction * length
    ours, baseline = accuracy(difference, prompts, seed), accuracy(by_length, prompts, seed)
    metrics = {
        "accuracy": ours.describe(),
        "log_loss": log_loss(difference, p_chosen),
        "calibration_error": calibration_error(difference),
        "margin": float(difference.mean()),
        "comparisons": len(difference),
        "prompts": len(set(prompts)),
        "beats_length": compare(difference, by_length, prompts, seed),
    }
    baselines = {
        "length": baseline.describe() | {"rule": "longer" if direction > 0 else "shorter"},
        "chance": {"value": 0.5, "log_loss": math.log(2)},
    }
    return metrics, baselines


def judge_comparisons(
    difference: Floats, test: Sequence[Comparison], train: Sequence[Comparison], seed: int = 0
) -> tuple[dict[str, Any], dict[str, Any]]:
    """`judge_reward` of the comparisons of a test split; (comparisons,) differences of reward.

    `train` only says whether longer or shorter responses win there.
    """

    def length(rows: Sequence[Comparison]) -> Floats:
        return length_difference([one.chosen for one in rows], [one.rejected for one in rows])

    return judge_reward(
        difference,
        np.array([one.p_chosen for one in test]),
        [one.prompt_sha256 for one in test],
        length(test),
        length_direction(length(train)),
        seed,
    )


def verdict(metrics: dict[str, Any]) -> str:
    """One sentence on whether the reward learned more than length."""
    if "beats_length" not in metrics:
        return "not evaluated: the dataset has no held-out comparisons"
    gain = metrics["beats_length"]
    points = f"{100 * gain['value']:+.1f} points, 95 % {100 * gain['low']:+.1f} to "
    points += f"{100 * gain['high']:+.1f}"
    found = outcome(gain, metrics["prompts"])
    if found == "better":
        return f"better than length ({points})"
    if found == "not_better":
        return f"not better than length ({points})"
    rows, prompts = metrics["comparisons"], metrics["prompts"]
    return (
        f"not told yet whether it is better than length: {rows:,} comparisons of {prompts:,} "
        f"prompts are too few ({points})"
    )
