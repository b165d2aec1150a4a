"""A reward model on a file of comparisons that no project made: RewardBench's format.

`python -m training.benchmark MODEL_FOLDER FILE RESULT.json`. A row of the file (JSON Lines or
Parquet) has `prompt` (a text, or messages), `chosen` and `rejected` (texts, or messages that end
with the assistant's), and where it likes `subset` or `category`: Lambert et al. 2024
(arXiv 2403.13787). A row that cannot be read ends it, by its line and field: an accuracy on what
was left would be another benchmark's.
"""

import argparse
import hashlib
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from training import evaluate
from training.data import Messages
from training.errors import ConfigError, DataError, RunError
from training.events import write_json

MOST_ROWS = 200_000
BINS = 5
ROLES = ("system", "user", "assistant")


@dataclass(frozen=True)
class Row:
    """One comparison of the file."""

    prompt: Messages
    chosen: str
    rejected: str
    subset: str


def read_rows(path: Path) -> list[Row]:
    """All rows, or a DataError that names line and field of the first that is none."""
    rows: list[Row] = []
    for number, raw in _lines(path):
        if len(rows) == MOST_ROWS:
            raise DataError(f"{path.name} has more than {MOST_ROWS:,} rows")
        rows.append(_row(raw, f"{path.name}, line {number}"))
    if not rows:
        raise DataError(f"{path.name} has no rows")
    return rows


def _lines(path: Path) -> Iterator[tuple[int, Any]]:
    if not path.is_file():
        raise ConfigError(f"no file at {path}")
    if path.suffix == ".parquet":
        import pyarrow
        import pyarrow.parquet

        try:
            yield from enumerate(pyarrow.parquet.read_table(path).to_pylist(), 1)
        except pyarrow.ArrowInvalid as error:
            raise DataError(f"{path.name} is no Parquet file: {error}") from error
        return
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                yield number, json.loads(line)
            except ValueError as error:
                raise DataError(f"{path.name}, line {number} is not JSON: {error}") from error


def _row(raw: Any, where: str) -> Row:
    if not isinstance(raw, dict):
        raise DataError(f"{where} is no object")
    subset = raw.get("subset") or raw.get("category") or ""
    if not isinstance(subset, str):
        raise DataError(f"{where}: subset must be a text")
    chosen, rejected = (_response(raw, name, where) for name in ("chosen", "rejected"))
    if chosen == rejected:
        raise DataError(f"{where}: chosen and rejected are the same text")
    return Row(_prompt(raw.get("prompt"), where), chosen, rejected, subset)


def _prompt(given: Any, where: str) -> Messages:
    if isinstance(given, str) and given.strip():
        return ({"role": "user", "content": given},)
    if not isinstance(given, list) or not given:
        raise DataError(f"{where}: prompt must be a text or a list of messages")
    return tuple(_message(one, "prompt", where) for one in given)


def _message(given: Any, name: str, where: str) -> dict[str, str]:
    if not isinstance(given, dict) or given.get("role") not in ROLES:
        raise DataError(f"{where}: {name} has a message without a role of {', '.join(ROLES)}")
    if not isinstance(given.get("content"), str):
        raise DataError(f"{where}: {name} has a message whose content is no text")
    return {"role": given["role"], "content": given["content"]}


def _response(raw: dict[str, Any], name: str, where: str) -> str:
    given = raw.get(name)
    if isinstance(given, list) and given:
        last = _message(given[-1], name, where)
        if last["role"] == "assistant":
            return last["content"]
    if isinstance(given, str):
        return given
    raise DataError(f"{where}: {name} must be a text, or messages that end with the assistant's")


