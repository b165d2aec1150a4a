"""The platform's own processes as the demo runs them, and when the first page answers."""

import http.client
import os
import socket
import sys
import time
from pathlib import Path

from annotation.core.embedded import EmbeddedError
from annotation.core.embedded.supervisor import Supervisor

HOST = "127.0.0.1"  # the sign-in links let anybody in who can reach them
WEB_SECONDS = 60


def run_demo(*, directory: Path, port: int, say) -> None:
    """Everything, until Ctrl-C."""
    address = f"http://{HOST}:{port}"
    started = time.monotonic()
    with Supervisor(directory, say=say) as demo:
        _require_free(port)
        demo.environment |= {"CONCORD_DEMO": "1", "PORT": str(port)}
        say("Starting PostgreSQL and the broker …")
        demo.start_servers()
        say("Preparing the database and the demo world (the first time takes a moment) …")
        links = demo.run("prepare", _manage("demo_prepare", "--address", address))
        demo.keep("web", web_command(port))
        _await_first_page(demo, port)
        demo.publish(address=address)
        say(f"\nConcord answers at {address} after {time.monotonic() - started:.1f} s.\n")
        say(links)
        # After the first page: on two cores their imports would double its time.
        demo.keep("worker", worker_command("default", "-B", "-s", directory / "beat-schedule"))
        demo.keep("train", worker_command("train"))
        say(f"Logs: {directory / 'log'}. Ctrl-C stops everything; the data is kept.")
        demo.watch()


def web_command(port: int) -> list[str | Path]:
    return [
        *(sys.executable, "-m", "gunicorn", "annotation.wsgi", "--bind", f"{HOST}:{port}"),
        *("--worker-class", "gthread", "--workers", "2", "--threads", "4"),
        *("--timeout", "60", "--graceful-timeout", "5", "--preload", "--no-control-socket"),
    ]


def worker_command(queue: str, *extra: str | Path) -> list[str | Path]:
    return [
        *(sys.executable, "-m", "celery", "-A", "annotation.celery", "worker"),
        *("-Q", queue, "-n", f"{queue}@%h", "-c", "1", "--loglevel", "INFO"),
        *("--without-gossip", "--without-mingle", *extra),
    ]


def _manage(*words: str) -> list[str]:
    return [sys.executable, "manage.py", *words]


def _require_free(port: int) -> None:
    with socket.socket() as probe:
        # As gunicorn does: a port in TIME_WAIT from the last demo is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise EmbeddedError(
                f"Port {port} cannot be used ({os.strerror(error.errno or 0)}): "
                f"try PORT={port + 1} make demo"
            ) from error


def _await_first_page(demo: Supervisor, port: int) -> None:
    deadline = time.monotonic() + WEB_SECONDS
    while time.monotonic() < deadline:
        demo.check()
        connection = http.client.HTTPConnection(HOST, port, timeout=10)
        try:
            connection.request("GET", "/health/")
            connection.getresponse().read()
            return
        except OSError:
            time.sleep(0.05)
        finally:
            connection.close()
    raise EmbeddedError(f"The web process does not answer; see {demo.directory / 'log/web.log'}")
