"""Several processes for one run, by `accelerate launch`: `python -m training.launch RUN TOKEN`.

How many on this machine says the run's option `devices`, and what they divide among them
`sharding`: deploy/accelerate has a configuration for each. For several machines the same is
started on each, on one shared folder: `--machines 2 --machine-rank 0|1 --rendezvous HOST:PORT`,
where HOST is machine 0 (docs/runs.md).

The launcher's own exit status says no more than that something ended; this one says what the
contract of a run says (docs/formats.md), by the first process's run.json.
"""

import argparse
import json
import signal
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NoReturn

from training.errors import Cancelled, ConfigError, DataError, Fenced, MachineError
from training.events import Journal
from training.run import die_with_parent, threads

# One file of accelerate's for each value of the option `sharding`.
CONFIGS = Path(__file__).resolve().parents[1] / "deploy" / "accelerate"
# The encoder and reinforcement learning have loops of their own, for one device.
KINDS = ("sft", "reward", "dpo", "kto")
KILLED = 137
HOW_TO_GET_IT = "which is not installed: pip install deepspeed, or take fsdp2"


def main(argv: list[str] | None = None) -> NoReturn:
    asked = parse(argv)
    try:
        check_meeting(asked)
    except ConfigError as error:
        sys.stderr.write(f"ConfigError: {error}\n")
        sys.exit(error.exit_code)
    die_with_parent()
    config = json.loads((asked.run / "config.json").read_text(encoding="utf-8"))
    kind, options = config["kind"], config["options"]
    if kind not in KINDS:
        sys.stderr.write(f"ConfigError: {kind} trains on one device\n")
        sys.exit(ConfigError.exit_code)
    sharding = options.get("sharding", "none")
    if sharding.startswith("zero") and find_spec("deepspeed") is None:
        sys.stderr.write(f"ConfigError: sharding {sharding} needs DeepSpeed, {HOW_TO_GET_IT}\n")
        sys.exit(ConfigError.exit_code)
    words = command(asked, kind, options.get("devices", 1), sharding)
    process = subprocess.Popen(words, preexec_fn=die_with_parent)  # noqa: S603, PLW1509
    stopped: list[int] = []

    def stop(number: int, frame: Any) -> None:
        stopped.append(number)
        process.send_signal(signal.SIGTERM)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    sys.exit(status(asked, process.wait(), is_stopped=bool(stopped)))


def parse(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m training.launch", description=__doc__)
    parser.add_argument("run", type=Path, help="run folder with config.json and token")
    parser.add_argument("token", type=int, help="number of this attempt")
    parser.add_argument("--machines", type=int, default=1)
    parser.add_argument("--machine-rank", type=int, default=0)
    parser.add_argument("--rendezvous", default="127.0.0.1:0", metavar="HOST:PORT")
    asked = parser.parse_args(argv)
    asked.run = asked.run.resolve()
    return asked


def check_meeting(asked: argparse.Namespace) -> None:
    """Raise ConfigError where machines would wait for each other in vain."""
    if asked.machines < 1 or not 0 <= asked.machine_rank < asked.machines:
        raise ConfigError(
            f"machine {asked.machine_rank} of {asked.machines}: --machine-rank counts from 0, "
            "and is below --machines"
        )
    host, _, port = asked.rendezvous.rpartition(":")
    if not host or not (port.isascii() and port.isdigit()) or int(port) > 65535:
        raise ConfigError(f"--rendezvous is HOST:PORT, got {asked.rendezvous!r}")
    if asked.machines > 1 and (host in ("localhost", "127.0.0.1") or int(port) == 0):
        raise ConfigError(
            "several machines meet at machine 0: give its address, as the others see it, and "
            "a free port, --rendezvous HOST:PORT"
        )


def command(asked: argparse.Namespace, kind: str, devices: int, sharding: str) -> list[str]:
    """What `accelerate launch` is told."""
    host, _, port = asked.rendezvous.rpartition(":")
    more = []
    if sharding == "none":  # a flag besides the file, or it would look for GPUs itself
        more = ["--multi_gpu"]
    elif sharding != "fsdp2":
        more = ["--deepspeed_config_file", str(CONFIGS / f"{sharding}.json")]
    return [
        sys.executable, "-m", "accelerate.commands.launch",
        "--config_file", str(CONFIGS / f"{sharding}.yaml"), *more,
        # What the environment says is this machine's, for all of its processes.
        "--num_cpu_threads_per_process", str(max(1, threads() // devices)),
        "--num_processes", str(devices * asked.machines),
        "--num_machines", str(asked.machines), "--same_network",
        "--machine_rank", str(asked.machine_rank),
        "--main_process_ip", host,
        "--main_process_port", port,
        "-m", f"training.train_{kind}", str(asked.run), str(asked.token),
    ]  # fmt: skip


def status(asked: argparse.Namespace, code: int, *, is_stopped: bool) -> int:
    """The run's exit status: what its first process wrote, where it could write anything."""
    if code == 0:
        return 0
    try:
        Journal(asked.run, asked.token).check_token()
    except Fenced as error:
        return error.exit_code
    try:
        text = (asked.run / str(asked.token) / "run.json").read_text(encoding="utf-8")
        record = json.loads(text)
    except (OSError, ValueError):
        return KILLED
    if record["status"] == "cancelled":
        # One process that dies makes the launcher stop the others: nobody asked for that end.
        return Cancelled.exit_code if is_stopped else KILLED
    codes = (ConfigError, DataError, MachineError)
    return next((one.exit_code for one in codes if one.__name__ == record.get("cause")), 70)


if __name__ == "__main__":
    main()
