"""Ordering a run again, changed: from its page, by the API and by the command."""

import io
import re

import pytest
from django.core.management import call_command
from django.urls import reverse

from annotation.core.errors import DomainError, NotFound
from annotation.projects.models import Membership
from annotation.runs import again
from annotation.runs.models import TrainingRun
from tests.factories import make_member, make_project

pytestmark = pytest.mark.django_db
OPTIONS = {"learning_rate": 0.00012345678, "max_steps": 40, "allow_drops": True}


@pytest.fixture
def site(client, world):
    client.force_login(world.engineer)
    return client


@pytest.fixture
def failed(world):
    world.act("exit 65 a leak")
    run = world.train("sft", options=OPTIONS, seed=7, name="Polite")
    world.act("well")
    return run


def form_address(world, run):
    return f"{reverse('runs:start-run', args=[world.project.slug])}?like={run.pk}"


def as_posted(form):
    values = {"kind": form.kind, "like": form.like.pk}
    return values | {f.html_name: f.value() for f in form if f.value() is not None}


def text(response):
    return re.sub(r"\s+", " ", response.content.decode())


def test_a_failed_run_leads_to_its_order_filled_in_whole(site, world, failed):
    page = site.get(reverse("runs:show-run", args=[world.project.slug, failed.pk]))
    assert form_address(world, failed) in text(page)

    shown = site.get(form_address(world, failed))
    assert f"run {failed.pk}, was ordered" in text(shown)
    answer = site.post(form_address(world, failed), as_posted(shown.context["form"]))

    run = TrainingRun.objects.latest("pk")
    assert answer.status_code == 302
    assert run.pk != failed.pk
    assert (run.ordered_after, run.options, run.seed) == (failed, failed.options, 7)
    assert run.options == OPTIONS
    assert (run.name, run.dataset) == ("Polite", failed.dataset)
    assert again.changes_of(run) == []


def test_what_differs_is_told_before_and_after_the_order(site, world, failed):
    other = world.make_dataset("cd")
    values = as_posted(site.get(form_address(world, failed)).context["form"])
    values |= {"dataset": other.pk, "option_max_steps": "", "option_learning_rate": "1e-5"}

    before = text(site.post(form_address(world, failed), values | {"estimate": "1"}))
    assert TrainingRun.objects.count() == 1
    answer = site.post(form_address(world, failed), values)

    run = TrainingRun.objects.latest("pk")
    after = text(site.get(answer["Location"]))
    for said in (before, after):
        assert "What differs" in said or "Ordered after" in said
        assert failed.dataset.short_hash in said
        assert "0.00012345678" in said
        assert "1e-05" in said
    assert {change.name for change in again.changes_of(run)} == {
        *("dataset", "max_steps", "learning_rate"),
    }
    earlier = text(site.get(reverse("runs:show-run", args=[world.project.slug, failed.pk])))
    assert f'Ordered again as <a href="{answer["Location"]}"' in earlier


def test_a_preset_keeps_what_it_does_not_name(site, world, failed):
    values = as_posted(site.get(form_address(world, failed)).context["form"])
    page = site.post(form_address(world, failed), values | {"preset": "smoke", "fill": "1"})
    assert page.context["form"]["option_max_steps"].value() == "3"
    assert page.context["form"]["option_allow_drops"].value() == "true"


def test_a_name_goes_along_until_a_model_has_it(world, failed):
    assert again.free_name(failed) == "Polite"
    world.train("sft", name="Polite")
    assert again.free_name(failed) == ""
    assert again.free_name(world.start("sft")) == "", "the next number is counted"


