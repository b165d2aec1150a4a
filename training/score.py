"""Rewards of stored responses by a published reward model, in one process.

Reads options.rows (a line per response: id, prompt, response) and writes scores.jsonl into
the attempt's folder, whole or not at all: {"id", "score"}, the score null where the response is
longer than the model reads. RUN and TOKEN are described in docs/formats.md.
"""

import json
import os
from pathlib import Path
from typing import Any

from training.checkpoint import sha256_of
from training.data import Messages, read_prompt
from training.errors import ConfigError, DataError
from training.events import strict_json, sync_folder
from training.run import Run, main

Line = tuple[str, Messages, str]


def work(run: Run) -> None:
    run.tick("check data")
    lines = read_lines(run.options["rows"])

    run.tick("load models")
    from training import policy
    from training.card import check_reward
    from training.reward_model import RewardModel

    model = RewardModel.load(check_reward({"reward": run.config["base"]}, run.journal.alive))
    rows = [model.tokeniser.row(prompt, response)[0] for _, prompt, response in lines]
    fitting = [at for at, row in enumerate(rows) if row is not None]
    raw = model.raw_scores(
        [rows[at] for at in fitting],
        lambda done, total: run.tick("score", done, total),
        bf16=policy.use_bf16(run.options["precision"]),
    )
    scores: list[float | None] = [None] * len(lines)
    for at, value in zip(fitting, raw.tolist(), strict=True):
        scores[at] = (value - model.spec["mean"]) / model.spec["std"]
    too_long = len(lines) - len(fitting)
    run.outcome.counts = {
        "read": len(lines),
        "kept": len(fitting),
        "cut": 0,
        "dropped": {"too long": too_long} if too_long else {},
    }
    write(run, [name for name, _, _ in lines], scores)


def read_lines(path: str) -> list[Line]:
    """(id, prompt, response) of each line; ids are unique."""
    if not path or not Path(path).is_file():
        raise ConfigError(f"option 'rows' must be a file, got {path!r}")
    lines: dict[str, Line] = {}
    with Path(path).open(encoding="utf-8") as file:
        for number, text in enumerate(file, 1):
            where = f"responses line {number}"
            try:
                row = json.loads(text)
            except ValueError as error:
                raise DataError(f"{where} is not JSON: {error}") from error
            if not isinstance(row, dict) or not isinstance(row.get("id"), str):
                raise DataError(f"{where} needs an id")
            if row["id"] in lines:
                raise DataError(f"{where}: the id {row['id']!r} appeared before")
            if not isinstance(row.get("response"), str):
                raise DataError(f"{where}: response must be a text")
            lines[row["id"]] = (row["id"], read_prompt(row, where), row["response"])
    if not lines:
        raise DataError("no responses")
    return list(lines.values())


def write(run: Run, names: list[str], scores: list[float | None]) -> None:
    """scores.jsonl in the order of the responses, by rename."""
    target = run.out / "scores.jsonl"
    temporary = run.out / ".scores.jsonl.tmp"
    with temporary.open("w", encoding="utf-8") as file:
        for name, score in zip(names, scores, strict=True):
            line: dict[str, Any] = {"id": name, "score": score}
            file.write(strict_json(line) + "\n")
        file.flush()
        os.fsync(file.fileno())
    run.check()
    temporary.replace(target)
    sync_folder(run.out)
    run.outcome.files = {"scores.jsonl": sha256_of(target)}
    run.journal.write("artifact", path=f"{run.journal.token}/scores.jsonl", kind="scores")


if __name__ == "__main__":
    main("score", __doc__, work)
