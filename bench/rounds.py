"""Whether training pays on the demo world: rounds by DPO, PPO and RLOO on five seeds.

Each seed has an empty database and a world, a first policy, candidates, judgments and a reward
model of its own; each method starts from those and is compared on customers of its own, by fresh
labelers and by the hidden quality. Takes about seven minutes a seed on two quiet cores.
"""

import json
from pathlib import Path
from statistics import mean, stdev

from bench import world
from bench.measure import command
from bench.report import Report

SEEDS = (11, 101, 202, 303, 404)
METHODS = ("dpo", "ppo", "rloo")
READ = """
import json
from annotation.runs.models import RunEvent, Round
for found in Round.objects.order_by("number"):
    run = found.result["made"].get("rl_run")
    alarms = RunEvent.objects.filter(run_id=run, type="warning", data__has_key="alarm")
    told = sorted(set(alarms.values_list("data__alarm", flat=True)))
    print(json.dumps({**found.result, "seconds": found.job.seconds, "alarms": told}))
"""
MEASURES = {
    "win rate by fresh labelers": lambda found: found["win_rate"]["value"],
    "win rate by hidden quality": lambda found: found["hidden_win_rate"]["value"],
    "hidden quality before": lambda found: found["before"]["quality"],
    "hidden quality after": lambda found: found["after"]["quality"],
    "good replies before": lambda found: found["before"]["good_share"],
    "good replies after": lambda found: found["after"]["good_share"],
}


def run(report: Report, folder: Path, sizes=(10_000, 100_000)) -> None:
    seeds = SEEDS if max(sizes) >= 100_000 else SEEDS[:1]
    rounds: dict[str, list[dict]] = {method: [] for method in METHODS}
    for seed in seeds:
        for method, found in zip(METHODS, _rounds_of(seed), strict=True):
            rounds[method].append(found)
            report.add(f"{method}, seed {seed}", _say(found))
    for method, found in rounds.items():
        for name, of in MEASURES.items():
            values = [of(one) for one in found]
            spread = f" ± {stdev(values):.2f}" if len(values) > 1 else ""
            aim = "≥ 0.70" if name.endswith("labelers") and method != "rloo" else ""
            report.add(
                f"{method}, mean of {len(values)}: {name}", f"{mean(values):.2f}{spread}", aim
            )


def _rounds_of(seed: int) -> list[dict]:
    """What the rounds of one seed found, one for each method."""
    with world.database():
        command(
            "demo_round", "--local", "--method", METHODS[0], "--options", f'{{"seed": {seed}}}'
        )
        for method in METHODS[1:]:
            command("demo_round", "--local", "--method", method, "--again", "1")
        return [
            json.loads(line) for line in command("shell", "-v0", "-c", READ).output.splitlines()
        ]


def _say(found: dict) -> str:
    people, hidden = found["win_rate"], found["hidden_win_rate"]
    before, after = found["before"], found["after"]
    return (
        f"wins {people['value']:.0%} [{people['low']:.0%}, {people['high']:.0%}], "
        f"hidden {hidden['value']:.0%}; "
        f"quality {before['quality']:.2f} to {after['quality']:.2f}, "
        f"good {before['good_share']:.0%} to {after['good_share']:.0%}; "
        f"alarms: {', '.join(found['alarms']) or 'none'}; {found['seconds']:.0f} s"
    )
