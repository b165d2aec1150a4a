"""Whether the time of an answer tells that the item in it is gold.

One labeler's loops through the whole web process, in one run: after each, the database says what
was lent. Gold and work are compared by the medians of wall and processor time, and by the largest
distance between the two distributions (Kolmogorov–Smirnov) against the one that two random halves
of the work have.
"""

import json
import os
import time
from pathlib import Path

import numpy as np

from bench import world
from bench.inside import Loop
from bench.judging import PREPARE, sessions
from bench.measure import command
from bench.report import Report

ITEMS, LOOPS, EVERY = 4_000, 1_200, 4  # every fourth item of the file has a known answer
SHARE = """
from annotation.labeling.gold.share import set_share
from annotation.projects.models import Project
project = Project.objects.get(slug="bench")
set_share(project=project, actor=None, gold_percent=30, probation_gold_percent=30)
"""


def run(report: Report, folder: Path, sizes=()) -> None:
    with world.database():
        items = _with_gold(world.write_items(folder / "plain.jsonl", ITEMS))
        command("import_items", "bench", items, "--create", "--overlap", "3")
        command("shell", "-v0", "-c", PREPARE + SHARE)
        (session,) = sessions(1)
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "annotation.settings")
        from annotation.wsgi import application

        loop = Loop(application, session)
        for _ in range(150):
            loop.run()
        times = _times(loop)
    for name, clock in (("wall time", 0), ("processor time", 1)):
        gold, work = (np.array([one[clock] for one in times[kind]]) for kind in ("gold", "work"))
        halves = np.random.default_rng(1).permutation(work)
        report.add(
            f"{name} of an answer with work / gold, median of {len(work)} / {len(gold)}",
            f"{np.median(work):.2f} / {np.median(gold):.2f} ms, "
            f"ratio {np.median(gold) / np.median(work):.3f}",
            "1",
        )
        report.add(
            f"{name}, distance of gold from work; of work from work",
            f"{_distance(gold, work):.3f}; {_distance(halves[::2], halves[1::2]):.3f}",
            "alike",
        )


def _with_gold(plain: Path) -> Path:
    path = plain.with_name("items.jsonl")
    with plain.open() as lines, path.open("w") as file:
        for number, line in enumerate(lines):
            row = json.loads(line)
            if number % EVERY == 0:
                row["gold"] = {"ranking": [["a"], ["b"]]}
            file.write(json.dumps(row) + "\n")
    return path


def _times(loop: Loop) -> dict[str, list[tuple[float, float]]]:
    """{purpose of what was lent: [(wall, processor) milliseconds, …]}."""
    from annotation.labeling.models import Assignment

    found: dict[str, list[tuple[float, float]]] = {"gold": [], "work": []}
    for _ in range(LOOPS):
        wall, processor = time.perf_counter(), time.process_time()
        loop.run()
        took = time.perf_counter() - wall, time.process_time() - processor
        purpose = Assignment.objects.order_by("-pk").values_list("purpose", flat=True).first()
        found[purpose].append((1000 * took[0], 1000 * took[1]))
    return found


def _distance(one: np.ndarray, other: np.ndarray) -> float:
    """Largest difference of the two empirical distribution functions."""
    at = np.sort(np.concatenate([one, other]))
    below = [np.searchsorted(np.sort(each), at, side="right") / len(each) for each in (one, other)]
    return float(np.abs(below[0] - below[1]).max())
