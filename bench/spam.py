"""`python -m bench.spam FOLDER OUT`: a file of crowd labels as the files that Concord imports.

FOLDER has labels.csv (item, annotator, preference left|tie|right, strength 0 to 3, seconds) and
gold_items.csv (item, gold). OUT gets items.jsonl, gold.jsonl, judgments.jsonl of docs/formats.md.
The left response is `a` and was shown first; labelers become w00, w01, …
"""

import csv
import json
import sys
from collections.abc import Iterable
from pathlib import Path

# Lists as in a file of judgments: tiers, best first.
RANKINGS = {"left": [["a"], ["b"]], "tie": [["a", "b"]], "right": [["b"], ["a"]]}


def handle_of(annotator: int | str) -> str:
    return f"w{int(annotator):02d}"


def convert(folder: Path, out: Path) -> dict[str, int]:
    """How many lines each file got."""
    labels = _rows(folder / "labels.csv")
    gold = {row["item"]: row["gold"] for row in _rows(folder / "gold_items.csv")}
    items = sorted({row["item"] for row in labels} | gold.keys(), key=int)
    out.mkdir(parents=True, exist_ok=True)
    return {
        "items": _write(out / "items.jsonl", (_item(name) for name in items)),
        "gold": _write(
            out / "gold.jsonl",
            ({"item": f"x{name}", "ranking": RANKINGS[side]} for name, side in gold.items()),
        ),
        "judgments": _write(
            out / "judgments.jsonl", (_judgment(row, row["item"] in gold) for row in labels)
        ),
    }


def _item(name: str) -> dict:
    """The texts were not kept: of one length, so that none of them is the longer one."""
    sides = [{"id": key, "text": f"Response {key} to question {name}."} for key in "ab"]
    return {"id": f"x{name}", "prompt": f"Question {name}.", "responses": sides}


def _judgment(row: dict[str, str], is_gold: bool) -> dict:
    said = {
        "item": f"x{row['item']}",
        "labeler": handle_of(row["annotator"]),
        "ranking": RANKINGS[row["preference"]],
        "seconds": float(row["seconds"]),
        "order": ["a", "b"],
        "purpose": "gold" if is_gold else "work",
    }
    return said | ({"strength": [int(row["strength"])]} if row["strength"] != "0" else {})


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def _write(path: Path, lines: Iterable[dict]) -> int:
    count = 0
    with path.open("w") as file:
        for line in lines:
            file.write(json.dumps(line) + "\n")
            count += 1
    return count


if __name__ == "__main__":
    print(convert(Path(sys.argv[1]), Path(sys.argv[2])))
