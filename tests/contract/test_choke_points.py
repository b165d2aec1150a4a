"""One way in and one way out for each dangerous thing: nothing of ours goes around it."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = [path for path in (ROOT / "annotation").rglob("*.py") if "migrations" not in path.parts]

# What it is → how it looks, a bad sample, and the files that may hold it.
CHOKE_POINTS = {
    "a job sent around core.jobs.enqueue": (
        re.compile(r"\.delay\(|\.apply_async\(|\.send_task\("),
        "run_job.delay(1)",
        {"core/jobs.py"},
    ),
    "markup trusted outside the renderer and its cache": (
        re.compile(r"\bmark_safe\b|\bSafeString\(|\bformat_html\b"),
        "return mark_safe(text)",
        # Skeletons escape what they are filled with; the fresh page marks its places by them.
        {"core/markup.py", "core/skeleton.py", "labeling/bench/fresh.py", "labeling/desk.py"},
    ),
    # One door, and allauth's requests led through it. And the demo's supervisor asks its own web
    # server whether it is up.
    "an outgoing connection": (
        re.compile(r"http\.client|urlopen|urllib\.request|\bimport (?:requests|httpx|aiohttp)\b"),
        "import http.client",
        {"core/egress.py", "accounts/outgoing.py", "demo/processes.py"},
    ),
    "a pickle": (
        re.compile(r"\bimport pickle\b|pickle\.loads?\(|torch\.load\("),
        "pickle.load(file)",
        set(),
    ),
    "a shell": (re.compile(r"shell=True|os\.system\("), "run(line, shell=True)", set()),
}


@pytest.mark.parametrize("what", CHOKE_POINTS)
def test_nothing_goes_around(what):
    pattern, sample, allowed = CHOKE_POINTS[what]
    assert pattern.search(sample)

    found = {
        path.relative_to(ROOT / "annotation").as_posix()
        for path in SOURCES
        if pattern.search(path.read_text())
    }
    assert found == allowed
