"""From an item and from a judgment to everything that happened to them."""

import uuid

import pytest
from django.urls import reverse

from annotation.labeling import services
from annotation.labeling.feedback import give_feedback
from annotation.labeling.item_views import MOST_EVENTS
from annotation.labeling.messages.services import ask
from annotation.labeling.models import Assignment
from annotation.labeling.reports import set_withdrawn
from annotation.labeling.revising import revise_judgment
from annotation.labeling.verdict import verdict_from_choices
from annotation.projects.models import Membership
from annotation.projects.trail.about import targets_about
from tests.factories import make_item, make_member, make_project

pytestmark = pytest.mark.django_db
Role = Membership.Role
URL = reverse("projects:list-events", args=["shop"])


@pytest.fixture
def project():
    return make_project("shop", overlap=5)


@pytest.fixture
def lead(client, project):
    user = make_member(project, Role.LEAD, handle="lena")
    client.force_login(user)
    return user


@pytest.fixture
def item(project):
    return make_item(project)


def lent(project, labeler) -> Assignment:
    """What the queue lends: the one item there is."""
    lent = services.lend_next_item(project=project, labeler=labeler)
    return services.assignment_of(labeler, lent.pk)


def verdict(*ranks):
    return verdict_from_choices(dict(enumerate(ranks, start=1)), response_count=2)


def judge(project, handle):
    labeler = make_member(project, handle=handle)
    judgment, _next = services.submit_judgment(
        assignment_id=lent(project, labeler).pk,
        labeler=labeler,
        verdict=verdict(1, 2),
        key=uuid.uuid4(),
        is_complete=False,
        lend_next=False,
    )
    return judgment


def told_about(client, target):
    return client.get(URL, {"target": target}).context["told"]


def items_page(client, item):
    return client.get(reverse("labeling:show-item", args=["shop", item.pk]))


def test_an_items_page_tells_what_happened_to_it_newest_first(client, project, lead, item):
    judge(project, "ada")
    set_withdrawn(item=item, actor=lead, is_withdrawn=True)
    make_item(project)
    judge(project, "bob")  # the other one

    page = items_page(client, item)

    told = [one.sentence for one in page.context["happened"]["told"]]
    assert told == [f"lena withdrew item {item.pk}", f"ada judged item {item.pk}"]
    for target in (f"item:{item.pk}", f"judgment:{item.judgments.get().pk}"):
        assert f'href="{URL}?target={target}"' in page.content.decode()


def test_a_long_story_is_cut_and_leads_to_the_whole(client, project, lead, item):
    for number in range(MOST_EVENTS + 1):
        set_withdrawn(item=item, actor=lead, is_withdrawn=number % 2 == 0)

    happened = items_page(client, item).context["happened"]

    assert (len(happened["told"]), happened["has_more"]) == (MOST_EVENTS, True)
    assert len(told_about(client, happened["target"])) == MOST_EVENTS + 1


def test_who_may_not_read_the_trail_sees_none_of_it_on_the_item(client, project, lead, item):
    judge(project, "ada")
    assert 'id="h-happened"' in items_page(client, item).content.decode()
    client.force_login(make_member(project, Role.REVIEWER))

    page = items_page(client, item)

    assert page.status_code == 200
    assert 'id="h-happened"' not in page.content.decode()
    assert "?target=" not in page.content.decode()


def test_an_item_finds_its_judgments_skips_questions_and_feedback(client, project, lead, item):
    judgment = judge(project, "ada")
    give_feedback(judgment=judgment, reviewer=lead, text="Look again.")
    asker, skipper = make_member(project), make_member(project)
    ask(assignment=lent(project, asker), text="Which one?")
    services.skip(assignment_id=lent(project, skipper).pk, labeler=skipper)
    set_withdrawn(item=item, actor=lead, is_withdrawn=True)
    make_item(project)
    judge(project, "bob")

    told = told_about(client, f"item:{item.pk}")

    assert sorted(one.event.kind for one in told) == [
        "assignment.skipped",
        "feedback.given",
        "item.withdrawn",
        "judgment.submitted",
        "question.asked",
    ]
    export = reverse("projects:export-events", args=["shop"])
    file = client.get(export, {"target": f"item:{item.pk}"})
    assert len(b"".join(file.streaming_content).splitlines()) == 5


def test_a_judgment_and_an_assignment_find_all_of_that_persons_work_on_it(
    client, project, lead, item
):
    first = judge(project, "ada")
    second = revise_judgment(
        judgment_id=first.pk,
        labeler=first.labeler,
        verdict=lambda _judgment, _rubric: verdict(2, 1),
        key=uuid.uuid4(),
    )
    judge(project, "bob")
    both = [f"judgment:{second.pk}", f"judgment:{first.pk}"]

    for target in (*both, f"assignment:{first.assignment_id}"):
        assert [one.event.target for one in told_about(client, target)] == both


@pytest.mark.parametrize(
    "target", ["item:", "item:x", "item:٣", "item:" + "9" * 30, "judgment:0", "assignment:0"]
)
def test_a_target_that_is_none_finds_nothing(client, project, lead, item, target):
    judge(project, "ada")
    assert told_about(client, target) == []
    assert told_about(client, f"item:{item.pk}") != []


def test_an_item_of_another_project_leads_to_nothing_of_it(client, project, lead):
    foreign = make_project("other")
    item = make_item(foreign)
    judge(foreign, "ada")
    assert len(targets_about(foreign, f"item:{item.pk}")) == 3
    assert targets_about(project, f"item:{item.pk}") == [f"item:{item.pk}"]
    assert told_about(client, f"item:{item.pk}") == []
