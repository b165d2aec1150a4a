"""Two processes for one run, by the launcher, on a CPU: one model, one journal, nobody left."""

import os
import signal
import subprocess
import sys
import time

import pytest

torch = pytest.importorskip("torch", reason="the train extra is not installed")

from safetensors.torch import load_file  # noqa: E402

from annotation.core import children  # noqa: E402
from tests.training import toy  # noqa: E402
from tests.training.conftest import SMALL  # noqa: E402

pytestmark = [
    pytest.mark.train,
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="reads /proc"),
]
OPTIONS = {
    "devices": 2,
    "batch_size": 8,
    "save_steps": 2,
    "log_steps": 1,
    "eval_steps": 100,
    **SMALL,
}


def launch(run):
    """As the platform starts it: marked, in a session of its own."""
    (run / "token").write_text("1")
    return children.Child.start(
        [sys.executable, "-m", "training.launch", str(run), "1"],
        run=run.name,
        token=1,
        folder=run,
        cwd=toy.ROOT,
    )


def ranks(run):
    return children.marked_processes(run=run.name, folder=run)


def test_two_processes_make_one_model_and_a_kill_leaves_neither(tmp_path):
    dataset = toy.make_dataset(tmp_path / "dataset")
    run = toy.make_run(tmp_path / "launch", "sft", dataset, max_steps=4, epochs=50, **OPTIONS)
    child = launch(run)
    try:
        assert child.process.wait(timeout=500) == 0, toy.log(run)
    finally:
        child.kill()
    lines, record = toy.journal(run), toy.record(run)
    assert record["status"] == "done"
    steps = [line["step"] for line in lines if line["type"] == "metric" and "loss" in line]
    assert steps == [1, 2, 3, 4], "each step once: the second process says nothing"
    assert load_file(run / "1" / "model" / "model.safetensors")
    assert ranks(run) == {}

    long = toy.make_run(tmp_path / "launch-long", "sft", dataset, epochs=1000, **OPTIONS)
    child = launch(long)
    try:
        end = time.monotonic() + 500
        while not any(line["type"] == "checkpoint" for line in toy.journal(long)):
            assert child.poll() is None, toy.log(long)
            assert time.monotonic() < end
            time.sleep(0.2)
        assert len(ranks(long)) >= 4, "the positive control: launchers and two ranks"
        os.kill(child.process.pid, signal.SIGKILL)  # the launcher alone
        child.process.wait()
        child.kill()
        assert ranks(long) == {}
    finally:
        child.kill()


def test_one_device_kinds_say_so(tmp_path):
    dataset = toy.make_dataset(tmp_path / "dataset", train=4, dev=1, test=1)
    run = toy.make_run(tmp_path / "run", "rl", dataset, tmp_path, reward=tmp_path)
    (run / "token").write_text("1")
    done = subprocess.run(
        [sys.executable, "-m", "training.launch", str(run), "1"],
        cwd=toy.ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 64
    assert "rl trains on one device" in done.stderr
