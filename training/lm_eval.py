"""A policy on tasks of the lm-evaluation-harness, from local folders, in one process.

Reads task definitions (the harness's YAML) from options.folders and writes figures.jsonl into the
attempt's folder, whole or not at all: a line for each metric of each task. Nothing is downloaded.
A definition may name Python functions: what lies in the folders is run. RUN and TOKEN are
described in docs/formats.md.
"""

import hashlib
import math
from collections.abc import Iterator, Mapping
from typing import Any

from training import harness
from training.errors import ConfigError, DataError
from training.lines import write
from training.run import Run, main

# Of each metric that has no standard error in closed form.
RESAMPLES = 1000
STDERR = "_stderr"


def work(run: Run) -> None:
    run.tick("check data")
    names = harness.read_names(run.options["tasks"])
    folders = harness.read_folders(run.options["folders"])
    version = harness.prepare()
    tasks = harness.build_tasks(run, folders, names)

    run.tick("load models")
    model, tokenizer = load(run)
    wrapped = harness.wrap(run, model, tokenizer)
    results = evaluate(run, wrapped, [task for found in tasks.values() for task in found])

    shown = {part.task_name for parts in tasks.values() for part in parts if not _is_group(part)}
    shown |= {part.name for parts in tasks.values() for part in parts if _is_group(part)}
    lines = list(read_figures(results, shown=shown, harness=version, run=run))
    if not lines:
        raise DataError("not one metric of these tasks is a finite number")
    counts = results["n-samples"].values()
    run.outcome.counts = {
        "read": sum(one["original"] for one in counts),
        "kept": sum(one["effective"] for one in counts),
        "cut": wrapped.cut,
        "dropped": {},
    }
    if wrapped.cut:
        said = f"{wrapped.cut} requests are longer than the model reads: their beginning was cut"
        run.journal.warning(said)
    run.outcome.settings = {"harness": version, "max_length": wrapped.max_length}
    run.outcome.metrics = summary(lines)
    write(run, "figures", lines)


def load(run: Run) -> tuple[Any, Any]:
    """The policy in eval mode, and its tokenizer; pickles and code of others are refused."""
    from training import policy
    from training.card import check_base

    base = check_base(run.config, run.journal.alive)
    assert base is not None  # noqa: S101 - read_config refuses a run without a base
    tokenizer = policy.load_tokenizer(base)
    if run.options["chat"] and not getattr(tokenizer, "chat_template", None):
        raise ConfigError("the model has no chat template: set option 'chat' to false")
    return policy.load_policy(base).eval(), tokenizer


def evaluate(run: Run, wrapped: Any, tasks: list[Any]) -> Mapping[str, Any]:
    """The harness's own result of these task objects."""
    import lm_eval

    seeds = ("random_seed", "numpy_random_seed", "torch_random_seed", "fewshot_random_seed")
    chat = run.options["chat"]
    with harness.told_as("the harness"):
        return lm_eval.simple_evaluate(
            model=wrapped,
            tasks=tasks,
            limit=run.options["limit"],
            num_fewshot=run.options["few_shot"],
            batch_size=run.options["batch_size"],
            apply_chat_template=chat,
            fewshot_as_multiturn=chat,
            bootstrap_iters=RESAMPLES,
            log_samples=True,
            confirm_run_unsafe_code=False,
            **dict.fromkeys(seeds, run.seed),
        )


def _is_group(part: Any) -> bool:
    return hasattr(part, "child_names")


def read_figures(
    results: Mapping[str, Any], *, shown: set[str], harness: str, run: Run
) -> Iterator[dict[str, Any]]:
    """A line for each metric of each task and group; what is no finite number is told of."""
    groups = results.get("groups") or {}
    for task, found in {**results["results"], **groups}.items():
        counts = _counts(task, results)
        if not counts:
            continue
        about = {
            "task": task,
            "is_part": task not in shown,
            "n": counts,
            "few_shot": results["n-shot"].get(task),
            "version": _text(results["versions"].get(task)),
            "examples": examples_of(task, results),
            "harness": harness,
        }
        for key, value in found.items():
            metric, comma, filter_ = key.partition(",")
            if not comma or metric.endswith(STDERR) or not _is_number(value):
                continue
            if not math.isfinite(value):
                run.journal.warning(f"{task}: {metric} is no finite number")
                continue
            better = (results.get("higher_is_better") or {}).get(task, {}).get(metric)
            stderr = found.get(f"{metric}{STDERR},{filter_}")
            yield {
                **about,
                "metric": metric,
                "filter": filter_,
                "value": float(value),
                "stderr": _deviation(stderr),
                "higher_is_better": better if isinstance(better, bool) else None,
            }


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _deviation(value: Any) -> float | None:
    is_known = _is_number(value) and math.isfinite(value) and value >= 0
    return float(value) if is_known else None


def _text(version: Any) -> str:
    return "" if version in (None, "N/A") else str(version)


def _leaves(task: str, results: Mapping[str, Any]) -> list[str]:
    """The tasks that a name stands for: itself, or of a group all below it."""
    parts = (results.get("group_subtasks") or {}).get(task) or []
    return [leaf for part in parts for leaf in _leaves(part, results)] if parts else [task]


def _counts(task: str, results: Mapping[str, Any]) -> int:
    samples = results["n-samples"]
    return sum(samples[leaf]["effective"] for leaf in _leaves(task, results) if leaf in samples)


def examples_of(task: str, results: Mapping[str, Any]) -> str:
    """sha256 over what was asked and what was expected: two figures with the same one are of the
    same examples, whatever the version says."""
    rows = {
        f"{one['doc_hash']} {one['target_hash']}"
        for leaf in _leaves(task, results)
        for one in results["samples"].get(leaf, ())
    }
    return hashlib.sha256("\n".join(sorted(rows)).encode()).hexdigest()


def summary(lines: list[dict[str, Any]]) -> dict[str, Any]:
    """The figures of what was asked for, by task and metric, for run.json."""
    found: dict[str, Any] = {}
    for line in lines:
        if not line["is_part"]:
            place = found.setdefault(line["task"], {})
            place.setdefault(line["metric"], {"value": line["value"], "stderr": line["stderr"]})
    return found


if __name__ == "__main__":
    main("lm_eval", __doc__, work)
