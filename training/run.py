"""One run as a process: arguments, environment, signals, exit status. Imports no torch.

`python -m training.train_<kind> RUN TOKEN` works in the folder RUN (docs/formats.md) as attempt
TOKEN. The exit status says to a supervisor whether to register, refuse, resume or forget it.
"""

import argparse
import ctypes
import hashlib
import json
import os
import platform
import resource
import signal
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, NoReturn

from training import checkpoint, ranks, sharding
from training.alarms import Alarms
from training.errors import Cancelled, ConfigError, DataError, RunError, of_machine
from training.events import Journal, QuietJournal
from training.options import BY_KIND, read_options

FORMAT = "concord-run/1"
PLACES = ("dataset", "base", "reward")
KEYS = {"format", "kind", "run", "seed", "options", *PLACES}
# Kinds that train nothing: they need a model and no dataset.
READERS = ("generate", "score", "measure", "lm_eval")
PACKAGES = ("torch", "transformers", "trl", "accelerate", "datasets", "tokenizers", "numpy")
PR_SET_PDEATHSIG = 1


@dataclass
class Outcome:
    """What a finished run leaves behind, besides its files: becomes run.json."""

    counts: dict[str, Any] = field(default_factory=dict)
    metrics: dict[str, Any] = field(default_factory=dict)
    baselines: dict[str, Any] = field(default_factory=dict)
    initial: dict[str, Any] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)


@dataclass
class Run:
    """A run as its trainer sees it: configuration in, journal out."""

    kind: str
    folder: Path
    config: dict[str, Any]
    config_sha256: str
    options: dict[str, Any]
    journal: Journal
    outcome: Outcome = field(default_factory=Outcome)
    # What LoRA trained (training.adapters.Adapter), once it is merged.
    adapter: Any = None
    cancel_asked: bool = False
    # While the processes of a sharded run forward together, none may leave alone: a cancel is
    # then obeyed where they agree on it, at the end of a step.
    is_in_step: bool = False
    alarms: Alarms = field(init=False)

    def __post_init__(self) -> None:
        self.alarms = Alarms(self.kind)

    @property
    def out(self) -> Path:
        return self.journal.folder

    @property
    def seed(self) -> int:
        return self.config["seed"]

    def check(self) -> None:
        """Stop here if the run was lost or cancelled. Call it wherever stopping is harmless."""
        self.journal.check_token()
        if self.cancel_asked and not self.is_in_step:
            raise Cancelled("SIGTERM")

    @contextmanager
    def in_step(self) -> Iterator[None]:
        """Where every process of a sharded run does the same, step by step."""
        self.is_in_step = sharding.is_on()
        try:
            yield
        finally:
            self.is_in_step = False

    def tick(self, stage: str, step: int | None = None, total: int | None = None) -> None:
        """`check`, and a sign of life for whoever watches."""
        self.check()
        self.journal.progress(stage, step=step, total=total)

    def resume_point(self) -> checkpoint.Checkpoint | None:
        """The newest checkpoint that verifies; the damaged that were passed by are told of."""
        alive = self.journal.alive
        newest, damaged = checkpoint.newest_verified(self.folder, self.config_sha256, alive)
        for folder in damaged:
            place = folder.relative_to(self.folder)
            self.journal.warning(f"skipped a damaged checkpoint: {place}")
        return newest

    def tell_evaluation(
        self,
        step: int,
        total: int | None,
        figures: dict[str, float],
        *,
        is_held_out: bool,
        rows: int = 0,
    ) -> None:
        """One metric line. `rows`: how many the figures are of."""
        self.journal.metric(step, total, **named(figures, is_held_out=is_held_out))
        if is_held_out:
            for name, sentence in self.alarms.checked(step, figures, rows):
                self.journal.warning(f"step {step}: {sentence}", alarm=name)
        self.journal.sync()


def named(figures: dict[str, float], *, is_held_out: bool) -> dict[str, float]:
    """An evaluation's figures by the names to tell them by. Those of rows that it trains on do
    not go by the bare name `eval_…`: whoever reads that takes it for held out."""
    prefix = "" if is_held_out else "train_"
    return {f"{prefix}{name}": value for name, value in figures.items()}


