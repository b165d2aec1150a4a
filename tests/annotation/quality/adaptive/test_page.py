"""The page of adaptive work, as a browser sees it."""

import re

import pytest
from django.urls import reverse

from annotation.core import jobs
from annotation.core.models import Job
from annotation.labeling.models import Assignment, Item, Judgment, Purpose
from annotation.projects.models import Membership
from annotation.quality.models import AdaptiveWork, Refill
from annotation.quality.services import compute_report, latest_report
from tests.annotation.quality.adaptive.world import judged, make_world
from tests.factories import make_judgment, make_member

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(client):
    project, items, people = make_world(items=3, overlap=2)
    client.force_login(make_member(project, Membership.Role.LEAD, handle="lea"))
    return project, items, people


def url(project, name="show-adaptive", **more):
    return reverse(f"quality:{name}", args=[project.slug, *more.values()])


def text_of(response):
    return " ".join(re.sub(r"<[^>]*>", " ", response.content.decode()).split())


def test_before_there_is_anything_it_says_what_is_needed(client, world):
    project, _items, _people = world
    compute_report(project=project, kind="adaptive")
    page = text_of(client.get(url(project)))
    assert "Adaptive work is off, and too little was judged" in page
    assert "needs 20 items with three judgments or more" in page
    assert "Nobody has judged the same item twice yet" in page


def test_what_it_would_save_is_the_finding_with_a_chart_and_its_table(client):
    project, items, people = make_world(items=24, labelers=5, overlap=5)
    client.force_login(make_member(project, Membership.Role.ENGINEER))
    for number, item in enumerate(items):
        judged(item, people, ([1, 2] if number % 2 else [2, 1],) * 5)
    result = compute_report(project=project, kind="adaptive").result

    assert [row["sure"] for row in result["rows"]] == [80, 85, 90, 95, 99]
    first = result["rows"][0]
    assert first["same"]["value"] == 1.0
    assert first["same"]["ci"][0] < 1.0
    assert first["judgments"] == 2.0
    assert first["saved"] == pytest.approx(0.6)
    page = client.get(url(project))
    assert "would have saved 60 % of the judgments, with the same answer for 100 %" in text_of(
        page
    )
    assert b"<svg" in page.content
    assert b'id="sure_percent"' not in page.content, "an engineer sees it and sets nothing"


def test_it_is_turned_on_and_refused_in_words_with_what_was_typed(client, world):
    project, _items, _people = world
    said = {"is_on": "on", "sure_percent": "75", "least": "1", "most": "3"}
    assert client.post(url(project, "set-adaptive"), said).status_code == 302
    work = AdaptiveWork.objects.get(project=project)
    assert (work.is_on, work.sure_percent, work.least, work.most) == (True, 75, 1, 3)
    assert work.fixed_overlap == 2

    answer = client.post(url(project, "set-adaptive"), said | {"sure_percent": "41"})
    assert answer.status_code == 422
    assert "sure from 60 to 99 %" in text_of(answer)
    assert b'value="41"' in answer.content
    work.refresh_from_db()
    assert work.sure_percent == 75


@pytest.mark.parametrize(
    ("name", "said", "refused"),
    [
        ("propose-refill", {"budget": "0"}, "A budget is from 1 to"),
        ("propose-refill", {"budget": "many"}, "“Judgments to spend” is a whole number."),
        ("propose-refill", {}, "“Judgments to spend” is a whole number."),
        ("set-repeats", {"percent": "4", "after_items": "1", "after_hours": "1.5"}, "hours”"),
    ],
)
def test_what_one_form_refuses_leaves_the_others_as_they_are_set(
    client, world, name, said, refused
):
    project, _items, _people = world
    rule = {"is_on": "on", "sure_percent": "75", "least": "1", "most": "3"}
    client.post(url(project, "set-adaptive"), rule)

    answer = client.post(url(project, name), said)

    assert answer.status_code == 422
    assert refused in text_of(answer)
    page = answer.content.decode()
    assert 'name="is_on" checked' in page
    assert 'name="sure_percent" min="60" max="99" required value="75"' in page
    for typed in said.values():
        assert f'value="{typed}"' in page

    answer = client.post(url(project, "set-adaptive"), rule | {"least": "", "is_on": ""})
    assert "“Judgments at least” is a whole number." in text_of(answer)
    assert 'name="is_on" checked' not in answer.content.decode(), "as it was typed"