def measure(
    rows: Sequence[Row],
    difference: Any,
    faults: Sequence[str],
    *,
    temperature: float = 1.0,
    seed: int = 0,
) -> dict[str, Any]:
    """Accuracy beside length alone, calibration, and the same by subset.

    `difference` = raw reward of chosen - raw reward of rejected, (rows,) float64; `faults`: why
    the model cannot read one of them, or empty. Such a row counts as wrong: it was not answered.
    """
    unread = np.array([bool(fault) for fault in faults])
    decided = np.where(unread, -np.inf, difference)
    length = evaluate.length_difference(
        [row.chosen for row in rows], [row.rejected for row in rows]
    )
    prompts = [hashlib.sha256(json.dumps(row.prompt).encode()).hexdigest() for row in rows]

    def part(places: Any) -> dict[str, Any]:
        names = [prompts[at] for at in places]
        return {
            "comparisons": len(places),
            "prompts": len(set(names)),
            "accuracy": evaluate.accuracy(decided[places], names, seed).describe(),
            "length": evaluate.accuracy(length[places], names, seed).describe(),
            "beats_length": evaluate.compare(decided[places], length[places], names, seed),
        }

    subsets: dict[str, list[int]] = {}
    for at, row in enumerate(rows):
        subsets.setdefault(row.subset, []).append(at)
    found = part(list(range(len(rows))))
    if set(subsets) != {""}:
        # Rows without a subset stand under "", which no subset can be called.
        found["subsets"] = {name: part(at) for name, at in sorted(subsets.items())}
        shares = [one["accuracy"]["value"] for one in found["subsets"].values()]
        found["mean_of_subsets"] = float(np.mean(shares))
    answered = difference[~unread]
    found["unread"] = dict(sorted(Counter(filter(None, faults)).items()))
    if len(answered):
        found["calibration"] = calibration(answered / temperature)
    return found


def calibration(margin: Any) -> dict[str, Any]:
    """How sure it is against how often it is right, by bins of σ|margin|; (comparisons,)."""
    sure = 1 / (1 + np.exp(-np.abs(margin)))
    right = evaluate.correct(margin)
    place = np.minimum(((sure - 0.5) * 2 * BINS).astype(int), BINS - 1)
    counts = Counter(place.tolist())
    return {
        "error": evaluate.calibration_error(margin),
        "log_loss": evaluate.log_loss(margin, np.ones(len(margin))),
        "bins": [
            {
                "comparisons": counts[one],
                "sure": float(sure[place == one].mean()),
                "right": float(right[place == one].mean()),
            }
            for one in sorted(counts)
        ],
    }


def judge(folder: Path, rows: Sequence[Row], *, sha256: str | None = None) -> dict[str, Any]:
    """Load a published reward model and measure it."""
    from training.card import check_reward
    from training.reward_model import RewardModel

    place = {"path": str(folder), "sha256": sha256}
    model = RewardModel.load(check_reward({"reward": place}))
    return measured_by(model, rows, lambda done, total: None)


def measured_by(
    model: Any, rows: Sequence[Row], tell: Callable[[int, int], None]
) -> dict[str, Any]:
    """`measure` of a loaded RewardModel; `tell(done, total)` counts the responses it has read."""
    prompts = [row.prompt for row in rows for _ in range(2)]
    responses = [text for row in rows for text in (row.chosen, row.rejected)]
    found = model.judge(prompts, responses, tell)
    values = found.values.numpy() * model.spec["std"]
    faults = [
        one or other for one, other in zip(found.faults[::2], found.faults[1::2], strict=True)
    ]
    return measure(
        rows,
        values[::2] - values[1::2],
        faults,
        temperature=model.spec.get("temperature", 1.0),
    )


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m training.benchmark", description=__doc__)
    parser.add_argument("model", type=Path, help="folder of a published reward model")
    parser.add_argument("file", type=Path, help="JSON Lines or Parquet")
    parser.add_argument("result", type=Path, help="where the figures go, as JSON")
    parser.add_argument("--sha256", help="of the model's manifest.json")
    asked = parser.parse_args(argv)
    from training.run import prepare_environment

    try:
        rows = read_rows(asked.file)
        prepare_environment(asked.result.resolve().parent)
        found = judge(asked.model, rows, sha256=asked.sha256)
        write_json(asked.result, found)
    except RunError as error:
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
