"""Is this container's process well? web: a page with a database behind it. worker: it answers."""

import http.client
import os
import subprocess
import sys


def web() -> None:
    """The platform refuses hosts that it does not know, so name one that it does."""
    host = os.environ.get("CONCORD_HOSTS", "localhost").split(",")[0].lstrip(".")
    headers = {"Host": host, "X-Forwarded-Proto": "https"}
    connection = http.client.HTTPConnection("127.0.0.1", 8000, timeout=10)
    connection.request("GET", "/health/", headers=headers)
    status = connection.getresponse().status
    if status != http.client.OK:
        sys.exit(f"health says {status}")


def worker(queue: str) -> None:
    """Through the broker, as a job would come."""
    node = f"{queue}@{os.uname().nodename}"
    command = [sys.executable, "-m", "celery", "-A", "annotation.celery", "inspect", "ping"]
    subprocess.run([*command, "-d", node, "-t", "8"], check=True)  # noqa: S603 - fixed words


if __name__ == "__main__":
    worker(sys.argv[2]) if sys.argv[1:2] == ["worker"] else web()
