"""The model card and the manifest of a published model, and the publishing itself."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from training import checkpoint, ranks
from training.errors import ConfigError, RunError
from training.evaluate import verdict
from training.events import write_json
from training.run import Run

FORMAT = "concord-model/1"
PICKLES = (".bin", ".pt", ".pth", ".pkl", ".pickle", ".ckpt")
TITLES = {
    "sft": "Policy (supervised tuning)",
    "reward": "Reward model",
    "dpo": "Policy (DPO)",
    "kto": "Policy (KTO)",
    "rl": "Policy (reinforcement learning)",
}


def publish(
    run: Run, save: Callable[[Path], None], check: Callable[[Path], None], *, limits: list[str]
) -> None:
    """Save the model into a staged folder, check it by loading it again, rename it into place.

    `save(folder)` writes weights and tokenizer, `check(folder)` loads them and raises if they do
    not score as the trained model does.
    """
    run.tick("publish")
    if not ranks.is_first():
        ranks.wait()
        return
    target, alive = run.out / "model", run.journal.alive
    written: dict[str, dict[str, Any]] = {}

    def seal(folder: Path) -> None:
        (folder / "README.md").write_text(write_card(run, limits), encoding="utf-8")
        pickles = [path.name for path in folder.rglob("*") if path.suffix in PICKLES]
        if pickles:
            raise RunError(f"pickles in the model folder: {', '.join(pickles)}")
        written.update(checkpoint.list_files(folder, alive))
        write_json(
            folder / "manifest.json",
            {
                "format": FORMAT,
                "kind": "reward" if run.kind == "reward" else "policy",
                "run": str(run.config.get("run", "")),
                "dataset": (run.config["dataset"] or {}).get("hash"),
                "base": (run.config["base"] or {}).get("sha256"),
                "files": written,
            },
        )
        run.check()

    with checkpoint.staged(target, before_rename=seal, alive=alive) as folder:
        save(folder)
        if run.adapter is not None:
            run.adapter.save(folder)
        run.tick("publish")
        check(folder)
    run.outcome.files = {f"model/{name}": entry["sha256"] for name, entry in written.items()}
    run.outcome.files["model/manifest.json"] = checkpoint.sha256_of(target / "manifest.json")
    run.journal.write("artifact", path=f"{run.journal.token}/model", kind="model")
    ranks.wait()  # or the first to end would take the launcher's others with it


def check_base(config: dict[str, Any], alive: checkpoint.Alive = checkpoint.nobody) -> Path | None:
    """The base model's folder, its manifest verified where it has one; None for no base.

    `base.sha256` is the sha256 of the folder's manifest.json.
    """
    if config["base"] is None:
        return None
    folder, made_as = check_model(config["base"], "base", alive)
    if made_as == "reward" and config["kind"] != "reward":
        raise ConfigError(f"the base model is a reward model; {config['kind']} needs a policy")
    return folder


def check_reward(config: dict[str, Any], alive: checkpoint.Alive = checkpoint.nobody) -> Path:
    """The reward model's folder, verified as a base is."""
    folder, made_as = check_model(config["reward"], "reward", alive)
    if made_as != "reward":
        raise ConfigError("the reward model is none: it was not published by a reward run")
    return folder


def check_model(
    place: dict[str, Any], name: str, alive: checkpoint.Alive = checkpoint.nobody
) -> tuple[Path, str | None]:
    """A model folder, verified by its manifest where it has one, and the kind it was made as.

    place: `path`, and the manifest's `sha256` where it is known. `name`: what it is here.
    """
    folder = Path(place["path"])
    if not folder.is_dir():
        raise ConfigError(f"no {name} model at {folder}")
    if not any(folder.glob("*.safetensors")):
        pickles = sorted(path.name for path in folder.iterdir() if path.suffix in PICKLES)
        found = f"its weights are a pickle ({pickles[0]})" if pickles else "it has no weights"
        raise ConfigError(f"{name} model: {found}; only safetensors are read")
    manifest = folder / "manifest.json"
    expected = place.get("sha256")
    if not manifest.is_file():
        if expected:
            raise ConfigError(f"{name}.sha256 is given, but {folder} has no manifest.json")
        return folder, None
    raw = manifest.read_bytes()
    if expected and hashlib.sha256(raw).hexdigest() != expected:
        raise ConfigError(f"the {name} model's manifest differs from {name}.sha256")
    if not checkpoint.matches(folder, json.loads(raw)["files"], alive):
        raise ConfigError(f"the {name} model's files differ from its manifest")
    return folder, json.loads(raw).get("kind")


