"""The definitions in loops over pairs of labelers, for tests to hold the fast code against.

Each takes items as lists of the category indices their labelers gave.
"""

from collections import Counter
from itertools import permutations

import numpy as np


def items_of(counts):
    return [np.repeat(np.arange(len(row)), row).tolist() for row in np.asarray(counts)]


def raw_micro(items):
    pairs = [a == b for item in items for a, b in permutations(item, 2)]
    return sum(pairs) / len(pairs)


def observed(items, w):
    """The mean over items with two ratings of the mean weight of their pairs."""
    means = [
        np.mean([w[a][b] for a, b in permutations(item, 2)]) for item in items if len(item) >= 2
    ]
    return float(np.mean(means))


def shares(items, q):
    rows = [[item.count(c) / len(item) for c in range(q)] for item in items if item]
    return np.mean(rows, axis=0)


def fleiss(items, w):
    pi = shares(items, len(w))
    chance = sum(w[k][j] * pi[k] * pi[j] for k in range(len(w)) for j in range(len(w)))
    return (observed(items, w) - chance) / (1 - chance)


def gwet(items, w):
    q, pi = len(w), shares(items, len(w))
    chance = np.sum(w) / (q * (q - 1)) * sum(p * (1 - p) for p in pi)
    return (observed(items, w) - chance) / (1 - chance)


def brennan_prediger(items, w):
    chance = np.sum(w) / len(w) ** 2
    return (observed(items, w) - chance) / (1 - chance)


def alpha(items, level, values):
    """1 - D_o / D_e, both as means of squared differences over pairs of values (Krippendorff
    2011): D_o within units, each unit weighing its m_u values; D_e between any two values."""
    units = [item for item in items if len(item) >= 2]
    pool = [value for unit in units for value in unit]
    marginals = Counter(pool)

    def difference(a, b):
        if level == "nominal":
            return float(a != b)
        if level == "ordinal":
            low, high = sorted((a, b))
            between = sum(marginals[g] for g in range(low, high + 1))
            return (between - (marginals[a] + marginals[b]) / 2) ** 2
        spread = values[a] - values[b]
        return spread**2 if level == "interval" else (spread / (values[a] + values[b])) ** 2

    within = sum(
        sum(difference(a, b) for a, b in permutations(unit, 2)) / (len(unit) - 1) for unit in units
    )
    between = sum(
        difference(a, b) * marginals[a] * marginals[b] for a in marginals for b in marginals
    )
    return 1 - (within / len(pool)) / (between / (len(pool) * (len(pool) - 1)))


def two_labelers(first, second, w, *, pooled):
    n, q = len(first), len(w)
    one = [first.count(c) / n for c in range(q)]
    other = [second.count(c) / n for c in range(q)]
    if pooled:
        one = other = [(a + b) / 2 for a, b in zip(one, other, strict=True)]
    agreed = sum(w[a][b] for a, b in zip(first, second, strict=True)) / n
    chance = sum(w[a][b] * one[a] * other[b] for a in range(q) for b in range(q))
    return (agreed - chance) / (1 - chance)


def comparison_kappa(items):
    met = [outcome for item in items if len(item) >= 2 for outcome in item]
    t = met.count(1) / len(met)
    chance = t**2 + 2 * ((1 - t) / 2) ** 2
    return (raw_micro(items) - chance) / (1 - chance)


def tau_x(first, second):
    n = len(first)
    pairs = list(permutations(range(n), 2))
    score = [(1 if r[i] <= r[j] else -1) for r in (first, second) for i, j in pairs]
    a, b = score[: len(pairs)], score[len(pairs) :]
    return sum(x * y for x, y in zip(a, b, strict=True)) / (n * (n - 1))
