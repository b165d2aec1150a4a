"""Disagreement by prompt and by what is known of the items."""

import numpy as np

from annotation.quality.analyses.prompts.disagreement import Disagreement
from annotation.quality.snapshot import Snapshot
from annotation.quality.stats.chance import adjust_for_discoveries
from annotation.quality.stats.distributions import t_quantile
from annotation.quality.stats.estimate import FloatArray
from annotation.quality.stats.project.fairness import t_two_sided

LEAST_ITEMS = 10  # of a part: below, its mean is a matter of two or three items
MOST_PROMPTS = 12


def by_facet(snapshot: Snapshot, found: Disagreement) -> list[dict]:
    """[{"key", "value", "items", "seen", "beyond", "ci", "p", "q", "reason"}]: beyond is the mean
    disagreement not explained by who judged, less that of all other items; Welch's test."""
    rows = []
    for key, facet in sorted(snapshot.facts.facets.items()):
        value = facet.value[found.item]
        for at, name in enumerate(facet.values):
            here = value == at
            rows.append({"key": key, "value": name} | _part(found, here))
    q = adjust_for_discoveries([row["p"] for row in rows])
    return [row | {"q": one} for row, one in zip(rows, q, strict=True)]


def by_prompt(snapshot: Snapshot, found: Disagreement) -> list[dict]:
    """The same of prompts that several items share, most beyond expectation first; empty where
    every item has a prompt of its own."""
    prompt = snapshot.facts.prompt[found.item]
    sizes = np.bincount(prompt) if prompt.size else np.zeros(0, np.int64)
    rows = []
    for at in np.flatnonzero(sizes >= LEAST_ITEMS):
        here = prompt == at
        items = found.item[here]
        rows.append({"item": int(snapshot.item_ids[items.min()])} | _part(found, here))
    q = adjust_for_discoveries([row["p"] for row in rows])
    rows = [row | {"q": one} for row, one in zip(rows, q, strict=True)]
    rows.sort(key=lambda row: -(row["beyond"] or 0.0))
    return rows[:MOST_PROMPTS]


def _part(found: Disagreement, here) -> dict:
    n = int(here.sum())
    row = {
        "items": n,
        "seen": float(found.seen[here].mean()) if n >= LEAST_ITEMS else None,
        "beyond": None,
        "ci": None,
        "p": None,
        "reason": None,
    }
    if n < LEAST_ITEMS or len(here) - n < LEAST_ITEMS:
        return row | {"reason": "too_few"}
    return row | _welch(found.excess[here], found.excess[~here])


def _welch(one: FloatArray, other: FloatArray) -> dict:
    parts = [float(x.var(ddof=1)) / x.size for x in (one, other)]
    error, difference = sum(parts) ** 0.5, float(one.mean() - other.mean())
    if error == 0:
        return {"reason": "no_variation"}
    freedom = sum(parts) ** 2 / sum(
        v**2 / (x.size - 1) for v, x in zip(parts, (one, other), strict=True)
    )
    reach = t_quantile(0.975, freedom) * error
    return {
        "beyond": difference,
        "ci": [difference - reach, difference + reach],
        "p": t_two_sided(difference / error, freedom),
    }
