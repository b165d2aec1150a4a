"""Trainings through the API: the same rules as the pages."""

import pytest
from django.urls import reverse

from annotation.projects.models import Membership
from annotation.runs.models import TrainingRun
from tests.factories import make_member, make_project

pytestmark = pytest.mark.django_db
RUNS = reverse("runs-api:runs")


def order(world, **change):
    return {
        "project": world.project.slug,
        "kind": "reward",
        "dataset": world.dataset.hash[:12],
    } | change


def post(client, address, data=None):
    return client.post(address, data or {}, content_type="application/json")


@pytest.fixture
def site(client, world):
    client.force_login(world.engineer)
    return client


def test_a_run_is_started_followed_and_ends_with_its_report(site, world):
    answer = post(site, RUNS, order(world, options={"epochs": 2}, seed=4))
    assert answer.status_code == 201
    run = TrainingRun.objects.get()
    assert answer.json()["state"] == "queued"
    assert (run.options, run.seed) == ({"epochs": 2.0}, 4)

    world.work(run)
    told = site.get(reverse("runs-api:run", args=[run.pk])).json()

    assert told["state"] == "done"
    assert told["progress"] == {"done": 3, "total": 3, "stage": "train"}
    assert told["latest"] == {"eval_accuracy": 0.8, "loss": 1 / 3}
    assert told["report"]["baselines"]["length"]["value"] == 0.5
    assert told["model_version"]["metrics"]["accuracy"]["value"] == 0.75
    assert told["model_version"]["dataset"] == world.dataset.hash


def test_the_same_order_twice_is_one_run(site, world):
    first, second = (post(site, RUNS, order(world)).json() for _ in range(2))
    assert first["id"] == second["id"]


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"kind": "magic"}, 400),
        ({"dataset": "0000000"}, 404),
        ({"options": {"lr": 1}}, 400),
        ({"options": {"epochs": "nan"}}, 400),
        ({"options": []}, 400),
        ({"seed": -1}, 400),
        ({"base": "nothing"}, 400),
        ({"kind": "dpo"}, 400),
        ({"project": "nowhere"}, 404),
    ],
)
def test_a_bad_order_is_refused_with_a_sentence(site, world, change, status):
    answer = post(site, RUNS, order(world, **change))
    assert answer.status_code == status, answer.content
    assert answer.json()
    assert not TrainingRun.objects.exists()


def test_a_bad_option_is_named(site, world):
    answer = post(site, RUNS, order(world, options={"lr": 1}))
    assert answer.json()["field"] == "lr"


def test_cancel_ends_a_waiting_run_and_is_refused_afterwards(site, world):
    run = world.start()
    address = reverse("runs-api:cancel-run", args=[run.pk])
    answer = post(site, address)
    assert (answer.status_code, answer.json()["state"]) == (202, "cancelled")
    assert post(site, address).status_code == 409


@pytest.mark.parametrize("role", [*Membership.Role.values, "elsewhere"])
def test_who_may(client, world, role):
    run = world.start()
    if role == "elsewhere":
        user = make_member(make_project(), Membership.Role.ADMIN)
    else:
        user = make_member(world.project, role)
    client.force_login(user)
    trains = role in ("lead", "engineer", "admin")
    sees = trains or role == "reviewer"

    assert (post(client, RUNS, order(world, seed=2)).status_code == 201) is trains
    seen = client.get(reverse("runs-api:run", args=[run.pk]))
    assert seen.status_code == (200 if sees else 404)
    cancelled = post(client, reverse("runs-api:cancel-run", args=[run.pk]))
    assert cancelled.status_code == (202 if trains else 404)


def test_nobody_gets_in_unsigned(client, world):
    run = world.start()
    assert client.get(reverse("runs-api:run", args=[run.pk])).status_code in (401, 403)
