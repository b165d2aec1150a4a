"""What EleutherAI's lm-evaluation-harness is told of a policy of ours, and what it may read.

Only tasks from the folders that are named: its own ones take their data from the Hub. The package
is imported where it is used, for it is optional and brings torch along.
"""

import os
import traceback
from collections.abc import Iterator, Sequence
from contextlib import chdir, contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from training.errors import ConfigError, DataError, RunError, of_machine
from training.run import Run

HOW_TO_ADD = (
    "the package lm-eval is not installed: `make train-extra` adds it, or "
    "`.venv/bin/python -m pip install lm-eval`"
)
# What reads files; every other dataset_path is a name on the Hub, or a folder.
READERS = ("json", "csv", "parquet", "text", "arrow", "xml")
QUIET = {
    "HF_DATASETS_OFFLINE": "1",
    "HF_EVALUATE_OFFLINE": "1",
    # Its resampling would start a process for each core, with the model in each.
    "DISABLE_MULTIPROC": "1",
    "LOGLEVEL": "WARNING",
}


def prepare() -> str:
    """The harness, kept quiet and off the network; returns its version."""
    if find_spec("lm_eval") is None:
        raise ConfigError(HOW_TO_ADD)
    os.environ.update(QUIET)
    from importlib.metadata import version

    return version("lm_eval")


def read_names(given: str) -> list[str]:
    """Names of tasks from `a,b`, each once, in their order."""
    names = list(dict.fromkeys(name.strip() for name in given.split(",") if name.strip()))
    if not names:
        raise ConfigError("option 'tasks' must name at least one task")
    return names


def read_folders(given: str) -> list[Path]:
    """Folders from `/a:/b`. One that cannot be read ends it: its tasks would just be missing."""
    folders = [Path(name) for name in given.split(os.pathsep) if name]
    if not folders:
        raise ConfigError("option 'folders' must name a folder with task definitions")
    for folder in folders:
        if not folder.is_dir():
            raise ConfigError(f"there is no folder of tasks at {folder}")
        if not os.access(folder, os.R_OK | os.X_OK):
            raise ConfigError(f"the folder of tasks {folder} may not be read")
    return folders


def build_tasks(run: Run, folders: Sequence[Path], names: Sequence[str]) -> dict[str, list[Any]]:
    """The harness's task objects by the name they were asked for by, with their data read.

    A file of data is looked for from the folder of the YAML that was asked for.
    """
    from lm_eval.tasks import TaskManager

    manager = TaskManager(include_path=[str(one) for one in folders], include_defaults=False)
    unknown = [name for name in names if name not in manager.task_index]
    if unknown:
        raise ConfigError(_no_such(unknown[0], manager, folders))
    built = {}
    for name in names:
        run.tick("check data")
        entry = manager.task_index[name]
        _check_local(name, entry, manager)
        folder = (entry.yaml_path or folders[0]).resolve().parent
        with chdir(folder), told_as(f"task {name!r}"):
            found = manager._load_spec(name)
        built[name] = found if isinstance(found, list) else [found]
    return built


def _no_such(name: str, manager: Any, folders: Sequence[Path]) -> str:
    """Which there are, and which files could not be read: the harness passes those by."""
    from lm_eval.tasks._yaml_loader import load_yaml

    broken = []
    for path in (path for folder in folders for path in sorted(folder.glob("**/*.yaml"))):
        try:
            load_yaml(path, resolve_func=False)
        except Exception as error:  # whatever its parser raises
            broken.append(f"{path.name}: {str(error).splitlines()[0]}")
    known = ", ".join(manager.all_tasks) or "none"
    said = f"there is no task {name!r} in {', '.join(map(str, folders))}; there are: {known}"
    return said + (f"; not to be read: {'; '.join(broken)}" if broken else "")


def _check_local(name: str, entry: Any, manager: Any) -> None:
    """Refuse data from the Hub by name, before something tries to reach it."""
    config = entry.cfg or {}
    place = config.get("dataset_path")
    if isinstance(place, str) and place not in READERS and not Path(place).is_dir():
        raise DataError(
            f"task {name!r} takes its data from {place!r}, and nothing is downloaded: "
            f"give dataset_path one of {', '.join(READERS)}, and data_files"
        )
    parts = config.get("task")
    for part in parts if isinstance(parts, list) else ():
        known = manager.task_index.get(part) if isinstance(part, str) else None
        if known is not None and known is not entry:
            _check_local(known.name, known, manager)


@contextmanager
def told_as(what: str) -> Iterator[None]:
    """What the harness, or a task's own code, raises inside, as a sentence; the traceback goes to
    the log. What the machine gave out on, and what ends a run, stays what it is."""
    try:
        yield
    except RunError:
        raise
    except Exception as error:
        if of_machine(error) is not None:
            raise
        traceback.print_exc()
        first = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise DataError(f"{what}: {first}") from error


def wrap(run: Run, model: Any, tokenizer: Any) -> Any:
    """The policy as the harness asks for one, telling the journal how far it is."""
    import torch
    from lm_eval.models.huggingface import HFLM

    from training import policy

    options = run.options

    class Policy(HFLM):
        done, total, cut = 0, 0, 0

        def tick(self, rows: int = 0) -> None:
            self.done = min(self.done + rows, self.total)
            run.tick("evaluate", self.done, self.total)

        def all_of(self, ask: Any, requests: Sequence[Any], **more: Any) -> Any:
            self.total += len(requests)
            self.tick()
            answers = ask(requests, **more)
            self.done = self.total  # requests that share a context are one row
            self.tick()
            return answers

        def loglikelihood(self, requests: Any, **more: Any) -> Any:
            return self.all_of(super().loglikelihood, requests, **more)

        def loglikelihood_rolling(self, requests: Any, **more: Any) -> Any:
            return self.all_of(super().loglikelihood_rolling, requests, **more)

        def generate_until(self, requests: Any, **more: Any) -> Any:
            return self.all_of(super().generate_until, requests, **more)

        def _loglikelihood_tokens(self, requests: Any, *rest: Any, **more: Any) -> Any:
            # It cuts the beginning of what is too long, and says so in its log alone.
            self.cut += sum(len(one[1]) + len(one[2]) > self.max_length + 1 for one in requests)
            return super()._loglikelihood_tokens(requests, *rest, **more)

        def _model_call(self, inps: Any, *rest: Any, **more: Any) -> Any:
            answer = super()._model_call(inps, *rest, **more)
            self.tick(len(inps))
            return answer

        def _model_generate(self, context: Any, *rest: Any, **more: Any) -> Any:
            answer = super()._model_generate(context, *rest, **more)
            self.tick(len(context))
            return answer

    wrapped = Policy(
        pretrained=model,
        tokenizer=tokenizer,
        backend="causal",
        batch_size=options["batch_size"],
        max_length=_limit(model, options["max_length"]),
        mixed_precision_dtype=torch.bfloat16 if policy.use_bf16(options["precision"]) else None,
        trust_remote_code=False,
    )
    # Each token that it writes is a sign of life, and a place to stop.
    model.register_forward_pre_hook(lambda *_: wrapped.tick())
    return wrapped


def _limit(model: Any, asked: int | None) -> int:
    own = getattr(model.config, "max_position_embeddings", None) or 4096
    if asked is not None and asked > own:
        raise ConfigError(f"max_length {asked} is above the {own} positions of the base model")
    return asked or own
