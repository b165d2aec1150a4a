"""The judging loop inside one process, without sockets: what it costs, and where.

`python -m bench inside` reports processor time, which holds on a busy machine. With
CONCORD_PROFILE naming a file, cProfile's statistics of the same loops are written there.
"""

import cProfile
import os
import time
import urllib.parse
from io import BytesIO
from pathlib import Path

from bench import world
from bench.judging import ACTION, CSRF, KEY, PREPARE, sessions
from bench.measure import command, cpu_seconds, family, median
from bench.report import Report

ITEMS, BATCHES, LOOPS = 4_000, 80, 25  # short batches: the least of many is free of noise
ORIGIN = "http://127.0.0.1:8000"


class Loop:
    """One labeler who talks WSGI with the platform in this process."""

    def __init__(self, application, session: str):
        self.application = application
        self.cookies = {"sessionid": session}
        self.page = self.request("GET", "/judge/bench/")
        self.token = CSRF.search(self.page).group(1)

    def request(self, method: str, path: str, body: bytes = b"", **headers) -> str:
        answer = {}

        def start(status, headers, exc_info=None):
            answer.update(status=status, headers=headers)

        environ = {
            "REQUEST_METHOD": method, "PATH_INFO": path, "QUERY_STRING": "", "SCRIPT_NAME": "",
            "SERVER_NAME": "127.0.0.1", "SERVER_PORT": "8000", "HTTP_HOST": "127.0.0.1:8000",
            "SERVER_PROTOCOL": "HTTP/1.1", "REMOTE_ADDR": "127.0.0.1", "wsgi.url_scheme": "http",
            "wsgi.input": BytesIO(body), "CONTENT_LENGTH": str(len(body)), "HTTP_ORIGIN": ORIGIN,
            "HTTP_COOKIE": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
            "wsgi.errors": None, "wsgi.multithread": True, **headers,
        }  # fmt: skip
        response = self.application(environ, start)
        content = b"".join(response).decode()
        response.close()
        if not answer["status"].startswith("200"):
            raise RuntimeError(f"{method} {path} answered {answer['status']}: {content[:300]}")
        for name, value in answer["headers"]:
            if name == "Set-Cookie":
                name, value = value.split(";")[0].split("=", 1)
                self.cookies[name] = value
        return content

    def run(self) -> None:
        """Submit the item and receive the next."""
        form = {"key": KEY.search(self.page).group(1), "rank_a": 1, "rank_b": 2, "seconds": 5,
                "csrfmiddlewaretoken": self.token}  # fmt: skip
        self.page = self.request(
            "POST",
            ACTION.search(self.page).group(1),
            urllib.parse.urlencode(form).encode(),
            CONTENT_TYPE="application/x-www-form-urlencoded",
            HTTP_HX_REQUEST="true",
            HTTP_HX_REQUEST_TYPE="partial",
        )


def run(report: Report, folder: Path, sizes=()) -> None:
    with world.database() as postgres:
        items = world.write_items(folder / "items.jsonl", ITEMS)
        command("import_items", "bench", items, "--create", "--overlap", "1")
        command("shell", "-v0", "-c", PREPARE)
        (session,) = sessions(1)
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "annotation.settings")
        from annotation.wsgi import application

        loop = Loop(application, session)
        for _ in range(LOOPS * 8):
            loop.run()
        profile = cProfile.Profile() if "CONCORD_PROFILE" in os.environ else None
        database = cpu_seconds(family(postgres.process.pid))
        costs = [_batch(loop, profile) for _ in range(BATCHES)]
        database = cpu_seconds(family(postgres.process.pid)) - database
        if profile:
            profile.dump_stats(os.environ["CONCORD_PROFILE"])
        from django.db import connection

        connection.close()
        report.add("web process, CPU per loop: median", f"{median(costs):.2f} ms")
        report.add(f"web process, CPU per loop: least of {BATCHES}", f"{min(costs):.2f} ms")
        report.add("PostgreSQL, CPU per loop", f"{1000 * database / BATCHES / LOOPS:.2f} ms")
        report.add("bytes of the answer", f"{len(loop.page.encode()):,}")


def _batch(loop: Loop, profile: cProfile.Profile | None) -> float:
    """Milliseconds of processor time per loop."""
    started = time.process_time()
    for _ in range(LOOPS):
        if profile:
            profile.runcall(loop.run)
        else:
            loop.run()
    return 1000 * (time.process_time() - started) / LOOPS
