"""Another verdict in the place of one's own; and what a page answers when the world moved on."""

import re
import uuid

import pytest

from annotation.core.errors import Conflict, NotFound
from annotation.labeling.forms import JudgmentForm
from annotation.labeling.models import Assignment, Item, Judgment
from annotation.labeling.revising import StaleRevision, revise_judgment
from annotation.projects.models import Membership
from annotation.projects.services import publish_rubric
from tests.annotation.labeling.test_views import held, open_page, submit, url
from tests.factories import make_item, make_member, make_project

pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    return make_project("shop", overlap=1)


@pytest.fixture
def labeler(client, project):
    labeler = make_member(project)
    client.force_login(labeler)
    return labeler


@pytest.fixture
def judged(client, project, labeler):
    make_item(project)
    open_page(client, project)
    assignment = held(labeler)
    submit(client, project, assignment)
    return assignment


def key_in(page):
    return re.search(r'name="key" value="([^"]+)"', page).group(1)


def revise(judgment, labeler, key=None, **fields):
    order = judgment.assignment.order
    form = JudgmentForm({"rank_a": "2", "rank_b": "1", "key": str(uuid.uuid4())} | fields)
    assignment = Assignment.objects.select_related("project").get(pk=judgment.assignment_id)
    assert assignment.order == order
    return revise_judgment(
        judgment_id=judgment.pk,
        labeler=labeler,
        verdict=lambda _judgment, rubric: form.verdict(assignment, rubric),
        key=key or uuid.uuid4(),
    )


def test_a_revision_stands_beside_the_old_one(judged, labeler):
    first = Judgment.objects.get()
    second = revise(first, labeler)
    assert list(Judgment.objects.current()) == [second]
    assert (second.revision, second.order) == (2, first.order)
    assert second.ranks == first.ranks[::-1]
    assert Item.objects.get().taken == 1
    first.refresh_from_db()
    assert first.revision == 1


def test_the_same_key_again_is_the_same_revision(judged, labeler):
    first, key = Judgment.objects.get(), uuid.uuid4()
    assert revise(first, labeler, key) == revise(first, labeler, key)
    assert Judgment.objects.count() == 2
    with pytest.raises(Conflict, match="another verdict"):
        revise(first, labeler, key, rank_a="1", rank_b="1")


def test_a_stale_page_is_told_what_holds(judged, labeler):
    first = Judgment.objects.get()
    second = revise(first, labeler)
    with pytest.raises(StaleRevision) as caught:
        revise(first, labeler)
    assert caught.value.latest == second


def test_only_ones_own_in_a_project_one_is_in(judged, labeler, project):
    first = Judgment.objects.get()
    with pytest.raises(NotFound):
        revise(first, make_member(project))
    Membership.objects.filter(user=labeler).update(is_active=False)
    with pytest.raises(NotFound):
        revise(first, labeler)
    assert Judgment.objects.count() == 1


def test_a_revision_is_made_by_the_version_that_its_page_showed(judged, labeler, project):
    first = Judgment.objects.get()
    newer = publish_rubric(project=project, guideline="New.", criteria=())
    assert revise(first, labeler).rubric_version == first.rubric_version
    latest = Judgment.objects.current().get()
    form = JudgmentForm({"rank_a": "1", "rank_b": "2", "key": str(uuid.uuid4())})
    shown = revise_judgment(
        judgment_id=latest.pk,
        labeler=labeler,
        verdict=lambda judgment, rubric: form.verdict(judged_with_project(judgment), rubric),
        key=form.key,
        rubric_id=newer.pk,
    )
    assert shown.rubric_version == newer


def judged_with_project(judgment):
    return Assignment.objects.select_related("project").get(pk=judgment.assignment_id)


# What the page answers


@pytest.mark.parametrize("htmx", [True, False])
def test_a_second_tab_keeps_its_text_and_may_replace_the_first(
    client, project, labeler, judged, htmx
):
    other = submit(client, project, judged, htmx, rank_a=2, rank_b=1, rationale="Second thoughts")
    page = other.content.decode()
    assert other.status_code == 409
    assert other["X-Concord-Fragment"] == "judge"
    assert "Second thoughts" in page
    first = Judgment.objects.get()
    assert key_in(page) != str(judged.key)

    replaced = submit(
        client, project, judged, htmx, rank_a=2, rank_b=1, rationale="Second thoughts",
        replace=first.pk, key=key_in(page),
    )  # fmt: skip

    assert replaced.status_code == (200 if htmx else 303)
    current = Judgment.objects.current().get()
    assert (current.revision, current.rationale) == (2, "Second thoughts")


def test_a_replacement_of_a_stale_revision_asks_again(client, project, labeler, judged):
    first = Judgment.objects.get()
    second = revise(first, labeler)
    answer = submit(
        client, project, judged, rank_a=1, rank_b=1, replace=first.pk, key=uuid.uuid4()
    )
    page = answer.content.decode()
    assert answer.status_code == 409
    assert f'name="replace" value="{second.pk}"' in page
    assert Judgment.objects.count() == 2


def test_a_replacement_that_misses_something_says_what(client, project, labeler, judged):
    answer = submit(
        client, project, judged, rank_b="", replace=Judgment.objects.get().pk, key=uuid.uuid4()
    )
    assert answer.status_code == 422
    assert "Rank response B" in answer.content.decode()


@pytest.mark.parametrize("htmx", [True, False])
def test_of_a_withdrawn_item_the_work_is_kept_apart_or_dropped_by_choice(
    client, project, labeler, htmx
):
    for _ in range(2):
        make_item(project)
    open_page(client, project)
    assignment = held(labeler)
    Item.objects.filter(pk=assignment.item_id).update(state="withdrawn")

    refused = submit(client, project, assignment, htmx, rationale="All that work")
    page = refused.content.decode()
    assert refused.status_code == 409
    assert "withdrawn" in page
    assert "All that work" in page
    assert not Judgment.objects.exists()

    kept = submit(client, project, assignment, htmx, keep="1", key=key_in(page))
    assert kept.status_code == (200 if htmx else 303)
    assert Judgment.objects.get().is_surplus
    item = Item.objects.get(pk=assignment.item_id)
    assert item.taken == 0
    open_page(client, project)
    assert held(labeler).item != item


def test_a_withdrawn_item_can_be_left_by_skipping(client, project, labeler):
    for _ in range(2):
        make_item(project)
    open_page(client, project)
    assignment = held(labeler)
    Item.objects.filter(pk=assignment.item_id).update(state="withdrawn")
    page = open_page(client, project).content.decode()
    assert "withdrawn meanwhile" in page
    assert "Discard it" in page

    client.post(url("skip-item", project.slug, assignment.pk), {"reason": ""})

    open_page(client, project)
    assert held(labeler).item_id != assignment.item_id
    assert not Judgment.objects.exists()
