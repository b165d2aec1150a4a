"""Exit statuses, the journal's first line, fencing and death: what a supervisor relies on.

Most of it happens before torch is imported, so these processes take a fraction of a second.
"""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from tests.training import toy

# Stands in the way of the real torch: notes what the journal held at the time of the import.
FAKE_TORCH = """
import os, pathlib
run = pathlib.Path(os.environ["WATCHED_RUN"])
(run / "seen").write_text((run / "1" / "metrics.jsonl").read_text())
raise ModuleNotFoundError("No module named 'torch'", name="torch")
"""


@pytest.fixture
def no_torch(tmp_path):
    """Environment of a process for which torch is not installed."""
    (tmp_path / "fake").mkdir()
    (tmp_path / "fake" / "torch.py").write_text(FAKE_TORCH)
    return {
        "PYTHONPATH": f"{tmp_path / 'fake'}{os.pathsep}{toy.ROOT}",
        "WATCHED_RUN": str(tmp_path / "run"),
    }


def start_plainly(run, environment):
    return subprocess.run(
        [sys.executable, "-m", "training.train_sft", str(run), "1"],
        cwd=toy.ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )


def run_of(tmp_path, kind="sft", dataset=None, **options):
    dataset = dataset or toy.make_dataset(tmp_path / "dataset", train=4, dev=1, test=1)
    return toy.make_run(tmp_path / "run", kind, dataset, **options)


def test_the_start_line_is_on_disk_before_torch_is_imported(tmp_path, no_torch):
    run = run_of(tmp_path)

    status, lines, record = toy.train(run, fresh=True, **no_torch)

    seen = [json.loads(line) for line in (run / "seen").read_text().splitlines()]
    assert seen[0]["type"] == "start"
    assert seen[0]["kind"] == "sft"
    assert seen[0]["token"] == 1
    assert [line["type"] for line in lines].count("start") == 1
    # And whoever forgot the train extra reads what to do.
    assert status == 64
    assert "install the train extra" in record["error"]


@pytest.mark.parametrize("kind", ["sft", "reward", "dpo", "kto"])
def test_a_planted_leak_exits_65_before_torch_is_imported(tmp_path, no_torch, kind):
    def plant(files):
        files["preferences.test.jsonl"].append(files["preferences.train.jsonl"][0])

    dataset = toy.make_dataset(tmp_path / "dataset", train=4, dev=1, test=1, edit=plant)
    run = toy.make_run(tmp_path / "run", kind, dataset, base=tmp_path)

    status, lines, record = toy.train(run, fresh=True, **no_torch)

    assert status == 65
    assert record["status"] == "failed"
    assert "leak: 1 prompt" in record["error"]
    assert lines[-1]["type"] == "error"
    assert lines[-1]["message"] == record["error"]
    assert not (run / "seen").exists()


BAD_CONFIGS = {
    "unknown option": ({"options": {"learning_rat": 1e-3}}, "unknown option 'learning_rat'"),
    "pass-through": ({"options": {"deepspeed": "x.json"}}, "unknown option 'deepspeed'"),
    "another kind's option": ({"options": {"beta": 0.1}}, "unknown option 'beta'"),
    "a boolean as number": ({"options": {"epochs": True}}, "'epochs' must be float"),
    "a text as number": ({"options": {"batch_size": "8"}}, "'batch_size' must be int"),
    "out of range": ({"options": {"learning_rate": -1.0}}, "at least 0"),
    "a choice that is none": ({"options": {"precision": "fp8"}}, "must be one of"),
    "unknown key": ({"callback": "os.system"}, "unknown key 'callback'"),
    "another kind": ({"kind": "dpo"}, "is for 'dpo'"),
    "another format": ({"format": "concord-run/2"}, "concord-run/1"),
    "a negative seed": ({"seed": -1}, "seed"),
    "no dataset": ({"dataset": None}, "needs a dataset"),
    "a dataset that is not there": ({"dataset": {"path": "/nowhere"}}, "no dataset at"),
}


@pytest.mark.parametrize("name", BAD_CONFIGS)
def test_a_bad_configuration_exits_64_and_says_why(tmp_path, no_torch, name):
    change, message = BAD_CONFIGS[name]
    run = run_of(tmp_path)
    config = json.loads((run / "config.json").read_text())
    (run / "config.json").write_text(json.dumps(config | change))
    (run / "token").write_text("1")

    process = start_plainly(run, no_torch)

    assert process.returncode == 64, process.stderr
    assert message in toy.record(run)["error"]
    assert message in process.stderr


def test_a_config_that_is_no_json_exits_64(tmp_path, no_torch):
    run = run_of(tmp_path)
    (run / "config.json").write_text("{")

    (run / "token").write_text("1")

    process = start_plainly(run, no_torch)

    assert process.returncode == 64
    assert "not JSON" in toy.record(run)["error"]


def test_an_attempt_that_lost_the_run_exits_75_and_writes_nothing(tmp_path, no_torch):
    run = run_of(tmp_path)
    (run / "token").write_text("2")

    process = start_plainly(run, no_torch)

    assert process.returncode == 75
    assert not (run / "1").exists()


def test_a_trainer_dies_with_its_parent(tmp_path):
    """kill -9 of the supervisor must not leave a trainer on the GPU."""
    run = run_of(tmp_path)
    (tmp_path / "fake").mkdir()
    (tmp_path / "fake" / "torch.py").write_text("import time; time.sleep(120)")
    (run / "token").write_text("1")
    path = f"{tmp_path / 'fake'}{os.pathsep}{toy.ROOT}"
    script = f'"{sys.executable}" -m training.train_sft "{run}" 1 & wait'
    parent = subprocess.Popen(
        ["/bin/sh", "-c", script], cwd=toy.ROOT, env={**os.environ, "PYTHONPATH": path}
    )
    try:
        child = wait_for(lambda: toy.journal(run) and toy.journal(run)[0]["pid"])
        assert is_alive(child)
    finally:
        parent.send_signal(signal.SIGKILL)
        parent.wait()

    wait_for(lambda: not is_alive(child))


@pytest.mark.parametrize(
    "module",
    ["train_sft", "train_reward", "train_dpo", "train_kto", "generate", "score", "lm_eval"],
)
def test_help_says_what_it_is_and_lists_the_options(module, no_torch):
    answers = [
        subprocess.run(
            [sys.executable, "-m", f"training.{module}", flag],
            cwd=toy.ROOT,
            env={**os.environ, **no_torch},
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        ).stdout
        for flag in ("--help", "--describe")
    ]

    options = json.loads(answers[1])
    assert len(options) > 1
    assert all(option["name"] in answers[0] for option in options)
    assert "docs/formats.md" in answers[0]


def wait_for(condition, seconds=120):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if answer := condition():
            return answer
        time.sleep(0.05)
    raise AssertionError("waited in vain")


def is_alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False
