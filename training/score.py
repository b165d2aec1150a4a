"""Rewards of stored responses by a published reward model, in one process.

Reads options.rows (a line per response: id, prompt, response) and writes scores.jsonl into
the attempt's folder, whole or not at all: {"id", "score"}, the score null where the response is
longer than the model reads, or has one of its control tokens in it. RUN and TOKEN are described
in docs/formats.md.
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
    names, prompts, responses = zip(*asked, strict=True)
    found = model.judge(
        prompts,
        responses,
        lambda done, total: run.tick("score", done, total),
        bf16=policy.use_bf16(run.options["precision"]),
    )
    dropped = found.count_faults()
    run.outcome.counts = {
        "read": len(asked),
        "kept": len(asked) - sum(dropped.values()),
        "cut": 0,
        "dropped": dropped,
    }
    scored = zip(names, found.values.tolist(), found.faults, strict=True)
    said = ({"id": name, "score": None if fault else value} for name, value, fault in scored)
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
