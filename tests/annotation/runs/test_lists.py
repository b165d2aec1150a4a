"""Lists of evaluations and of model versions: as many statements for twenty rows as for one."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from annotation.labeling.models import Item
from annotation.runs.evaluation import reading, stored
from annotation.runs.models import Evaluation, EvaluationFigures, EvaluationPair
from tests.annotation.runs.test_evaluation import Field
from tests.factories import make_item, make_judgment, make_member

pytestmark = pytest.mark.django_db


@pytest.fixture
def field(world):
    return Field(world, count=3)


@pytest.fixture
def site(client, world):
    client.force_login(world.engineer)
    return client


def evaluated(field, new, judges=1):
    """An evaluation by people with one pair for each prompt, judged."""
    evaluation = Evaluation.objects.create(
        project=field.project, kind="people", new=new, old=field.old, options={"overlap": 1}
    )
    labelers = [make_member(field.project) for _ in range(judges)]
    for prompt in field.prompts:
        texts = [f"{evaluation.pk} {prompt.pk} {side}" for side in "ab"]
        item = make_item(field.project, texts, external_id=f"{evaluation.pk}-{prompt.pk}")
        Item.objects.filter(pk=item.pk).update(overlap=judges)
        first, second = (row.response for row in item.item_responses.order_by("position"))
        EvaluationPair.objects.create(
            evaluation=evaluation, prompt=item.prompt, new=first, old=second, item=item
        )
        for labeler in labelers:
            make_judgment(item, labeler, (1, 2))
    return evaluation


def count(site, address):
    site.get(address)  # what is computed once is computed
    with CaptureQueriesContext(connection) as found:
        assert site.get(address).status_code == 200
    return len(found)


def test_twenty_evaluations_take_as_many_statements_as_one(field, site, world):
    slug = world.project.slug
    lists = [
        reverse("runs:list-evaluations", args=[slug]),
        reverse("runs:list-model-versions", args=[slug]),
        reverse("runs:show-model-version", args=[slug, field.new.pk]),
    ]
    evaluated(field, field.new)
    before = [count(site, address) for address in lists]
    for number in range(19):
        evaluated(field, world.make_version("sft", f"policy {number}"))
        evaluated(field, field.new)
    assert [count(site, address) for address in lists] == before


def test_figures_are_computed_once_and_again_when_something_changed(field, monkeypatch):
    evaluation = evaluated(field, field.new)
    computed = []
    real = reading.read
    monkeypatch.setattr(reading, "read", lambda one: computed.append(one.pk) or real(one))

    first = stored.read(evaluation)
    assert stored.read(evaluation) == first == real(evaluation)
    assert computed == [evaluation.pk]

    item = evaluation.pairs.first().item
    make_judgment(item, make_member(field.project), (2, 1))
    assert stored.read(evaluation)["judgments"] == 4
    Item.objects.filter(pk=item.pk).update(state=Item.State.WITHDRAWN)
    assert stored.read(evaluation)["wanted"] == 2
    Item.objects.filter(pk=evaluation.pairs.last().item_id).update(overlap=2)
    assert stored.read(evaluation)["complete"] == 2
    assert len(computed) == 4
    assert EvaluationFigures.objects.count() == 1


def test_an_evaluation_without_a_pair_has_figures_and_none_are_kept(field):
    evaluation = Evaluation.objects.create(
        project=field.project, kind="people", new=field.new, old=field.old
    )
    assert stored.read(evaluation)["prompts"] == 0
    assert not EvaluationFigures.objects.exists()


def test_model_versions_come_by_pages_and_the_filter_goes_along(site, world, monkeypatch):
    from annotation.runs.registry import views

    monkeypatch.setattr(views, "PAGE_SIZE", 2)
    for number in range(5):
        world.make_version("reward", f"taste {number}")
    address = reverse("runs:list-model-versions", args=[world.project.slug])
    page = site.get(address, {"kind": "reward", "page": 2}).content.decode()
    registered = page[page.index("h-all") :].split("</table>")[0]
    assert re.findall(r">(taste \d)</a>", registered) == ["taste 2", "taste 1"]
    assert "?page=3&amp;kind=reward" in page
    for odd in ("\x00", "x" * 300):
        assert "None is like that" in site.get(address, {"kind": odd}).content.decode()
