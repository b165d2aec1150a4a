"""Do labelers agree with themselves? Of what they were asked again without knowing it."""

import numpy as np
from django.utils.translation import gettext_noop

from annotation.quality.figures import SEED, Progress, as_json
from annotation.quality.snapshot import Snapshot
from annotation.quality.stats.repeats import SelfAgreement, intra_labeler_agreement

CODE_VERSION = "1"
N_OUTCOMES = 3
# Of one labeler; with fewer the share says next to nothing, and nothing is said.
FEWEST_ITEMS = 5


def compute(snapshot: Snapshot, progress: Progress) -> dict:
    """{"all": figures, "labelers": [{"labeler": id, "items": n, **figures or Nones}]}, figures
    being raw, brennan_prediger and alpha_nominal; those who were asked most come first."""
    progress(0, 1, gettext_noop("Comparing labelers with themselves"))
    repeats = snapshot.repeats
    everybody, each = intra_labeler_agreement(
        item=repeats.item,
        labeler=repeats.labeler,
        category=repeats.category,
        n_categories=N_OUTCOMES,
        unit=repeats.pair,
        seed=SEED,
    )
    items = {who: len(np.unique(repeats.item[repeats.labeler == who])) for who in sorted(each)}
    return {
        "all": _figures(everybody),
        "items": sum(items.values()),
        "labelers": [
            {
                "labeler": who,
                "items": items[who],
                **(_figures(each[who]) if items[who] >= FEWEST_ITEMS else NOTHING),
            }
            for who in sorted(items, key=lambda one: (-items[one], one))
        ],
    }


NOTHING = {"raw": None, "brennan_prediger": None, "alpha_nominal": None}


def _figures(agreement: SelfAgreement) -> dict:
    return {
        "raw": as_json(agreement.raw),
        "brennan_prediger": as_json(agreement.brennan_prediger),
        "alpha_nominal": as_json(agreement.alpha),
    }
