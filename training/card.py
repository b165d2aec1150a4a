"""The model card and the manifest of a published model, and the publishing itself."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from training import card_words, checkpoint, ranks
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
COUNTS = {"read": "Read", "kept": "Kept", "cut": "With a cut prompt"}


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
                *((called, f"{outcome.counts.get(name, 0):,}") for name, called in COUNTS.items()),
                *(
                    (f"Dropped: {reason}", f"{count:,}")
                    for reason, count in outcome.counts.get("dropped", {}).items()
                ),
            ],
        ),
        "",
        "Of a cut prompt the beginning was left out; responses are never cut.",
        "",
        "## Held-out figures",
        "",
        *_figures(run),
        "",
        "## Settings",
        "",
        *_settings(run),
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
    rows = [
        row
        for name, entry in run.outcome.metrics.items()
        if name != "beats_length"  # the sentence above says it
        for row in _rows(name, entry)
    ]
    rows += [_baseline(name, entry) for name, entry in run.outcome.baselines.items()]
    rows += [
        (f"Before the first step: {called}", told)
        for name, entry in run.outcome.initial.items()
        for called, told in _rows(name, entry)
    ]
    lines = _table(("Figure", "Value"), rows)
    if run.kind in ("reward", "dpo", "kto"):
        lines = [f"**{verdict(run.outcome.metrics)}**", "", *lines]
    return lines


def _rows(name: str, entry: Any) -> list[tuple[str, str]]:
    """One line, or of a group one each: `calibration` has several figures."""
    called = "Criterion" if name == "criteria" else card_words.title(name, is_figure=True)
    if isinstance(entry, dict) and "value" not in entry:
        # A criterion's key is the project's own.
        keys = {
            key: key.replace("|", r"\|") if name == "criteria" else card_words.title(key)
            for key in entry
        }
        return [
            (f"{called}: {keys[key]}", card_words.figure(one))
            for key, one in entry.items()
            if not isinstance(one, list) and (not isinstance(one, dict) or "value" in one)
        ]
    return [] if isinstance(entry, list) else [(called, card_words.figure(entry))]


def _baseline(name: str, entry: dict[str, Any]) -> tuple[str, str]:
    if "rule" in entry:
        return f"Length alone, the {entry['rule']} response wins", card_words.figure(entry)
    told = ", ".join(
        f"{'accuracy' if key == 'value' else card_words.title(key).lower()} "
        f"{card_words.figure(one)}"
        for key, one in entry.items()
    )
    return card_words.title(name), told


def _settings(run: Run) -> list[str]:
    """What was ordered and what the trainer chose; the rest, in a line, by the names to type."""
    given = run.config.get("options") or {}
    told = {name: run.options[name] for name in given if name in run.options}
    told |= {name: one for name, one in run.outcome.settings.items() if name != "base"}
    rest = {name: one for name, one in run.options.items() if name not in told}
    rows = [
        (card_words.title(name), card_words.value(one))
        for name, one in sorted(told.items())
        if card_words.is_told(one)
    ]
    usual = ", ".join(
        f"`{name}` {card_words.value(one)}"
        for name, one in sorted(rest.items())
        if card_words.is_told(one)
    )
    return [*_table(("Setting", "Value"), rows), *(["", f"As by default: {usual}."] * bool(usual))]


def _table(head: tuple[str, str], rows: list[tuple[str, Any]]) -> list[str]:
    return [
        f"| {head[0]} | {head[1]} |",
        "| --- | --- |",
        *(f"| {name} | {value} |" for name, value in rows),
    ]
