"""A reward model on a file of comparisons from elsewhere, in one process of the contract.

Reads options.rows (RewardBench's format, see training.benchmark) and writes figures.json into the
attempt's folder. RUN and TOKEN are described in docs/formats.md.
"""

from pathlib import Path

from training.benchmark import measured_by, read_rows
from training.checkpoint import sha256_of
from training.events import write_json
from training.run import Run, main


def work(run: Run) -> None:
    run.tick("check data")
    rows = read_rows(Path(run.options["rows"]))

    run.tick("load models")
    from training.card import check_reward
    from training.reward_model import RewardModel

    model = RewardModel.load(check_reward({"reward": run.config["base"]}, run.journal.alive))
    found = measured_by(model, rows, lambda done, total: run.tick("score", done, total))
    run.check()
    path = run.out / "figures.json"
    write_json(path, found)
    unread = found["unread"]
    run.outcome.counts = {
        "read": len(rows),
        "kept": len(rows) - sum(unread.values()),
        "cut": 0,
        "dropped": unread,
    }
    run.outcome.files = {path.name: sha256_of(path)}
    run.journal.write("artifact", path=f"{run.journal.token}/{path.name}", kind="figures")


if __name__ == "__main__":
    main("measure", __doc__, work)
