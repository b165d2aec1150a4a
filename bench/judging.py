"""The judging loop as a browser does it: submit a form, get the next item in the answer."""

import http.client
import re
import threading
import time
import urllib.parse
from pathlib import Path

from bench import world
from bench.measure import command, cpu_seconds, family, median, percentile
from bench.report import Report

ACTION = re.compile(r'action="(/judge/[^"]+?/(\d+)/)"')
KEY = re.compile(r'name="key" value="([0-9a-f-]{36})"')
CSRF = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


class Labeler:
    """One browser: a session, a kept-alive connection, the page it has open."""

    def __init__(self, port: int, session: str):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.cookies = {"sessionid": session}
        self.page = ""
        self.surplus = 0

    def request(self, method, path, body=None, headers=None):
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        self.connection.request(
            method, path, body, {"Cookie": cookie, "Accept-Encoding": "gzip", **(headers or {})}
        )
        answer = self.connection.getresponse()
        content = answer.read()
        for name, value in answer.getheaders():
            if name.lower() == "set-cookie":
                cookie_name, cookie_value = value.split(";")[0].split("=", 1)
                self.cookies[cookie_name] = cookie_value
        if answer.getheader("Content-Encoding") == "gzip":
            import gzip

            content = gzip.decompress(content)
        return answer.status, content.decode()

    def open(self):
        status, self.page = self.request("GET", "/judge/bench/")
        if status != 200:
            raise RuntimeError(f"the judging page answered {status}")
        self.token = CSRF.search(self.page).group(1)

    def loop(self) -> bool:
        """Submit the item and receive the next; False when nothing is left."""
        action, key = ACTION.search(self.page), KEY.search(self.page)
        if action is None or key is None:
            return False
        form = {"key": key.group(1), "rank_a": 1, "rank_b": 2, "seconds": 5,
                "csrfmiddlewaretoken": self.token}  # fmt: skip
        status, self.page = self.request(
            "POST",
            action.group(1),
            urllib.parse.urlencode(form),
            {
                "Content-Type": "application/x-www-form-urlencoded",
                "HX-Request": "true",
                "HX-Request-Type": "partial",
                "Origin": f"http://127.0.0.1:{self.connection.port}",
                "Host": f"127.0.0.1:{self.connection.port}",
            },
        )
        if status != 200:
            raise RuntimeError(f"the submit answered {status}: {self.page[:300]}")
        self.surplus += "as surplus" in self.page
        return True


# What the worker does after an import, and PostgreSQL's autovacuum in time.
PREPARE = """
from django.db import connection
from annotation.core import jobs
from annotation.core.models import Job
for job in Job.objects.filter(state="queued"):
    jobs.run(job.pk)
connection.cursor().execute("VACUUM ANALYZE")
"""

SESSIONS = """
from django.conf import settings
from annotation.accounts.models import User
from annotation.accounts.sessions import SessionStore
from annotation.projects.models import Project
from annotation.projects.services import add_member
project = Project.objects.get(slug="bench")
for n in range({count}):
    user, _ = User.objects.get_or_create(username=f"bench-{{n}}", defaults={{"password": "!"}})
    add_member(project=project, user=user, role="labeler")
    session = SessionStore()
    session["_auth_user_id"] = str(user.pk)
    session["_auth_user_backend"] = settings.AUTHENTICATION_BACKENDS[0]
    session["_auth_user_hash"] = user.get_session_auth_hash()
    session.create()
    print("SESSION", session.session_key)
"""


def sessions(count: int) -> list[str]:
    output = command("shell", "-v0", "-c", SESSIONS.format(count=count)).output
    return [line.split()[1] for line in output.splitlines() if line.startswith("SESSION")]


def drive(port, keys, loops_each):
    """Run the labelers in parallel; seconds per loop of each, wall seconds, errors, surplus."""
    times, errors = [], []
    labelers = [Labeler(port, key) for key in keys]
    for labeler in labelers:
        labeler.open()
    barrier = threading.Barrier(len(labelers) + 1)

    def work(labeler):
        barrier.wait()
        try:
            for _ in range(loops_each):
                started = time.perf_counter()
                if not labeler.loop():
                    return
                times.append(time.perf_counter() - started)
        except Exception as error:  # counted and shown: a benchmark must not hide a failure
            errors.append(repr(error))

    threads = [threading.Thread(target=work, args=[labeler]) for labeler in labelers]
    for thread in threads:
        thread.start()
    barrier.wait()
    started = time.perf_counter()
    for thread in threads:
        thread.join()
    wall = time.perf_counter() - started
    return times, wall, errors, sum(labeler.surplus for labeler in labelers)


def run(report: Report, folder: Path, sizes=(10_000, 100_000)) -> None:
    cpu_at = {}
    for size in sizes:
        with world.database() as postgres:
            items = world.write_items(folder / f"items-{size}.jsonl", size)
            command("import_items", "bench", items, "--create", "--overlap", "1")
            command("shell", "-v0", "-c", PREPARE)
            with world.web() as (port, web_pids):
                keys = sessions(32)
                drive(port, keys[:8], 10)  # warm up
                for labelers, loops in ((1, 300), (8, 120), (32, 40)):
                    before = cpu_seconds([*web_pids(), *family(postgres.process.pid)])
                    times, wall, errors, surplus = drive(port, keys[:labelers], loops)
                    if not times:
                        raise RuntimeError(f"no loop succeeded: {errors[:3]}")
                    after = cpu_seconds([*web_pids(), *family(postgres.process.pid)])
                    cpu = 1000 * (after - before) / max(len(times), 1)
                    cpu_at[size, labelers] = cpu
                    where = f"{size:,} items, {labelers} labeler{'s' * (labelers > 1)}"
                    report.add(f"server CPU per loop, {where}", f"{cpu:.1f} ms", "≤ 7 ms")
                    report.add(
                        f"loop median / p95, {where}",
                        f"{1000 * median(times):.0f} / {1000 * percentile(times, 0.95):.0f} ms",
                        {1: "≤ 12 / 25 ms", 32: "p95 ≤ 200 ms"}.get(labelers, ""),
                    )
                    report.add(
                        f"judgments/s, {where}",
                        f"{len(times) / wall:.0f}",
                        {8: "≥ 250", 32: "≥ 300"}.get(labelers, ""),
                    )
                    report.add(f"errors / surplus, {where}", f"{len(errors)} / {surplus}", "0 / 0")
                    for error in errors[:3]:
                        report.add("  error", error)
    small, large = min(sizes), max(sizes)
    if small != large:
        ratio = cpu_at[large, 1] / cpu_at[small, 1]
        report.add(f"CPU at {large:,} items against {small:,}", f"{ratio:.2f}×", "≤ 1.2×")
