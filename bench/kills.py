"""Kill trainers and look what becomes of the run: `python -m bench.kills [--kills 20]`.

For each kind of training an undisturbed run first. Then as many runs as asked for, each killed
(SIGKILL) at a random moment of its life, and one for each file of a save, killed as soon as that
file appears. Each is then claimed again, as the platform does, and must end well: from the newest
whole checkpoint, with no more than `save_steps` steps done twice, and with the very weights of the
undisturbed run. One thread, one seed. Prints a table; exits 1 where a run ended otherwise.
"""

import argparse
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from tests.training import toy
from training.checkpoint import newest_verified, sha256_of

SMALL = {"hidden_size": 64, "layers": 2, "heads": 4, "vocab_size": 400}
STEPS = {"save_steps": 3, "eval_steps": 10, "log_steps": 1}
LOOP = {
    "batch_size": 16, "minibatch": 8, "passes": 2, "max_new_tokens": 24, "max_steps": 8,
    "epochs": 8, "learning_rate": 1e-3, "log_steps": 1, "eval_steps": 3, "save_steps": 2,
}  # fmt: skip
OPTIONS = {
    "sft": {"batch_size": 16, "epochs": 4, **SMALL, **STEPS},
    "reward, encoder": {"batch_size": 4, "epochs": 3, "learning_rate": 1e-3, **STEPS},
    "reward, causal": {"batch_size": 8, "epochs": 2, **STEPS},
    "reward, ensemble": {
        "batch_size": 4, "epochs": 2, "learning_rate": 1e-3, "members": 3, **STEPS,
    },
    "dpo": {"batch_size": 8, "epochs": 2, "learning_rate": 1e-3, **STEPS},
    "dpo, lora": {"batch_size": 8, "epochs": 2, "learning_rate": 1e-3, "lora_rank": 4, **STEPS},
    "kto": {"batch_size": 8, "epochs": 2, "learning_rate": 1e-3, **STEPS},
    "rl, ppo": {"algorithm": "ppo", **LOOP},
    "rl, rloo": {"algorithm": "rloo", **LOOP},
    "rl, grpo": {"algorithm": "grpo", **LOOP},
}  # fmt: skip


class Broken(Exception):
    """A run that did not become what it had to."""


@dataclass
class World:
    """What the runs start from."""

    folder: Path
    dataset: dict
    bases: dict = field(default_factory=dict)

    def make(self, kind, name):
        training = kind.partition(",")[0]
        starts = {"sft": None, "reward, encoder": "encoder", "reward, ensemble": "encoder"}
        base = self.bases.get(starts.get(kind, "policy"))
        reward = self.bases["reward"] if training == "rl" else None
        folder = self.folder / kind.replace(", ", "-") / name
        return toy.make_run(folder, training, self.dataset, base, reward=reward, **OPTIONS[kind])


@dataclass
class Row:
    """How the runs of one kind went."""

    kind: str
    seconds: float
    files: list[str]
    phases: Counter = field(default_factory=Counter)
    saves: Counter = field(default_factory=Counter)
    resumed: int = 0
    redone: list[int] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)


def build(folder: Path) -> World:
    dataset = toy.make_dataset(folder / "dataset")
    world = World(folder, dataset)
    world.bases["encoder"] = toy.make_encoder(folder / "encoder")
    options = {"batch_size": 16, "epochs": 12, "learning_rate": 5e-3, "save_steps": 50, **SMALL}
    policy = toy.make_run(folder / "policy", "sft", dataset, **options)
    world.bases["policy"] = finish(policy) / "model"
    options = {"batch_size": 8, "epochs": 3}
    judge = toy.make_run(folder / "judge", "reward", dataset, world.bases["policy"], **options)
    world.bases["reward"] = finish(judge) / "model"
    return world


def finish(run: Path, token: int = 1) -> Path:
    status, _, record = toy.train(run, token)
    if status != 0 or record is None or record["status"] != "done":
        raise Broken(f"attempt {token} ended with {status}: {toy.log(run, token)[-400:]}")
    return run / str(token)


def weights(attempt: Path) -> dict[str, str]:
    model = attempt / "model"
    return {path.name: sha256_of(path) for path in sorted(model.glob("*.safetensors"))}


