"""One item or one response a row: K-wise groups, unpaired labels for KTO. Pure."""

from collections import Counter
from collections.abc import Iterator

from annotation.datasets.formats.columns import FLAG, INTEGER, MESSAGES, NUMBER, TEXT
from annotation.datasets.formats.frozen import CHOSEN, FIRST, Frozen, ItemLines, Row

UNPAIRED = {
    "prompt": MESSAGES,
    "completion": MESSAGES,
    "label": FLAG,
    "item": TEXT,
    "response_id": TEXT,
}
KWISE = {
    "item": TEXT,
    "prompt": MESSAGES,
    "responses": [{"id": TEXT, "content": TEXT}],
    "pairs": [
        {
            "id": TEXT,
            "chosen": INTEGER,
            "rejected": INTEGER,
            "p_chosen": NUMBER,
            "margin": NUMBER,
            "weight": NUMBER,
            "n_votes": INTEGER,
            "is_tie": FLAG,
        }
    ],
}


def kwise(frozen: Frozen, split: str) -> Iterator[Row]:
    """The responses of an item once, and its comparisons by their places from 0: a trainer scores
    each text once for all its pairs."""
    for item in frozen.items(split):
        texts = _compared(item)
        if not texts:
            continue
        places = {key: place for place, key in enumerate(texts)}
        yield {
            "item": item.item,
            "prompt": item.prompt,
            "responses": [{"id": key, "content": text} for key, text in texts.items()],
            "pairs": [
                *(_pair(line, CHOSEN, places, line.is_even) for line in item.comparisons),
                *(_pair(line, FIRST, places, True) for line in item.ties),
            ],
        }


def _pair(line, sides: tuple[str, str], places: dict[str, int], is_tie: bool) -> Row:
    row, (one, other) = line.row, sides
    return {
        "id": line.id,
        "chosen": places[row[f"{one}_id"]],
        "rejected": places[row[f"{other}_id"]],
        "p_chosen": float(row[f"p_{one}"]),
        "margin": float(row["margin"]),
        "weight": float(row["weight"]),
        "n_votes": row["n_votes"],
        "is_tie": is_tie,
    }


def unpaired(frozen: Frozen, split: str) -> Iterator[Row]:
    """Each response once: good where it is better more often than it is worse. One that is as
    often the one as the other says nothing, and is left out: as both, it would teach noise."""
    for item in frozen.items(split):
        texts, lead = _compared(item), Counter[str]()
        for line in item.comparisons:
            if not line.is_even:
                lead[line.row["chosen_id"]] += 1
                lead[line.row["rejected_id"]] -= 1
        for key, text in texts.items():
            if lead[key]:
                yield {
                    "prompt": item.prompt,
                    "completion": [{"role": "assistant", "content": text}],
                    "label": lead[key] > 0,
                    "item": item.item,
                    "response_id": key,
                }


def _compared(item: ItemLines) -> dict[str, str]:
    """The texts that stand in a comparison or a tie, by their ids, in the order of these."""
    only = ItemLines(item.item, item.prompt_sha256, item.split, item.comparisons, item.ties)
    return dict(sorted(only.texts.items()))
