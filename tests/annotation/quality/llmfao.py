"""The crowd's judgments of llmfao (github.com/dustalov/llmfao) as files of docs/formats.md.

Its table names prompts and responses by number only, so their texts are made up, all responses
alike: nothing can be learned of style from them.
"""

import csv
import json
from pathlib import Path

RANKINGS = {"left": [["x"], ["y"]], "tie": [["x", "y"]], "right": [["y"], ["x"]]}


def write_files(table: Path, folder: Path, *, with_order: bool = True) -> None:
    """items.jsonl and judgments.jsonl; the left response was shown first, or nothing is said."""
    with table.open(newline="") as file:
        rows = list(csv.DictReader(file))
    items = {_id_of(row): _item(row) for row in rows}
    _write(folder / "items.jsonl", items.values())
    order = {"order": ["x", "y"]} if with_order else {}
    _write(folder / "judgments.jsonl", (_judgment(row) | order for row in rows))


def _id_of(row: dict) -> str:
    return f"{row['prompt']}-{row['model_x']}-{row['model_y']}"


def _item(row: dict) -> dict:
    return {
        "id": _id_of(row),
        "prompt": f"Prompt {row['prompt']} of llmfao.",
        "responses": [
            {"id": side, "text": "Not in the table.", "generator": row[name]}
            for side, name in (("x", "left"), ("y", "right"))
        ],
        "metadata": {"prompt": int(row["prompt"])},
    }


def _judgment(row: dict) -> dict:
    return {
        "item": _id_of(row),
        "labeler": f"w{row['worker']}",
        "ranking": RANKINGS[row["winner"]],
    }


def _write(path: Path, lines) -> None:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
