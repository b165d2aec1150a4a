"""Rewards of stored responses by a published reward model, in one process.

Reads options.rows (a line per response: id, prompt, response) and writes scores.jsonl into
the attempt's folder, whole or not at all: {"id", "score"}, the score null where the response is
longer than the model reads. RUN and TOKEN are described in docs/formats.md.
"""

from training import lines
from training.data import Messages, read_prompt
from training.errors import DataError
from training.run import Run, main

Line = tuple[str, Messages, str]


def work(run: Run) -> None:
    run.tick("check data")
    asked = read_lines(run.options["rows"])

    run.tick("load models")
    from training import policy
    from training.card import check_reward
    from training.reward_model import RewardModel

    model = RewardModel.load(check_reward({"reward": run.config["base"]}, run.journal.alive))
    rows = [model.tokeniser.row(prompt, response)[0] for _, prompt, response in asked]
    fitting = [at for at, row in enumerate(rows) if row is not None]
    raw = model.raw_scores(
        [rows[at] for at in fitting],
        lambda done, total: run.tick("score", done, total),
        bf16=policy.use_bf16(run.options["precision"]),
    )
    scores: list[float | None] = [None] * len(asked)
    for at, value in zip(fitting, raw.tolist(), strict=True):
        scores[at] = (value - model.spec["mean"]) / model.spec["std"]
    too_long = len(asked) - len(fitting)
    run.outcome.counts = {
        "read": len(asked),
        "kept": len(fitting),
        "cut": 0,
        "dropped": {"too long": too_long} if too_long else {},
    }
    names = (name for name, _, _ in asked)
    said = ({"id": name, "score": score} for name, score in zip(names, scores, strict=True))
    lines.write(run, "scores", said)


def read_lines(path: str) -> list[Line]:
    """(id, prompt, response) of each line."""
    found = []
    for where, row in lines.read(path, option="rows", noun="responses"):
        if not isinstance(row.get("response"), str):
            raise DataError(f"{where}: response must be a text")
        found.append((row["id"], read_prompt(row, where), row["response"]))
    return found


if __name__ == "__main__":
    main("score", __doc__, work)
