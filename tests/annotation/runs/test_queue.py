"""Runs that wait: who goes first, and what is left of those that ended."""

import pytest
from django.urls import reverse

from annotation.core.errors import Conflict, DomainError
from annotation.core.models import Event
from annotation.runs import services
from annotation.runs.attempts import folder_of, store_events

pytestmark = pytest.mark.django_db


@pytest.fixture
def site(client, world):
    client.force_login(world.engineer)
    return client


def page(site, world, run):
    address = reverse("runs:show-run", args=[world.project.slug, run.pk])
    return " ".join(site.get(address).content.decode().split())


def test_the_page_of_a_run_that_waits_says_its_place_and_lets_it_go_first(site, world):
    first, second = world.start(), world.start(seed=2)
    assert "place 1 of 2 in the queue" in page(site, world, first)
    assert "place 2 of 2 in the queue" in page(site, world, second)

    address = reverse("runs:prioritise-run", args=[world.project.slug, second.pk])
    assert site.post(address, {"priority": "1"}).status_code == 302

    assert "place 1 of 2 in the queue" in page(site, world, second)
    assert "No longer first" in page(site, world, second)
    event = Event.objects.get(kind="run.prioritised")
    assert (event.target, event.payload["priority"]) == (f"run:{second.pk}", 1)


def test_the_worker_takes_the_most_urgent(world):
    first, second = world.start(), world.start(seed=2, priority=3)
    world.work(first)
    second.job.refresh_from_db()
    first.job.refresh_from_db()
    assert (second.job.state, first.job.state) == ("done", "queued")


def test_a_run_that_began_has_no_place_to_change(world):
    run = world.train()
    with pytest.raises(Conflict, match="waits no more"):
        services.prioritise_run(run=run, priority=1)
    with pytest.raises(DomainError, match="-9 to 9"):
        world.start(seed=5, priority=100)


def test_a_failed_run_offers_another_try_and_a_cancelled_one_to_go_on(site, world):
    world.act("exit 65 a leak")
    assert "Try again" in page(site, world, world.train())
    waiting = world.start(seed=4)
    services.cancel_run(run=waiting)
    assert "Resume" in page(site, world, waiting)


def test_checkpoints_go_once_the_model_is_registered_and_not_before(world):
    world.act("crash once")
    run = world.start()
    kept = folder_of(run).attempt(1) / "checkpoints" / "step-1"
    kept.mkdir(parents=True)
    world.work(run)
    assert kept.exists(), "it may have to go on from here"
    world.work(run)
    assert not kept.parent.exists()
    assert (world.data_dir / run.model_version.artifact).is_dir()


def test_samples_of_a_policy_without_a_reward_show_no_reward(site, world):
    run = world.train()
    store_events(
        run, 1, [(900, {"type": "sample", "step": 3, "prompt": "Hi", "text": "Good day"})]
    )
    said = page(site, world, run)
    assert "Good day" in said
    assert ">Reward<" not in said
