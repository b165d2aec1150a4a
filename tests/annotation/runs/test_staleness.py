"""A reward model on judgments that are newer than its dataset."""

import json

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from annotation.core import jobs
from annotation.core.addresses import Origins
from annotation.core.errors import DomainError
from annotation.core.models import Job
from annotation.oversight.models import Alert, AlertTurn, Delivery
from annotation.oversight.webhooks.services import add_webhook
from annotation.runs.models import AccuracyCheck
from annotation.runs.overview import needs_of
from annotation.runs.registry.stages import set_stage
from annotation.runs.staleness import services
from annotation.runs.staleness.figures import Hit, accuracy, has_fallen
from annotation.runs.staleness.reading import read_newer
from tests.factories import make_item, make_judgment, make_member

THEN = {"value": 0.8, "low": 0.75, "high": 0.85}


def hits(right, wrong, *, each=2):
    """Comparisons of prompts with `each` of them."""
    values = [1.0] * right + [0.0] * wrong
    return [Hit(n // each, value) for n, value in enumerate(values)]


def test_every_comparison_weighs_one_and_prompts_are_resampled():
    value, low, high = accuracy(hits(75, 25), seed=1)
    assert value == 0.75
    assert low < 0.66 < 0.83 < high, "wider than the Wilson interval of 100 would be: 50 prompts"


def test_all_right_has_an_interval_below_one():
    value, low, high = accuracy(hits(40, 0), seed=1)
    assert (value, high) == (1.0, 1.0)
    assert low == pytest.approx(0.839, abs=0.001)  # Wilson's of 20 of 20


def test_nothing_to_compare_says_nothing():
    assert accuracy([], seed=1) is None


def test_it_has_fallen_only_where_the_interval_of_the_difference_says_so():
    now, then = (0.6, 0.54, 0.66), (0.8, 0.75, 0.85)
    assert has_fallen(now, then, prompts=100)
    assert not has_fallen((0.74, 0.66, 0.82), then, prompts=100)
    assert not has_fallen((0.9, 0.85, 0.95), then, prompts=100)
    assert not has_fallen(now, then, prompts=20), "too few prompts to say anything"
    assert not has_fallen(now, None, prompts=100), "nobody measured it at its training"


@pytest.fixture
def reward(world):
    return world.make_version("reward", "taste", metrics={"accuracy": THEN})


def judged(project, labeler, count, *, better):
    """Items whose first response is short, whose second long; the stand-in rewards length."""
    ranks = {"short": (1, 2), "long": (2, 1)}[better]
    for n in range(count):
        item = make_item(project, texts=(f"no {n}", f"a much longer answer {n}"))
        make_judgment(item, labeler, ranks)


def work(check):
    for _ in range(6):
        for job in Job.objects.active().filter(kind__in=("accuracy", "score")).order_by("-pk"):
            Job.objects.filter(pk=job.pk).update(not_before=job.created_at)
            jobs.run(job.pk)
    return AccuracyCheck.objects.select_related("job").get(pk=check.pk)


@pytest.mark.django_db
def test_people_who_changed_their_mind_are_seen(world, reward):
    judged(world.project, make_member(world.project), 35, better="short")
    check = work(services.order_check(version=reward, actor=world.engineer))
    assert check.job.state == "done", check.job.error
    assert (check.judgment_count, check.comparison_count, check.prompt_count) == (35, 35, 35)
    assert (check.value, check.is_stale) == (0.0, True)
    set_stage(version=reward, stage="promoted")
    progress = {"item_count": 1, "wanted": 0, "held": 0, "judgment_count": 0}
    needs = [need.finding for need in needs_of(world.project, progress, role="engineer")]
    assert any("taste" in finding for finding in needs)


@pytest.mark.django_db
def test_people_who_think_alike_raise_nothing(world, reward):
    judged(world.project, make_member(world.project), 35, better="long")
    check = work(services.order_check(version=reward))
    assert (check.value, check.is_stale) == (1.0, False)


@pytest.mark.django_db
def test_a_model_that_falls_behind_is_told_of_once_to_whoever_watches(world, reward, settings):
    settings.EGRESS_ORIGINS = Origins(["https://hooks.example.com"])
    alert = Alert.objects.create(project=world.project, kind="stale", threshold=5.0)
    url = "https://hooks.example.com/"
    add_webhook(project=world.project, url=url, wants=["stale"], actor=world.engineer)
    judged(world.project, make_member(world.project), 35, better="short")
    work(services.order_check(version=reward, actor=world.engineer))
    alert.refresh_from_db()
    assert (alert.state, alert.value > 60) == ("raised", True)  # from 0.8 to 0
    assert AlertTurn.objects.count() == 1
    services.tell_of(world.project)  # as the clock does
    assert AlertTurn.objects.count() == 1
    [sent] = Delivery.objects.all()
    assert "less often than at its training" in json.loads(sent.body)["alert"]["words"]


@pytest.mark.django_db
def test_of_a_model_that_is_not_in_force_nobody_is_told(world, reward):
    alert = Alert.objects.create(project=world.project, kind="stale", threshold=5.0)
    judged(world.project, make_member(world.project), 35, better="short")
    world.make_version("reward", "newer", metrics={"accuracy": THEN})
    work(services.order_check(version=reward, actor=world.engineer))
    alert.refresh_from_db()
    assert alert.state == "calm"


@pytest.mark.django_db
def test_what_the_dataset_holds_already_is_not_newer(world, reward):
    labeler = make_member(world.project)
    judged(world.project, labeler, 3, better="long")
    later = world.make_dataset("cd")
    assert read_newer(reward).judgments == 3
    reward.dataset = later
    reward.save()
    assert read_newer(reward).judgments == 0
    check = work(services.order_check(version=reward))
    assert (check.job.state, check.value) == ("done", None)


@pytest.mark.django_db
def test_what_it_was_trained_on_is_not_measured_on(world, reward):
    """An item of the training data that somebody judges once more is newer, but not unseen."""
    labeler = make_member(world.project)
    judged(world.project, labeler, 3, better="short")
    known, chosen_by, kept_apart = world.project.prompts.order_by("pk")
    dataset = world.make_dataset("cd")
    for split, prompt in (("train", known), ("dev", chosen_by), ("test", kept_apart)):
        name = f"preferences.{split}.jsonl"
        (dataset.folder / name).write_text(json.dumps({"prompt": prompt.messages}) + "\n")
        dataset.manifest["counts"]["files"][name] = {"rows": 1}
    dataset.created_at = world.dataset.created_at
    dataset.save()
    reward.dataset = dataset
    reward.save()
    newer = read_newer(reward)
    assert [prompt for prompt, _better, _worse in newer.pairs] == [kept_apart.pk]
    assert newer.judgments == 1


@pytest.mark.django_db
def test_the_clock_orders_it_once_enough_was_judged(world, reward, monkeypatch):
    monkeypatch.setattr(services, "LEAST_NEW", 5)
    labeler = make_member(world.project)
    judged(world.project, labeler, 4, better="long")
    assert services.check_by_the_clock([world.project]) == 0
    judged(world.project, labeler, 1, better="long")
    assert services.check_by_the_clock([world.project]) == 1
    assert services.check_by_the_clock([world.project]) == 0, "nothing newer than the last look"


@pytest.mark.django_db
def test_the_same_order_twice_is_one_and_a_policy_has_none(world, reward):
    assert services.order_check(version=reward) == services.order_check(version=reward)
    with pytest.raises(DomainError, match="no reward model"):
        services.order_check(version=world.make_version())


@pytest.mark.django_db
def test_the_page_measures_and_says_what_to_do(client, world, reward):
    client.force_login(world.engineer)
    judged(world.project, make_member(world.project), 35, better="short")
    page = reverse("runs:show-model-version", args=[world.project.slug, reward.pk])
    assert "Not measured yet" in client.get(page).content.decode()
    client.post(reverse("runs:check-accuracy", args=[world.project.slug, reward.pk]))
    work(AccuracyCheck.objects.get())
    assert "no longer fits" in client.get(page).content.decode()


@pytest.mark.django_db
def test_the_database_wants_a_value_to_call_it_stale(reward):
    with pytest.raises(IntegrityError), transaction.atomic():
        AccuracyCheck.objects.create(version=reward, is_stale=True)
