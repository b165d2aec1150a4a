"""Which prompts and items to look at first, and whether a criterion is read in two ways."""

import numpy as np
from django.utils.translation import gettext_noop

from annotation.quality.analyses.prompts.disagreement import disagreement_of
from annotation.quality.analyses.prompts.outcomes import (
    all_tied,
    distributions,
    heavy_prompts,
    strip_of,
)
from annotation.quality.analyses.prompts.parts import by_facet, by_prompt
from annotation.quality.analyses.prompts.readings import readings
from annotation.quality.figures import Progress
from annotation.quality.snapshot import Snapshot
from annotation.quality.snapshot.ballots import all_bad
from annotation.quality.stats.comparisons import rankings_to_comparisons

CODE_VERSION = "2"
MOST_LISTED = 20
LEVEL = 0.05


def compute(snapshot: Snapshot, progress: Progress) -> dict:
    """{"extent", "items", "prompts", "readings", "facets", "tied", "bad"}: docs/statistics.md
    has each."""
    comparisons = rankings_to_comparisons(snapshot.rankings)
    looking = gettext_noop("Looking at disagreement")
    progress(0, 3, looking)
    found = disagreement_of(snapshot, comparisons, lambda: progress(0, 3, looking))
    progress(1, 3, gettext_noop("Looking for two readings"))
    divided = readings(snapshot, comparisons)
    progress(2, 3, gettext_noop("Looking at ties"))
    table, judged = distributions(snapshot), np.bincount(snapshot.item)
    surprising = np.flatnonzero(found.excess > 0)[:MOST_LISTED]
    return {
        "extent": {
            "items": len(snapshot.item_ids),
            "judged_twice": len(found.item),
            "judgments": len(snapshot.item),
            "prompts": int(snapshot.facts.prompt.max(initial=-1)) + 1,
            "facets_left_out": snapshot.facts.facets_left_out,
            "proven": int((found.q <= LEVEL).sum()),
        },
        "items": [
            {
                "item": int(snapshot.item_ids[found.item[at]]),
                "judgments": int(judged[found.item[at]]),
                "seen": float(found.seen[at]),
                "expected": float(found.expected[at]),
                "p": float(found.p[at]),
                "q": float(found.q[at]),
                "strip": strip_of(snapshot, table, found.item[at]),
            }
            for at in surprising
        ],
        "prompts": by_prompt(snapshot, found),
        "readings": divided,
        "facets": by_facet(snapshot, found),
        "tied": heavy_prompts(snapshot, all_tied(snapshot)),
        "bad": heavy_prompts(snapshot, all_bad(snapshot)),
    }
