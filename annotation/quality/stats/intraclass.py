"""Intraclass correlation of ratings on a number scale, six forms, with intervals from F."""

import math
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike

from annotation.quality.stats.distributions import f_quantile, f_survival
from annotation.quality.stats.estimate import (
    Estimate,
    FloatArray,
    Interval,
    Reason,
    Significance,
)

Form = Literal["1,1", "2,1", "3,1", "1,k", "2,k", "3,k"]
_SMALL = 1e-12


def intraclass_correlation(
    form: Form,
    *,
    item: ArrayLike,
    labeler: ArrayLike,
    rating: ArrayLike,
    confidence: float = 0.95,
) -> Estimate:
    """ICC after Shrout & Fleiss 1979, Psychological Bulletin 86.

    1: each item has labelers of its own; 2: the same labelers, a sample of many, absolute
    agreement; 3: these very labelers, consistency (a labeler who always gives two more agrees).
    ",1" one labeler's rating, ",k" the mean of all k. item, labeler, rating: (ratings,), the last
    row of a labeler and item counts. Every labeler must have rated every item (form 1: every item
    as often); otherwise None with the reason unbalanced: take alpha at interval level. The
    interval comes from F, not from resampling; `test`: F of no correlation.
    """
    if form not in get_args(Form):
        raise ValueError(f"unknown form of ICC: {form}")
    table, ratings, items = _table(item, labeler, rating, by_labeler=form[0] != "1")
    n_pairable = sum(len(of_item) >= 2 for of_item in items)
    value: float | None = None
    ci: Interval | None = None
    test: Significance | None = None
    reason: Reason | None = None
    if not ratings:
        reason = "no_data"
    elif n_pairable == 0 or len(items) < 2:
        reason = "no_pairable"
    elif table is None:
        reason = "unbalanced"
    else:
        parts = _Variance.of(table)
        value = parts.correlation(form)
        if value is None:
            reason = "no_variation"
        else:
            ci, test = parts.interval(form, 1 - confidence), parts.test(form)
    return Estimate(
        value,
        reason,
        n_items=len(items),
        n_pairable=n_pairable,
        n_ratings=ratings,
        ci=ci,
        method=f"ICC({form})",
        test=test,
    )


def _table(
    item: ArrayLike, labeler: ArrayLike, rating: ArrayLike, *, by_labeler: bool
) -> tuple[FloatArray | None, int, list[list[float]]]:
    """(items, k) or None where it has gaps; the number of ratings; the ratings of each item."""
    items, labelers = np.asarray(item, np.int64), np.asarray(labeler, np.int64)
    numbers = np.asarray(rating, np.float64)
    if items.ndim != 1 or not items.shape == labelers.shape == numbers.shape:
        raise ValueError("item, labeler and rating must be flat and of the same length")
    if not np.isfinite(numbers).all():
        raise ValueError("a rating is a finite number; leave out what is missing")
    cells = dict(zip(zip(items.tolist(), labelers.tolist(), strict=True), numbers, strict=True))
    by_item: dict[int, list[float]] = {}
    for key in sorted(cells):
        by_item.setdefault(key[0], []).append(float(cells[key]))
    rows = list(by_item.values())
    width = len({key[1] for key in cells}) if by_labeler else max(map(len, rows), default=0)
    full = all(len(row) == width for row in rows)
    return (np.array(rows) if full and rows else None), len(cells), rows


@dataclass(frozen=True)
class _Variance:
    """Mean squares of a two-way table of n items and k labelers."""

    n: int
    k: int
    items: float
    labelers: float
    error: float  # what neither explains
    within: float  # labelers and error together

    @classmethod
    def of(cls, table: FloatArray) -> "_Variance":
        n, k = table.shape
        middle = table - table.mean()
        items = k * (middle.mean(axis=1) ** 2).sum()
        labelers = n * (middle.mean(axis=0) ** 2).sum()
        within = ((table - table.mean(axis=1, keepdims=True)) ** 2).sum()
        small = _SMALL * max(1.0, float((table**2).sum()))
        parts = [items / (n - 1), labelers / (k - 1), (within - labelers) / ((n - 1) * (k - 1))]
        parts.append(within / (n * (k - 1)))
        squares = [float(part) if part > small else 0.0 for part in parts]
        return cls(n, k, *squares)

    def correlation(self, form: Form) -> float | None:
        n, k, items = self.n, self.k, self.items
        error = self.within if form[0] == "1" else self.error
        tilt = (self.labelers - self.error) / n if form[0] == "2" else 0.0
        below = items + (k - 1) * error + k * tilt if form.endswith("1") else items + tilt
        # Estimated variances may be negative: then nothing of the ratings' spread is the items'.
        return (items - error) / below if below > _SMALL else None

    def test(self, form: Form) -> Significance | None:
        f, df1, df2 = self._f(form)
        if not math.isfinite(f):
            return None
        return Significance(f, (df1, df2), f_survival(f, df1, df2))

    def interval(self, form: Form, alpha: float) -> Interval | None:
        f, df1, df2 = self._f(form)
        if not math.isfinite(f) or f == 0:
            return None
        if form[0] == "2":
            low, high = self._interval_of_form_2(alpha)
        else:
            ratios = (
                f / f_quantile(1 - alpha / 2, df1, df2),
                f * f_quantile(1 - alpha / 2, df2, df1),
            )
            low, high = ((ratio - 1) / (ratio + self.k - 1) for ratio in ratios)
        if form.endswith("k"):  # Spearman-Brown, which keeps the order
            low, high = (self.k * end / (1 + (self.k - 1) * end) for end in (low, high))
        return low, high

    def _f(self, form: Form) -> tuple[float, float, float]:
        n, k = self.n, self.k
        error = self.within if form[0] == "1" else self.error
        df2 = n * (k - 1) if form[0] == "1" else (n - 1) * (k - 1)
        return (self.items / error if error else math.inf), n - 1, df2

    def _interval_of_form_2(self, alpha: float) -> Interval:
        """Satterthwaite's degrees of freedom (Shrout & Fleiss 1979, p. 424)."""
        n, k = self.n, self.k
        rho = self.correlation("2,1") or 0.0
        tilt = self.labelers / self.error
        a, b = k * rho * tilt, n * (1 + (k - 1) * rho) - k * rho
        df = (k - 1) * (n - 1) * (a + b) ** 2 / ((n - 1) * a**2 + b**2)
        high = f_quantile(1 - alpha / 2, n - 1, df)
        low = f_quantile(1 - alpha / 2, df, n - 1)
        rest = k * self.labelers + (k * n - k - n) * self.error
        return (
            n * (self.items - high * self.error) / (high * rest + n * self.items),
            n * (low * self.items - self.error) / (rest + n * low * self.items),
        )