def main(
    kind: str, description: str, work: Callable[[Run], None], argv: list[str] | None = None
) -> NoReturn:
    """Run `work` as a process of the contract. Never returns: it exits with the run's status."""
    arguments = parse_arguments(kind, description, argv)
    die_with_parent()
    prepare_environment(arguments.run)
    try:
        journal = (Journal if ranks.is_first() else QuietJournal)(arguments.run, arguments.token)
    except RunError as error:
        sys.exit(_say(error))
    except OSError as error:
        sys.exit(_say(ConfigError(f"no run folder to work in: {error}")))
    journal.write("start", kind=kind, pid=os.getpid(), versions=versions(), threads=threads())
    run = Run(kind, arguments.run, {"seed": 0}, "", {}, journal)
    _listen_for_stop(run)
    try:
        run.config, run.config_sha256 = read_config(arguments.run, kind)
        run.options = read_options(kind, run.config["options"])
        work(run)
        run.check()
        journal.finish(_record(run, "done", None))
    except RunError as error:
        sys.exit(_end(run, error))
    except ModuleNotFoundError as error:
        sys.exit(_end(run, ConfigError(f"{error}: install the train extra, concord[train]")))
    except Exception as error:
        traceback.print_exc()
        if (cause := of_machine(error)) is not None:
            sys.exit(_end(run, cause))
        # The traceback's last line is the sentence: it stands in the log already.
        last_line = traceback.format_exception_only(error)[-1].strip()
        sys.exit(_end(run, RunError(last_line), is_told=True))
    sys.exit(0)


def parse_arguments(kind: str, description: str, argv: list[str] | None) -> argparse.Namespace:
    rows = "\n".join(
        f"  {option.name:<22}{'' if option.default is None else option.default!s:<10}{option.help}"
        for option in BY_KIND[kind]
    )
    parser = argparse.ArgumentParser(
        prog=f"python -m training.{kind if kind in READERS else f'train_{kind}'}",
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="options in config.json, with their defaults:\n" + rows,
    )
    if argv is None:
        argv = sys.argv[1:]
    if "--describe" in argv:
        sys.stdout.write(json.dumps([option.describe() for option in BY_KIND[kind]]) + "\n")
        sys.exit(0)
    parser.add_argument("run", type=Path, help="run folder with config.json and token")
    parser.add_argument("token", type=int, help="number of this attempt, as in the file token")
    parser.add_argument(
        "--describe", action="store_true", help="print the options as JSON and exit"
    )
    arguments = parser.parse_args(argv)
    arguments.run = arguments.run.resolve()
    return arguments


