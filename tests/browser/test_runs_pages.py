"""The training pages in Chromium: a run from the form to its model version, with a clean console
and nothing for axe to find."""

import os
import threading
from pathlib import Path

from django.db import connection
from django.urls import reverse

from annotation.core import jobs
from annotation.core.models import Job
from annotation.runs.attempts import store_events
from annotation.runs.harness.services import order as order_harness
from annotation.runs.models import TrainingRun
from tests.annotation.runs.conftest import world  # noqa: F401  the same world

SHOTS = os.environ.get("CONCORD_SHOTS")


def path(name, world, *args):  # noqa: F811
    return reverse(f"runs:{name}", args=[world.project.slug, *args])


def picture(visitor, name):
    """For the eye: with CONCORD_SHOTS=<folder>, every state at three widths."""
    if not SHOTS:
        return
    Path(SHOTS).mkdir(exist_ok=True, parents=True)
    for width in (360, 1280, 1920):
        visitor.page.set_viewport_size({"width": width, "height": 800})
        visitor.page.screenshot(path=f"{SHOTS}/{name}-{width}.png", full_page=True)
    visitor.page.set_viewport_size({"width": 1280, "height": 800})


def check(visitor, name):
    picture(visitor, name)
    assert visitor.faults(widths=(360, 1280)) == [], name


LINES = [
    {"type": "start"},
    {"type": "progress", "stage": "check data"},
    {"type": "progress", "stage": "load models"},
    {"type": "warning", "message": "3 of 120 comparisons were dropped: identical responses."},
    {"type": "progress", "stage": "train", "step": 60, "total": 90},
    *(
        {
            "type": "metric",
            "step": step,
            "total": 90,
            "loss": 0.69 * 0.97**step + 0.01 * (step % 3),
            "accuracy": min(0.96, 0.5 + step / 120),
            "grad_norm": 1.5 + 0.1 * (step % 5),
            "learning_rate": 1e-4,
            **({"eval_loss": 0.7 * 0.98**step, "eval_accuracy": 0.5 + step / 200,
                "eval_margin": step / 30} if step % 10 == 0 else {}),
        }
        for step in range(0, 61, 2)
    ),
]  # fmt: skip


def test_every_page_and_state_is_clean(visit, world):  # noqa: F811
    visitor = visit().sign_in(world.engineer)
    check(visitor.open(path("list-runs", world)), "list-empty")
    check(visitor.open(path("start-run", world)), "start")
    check(visitor.open(path("start-run", world) + "?kind=dpo"), "start-no-policy")

    done = world.train("reward", name="Judge of replies")
    check(visitor.open(path("show-run", world, done.pk)), "done")
    version = path("show-model-version", world, done.model_version.pk)
    check(visitor.open(version), "model-version")

    world.act("exit 65 the same prompt is in train and test: 3 of 120")
    failed = world.train(seed=2)
    check(visitor.open(path("show-run", world, failed.pk)), "failed")

    running = world.start("reward", seed=3, options={"epochs": 3})
    check(visitor.open(path("show-run", world, running.pk)), "queued")
    claim = jobs.Claim.take(running.job_id)
    store_events(running, claim.token, list(enumerate(LINES, 1)))
    claim.progress(done=60, total=90, note="train")
    log = "\n".join(f"step {n} loss {0.7 * 0.97**n:.4f}" for n in range(30, 62, 2))
    TrainingRun.objects.filter(pk=running.pk).update(log_tail=log)
    check(visitor.open(path("show-run", world, running.pk)), "running")
    check(visitor.open(path("list-runs", world)), "list")

    policy = world.make_version()
    order = path("order-harness", world, policy.pk)
    check(visitor.open(order), "harness-order")
    visitor.allow("422")
    visitor.page.click("button.primary")
    check(visitor, "harness-order-refused")
    world.act("well")
    made = order_harness(version=policy, names=["concord_courtesy", "concord_letters"])
    check(visitor.open(path("show-harness", world, made.pk)), "harness-queued")
    jobs.run(made.job_id)
    check(visitor.open(path("show-harness", world, made.pk)), "harness-done")
    check(visitor.open(path("show-model-version", world, policy.pk)), "harness-of-a-policy")
    check(visitor.open(path("list-model-versions", world)), "harness-table")

    visitor.open(path("start-run", world))
    visitor.page.fill("[name=option_epochs]", "many")
    visitor.allow("422")
    visitor.page.click("button.primary")
    check(visitor, "start-refused")


def test_no_machine_is_cut_in_the_form_and_no_bar_lies_on_a_stage(visit, world):  # noqa: F811
    visitor = visit().sign_in(world.engineer)
    visitor.open(path("start-run", world))
    room = """(select) => {
      const free = select.cloneNode(true);
      free.style.inlineSize = "max-content";
      select.after(free);
      const wanted = free.offsetWidth;
      free.remove();
      return [wanted, select.offsetWidth];
    }"""
    wanted, given = visitor.page.locator("[name=preset]").evaluate(room)
    assert 0 < wanted <= given

    run = world.start()
    visitor.page.set_viewport_size({"width": 360, "height": 800})
    visitor.open(path("show-run", world, run.pk))
    boxes = [one.bounding_box() for one in visitor.page.locator(".stages li").all()]
    below = [(b["y"] - a["y"] - a["height"]) for a in boxes for b in boxes if b["y"] > a["y"]]
    assert below, "in lines below each other"
    assert min(below) >= 16


def test_a_run_is_ordered_watched_and_ends_without_a_reload(visit, world):  # noqa: F811
    visitor = visit().sign_in(world.engineer)
    visitor.open(path("start-run", world) + "?kind=sft")
    visitor.page.click("button.primary")
    visitor.page.wait_for_selector("text=Waiting for the train worker")
    run = TrainingRun.objects.get()

    asked = []
    visitor.page.on("request", lambda r: asked.append(r.url) if r.url.endswith("/") else None)
    claim = jobs.Claim.take(run.job_id)
    store_events(run, claim.token, list(enumerate(LINES, 1)))
    visitor.page.wait_for_selector("text=step 60 of 90")
    Job.objects.filter(pk=run.job_id).update(state="queued", lease_until=None)

    def work():
        try:
            world.work(run)
        finally:
            connection.close()

    # The supervisor starts its child from the thread it is in; that thread outlives the child.
    thread = threading.Thread(target=work)
    thread.start()
    visitor.page.wait_for_selector("text=Registered as sft-1", timeout=20_000)
    thread.join()

    count = len(asked)
    visitor.page.wait_for_timeout(2500)
    assert count > 1
    assert len(asked) == count, "a page of a finished run asks no more"


def test_cancelling_works_without_script(visit, world):  # noqa: F811
    run = world.start()
    visitor = visit(java_script_enabled=False).sign_in(world.engineer)
    visitor.open(path("show-run", world, run.pk))
    assert "Reload the page" in visitor.page.inner_text("main")
    visitor.page.click("text=Cancel")
    assert "Cancelled" in visitor.page.inner_text("main")
