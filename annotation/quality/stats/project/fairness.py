"""Do people of different self-descriptions agree with the consensus alike? Only in groups of k.

A figure is of a group against all others, and only of single answers to single questions: crossing
two questions would make groups small enough to be somebody.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from annotation.quality.stats.chance import adjust_for_discoveries, beta_share
from annotation.quality.stats.estimate import FloatArray, Interval

LEAST_K = 5


@dataclass(frozen=True)
class Slice:
    """question, answer: whose group; difference: mean of its labelers minus that of the others who
    answered, None when suppressed; n_labelers: None, too, then; ci: 95 %; p: Welch's test over
    labelers; q: adjusted over all slices shown; reason: "suppressed" or "no_variation"."""

    question: str
    answer: str
    difference: float | None
    n_labelers: int | None
    ci: Interval | None = None
    p: float | None = None
    q: float | None = None
    reason: str | None = None


def fairness_slices(
    value: ArrayLike, described: Mapping[str, Sequence[str | None]], *, k: int = LEAST_K
) -> list[Slice]:
    """value: (labelers,) one figure each (say, agreement with the consensus), NaN for none;
    described: for each question each labeler's answer, None for no answer: nobody has to.

    Suppressed are groups of fewer than k labelers and, while those suppressed add up to fewer than
    k, the next smallest as well: the total minus what is shown must not give a small group away.
    Not answering is a group of its own there. Raises ValueError for k below 5.
    """
    if k < LEAST_K:
        raise ValueError(f"k must be at least {LEAST_K}")
    figures = np.asarray(value, dtype=np.float64)
    known = np.isfinite(figures)
    found = []
    for question, answers in described.items():
        if len(answers) != figures.size:
            raise ValueError("one answer, or None, for each labeler")
        groups: dict[str | None, list[int]] = {}
        for labeler in np.flatnonzero(known).tolist():
            groups.setdefault(answers[labeler], []).append(labeler)
        shown = shown_groups({name: len(members) for name, members in groups.items()}, k)
        everybody = [m for name, members in groups.items() if name is not None for m in members]
        for name, members in sorted(groups.items(), key=lambda pair: str(pair[0])):
            if name is None:
                continue
            others = np.setdiff1d(everybody, members)
            if name not in shown or others.size < k:
                found.append(Slice(question, name, None, None, reason="suppressed"))
                continue
            found.append(_compare(question, name, figures[members], figures[others]))
    q = adjust_for_discoveries([one.p for one in found])
    return [replace(one, q=adjusted) for one, adjusted in zip(found, q, strict=True)]


def shown_groups(sizes: Mapping[str | None, int], k: int) -> set[str | None]:
    """The groups that may be shown: k or more, and the hidden ones together none or k or more."""
    by_size = sorted(sizes, key=lambda name: (sizes[name], str(name)))
    hidden = [name for name in by_size if sizes[name] < k]
    rest = [name for name in by_size if sizes[name] >= k]
    while hidden and rest and sum(sizes[name] for name in hidden) < k:
        hidden.append(rest.pop(0))
    return set(rest)


def _compare(question: str, answer: str, one: FloatArray, other: FloatArray) -> Slice:
    difference = float(one.mean() - other.mean())
    parts = [float(x.var(ddof=1)) / x.size for x in (one, other)]
    error = math.sqrt(sum(parts))
    if error == 0:
        return Slice(question, answer, difference, one.size, reason="no_variation")
    degrees = sum(parts) ** 2 / sum(
        v**2 / (x.size - 1) for v, x in zip(parts, (one, other), strict=True)
    )
    p = t_two_sided(difference / error, degrees)
    half = _t_quantile(degrees) * error
    return Slice(question, answer, difference, one.size, (difference - half, difference + half), p)


def t_two_sided(t: float, degrees: float) -> float:
    """P(|T| >= |t|), Student's t."""
    return beta_share(degrees / (degrees + t * t), degrees / 2, 0.5)


def _t_quantile(degrees: float) -> float:
    """t with P(|T| >= t) = 0.05, by bisection."""
    low, high = 0.0, 1000.0
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if t_two_sided(middle, degrees) > 0.05 else (low, middle)
    return (low + high) / 2