def read_config(folder: Path, kind: str) -> tuple[dict[str, Any], str]:
    """config.json, checked for its shape, and the sha256 of its bytes."""
    try:
        raw = (folder / "config.json").read_bytes()
        config = json.loads(raw)
    except OSError as error:
        raise ConfigError(f"config.json cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise ConfigError(f"config.json is not JSON: {error}") from error
    if not isinstance(config, dict) or config.get("format") != FORMAT:
        raise ConfigError(f"config.json must be an object with format {FORMAT!r}")
    unknown = sorted(set(config) - KEYS)
    if unknown:
        raise ConfigError(f"unknown key {', '.join(map(repr, unknown))} in config.json")
    if config.get("kind") != kind:
        raise ConfigError(f"config.json is for {config.get('kind')!r}, this trains {kind!r}")
    if type(config.setdefault("seed", 0)) is not int or not 0 <= config["seed"] < 2**32:
        raise ConfigError("seed must be an integer from 0 to 4294967295")
    if not isinstance(config.setdefault("options", {}), dict):
        raise ConfigError("options must be an object")
    for name in PLACES:
        place = config.setdefault(name, None)
        if place is not None and not (
            isinstance(place, dict) and isinstance(place.get("path"), str)
        ):
            raise ConfigError(f"{name} must be null or an object with a path")
    if config["dataset"] is None and kind not in READERS:
        raise ConfigError(f"{kind} needs a dataset")
    if config["base"] is None and kind in ("dpo", "kto", "rl", *READERS):
        raise ConfigError(f"{kind} needs a base model")
    if (config["reward"] is None) is (kind == "rl"):
        raise ConfigError("rl needs a reward model, and no other kind does")
    return config, hashlib.sha256(raw).hexdigest()


def prepare_environment(run_folder: Path) -> None:
    """No network, no telemetry, no more threads than this container may use."""
    os.environ.update(
        HF_HUB_OFFLINE="1",
        TRANSFORMERS_OFFLINE="1",
        HF_HUB_DISABLE_TELEMETRY="1",
        HF_DATASETS_CACHE=str(run_folder / "cache"),
        DO_NOT_TRACK="1",
        TOKENIZERS_PARALLELISM="false",
        TQDM_DISABLE="1",
        HF_HUB_DISABLE_PROGRESS_BARS="1",
    )
    os.environ.setdefault("OMP_NUM_THREADS", str(cpu_quota()))
    # Threads that wait must not spin: on a machine that does other work they take its cores.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    # One device: with more in sight transformers would split batches over them.
    if ranks.count() == 1:
        os.environ.setdefault("CUDA_VISIBLE_DEVICES", "0")


def cpu_quota() -> int:
    """Cores this process may use: the smaller of its affinity and its cgroup's quota."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text(encoding="ascii").split()
        return max(1, min(cores or 1, int(quota) // int(period)))
    except (OSError, ValueError):  # no cgroup 2, or "max": no quota
        return cores or 1


def threads() -> int:
    try:
        return max(1, int(os.environ["OMP_NUM_THREADS"]))
    except (KeyError, ValueError):
        return cpu_quota()


def die_with_parent() -> None:
    """Ask Linux to kill this process when its parent dies: a lost trainer would keep the GPU."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def versions() -> dict[str, str]:
    """Versions of what decides the numbers, read without importing any of it."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def machine() -> dict[str, Any]:
    """What it ran on, and the most memory that it held there: the next estimate's ground.

    On a GPU both are the GPU's, of this process; else the machine's and the process's.
    """
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        device = torch.cuda.get_device_properties(0)
        peak = torch.cuda.max_memory_allocated(0)
        return {"device": device.name, "memory": device.total_memory, "peak_memory": peak}
    scale = 1 if sys.platform == "darwin" else 1024  # macOS counts bytes, Linux kilobytes
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * scale
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return {"device": "cpu", "memory": memory, "peak_memory": peak}


def _listen_for_stop(run: Run) -> None:
    def stop(signum: int, frame: Any) -> None:
        run.cancel_asked = True

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)


def _record(run: Run, status: str, error: RunError | None) -> dict[str, Any]:
    outcome = run.outcome
    return {
        "status": status,
        "kind": run.kind,
        "counts": {"read": 0, "kept": 0, "cut": 0, "dropped": {}} | outcome.counts,
        "metrics": outcome.metrics,
        "baselines": outcome.baselines,
        "initial": outcome.initial,
        "settings": outcome.settings,
        "versions": versions(),
        "machine": machine(),
        "seed": run.seed,
        "files": outcome.files,
        "error": None if error is None else str(error),
        "cause": None if error is None else type(error).__name__,
    }


def _say(error: RunError) -> int:
    # What the configuration or the data is to blame for, every process of a run finds out.
    if ranks.is_first() or not isinstance(error, ConfigError | DataError):
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
    return error.exit_code


def _end(run: Run, error: RunError, *, is_told: bool = False) -> int:
    """Write down how it ended, unless another attempt owns the run by now. The log's last line is
    the cause, once."""
    code = error.exit_code if is_told else _say(error)
    try:
        if error.status == "failed":
            run.journal.write("error", message=str(error))
        if error.status != "fenced":
            run.journal.finish(_record(run, error.status, error))
    except RunError as fenced:
        return _say(fenced)
    except OSError as full:  # the cause, told above, stays the cause
        sys.stderr.write(f"run.json could not be written: {full}\n")
    return code
