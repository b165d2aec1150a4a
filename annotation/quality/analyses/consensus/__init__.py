"""What the judgments say together by every method, and of which items nobody can be sure yet."""

from itertools import combinations

from django.utils.translation import gettext_noop

from annotation.quality.adaptive.beliefs import beliefs_of
from annotation.quality.analyses.consensus.certainty import certainty_of, crowds_of
from annotation.quality.analyses.consensus.methods import KEYS, outcomes_by_method
from annotation.quality.analyses.consensus.opinions import Opinions, opinions_of
from annotation.quality.analyses.consensus.shares import share_by_item
from annotation.quality.figures import Progress
from annotation.quality.snapshot import Snapshot
from annotation.quality.stats.comparisons import TIE
from annotation.quality.stats.estimate import IntArray
from annotation.quality.stats.labels import UNKNOWN

CODE_VERSION = "2"


def compute(snapshot: Snapshot, progress: Progress) -> dict:
    """{"extent", "methods", "agreement", "certainty", "crowds"}: docs/statistics.md has each."""
    progress(0, len(KEYS) + 1, gettext_noop("Asking how sure each answer is"))
    beliefs = beliefs_of(snapshot)
    opinions = opinions_of(snapshot)
    names, outcomes = {}, {}
    for key, name, outcome in outcomes_by_method(opinions):
        names[key], outcomes[key] = name, outcome
        progress(len(names), len(KEYS) + 1, gettext_noop("Aggregating judgments"))
    counts = opinions.counts.sum(axis=1)
    compared = (counts >= 2) & ~opinions.is_gold
    return {
        "extent": {
            "items": len(snapshot.item_ids),
            "judgments": len(snapshot.item),
            "comparisons": int((~opinions.is_gold).sum()),
            "judged_twice": int(compared.sum()),
            "known": int((opinions.known != UNKNOWN).sum()),
        },
        "methods": [
            {
                "key": key,
                "method": names[key],
                "ties": share_by_item((outcome == TIE)[asked], opinions.item[asked]),
                "gold": _on_gold(opinions, outcome),
            }
            for key, outcome in outcomes.items()
            for asked in [compared & (outcome != UNKNOWN)]
        ],
        "agreement": [
            {"one": one, "other": other}
            | _alike(opinions, compared, outcomes[one], outcomes[other])
            for one, other in combinations(KEYS, 2)
        ],
        "certainty": certainty_of(snapshot, beliefs),
        "crowds": crowds_of(snapshot, beliefs),
    }


def _alike(opinions: Opinions, compared, one: IntArray, other: IntArray) -> dict:
    """On how many comparisons that two or more judged both come to the same outcome."""
    both = compared & (one != UNKNOWN) & (other != UNKNOWN)
    return share_by_item((one == other)[both], opinions.item[both])


def _on_gold(opinions: Opinions, outcome: IntArray) -> dict:
    """How many known outcomes it meets."""
    asked = (opinions.known != UNKNOWN) & (outcome != UNKNOWN)
    share = share_by_item((outcome == opinions.known)[asked], opinions.item[asked])
    return share | {"reason": None if share["n"] else "no_gold"}