def test_a_run_of_elsewhere_cannot_be_ordered_again_here(site, world, failed):
    other = make_project()
    other.memberships.create(user=world.engineer, role="engineer", handle="me")
    here = reverse("runs:start-run", args=[world.project.slug])
    foreign = reverse("runs:start-run", args=[other.slug])
    assert site.get(f"{here}?like={failed.pk}").status_code == 200
    for address in (
        f"{foreign}?like={failed.pk}",
        f"{here}?like={failed.pk}&kind=reward",
        f"{here}?like=x",
        f"{here}?like=99999999999999999999999",
        f"{here}?like=²",
    ):
        assert site.get(address).status_code == 404, address


def test_a_dataset_that_is_closed_by_now_is_not_chosen_silently(site, world, failed):
    lent = make_project()
    failed.dataset.sources.create(project=lent)
    spare = world.make_dataset("cd")
    shown = site.get(form_address(world, failed))
    assert "cannot be chosen here any more" in text(shown)
    values = as_posted(shown.context["form"])
    assert site.post(form_address(world, failed), values).status_code == 422
    values["dataset"] = spare.pk
    assert site.post(form_address(world, failed), values).status_code == 302


def order(client, body):
    return client.post(reverse("runs-api:runs"), body, content_type="application/json")


def test_the_api_takes_over_what_is_not_given(site, world, failed):
    body = {"project": world.project.slug, "like": failed.pk, "options": {"max_steps": 9}}
    answer = order(site, body)
    assert answer.status_code == 201
    said = answer.json()
    assert (said["kind"], said["seed"], said["name"]) == ("sft", 7, "Polite")
    assert said["options"] == OPTIONS | {"max_steps": 9}
    assert said["ordered_after"] == failed.pk
    assert said["changes"] == [{"name": "max_steps", "was": "40", "now": "9"}]
    told = site.post(reverse("runs-api:estimate-run"), body, content_type="application/json")
    assert told.status_code == 200
    assert told.json()


def test_the_api_refuses_what_is_no_order(site, world, failed):
    slug = world.project.slug
    assert order(site, {"project": slug}).status_code == 400
    assert order(site, {"project": slug, "like": failed.pk, "kind": "dpo"}).status_code == 400
    assert order(site, {"project": slug, "like": failed.pk + 99}).status_code == 404
    failed.dataset.sources.create(project=make_project())
    assert order(site, {"project": slug, "like": failed.pk}).status_code == 404
    assert TrainingRun.objects.count() == 1


def test_who_may_not_train_may_not_order_again(client, world, failed):
    reviewer = make_member(world.project, Membership.Role.REVIEWER)
    client.force_login(reviewer)
    page = client.get(reverse("runs:show-run", args=[world.project.slug, failed.pk]))
    assert page.status_code == 200
    assert "Order again" not in text(page)
    assert client.get(form_address(world, failed)).status_code == 404
    body = {"project": world.project.slug, "like": failed.pk}
    assert order(client, body).status_code == 404


def train(*arguments):
    out = io.StringIO()
    call_command("train", *arguments, stdout=out)
    return out.getvalue()


@pytest.mark.django_db(transaction=True)
def test_the_command_orders_again_and_says_what_differs(world, failed):
    said = train("--like", str(failed.pk), "--set", "max_steps=2", "--local")
    assert "max_steps: 2 (was 40)." in said
    run = TrainingRun.objects.latest("pk")
    assert (run.ordered_after, run.options["allow_drops"], run.state) == (failed, True, "done")


def test_the_command_refuses_in_a_sentence(world, failed):
    with pytest.raises(NotFound, match="no run 999"):
        train("--like", "999")
    with pytest.raises(DomainError, match="--like RUN"):
        train("sft")
    with pytest.raises(DomainError, match="--like RUN"):
        train("--dataset", failed.dataset.hash)
    with pytest.raises(DomainError, match="no dataset"):
        train("--like", str(failed.pk), "--dataset", "0" * 12)
    with pytest.raises(DomainError, match="of the kind sft"):
        train("--like", str(failed.pk), "dpo")
    with pytest.raises(DomainError, match="no option"):
        train("--like", str(failed.pk), "--set", "lr=1")
