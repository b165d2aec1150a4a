"""What the page of a run reads while it polls: bounded, however long the run is."""

from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from annotation.core.jobs import Claim
from annotation.runs import detail, events
from annotation.runs.attempts import store_events
from annotation.runs.curves import curves
from annotation.runs.models import RunEvent

pytestmark = pytest.mark.django_db
POINTS = 50_000
WHEN = datetime(2026, 1, 1, tzinfo=UTC)


def event(run, line, type_, step=None, token=1, **data):
    return RunEvent(run=run, token=token, line=line, type=type_, step=step, data=data, at=WHEN)


def fill(run, points):
    """A long training: numbers at every step, an evaluation at each fiftieth, a sign each step."""
    rows = [event(run, n, "metric", n, loss=2 - n / points, grad_norm=1.0) for n in range(points)]
    rows += [
        event(run, points + n, "metric", n, eval_loss=3 - n / points, eval_accuracy=0.5)
        for n in range(0, points, 50)
    ]
    rows += [
        event(run, 2 * points + n, "progress", n, stage="train", total=points)
        for n in range(points - min(points, 5000), points)
    ]
    rows += [
        event(run, 3 * points + n, "sample", n, prompt="p" * 5000, text="t" * 5000, reward=1.0)
        for n in range(0, points, 50)
    ]
    rows += [
        event(run, 4 * points + n, "warning", message=f"warning {n}") for n in range(0, points, 50)
    ]
    RunEvent.objects.bulk_create(rows, batch_size=5000)


@pytest.fixture
def run(world):
    run = world.start()
    Claim.take(run.job_id)
    return run


def poll(client, world, run):
    address = reverse("runs:show-run", args=[world.project.slug, run.pk])
    with CaptureQueriesContext(
        connection,
    ) as queries:
        page = client.get(address, headers={"hx-request": "true"})
    assert page.status_code == 200
    return page, len(queries)


def test_a_poll_of_fifty_thousand_points_reads_what_the_curves_show(client, world, run):
    client.force_login(world.engineer)
    fill(run, 100)
    _few, statements = poll(client, world, run)
    RunEvent.objects.all().delete()
    fill(run, POINTS)

    page, now = poll(client, world, run)

    assert now == statements, "as many statements as for a short one"
    assert len(page.content) < 150_000
    assert len(events.metrics(run)) <= 2 * (events.MAX_POINTS + 2)
    assert len(events.stages(run)) <= 2 * events.MAX_STAGES
    assert len(events.warnings(run)) == events.MAX_WARNINGS
    assert events.warnings(run)[-1] == f"warning {POINTS - 50}", "the newest, last"
    shown = detail.samples(run)
    assert len(shown) == events.MAX_SAMPLES
    assert (shown[0].step, len(shown[0].text)) == (POINTS - 50, events.TEXT_CHARACTERS)

    (loss,) = [curve for curve in curves(events.metrics(run)) if curve.key == "loss"]
    training = [row for row in loss.chart.rows if row[1]]
    held_out = [row for row in loss.chart.rows if row[2]]
    assert (training[0][0], training[-1][0]) == ("0", "49,999"), "the first and the last"
    assert (held_out[0][0], held_out[-1][0]) == ("0", "49,950")
    assert len(training) >= 200
    assert len(held_out) >= 200
    assert "step 49,999 of 50,000" in page.content.decode()


def test_a_short_curve_keeps_every_point(run):
    fill(run, 100)
    lines = events.metrics(run)
    assert sorted(one.step for one in lines if "loss" in one.data) == list(range(100))
    assert sorted(one.step for one in lines if "eval_loss" in one.data) == [0, 50]


def test_of_a_step_that_was_repeated_the_later_attempt_counts(run):
    rows = [event(run, n, "metric", n, loss=9.0) for n in range(3000)]
    rows += [event(run, n, "metric", n, token=2, loss=1.0) for n in range(1000, 2000)]
    RunEvent.objects.bulk_create(rows)
    chosen = {one.step: one.data["loss"] for one in events.metrics(run)}
    assert {chosen[step] for step in chosen if 1012 <= step < 1990} == {1.0}
    assert {chosen[step] for step in chosen if step < 990} == {9.0}


def test_the_first_of_a_long_run_stays_after_a_resume_inside_the_first_stretch(run):
    rows = [event(run, n, "metric", n, loss=1.0) for n in range(1000)]
    rows += [event(run, n, "metric", n, token=2, loss=0.5) for n in range(2, 1000)]
    RunEvent.objects.bulk_create(rows)
    steps = sorted(one.step for one in events.metrics(run))
    assert (steps[0], steps[-1]) == (0, 999)


def test_a_run_without_a_line_has_nothing_to_read(run):
    assert events.metrics(run) == []
    assert events.stages(run) == []
    assert events.samples(run) == []
    assert events.last_checkpoint(run) is None


def test_what_is_odd_in_a_line_does_not_break_the_page(client, world, run):
    client.force_login(world.engineer)
    lines = [
        {"type": "progress", "stage": ["train"], "step": 1, "total": "many"},
        {"type": "progress", "stage": "train", "step": 1, "total": "many"},
        {"type": "sample", "step": 2, "prompt": {"a": 1}, "text": None, "reward": "good"},
        {"type": "metric", "step": 2, "loss": "low", "eval_loss": None, "kl": True},
        {"type": "warning", "message": 7},
    ]
    store_events(run, 1, list(enumerate(lines, 1)))
    page, _ = poll(client, world, run)
    assert "{&quot;a&quot;: 1}" in page.content.decode()


def test_a_finished_training_is_not_left_in_the_middle_of_its_steps(client, world):
    client.force_login(world.engineer)
    run = world.train()
    last = run.events.order_by("-line").first()
    told = {"type": "progress", "stage": "train", "step": 2, "total": 3}
    store_events(run, last.token, [(last.line + 1, told)])
    page, _ = poll(client, world, run)
    said = page.content.decode()
    assert "step 2 of 3" not in said
    assert "3 steps" in said
