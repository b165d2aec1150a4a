"""Which comparisons would let a generator be placed that cannot be now."""

from collections.abc import Iterator

import numpy as np

from annotation.quality.stats.connectivity import Components
from annotation.quality.stats.estimate import FloatArray

MOST_SUGGESTED = 20


def comparisons_that_connect(
    components: Components, ability: FloatArray, wins: FloatArray, ties: FloatArray
) -> list[dict]:
    """[{"generator", "against", "why"}], indices. Whoever never won meets the least able of the
    main group, whoever never lost the most able: there the missing outcome is most likely.
    Anybody else meets the one with most comparisons.

    ability (n,) as far as it is known; wins and ties (n, n) as of `Outcomes`.
    """
    played = wins.sum(axis=0) + wins.sum(axis=1) + ties.sum(axis=1)
    found = _suggest(components, ability, played)
    return [pair for pair, _ in zip(found, range(MOST_SUGGESTED), strict=False)]


def _suggest(
    components: Components, ability: FloatArray, played: FloatArray
) -> Iterator[dict[str, int | str]]:
    for index, flags in enumerate(components.flags):
        if not flags:
            continue
        main = components.strong == components.main
        others = np.flatnonzero(
            main if main.any() else components.strong != components.strong[index]
        )
        if others.size == 0:
            continue
        why = flags[1]
        if why in ("never_won", "never_lost") and np.isfinite(ability[others]).all():
            order = ability[others] if why == "never_won" else -ability[others]
            against = others[order.argmin()]
        else:
            against = others[played[others].argmax()]
        yield {"generator": index, "against": int(against), "why": why}
