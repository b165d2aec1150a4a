"""What several judgments say together: majority, and the one form every method answers in."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from annotation.quality.stats.estimate import BoolArray, FloatArray, IntArray
from annotation.quality.stats.labels import UNKNOWN
from annotation.quality.stats.tables import as_counts

Ties = Literal["null", "random"]
# Shares this close are equal: a half made of thirds must still be a tie.
_CLOSE = 1e-9


@dataclass(frozen=True)
class Consensus:
    """One row per item: what its judgments say together.

    category: (items,) the likeliest one, UNKNOWN where two or more are equally likely or nobody
    judged; share: (items, Q) vote shares or posterior, NaN without a judgment; n: (items,)
    judgments; tied: (items, Q) the likeliest categories, several in a tie; method: its name, to be
    kept with the result.
    """

    category: IntArray
    share: FloatArray
    n: IntArray
    tied: BoolArray
    method: str

    @classmethod
    def of(cls, share: FloatArray, n: IntArray, *, method: str) -> "Consensus":
        """From shares (items, Q); items without judgments lose theirs."""
        known = np.where((n > 0)[:, None], share, np.nan)
        top = np.nan_to_num(known, nan=-1.0).max(axis=1, initial=-1.0, keepdims=True)
        tied: BoolArray = (known >= top - _CLOSE) & (n > 0)[:, None]
        clear = tied.sum(axis=1) == 1
        category = np.where(clear, tied.argmax(axis=1), UNKNOWN) if share.shape[1] else n * 0 - 1
        return cls(category.astype(np.int64), known, n.astype(np.int64), tied, method)


def majority_vote(counts: ArrayLike, *, ties: Ties = "null", seed: int | None = None) -> Consensus:
    """The most frequent category of each item. counts: (items, Q), see `count_table`.

    A tie stays a tie ("null": category UNKNOWN, `tied` says between what) or is drawn among the
    most frequent ("random", with a seed, so that it can be repeated).
    """
    table = as_counts(counts)
    n = table.sum(axis=1)
    vote = Consensus.of(table / np.maximum(n, 1)[:, None], n, method="majority")
    if ties == "null":
        return vote
    if seed is None:
        raise ValueError("a drawn majority needs a seed")
    lots = np.random.default_rng(seed).random(table.shape)
    drawn = np.where(vote.tied, lots, -1.0).argmax(axis=1)
    category = np.where(n > 0, drawn, UNKNOWN)
    method = f"majority, ties drawn with seed {seed}"
    return Consensus(category.astype(np.int64), vote.share, n, vote.tied, method)


@dataclass(frozen=True)
class SoftComparisons:
    """What a dataset takes of a consensus over (lower better, tie, higher better).

    sign: (comparisons,) -1 the lower response is chosen, 1 the higher one, 0 neither side is
    likelier; p_chosen: (comparisons,) chance that the chosen one is better, a tie counting half,
    between 0.5 and 1; weight: (comparisons,) how much of one certain comparison it is worth,
    0 to 1; NaN where nobody judged.
    """

    sign: IntArray
    p_chosen: FloatArray
    weight: FloatArray
    n: IntArray
    method: str


def soften(consensus: Consensus) -> SoftComparisons:
    """Consensus of comparisons (Q = 3: lower better, tie, higher better) as soft comparisons.

    p_chosen = P(better) + P(tie) / 2, as datasets count votes. weight = 1 - H / log 3, H the
    entropy of the three: 1 when certain (of a tie, too), 0 when nothing is known. With vote shares
    they are descriptive; with a posterior they weigh each labeler by reliability.
    """
    if consensus.share.shape[1:] != (3,):
        raise ValueError("comparisons have three outcomes: lower better, tie, higher better")
    share = consensus.share
    lead = share[:, 2] - share[:, 0]
    logs = np.log(np.where(share > 0, share, 1.0))
    entropy = -(share * logs).sum(axis=1)
    return SoftComparisons(
        sign=sign_of_lead(lead),
        p_chosen=(1 + np.abs(lead)) / 2,
        weight=np.clip(1 - entropy / np.log(3), 0.0, 1.0),
        n=consensus.n,
        method=consensus.method,
    )


def sign_of_lead(lead: FloatArray) -> IntArray:
    """-1, 0 or 1; 0 for a lead that only rounding made, or of nothing."""
    said = np.nan_to_num(lead)
    signs: IntArray = np.where(np.abs(said) <= _CLOSE, 0, np.sign(said)).astype(np.int64)
    return signs
