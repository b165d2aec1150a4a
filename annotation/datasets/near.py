"""Prompts that are nearly the same text, and the groups they form. Pure: texts in, numbers out.

Two prompts are near where the runs of five characters that they have in common are at least that
share of all that either has (Jaccard's index, of the text without letter case and spacing). Which
pairs are worth that comparison, minima of hashes say (Broder 1997; of one permutation, with the
empty bins filled from their neighbours, as Shrivastava and Li 2014), in bands.
"""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

U64 = NDArray[np.uint64]

RUN = 5
BINS = 128
# Of a longer text the least hashes stand for all: flat memory, the index off by 0.018 (at 0.8).
MOST = 512
# Rows of a band: a pair of index 0.8 shares one with a chance above 1 - 1e-7, one of 0.5 with
# 0.87.
ROWS = 4
# In a band that very many share, each prompt is compared with so many that follow it.
WINDOW = 200
# An estimate from the minima is off by 0.035 (one standard error at 0.8): below this far, no look.
SLACK = 0.15


def groups_of_near(texts: Sequence[str], least: float) -> list[int]:
    """For each text the place of the first one of its group: texts are in one group that a chain
    of near ones joins."""
    leader = list(range(len(texts)))
    if not texts:
        return leader
    signs = np.empty((len(texts), BINS), dtype=np.uint64)
    runs = []
    for place, text in enumerate(texts):
        found = runs_of(text)
        signs[place] = signature(found)
        runs.append(found[:MOST].copy())

    def find(place: int) -> int:
        while leader[place] != place:
            leader[place] = leader[leader[place]]
            place = leader[place]
        return place

    for one, others in _candidates(signs, least - SLACK):
        for other in others:
            first, second = sorted((find(one), find(int(other))))
            if first != second and jaccard(runs[one], runs[int(other)]) >= least:
                leader[second] = first
    return [find(place) for place in range(len(texts))]


def runs_of(text: str) -> U64:
    """Hashes of all runs of RUN characters of a folded text, each once, in order; a shorter text
    is one run."""
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    codes = codes.astype(np.uint64)
    count = max(1, len(codes) - RUN + 1)
    found = np.zeros(count, dtype=np.uint64)
    with np.errstate(over="ignore"):
        for step in range(min(RUN, len(codes))):
            found = found * np.uint64(0x100000001B3) + codes[step : step + count]
        return np.unique(_mixed(found))


def _mixed(x: U64) -> U64:
    """Every bit from every bit: the finaliser of SplitMix64."""
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def signature(runs: U64) -> U64:
    """The least hash in each of BINS equal parts of all hashes; an empty part takes that of the
    next one that is not, marked by how far it went. (BINS,)"""
    width = np.uint64(2**64 // BINS)
    bins = (runs // width).astype(np.int64)
    used, first = np.unique(bins, return_index=True)
    least = np.zeros(BINS, dtype=np.uint64)
    least[used] = runs[first]  # the hashes come in order
    at = np.searchsorted(used, np.arange(BINS)) % len(used)
    away = ((used[at] - np.arange(BINS)) % BINS).astype(np.uint64)
    with np.errstate(over="ignore"):
        return least[used[at]] + away * np.uint64(0x9E3779B97F4A7C15)


def jaccard(one: U64, other: U64) -> float:
    """Of two ordered sets of hashes; of longer ones by the least MOST of both together."""
    together = np.union1d(one, other)[:MOST]
    shared = np.intersect1d(one, other, assume_unique=True)
    return int((shared <= together[-1]).sum()) / len(together)


def _candidates(signs: U64, least: float) -> Iterator[tuple[int, Iterable[int]]]:
    """(place, later places whose minima agree often enough), over all bands."""
    for start in range(0, BINS, ROWS):
        band = np.ascontiguousarray(signs[:, start : start + ROWS])
        _, bucket = np.unique(band, axis=0, return_inverse=True)
        order = np.argsort(bucket.ravel(), kind="stable")
        ends = np.flatnonzero(np.diff(bucket.ravel()[order])) + 1
        for members in np.split(order, ends):
            for at in range(len(members) - 1):
                later = members[at + 1 : at + 1 + WINDOW]
                alike = (signs[later] == signs[members[at]]).mean(axis=1)
                if (close := later[alike >= least]).size:
                    yield int(members[at]), close
