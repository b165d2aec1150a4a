"""`manage.py demo` as a person runs it: the first page, a second terminal, and its ends."""

import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from annotation.core.embedded import places
from tests.faults.living import await_none, living

pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("demo"),
    pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="finds processes in /proc"),
]


def environment(directory):
    """A newcomer's terminal: nothing set but where the data is."""
    given = {"DATABASE_URL", "REDIS_URL", "CONCORD_SECRET_KEY", "DJANGO_ALLOW_ASYNC_UNSAFE"}
    kept = {name: value for name, value in os.environ.items() if name not in given}
    return kept | {"CONCORD_DATA": str(directory)}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def directory():
    made = Path(tempfile.mkdtemp(prefix="concord-demo-"))
    made.chmod(0o755)
    yield made
    for pid in living(made):
        os.kill(pid, signal.SIGKILL)
    await_none(made, 5)
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture
def start(directory):
    started = []

    def start_demo(until):
        """Run the demo until it has said that."""
        port = free_port()
        demo = subprocess.Popen(
            [sys.executable, "manage.py", "demo", "--port", str(port)],
            cwd=places.PROJECT,
            env=environment(directory),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        started.append(demo)
        said = []
        for line in demo.stdout:
            said.append(line)
            if until in line:
                return demo, port
        pytest.fail("the demo ended:\n" + "".join(said))

    yield start_demo
    for demo in started:
        demo.kill()
        demo.wait()
        demo.stdout.close()


def await_workers(directory):
    """Both workers with their pools, and beat: the processes that a kill could forget."""
    for _ in range(600):
        if sum("celery" in command for command in living(directory).values()) >= 5:
            return
        await_none(directory, 0.1)
    pytest.fail(f"no workers: {living(directory)}")


def test_the_demo_serves_ends_in_every_way_and_keeps_its_data(start, directory):
    demo, port = start("Ctrl-C stops everything")
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", "/health/")
    assert connection.getresponse().status == 200
    connection.close()
    second_terminal = subprocess.run(
        [sys.executable, "manage.py", "migrate", "--check"],
        cwd=places.PROJECT,
        env=environment(directory),
        timeout=60,
        check=False,
    )
    assert second_terminal.returncode == 0
    await_workers(directory)

    demo.kill()
    demo.wait()
    assert await_none(directory, 15) == {}

    demo, _ = start("Ctrl-C stops everything")
    await_workers(directory)
    demo.send_signal(signal.SIGINT)
    assert demo.wait(40) == 0
    assert living(directory) == {}
    assert (directory / "postgres" / "PG_VERSION").exists()


def test_a_taken_port_is_named_before_anything_starts(directory):
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        refused = subprocess.run(
            [sys.executable, "manage.py", "demo", "--port", str(port)],
            cwd=places.PROJECT,
            env=environment(directory),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    assert refused.returncode == 1
    assert f"Port {port} cannot be used" in refused.stderr
    assert not (directory / "postgres").exists()


def test_the_servers_alone_stop_when_the_make_above_them_is_killed(directory):
    """As `make services` starts them; a second `manage.py services` is told of the first."""
    program = f"{sys.executable} manage.py services --stop-with-parent & wait"
    make = subprocess.Popen(
        ["/bin/sh", "-c", program],
        cwd=places.PROJECT,
        env=environment(directory),
        stdout=subprocess.PIPE,
        text=True,
    )
    said = [next(make.stdout) for _ in range(3)]
    assert [line.split("=")[0] for line in said[:2]] == ["DATABASE_URL", "REDIS_URL"]
    second = subprocess.run(
        [sys.executable, "manage.py", "services"],
        cwd=places.PROJECT,
        env=environment(directory),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert second.returncode == 1
    assert "already running" in second.stderr

    make.kill()
    make.wait()
    make.stdout.close()

    assert await_none(directory, 15) == {}
    assert not (directory / "services.json").exists()  # it went in order