def sweep(world: World, kind: str, kills: int, seed: int) -> Row:
    """An undisturbed run of a kind, then the killed ones, each judged against it."""
    whole = world.make(kind, "undisturbed")
    began = time.monotonic()
    expected = weights(finish(whole))
    seconds = time.monotonic() - began
    last, _ = newest_verified(whole, sha256_of(whole / "config.json"))
    row = Row(kind, seconds, sorted(listed(last.folder)))
    chance = random.Random(f"{seed}/{kind}")  # noqa: S311 - moments, no secrets
    life, number = seconds, 0
    while sum(row.phases.values()) < kills:
        number += 1
        run = world.make(kind, f"moment-{number}")
        phase = kill_at(run, chance.uniform(0, life))
        if phase is None:  # it was quicker than the undisturbed one: not a kill
            life *= 0.95
            shutil.rmtree(run)
            continue
        row.phases[phase] += 1
        judge(row, run, expected, f"moment {number} ({phase})")
    for count in range(len(row.files) + 1):
        run = world.make(kind, f"file-{count}")
        found = kill_in_save(run, count)
        row.saves[found] += 1
        judge(row, run, expected, f"in a save, {found}")
    return row


def kill_at(run: Path, after: float) -> str | None:
    """Kill attempt 1 so many seconds after its start; says what it was doing then, or None where
    it was over before."""
    process = toy.start(run)
    end = time.monotonic() + after
    while time.monotonic() < end and process.poll() is None:
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    if process.wait(timeout=60) == 0:
        return None
    stages = [line["stage"] for line in toy.journal(run) if line["type"] == "progress"]
    return stages[-1] if stages else "start"


def kill_in_save(run: Path, count: int) -> str:
    """Kill attempt 1 in its second save as soon as `count` files lie in the staged folder. Says
    how many lay there when it was dead: it may have been quicker than we."""
    process = toy.start(run)
    options = json.loads((run / "config.json").read_text())["options"]
    target = run / "1" / "checkpoints" / f"step-{2 * options['save_steps']}"
    staging = target.with_name(f".{target.name}.tmp")
    while process.poll() is None and not target.exists():
        if staging.exists() and len(listed(staging)) >= count:
            break
        time.sleep(0.0002)
    process.send_signal(signal.SIGKILL)
    process.wait(timeout=60)
    return f"{len(listed(staging))} files staged" if staging.exists() else "renamed already"


def judge(row: Row, run: Path, expected: dict[str, str], what: str) -> None:
    """Claim a killed run again, let it end, and write down what is wrong with its end."""
    saved, damaged = newest_verified(run, sha256_of(run / "config.json"))
    start = saved.step if saved else 0
    before = max((line["step"] for line in steps_of(run, 1)), default=0)
    try:
        attempt = finish(run, 2)
    except Broken as error:
        row.broken.append(f"{what}: {error}")
        return
    after = [line["step"] for line in steps_of(run, 2)]
    if after and after[0] != start + 1:
        row.broken.append(f"{what}: went on at step {after[0]}, its checkpoint was of {start}")
    if weights(attempt) != expected:
        row.broken.append(f"{what}: other weights")
    if damaged:
        row.broken.append(f"{what}: half a checkpoint lay where whole ones lie: {damaged}")
    row.resumed += saved is not None
    row.redone.append(max(0, before - start))
    shutil.rmtree(run)


def steps_of(run: Path, token: int) -> list[dict]:
    """Its metric lines of training, one a step."""
    return [one for one in toy.journal(run, token) if one["type"] == "metric" and "loss" in one]


def listed(folder: Path) -> list[str]:
    try:
        return os.listdir(folder)
    except FileNotFoundError:
        return []


def table(rows: list[Row]) -> str:
    lines = [
        "| Training | Undisturbed | Killed at a moment | in a save | Went on from a checkpoint "
        "| Steps done twice, at most | Ended otherwise |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        moments = ", ".join(f"{n} {phase}" for phase, n in row.phases.most_common())
        saves = ", ".join(f"{n} × {what}" for what, n in sorted(row.saves.items()))
        lines.append(
            f"| {row.kind} | {row.seconds:.1f} s | {sum(row.phases.values())}: {moments} "
            f"| {sum(row.saves.values())}: {saves} | {row.resumed} | {max(row.redone, default=0)} "
            f"| {len(row.broken)} |"
        )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.kills", description=__doc__)
    parser.add_argument("--kills", type=int, default=20, help="random moments a kind")
    parser.add_argument("--kinds", nargs="*", choices=list(OPTIONS), default=list(OPTIONS))
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory(prefix="concord-kills-") as folder:
        world = build(Path(folder))
        for kind in asked.kinds:
            rows.append(sweep(world, kind, asked.kills, asked.seed))
            print(table(rows[-1:]).splitlines()[-1], *rows[-1].broken, sep="\n", file=sys.stderr)
    print(table(rows))
    sys.exit(any(row.broken for row in rows))


if __name__ == "__main__":
    main()
