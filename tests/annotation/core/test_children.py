"""Children die with their parent, hear a stop, and leave nobody behind."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from annotation.core import children

ROOT = Path(__file__).parents[3]
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
pytestmark = LINUX

DEAF_TREE = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
subprocess.Popen(["sleep", "120"], start_new_session=True)
print("ready", flush=True)
time.sleep(120)
"""


@pytest.fixture
def folder(tmp_path):
    yield tmp_path
    children.kill_marked(run="7", folder=tmp_path)


def start(folder, code, token=1):
    return children.Child.start(
        [sys.executable, "-c", textwrap.dedent(code)],
        run="7",
        token=token,
        folder=folder,
        cwd=ROOT,
    )


def await_true(claim, seconds=10):
    deadline = time.monotonic() + seconds
    while not claim():
        assert time.monotonic() < deadline, "it never came to be"
        time.sleep(0.02)


def log(folder, token=1):
    return (folder / str(token) / "log.txt").read_text()


def marked(folder):
    return children.marked_processes(run="7", folder=folder)


def test_output_goes_to_the_log_and_the_status_is_a_shells(folder):
    child = start(folder, "import sys; print('hello'); sys.exit(65)")
    await_true(lambda: child.poll() is not None)
    assert (child.poll(), log(folder)) == (65, "hello\n")


def test_a_killed_child_counts_as_137(folder):
    child = start(folder, "import os; os.kill(os.getpid(), 9)")
    await_true(lambda: child.poll() is not None)
    assert child.poll() == 137


def test_the_environment_is_an_allow_list(folder, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql://secret@db/concord")
    monkeypatch.setenv("CONCORD_SECRET_KEY", "hush")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hush")
    child = start(folder, "import os; print(dict(os.environ))")
    await_true(lambda: child.poll() is not None)

    said = log(folder)
    assert "hush" not in said
    assert "secret@" not in said
    assert os.environ["HOME"] not in said.replace(os.environ["PATH"], "")
    for expected in ("'HF_HUB_OFFLINE': '1'", "'CONCORD_RUN': '7:1'", "'OMP_NUM_THREADS'"):
        assert expected in said


def test_a_stop_is_asked_for_first(folder):
    child = start(
        folder,
        """
        import signal, sys, time
        def save(*_):
            print("saved", flush=True); sys.exit(143)
        signal.signal(signal.SIGTERM, save)
        print("ready", flush=True); time.sleep(60)
        """,
    )
    await_true(lambda: "ready" in log(folder))
    assert child.stop(grace=10) == 143
    assert "saved" in log(folder)


def test_who_does_not_hear_is_killed_with_all_it_started(folder):
    child = start(folder, DEAF_TREE)
    await_true(lambda: "ready" in log(folder))
    await_true(lambda: len(marked(folder)) == 2)

    began = time.monotonic()
    assert child.stop(grace=0.3) == 137
    assert time.monotonic() - began < 5
    assert marked(folder) == {}


def test_a_grandchild_in_its_own_session_outlives_the_group_but_not_the_mark(folder):
    child = start(folder, DEAF_TREE)
    await_true(lambda: "ready" in log(folder))
    os.killpg(child.process.pid, signal.SIGKILL)
    child.process.wait()
    assert len(marked(folder)) == 1, "the positive control: the group signal did not reach it"

    child.stop()

    assert marked(folder) == {}


def test_kill_9_of_the_parent_kills_the_child(folder):
    code = f"""
    import sys, time
    from pathlib import Path
    from annotation.core.children import Child
    Child.start([sys.executable, "-c", "import time; time.sleep(120)"],
                run="7", token=1, folder=Path({str(folder)!r}), cwd=Path("."))
    print("started", flush=True)
    time.sleep(120)
    """
    parent = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)], cwd=ROOT, stdout=subprocess.PIPE
    )
    assert parent.stdout.readline() == b"started\n"
    await_true(lambda: len(marked(folder)) == 1)

    parent.kill()
    parent.wait()
    parent.stdout.close()

    await_true(lambda: marked(folder) == {}, seconds=2)


def test_a_sweep_ends_older_attempts_only(folder):
    old = start(folder, "import time; time.sleep(60)", token=1)
    new = start(folder, "import time; time.sleep(60)", token=2)
    await_true(lambda: set(marked(folder).values()) == {1, 2})

    assert children.sweep_older(run="7", folder=folder, token=2) == [old.process.pid]

    await_true(lambda: old.poll() == 137)
    assert new.poll() is None
    new.stop(grace=0)


def test_another_installations_run_of_the_same_number_is_left_alone(folder, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("other")
    other = start(elsewhere, "import time; time.sleep(60)")
    try:
        await_true(lambda: len(marked(elsewhere)) == 1)
        assert children.kill_marked(run="7", folder=folder) == []
        assert other.poll() is None
    finally:
        other.stop(grace=0)
