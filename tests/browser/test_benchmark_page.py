"""Measuring a reward model on a file, in Chromium: form, refusal, what is under way, figures."""

import os
from pathlib import Path

from django.urls import reverse

from annotation.core import jobs
from annotation.core.models import Job
from annotation.runs.models import BenchmarkFile, Measurement
from annotation.runs.registry import benchmarks
from tests.annotation.runs.conftest import world  # noqa: F401  the same world
from tests.annotation.runs.test_benchmarking import GOOD, TALK, lines
from tests.annotation.runs.test_verdicts import GAINS, metrics_of

SHOTS = os.environ.get("CONCORD_SHOTS")
LONG = "https://example.org/" + "averyveryverylongname" * 3


def check(visitor, name):
    if SHOTS:
        Path(SHOTS).mkdir(exist_ok=True, parents=True)
        for theme in ("light", "dark"):
            visitor.page.evaluate("t => document.documentElement.dataset.theme = t", theme)
            for width in (360, 1280, 1920):
                visitor.page.set_viewport_size({"width": width, "height": 800})
                shot = f"{SHOTS}/{name}.{width}.{theme}.png"
                visitor.page.screenshot(path=shot, full_page=True)
        visitor.page.set_viewport_size({"width": 1280, "height": 800})
    assert visitor.faults(widths=(360, 1280)) == [], name


def figures(comparisons, prompts, gain):
    return {
        "comparisons": comparisons,
        "prompts": prompts,
        "accuracy": {"value": 0.7, "low": 0.62, "high": 0.78},
        "length": {"value": 0.5, "low": 0.42, "high": 0.58},
        "beats_length": gain,
    }


def test_every_state_of_measuring_on_a_file_is_clean(visit, world, tmp_path):  # noqa: F811
    version = world.make_version(
        "reward",
        "taste",
        metrics=metrics_of(GAINS["not told yet against length"]),
        card="# taste\n\n**not better than length (+5.0 points, 95 % -2.0 to +12.0)**\n",
    )
    slug = world.project.slug
    address = reverse("runs:show-model-version", args=[slug, version.pk])
    visitor = visit().sign_in(world.engineer)
    check(visitor.open(address), "empty")

    broken = tmp_path / "broken.jsonl"
    broken.write_bytes(lines(GOOD, GOOD | {"chosen": 7}))
    visitor.allow("422")
    visitor.page.set_input_files("[name=file]", broken)
    visitor.page.click("#measure .actions button")
    visitor.page.wait_for_selector("text=line 2, chosen: must be a text")
    check(visitor, "refused")

    good = tmp_path / "reward-bench.jsonl"
    good.write_bytes(lines(GOOD, TALK))
    visitor.open(address)
    visitor.page.set_input_files("[name=file]", good)
    visitor.page.click("#measure .actions button")
    visitor.page.wait_for_selector("text=reward-bench, on reward-bench.jsonl")
    assert BenchmarkFile.objects.get().comparison_count == 2
    check(visitor, "waiting")

    job = Measurement.objects.get().job
    jobs.request_cancel(job)
    Job.objects.filter(pk=job.pk).update(state="failed", error="Out of memory.")
    bench = figures(2985, 2538, GAINS["better than length"])
    few = figures(19, 4, {"value": 0.263, "low": -0.05, "high": 0.5})
    worse = figures(740, 740, GAINS["not better than length"])
    subsets = {"alpacaeval-easy": few, LONG: worse, "<b>math</b>": bench}
    more = {
        "subsets": subsets,
        "unread": {"too long": 2, "control token": 1},
        "calibration": {"error": 0.041},
    }
    benchmarks.keep(version=version, name="reward-bench", figures=bench | more)
    parts = {f"part {at}": few for at in range(benchmarks.MOST_SUBSETS + 1)}
    benchmarks.keep(version=version, name=LONG[:60], figures=few | {"subsets": parts})
    visitor.open(address)
    assert visitor.page.locator("#measure [name=kept] option").count() == 2
    check(visitor, "measured")
    check(visitor.open(reverse("runs:list-model-versions", args=[slug])), "list")
