"""What labelers said: every judgment, and ratings by response and criterion. Pure.

Objects whose keys come from the data (criteria, responses) are lists of entries here, for a table
has its columns before it has rows.
"""

from collections.abc import Iterator
from statistics import fmean

from annotation.datasets.formats.columns import FLAG, INTEGER, MESSAGES, NUMBER, TEXT
from annotation.datasets.formats.frozen import Frozen, ItemLines, Line, Row

JUDGMENTS = {
    "id": TEXT,
    "item": TEXT,
    "labeler": TEXT,
    "revision": INTEGER,
    "purpose": TEXT,
    "prompt": MESSAGES,
    "responses": [{"id": TEXT, "content": TEXT}],
    "ranking": [[TEXT]],
    "unacceptable": [TEXT],
    "rest_below": FLAG,
    "strength": [INTEGER],
    "scale": INTEGER,
    "preference": INTEGER,
    "both": TEXT,
    "ratings": [{"criterion": TEXT, "response": TEXT, "value": NUMBER}],
    "flags": [{"flag": TEXT, "response": TEXT}],
    "highlights": [
        {
            "response": TEXT,
            "start": INTEGER,
            "end": INTEGER,
            "label": TEXT,
            "note": TEXT,
            "text": TEXT,
        }
    ],
    "confidence": INTEGER,
    "corrections": [{"response": TEXT, "text": TEXT}],
    "demonstration": TEXT,
    "rationale": TEXT,
    "seconds": NUMBER,
    "order": [TEXT],
    "rubric_version": INTEGER,
    "prompt_sha256": TEXT,
}
RATINGS = {
    "item": TEXT,
    "response_id": TEXT,
    "prompt": MESSAGES,
    "completion": MESSAGES,
    "criterion": TEXT,
    "mean": NUMBER,
    "ratings": [{"labeler": TEXT, "value": NUMBER}],
}
NOT_APPLICABLE = "na"


def judgments(frozen: Frozen, split: str) -> Iterator[Row]:
    """Texts that stand in no other line of the dataset are null: the dataset has none of them."""
    for item in frozen.items(split):
        for line in item.rankings:
            yield _judgment(line, item)


def _judgment(line: Line, item: ItemLines) -> Row:
    said, texts = line.row, item.texts
    demonstration = said.get("demonstration")
    return {
        "id": line.id,
        "item": said["item"],
        "labeler": said["labeler"],
        "revision": said["revision"],
        "purpose": said.get("purpose", "work"),
        "prompt": item.prompt,
        "responses": [{"id": key, "content": texts.get(key)} for key in item.keys],
        "ranking": said["ranking"],
        "unacceptable": said["unacceptable"],
        "rest_below": said.get("rest_below", False),
        "strength": said["strength"],
        "scale": said.get("scale"),
        "preference": said.get("preference"),
        "both": said.get("both", ""),
        "ratings": [
            {"criterion": criterion, "response": key, "value": _number(value)}
            for criterion, values in sorted(said["ratings"].items())
            for key, value in sorted(values.items())
        ],
        "flags": [
            {"flag": flag, "response": key}
            for flag, keys in sorted(said.get("flags", {}).items())
            for key in keys
        ],
        "highlights": said.get("highlights", []),
        "confidence": said.get("confidence"),
        "corrections": [
            {"response": key, "text": one["text"]}
            for key, one in sorted(said.get("corrections", {}).items())
        ],
        "demonstration": demonstration and demonstration["text"],
        "rationale": said["rationale"],
        "seconds": _number(said["seconds"]),
        "order": said["order"],
        "rubric_version": said["rubric_version"],
        "prompt_sha256": said["prompt_sha256"],
    }


def ratings(frozen: Frozen, split: str) -> Iterator[Row]:
    """A row for each response and criterion that somebody rated. Left out: “not applicable”, and
    responses whose text stands in no other line of the dataset."""
    for item in frozen.items(split):
        texts, found = item.texts, {}
        for line in item.rankings:
            for criterion, values in line.row["ratings"].items():
                for key, value in values.items():
                    if value != NOT_APPLICABLE and key in texts:
                        given = {"labeler": line.row["labeler"], "value": float(value)}
                        found.setdefault((key, criterion), []).append(given)
        for (key, criterion), given in sorted(found.items()):
            yield {
                "item": item.item,
                "response_id": key,
                "prompt": item.prompt,
                "completion": [{"role": "assistant", "content": texts[key]}],
                "criterion": criterion,
                "mean": fmean(one["value"] for one in given),
                "ratings": given,
            }


def has_ratings(said: Row) -> bool:
    values = (value for given in said["ratings"].values() for value in given.values())
    return any(value != NOT_APPLICABLE for value in values)


def _number(value) -> float | None:
    return None if value is None or value == NOT_APPLICABLE else float(value)