def test_a_budget_is_shown_granted_and_taken_back(client, world):
    project, items, people = world
    for item in items:
        judged(item, people, ([1, 2], [2, 1]))
    client.post(url(project, "propose-refill"), {"budget": "2"})
    refill = Refill.objects.get()
    page = text_of(client.get(url(project)))
    assert "Proposed: 2 more judgments, one for each of as many items." in page
    assert "There are 3 items whose answer is still unsure" in page
    assert list(Item.objects.filter(project=project).values_list("overlap", flat=True)) == [2] * 3

    answer = client.post(url(project, "grant-refill", refill=refill.pk), follow=True)
    assert "2 items go to one labeler more each." in text_of(answer)
    assert "lea" in text_of(answer)
    assert Item.objects.filter(project=project, overlap=3).count() == 2
    answer = client.post(url(project, "take-refill-back", refill=refill.pk), follow=True)
    assert "Taken back from 2 items" in text_of(answer)
    assert not Item.objects.filter(project=project, overlap=3).exists()
    assert client.post(url(project, "propose-refill"), {"budget": "x"}).status_code == 422
    assert client.post(url(project, "grant-refill", refill=0)).status_code == 404


def test_where_every_item_waits_for_a_judgment_already_nothing_is_proposed(client, world):
    project, items, people = world
    compute_report(project=project, kind="adaptive")
    for item in items:
        judged(item, people, ([1, 2], [2, 1]))
    Item.objects.filter(project=project).update(overlap=3)
    client.post(url(project, "propose-refill"), {"budget": "2"})
    page = text_of(client.get(url(project)))
    assert "those that wait for a judgment already get none" in page
    assert "Drop the proposal" not in page
    assert "No item has three judgments yet." in page


def test_choosing_is_turned_on_draws_and_says_what_was_drawn(client, world):
    project, items, people = world
    assert client.post(url(project, "set-choosing"), {"control_percent": "8"}).status_code == 422
    said = {"is_on": "on", "control_percent": "30"}
    assert client.post(url(project, "set-choosing"), said).status_code == 302
    jobs.run(Job.objects.get(kind="choosing").pk)

    page = text_of(client.get(url(project)))
    assert "3 items were drawn so far, " in page
    assert "3 of them wait for their first labeler." in page
    items[0].refresh_from_db()
    assert items[0].priority == 1
    judged(items[0], people, ([1, 2],))
    arms = compute_report(project=project, kind="adaptive").result["arms"]
    assert arms["control"]["judgments"] + arms["information"]["judgments"] == 1
    assert arms["verdict"] == "too_few"
    assert "better than drawing at random cannot be said yet" in text_of(client.get(url(project)))
    off = client.post(url(project, "set-choosing"), {"control_percent": "30"}, follow=True)
    assert "Saved. Items come in the order of the queue." in text_of(off)
    items[0].refresh_from_db()
    assert items[0].priority == 0


def test_repeats_are_set_and_self_consistency_is_told_by_labeler(client, world):
    project, items, people = world
    said = {"percent": "5", "after_items": "30", "after_hours": "12"}
    assert client.post(url(project, "set-repeats"), said).status_code == 302
    project.refresh_from_db()
    assert (project.repeat_percent, project.repeat_after_items) == (5, 30)
    assert client.post(url(project, "set-repeats"), said | {"percent": "21"}).status_code == 422

    steady = people[0]
    for number, item in enumerate(items):
        make_judgment(item, steady, [1, 2])
        ranks = [1, 2] if number < 2 else [2, 1]
        make_judgment(item, steady, ranks, purpose=Purpose.REPEAT)
        make_judgment(item, steady, [2, 1], revision=2)  # changed since: they once said [1, 2]
    result = compute_report(project=project, kind="repeats").result
    assert result["items"] == 3
    assert result["all"]["raw"]["value"] == pytest.approx(2 / 3)
    assert result["labelers"] == [
        {"labeler": steady.pk, "items": 3, "raw": None, "brennan_prediger": None,
         "alpha_nominal": None}
    ]  # fmt: skip
    page = text_of(client.get(url(project)))
    assert "labelers decide 67 % of the comparisons as before" in page
    assert "too few" in page
    handle = project.memberships.get(user=steady).handle
    assert handle in page
    client.force_login(make_member(project, Membership.Role.ENGINEER))
    page = text_of(client.get(url(project)))
    assert "labelers decide 67 % of the comparisons as before" in page
    assert handle not in page, "figures of single people are for whoever reviews them"


def test_repeats_are_in_no_agreement_between_labelers(world):
    project, (item, *_rest), people = world
    make_judgment(item, people[0], [1, 2])
    make_judgment(item, people[1], [1, 2])
    before = compute_report(project=project).result
    make_judgment(item, people[0], [2, 1], purpose=Purpose.REPEAT)
    after = compute_report(project=project).result
    assert before["agreement"] == after["agreement"]
    assert latest_report(project).judgment_count == 3
    assert Judgment.objects.filter(project=project).count() == 3
    assert not Assignment.objects.exists()