def write_card(run: Run, limits: list[str]) -> str:
    """README.md of a model: what it is, from what, how good against which baseline, and limits."""
    outcome = run.outcome
    lines = [
        f"# {TITLES[run.kind]}, run {run.config.get('run', '')}",
        "",
        f"- Dataset: `{(run.config['dataset'] or {}).get('hash')}`",
        f"- Labels: {describe_labels(run.config['dataset'])}",
        f"- Base model: {describe_base(run)}",
        f"- Seed: {run.seed}",
        "",
        "## Data",
        "",
        *_table(
            ("Rows", "Count"),
            [
                *((name, outcome.counts.get(name, 0)) for name in ("read", "kept", "cut")),
                *(
                    (f"dropped: {reason}", count)
                    for reason, count in outcome.counts.get("dropped", {}).items()
                ),
            ],
        ),
        "",
        "`cut`: the beginning of the prompt was left out; responses are never cut.",
        "",
        "## Held-out figures",
        "",
        *_figures(run),
        "",
        "## Settings",
        "",
        *_table(("Setting", "Value"), sorted((run.options | outcome.settings).items())),
        "",
        "## Limits",
        "",
        *(f"- {limit}" for limit in limits),
        "",
    ]
    return "\n".join(lines)


def describe_labels(place: dict[str, Any] | None) -> str:
    """By which method several judgments became one label, as the dataset's manifest says.
    place: the dataset's entry in the run's config."""
    if place is None:
        return "none"
    manifest = json.loads((Path(place["path"]) / "manifest.json").read_text(encoding="utf-8"))
    counts, said = manifest["counts"], manifest["policy"].get("labels", "majority")
    if consensus := counts.get("consensus"):
        said += f", by {consensus['method']} over {consensus['labelers']:,} labelers"
    else:
        said += ", every vote counting the same"
    if settled := counts.get("settled"):
        said += f"; {settled['items']:,} items by a reviewer's verdict"
    return said


def describe_base(run: Run) -> str:
    base = run.config["base"]
    if base is None:
        return str(run.outcome.settings.get("base", "none"))
    sha = base.get("sha256")
    return f"`{Path(base['path']).name}`" + (f", manifest sha256 `{sha}`" if sha else "")


def _figures(run: Run) -> list[str]:
    metrics, baselines = run.outcome.metrics, run.outcome.baselines
    rows: list[tuple[str, Any]] = []
    for name, value in metrics.items():
        if name == "beats_length":
            continue
        rows.append((name, _show(value)))
    for name, value in baselines.items():
        rows.append((f"baseline: {name}", _show(value)))
    for name, value in run.outcome.initial.items():
        rows.append((f"before the first step: {name}", _show(value)))
    lines = _table(("Figure", "Value"), rows)
    if run.kind in ("reward", "dpo", "kto"):
        lines = [f"**{verdict(metrics)}**", "", *lines]
    return lines


def _show(value: Any) -> str:
    if isinstance(value, dict) and "low" in value:
        rule = f", {value['rule']} wins" if "rule" in value else ""
        return f"{value['value']:.3f} ({value['low']:.3f} to {value['high']:.3f}{rule})"
    if isinstance(value, dict):
        return ", ".join(f"{name} {_show(entry)}" for name, entry in value.items())
    return f"{value:.4f}" if isinstance(value, float) else str(value)


def _table(head: tuple[str, str], rows: list[tuple[str, Any]]) -> list[str]:
    return [
        f"| {head[0]} | {head[1]} |",
        "| --- | --- |",
        *(f"| {name} | {value} |" for name, value in rows),
    ]
