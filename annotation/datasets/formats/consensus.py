"""How the responses of an item come out over all its comparisons, for formats that want a rank
each. Pure."""

from annotation.datasets.formats.frozen import CHOSEN, FIRST, ItemLines


def ranks_of(item: ItemLines) -> dict[str, int]:
    """0 for the best: by the mean chance to be better than the others, equal ones alike. Only
    responses that were compared; corrections are no response of the item."""
    shares: dict[str, list[float]] = {}
    for lines, (one, other) in ((item.comparisons, CHOSEN), (item.ties, FIRST)):
        for line in lines:
            row = line.row
            if row.get("source") == "correction":
                continue
            share = float(row[f"p_{one}"])
            shares.setdefault(row[f"{one}_id"], []).append(share)
            shares.setdefault(row[f"{other}_id"], []).append(1 - share)
    means = {key: round(sum(found) / len(found), 6) for key, found in shares.items()}
    best_first = sorted(set(means.values()), reverse=True)
    return {key: best_first.index(mean) for key, mean in sorted(means.items())}


def tiers_of(said: dict) -> dict[str, int]:
    """A judgment's tiers from 1, by response; unacceptable ones are in none."""
    return {
        key: place
        for place, tier in enumerate(said["ranking"], start=1)
        for key in tier
        if key not in said["unacceptable"]
    }
