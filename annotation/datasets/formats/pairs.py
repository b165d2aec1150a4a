"""One comparison a row: preferences in TRL's forms, with margins, and with soft labels. Pure."""

from collections.abc import Iterator

from annotation.datasets.formats.columns import FLAG, INTEGER, MESSAGES, NUMBER, TEXT
from annotation.datasets.formats.frozen import Frozen, Line, Row
from annotation.datasets.formats.transcript import as_completion, as_prompt

EXPLICIT = {"id": TEXT, "prompt": MESSAGES, "chosen": MESSAGES, "rejected": MESSAGES}
IMPLICIT = {"id": TEXT, "chosen": MESSAGES, "rejected": MESSAGES}
STANDARD = {"id": TEXT, "prompt": TEXT, "chosen": TEXT, "rejected": TEXT}
REWARD = EXPLICIT | {"margin": NUMBER}
SOFT = EXPLICIT | {"p_chosen": NUMBER, "weight": NUMBER, "n_votes": INTEGER, "is_tie": FLAG}


def explicit(frozen: Frozen, split: str) -> Iterator[Row]:
    for line in _decided(frozen, split):
        yield _sides(line, "chosen", "rejected")


def implicit(frozen: Frozen, split: str) -> Iterator[Row]:
    """The prompt stands in both sides; trainers find what they share."""
    for row in explicit(frozen, split):
        prompt = row.pop("prompt")
        yield row | {side: prompt + row[side] for side in ("chosen", "rejected")}


def standard(frozen: Frozen, split: str) -> Iterator[Row]:
    for row in explicit(frozen, split):
        sides = {side: as_completion(row[side][0]["content"]) for side in ("chosen", "rejected")}
        yield {"id": row["id"], "prompt": as_prompt(row["prompt"]), **sides}


def reward(frozen: Frozen, split: str) -> Iterator[Row]:
    """The margin in every row, or a trainer takes it in none."""
    for line in _decided(frozen, split):
        yield _sides(line, "chosen", "rejected") | {"margin": float(line.row["margin"])}


def soft(frozen: Frozen, split: str) -> Iterator[Row]:
    """Ties are among the rows: the chance that the first is better, mostly a half."""
    for item in frozen.items(split):
        for line in item.comparisons:
            yield _sides(line, "chosen", "rejected") | _certainty(line, "p_chosen", line.is_even)
        for line in item.ties:
            yield _sides(line, "first", "second") | _certainty(line, "p_first", True)


def _decided(frozen: Frozen, split: str) -> Iterator[Line]:
    """A form without a share of the votes cannot say a tie: it would teach it as a preference."""
    return (line for line in frozen.lines("preferences", split) if not line.is_even)


def _sides(line: Line, chosen: str, rejected: str) -> Row:
    row = line.row
    return {
        "id": line.id,
        "prompt": row["prompt"],
        "chosen": row[chosen],
        "rejected": row[rejected],
    }


def _certainty(line: Line, share: str, is_tie: bool) -> Row:
    return {
        "p_chosen": float(line.row[share]),
        "weight": float(line.row["weight"]),
        "n_votes": line.row["n_votes"],
        "is_tie": is_tie,
    }
