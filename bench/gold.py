"""Whether the time of an answer tells that the item in it is gold.

One labeler's loops through the whole web process, in one run: after each, the database says what
was answered in it and what was lent. Gold and work are compared by the medians of wall and
processor time, and by the largest distance between the two distributions (Kolmogorov–Smirnov)
against the one that two random halves of the work have.
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
        loops = _loops(loop)
    for name, column in (("wall time", 2), ("processor time", 3)):
        for where, side in (("gold was answered", 0), ("gold is lent", 1)):
            work = np.array([one[column] for one in loops if one[:2] == ("work", "work")])
            other = ("gold", "work") if side == 0 else ("work", "gold")
            gold = np.array([one[column] for one in loops if one[:2] == other])
            halves = np.random.default_rng(1).permutation(work)
            report.add(
                f"{name} where {where}, medians of {len(work)} of work alone and of {len(gold)}",
                f"{np.median(work):.2f} / {np.median(gold):.2f} ms, "
                f"ratio {np.median(gold) / np.median(work):.3f}",
                "1",
            )
            report.add(
                f"{name} where {where}, distance from work; of work from work",
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


def _loops(loop: Loop) -> list[tuple[str, str, float, float]]:
    """(purpose of what was answered, of what was lent, wall, processor milliseconds) of each."""
    from annotation.labeling.models import Assignment

    found, answered = [], None
    for _ in range(LOOPS):
        wall, processor = time.perf_counter(), time.process_time()
        loop.run()
        took = time.perf_counter() - wall, time.process_time() - processor
        lent = Assignment.objects.order_by("-pk").values_list("purpose", flat=True).first()
        if answered is not None:
            found.append((answered, lent, 1000 * took[0], 1000 * took[1]))
        answered = lent
    return found


def _distance(one: np.ndarray, other: np.ndarray) -> float:
    """Largest difference of the two empirical distribution functions."""
    at = np.sort(np.concatenate([one, other]))
    below = [np.searchsorted(np.sort(each), at, side="right") / len(each) for each in (one, other)]
    return float(np.abs(below[0] - below[1]).max())
