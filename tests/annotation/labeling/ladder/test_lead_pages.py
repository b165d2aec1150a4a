"""The lead's pages: the rules, what is asked and in which order, who is where, decisions."""

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from annotation.labeling.gold.making import retire_gold
from annotation.labeling.ladder.probation import climb
from annotation.labeling.ladder.suspension import appeal
from annotation.labeling.models import Appeal, GoldItem, Item
from annotation.labeling.models import TestSection as Section  # pytest takes it for a test
from annotation.projects.models import LadderSettings, Membership
from tests.annotation.labeling.ladder.world import (
    Stage,
    lead_of,
    make_ladder,
    membership,
    move,
)
from tests.factories import make_item, make_member, make_project

pytestmark = pytest.mark.django_db
RULES = {
    "first_stage": "training",
    "retakes": "2",
    "retake_wait_hours": "12",
    "probation_items": "30",
    "probation_percent": "75",
    "promotes": "on",
}


@pytest.fixture
def project(client):
    project = make_ladder()
    client.force_login(lead_of(project))
    return project


def url(name, project, *more):
    return reverse(f"labeling:{name}", args=[project.slug, *more])


def asked(use):
    found = GoldItem.objects.active().filter(use=use).order_by("section__position", "position")
    return [gold.item.external_id for gold in found]


def test_the_rules_are_saved(client, project):
    assert client.post(url("edit-qualification", project), RULES).status_code == 302
    saved = LadderSettings.objects.get()
    assert (saved.retakes, saved.probation_percent, saved.promotes) == (2, 75, True)
    assert not saved.shows_test_items


@pytest.mark.parametrize(
    ("field", "value"),
    [("retakes", "21"), ("probation_percent", "101"), ("first_stage", "expert"), ("retakes", "")],
)
def test_rules_out_of_range_are_refused(client, project, field, value):
    before = LadderSettings.objects.values().get()
    answer = client.post(url("edit-qualification", project), RULES | {field: value})
    assert answer.status_code == 422
    assert LadderSettings.objects.values().get() == before


def test_nobody_begins_where_nothing_is_asked(client):
    project = make_project()
    client.force_login(make_member(project, Membership.Role.LEAD))
    answer = client.post(url("edit-qualification", project), RULES)
    assert answer.status_code == 422
    assert "add an item first" in answer.content.decode()
    assert not LadderSettings.objects.exists()


def test_an_item_of_the_project_gets_its_answer_and_its_place(client, project):
    item = make_item(project, external_id="new one")
    section = Section.objects.get(name="Form")
    where = f"test:{section.pk}"
    answer = client.post(url("add-ladder-item", project), {"item": " new one ", "where": where})
    assert answer.status_code == 302

    assert client.get(answer.url).status_code == 200
    given = {"rank_a": "2", "rank_b": "1", "tolerance": "exact", "do": "save"}
    assert client.post(answer.url, given).url == url("edit-qualification", project)

    gold = GoldItem.objects.get(item=item)
    assert (gold.use, gold.section, gold.ranks, gold.position) == ("test", section, [2, 1], 1)
    item.refresh_from_db()
    assert item.state == Item.State.RESERVED


@pytest.mark.parametrize(
    "sent",
    [
        {"item": "nowhere", "where": "training"},
        {"item": "x", "where": "queue"},
        {"item": "x", "where": "test:99999"},
        {"item": "x", "where": "test:1e9"},
    ],
)
def test_what_cannot_be_added_is_said(client, project, sent):
    make_item(project, external_id="x")
    assert client.post(url("add-ladder-item", project), sent).status_code == 422
    assert GoldItem.objects.count() == 5


def test_a_reviewer_puts_nothing_on_the_ladder_by_the_form_for_gold(client, project):
    item = make_item(project)
    client.force_login(make_member(project, Membership.Role.REVIEWER))
    given = {"rank_a": "1", "rank_b": "2", "tolerance": "exact", "do": "save"}
    there = url("make-gold", project, item.pk)
    assert client.post(f"{there}?where=training", given).status_code == 404
    assert not GoldItem.objects.filter(item=item).exists()
    assert client.post(there, given).status_code == 302  # as gold they may


def test_the_order_is_changed_item_by_item(client, project):
    first, second = asked("training")
    gold = GoldItem.objects.get(item__external_id=second)
    client.post(url("change-ladder-item", project, gold.pk), {"do": "up"})
    assert asked("training") == [second, first]
    client.post(url("change-ladder-item", project, gold.pk), {"do": "up"})
    assert asked("training") == [second, first]
    client.post(url("change-ladder-item", project, gold.pk), {"do": "down"})
    assert asked("training") == [first, second]


def test_an_item_is_taken_out_and_asked_again(client, project):
    first, second = GoldItem.objects.filter(use="training").order_by("position")
    client.post(url("change-ladder-item", project, first.pk), {"do": "remove"})
    assert asked("training") == [second.item.external_id]
    answer = client.post(url("change-ladder-item", project, second.pk), {"do": "remove"})
    assert answer.status_code == 409  # new labelers begin there
    client.post(url("change-ladder-item", project, first.pk), {"do": "take-up"})
    assert asked("training") == [second.item.external_id, first.item.external_id]


def test_sections_have_a_name_and_a_mark(client, project):
    there = url("change-section", project)
    client.post(there, {"name": "Safety", "pass_percent": "100", "do": "save"})
    made = Section.objects.get(name="Safety")
    assert (made.pass_percent, made.position) == (100, 2)
    renamed = {"section": made.pk, "name": "Harm", "pass_percent": "90"}
    client.post(there, renamed)
    made.refresh_from_db()
    assert (made.name, made.pass_percent) == ("Harm", 90)
    for wrong in ({"name": " "}, {"pass_percent": "101"}, {"pass_percent": "x"}):
        assert client.post(there, renamed | wrong).status_code == 400
    assert client.post(there, {"section": made.pk, "do": "remove"}).status_code == 302
    assert not Section.objects.filter(pk=made.pk).exists()


def test_a_section_with_items_stays(client, project):
    section = Section.objects.get(name="Truth")
    answer = client.post(url("change-section", project), {"section": section.pk, "do": "remove"})
    assert answer.status_code == 409
    assert Section.objects.filter(pk=section.pk).exists()


def file_of(*rows):
    text = "\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows)
    return {"file": SimpleUploadedFile("known.jsonl", text.encode())}


def test_a_file_adds_all_of_its_items(client, project):
    for name in ("one", "two"):
        make_item(project, external_id=name)
    rows = [
        {"item": "one", "use": "training", "ranking": [["b"], ["a"]], "explanation": "Because."},
        {"item": "two", "use": "test", "section": "Safety", "ranking": [["a"], ["b"]]},
    ]
    assert client.post(url("add-ladder-file", project), file_of(*rows)).status_code == 302
    assert GoldItem.objects.get(item__external_id="one").explanation == "Because."
    assert GoldItem.objects.get(item__external_id="two").section.name == "Safety"


def test_a_file_with_a_bad_line_adds_nothing_and_names_each(client, project):
    for name in ("one", "two"):
        make_item(project, external_id=name)
    good = {"item": "one", "use": "training", "ranking": [["b"], ["a"]]}
    rows = [
        good,
        {"item": "nowhere", "use": "training", "ranking": [["a"], ["b"]]},
        "{not json",
        {"item": "two", "use": "test", "ranking": [["a"], ["b"]]},
        {"item": "two", "use": "training", "ranking": [["a"], ["z"]]},
        {"item": "two", "use": "training", "ranking": 7},
        {"item": "two", "use": "training", "ranking": [["a"], ["b"]], "extra": 1},
        [],
        good,
    ]
    answer = client.post(url("add-ladder-file", project), file_of(*rows))
    assert answer.status_code == 422
    page = answer.content.decode()
    for line in range(2, 10):
        assert f"Line {line}:" in page
    assert "Line 1:" not in page
    assert GoldItem.objects.count() == 5
    assert client.post(url("add-ladder-file", project), file_of("")).status_code == 422
    assert client.post(url("add-ladder-file", project)).status_code == 422


def test_the_preview_writes_nothing(client, project):
    for gold in GoldItem.objects.exclude(use="queue"):
        page = client.get(url("preview-ladder-item", project, gold.pk)).content.decode()
        assert "Your answer and the known one" in page
        assert "differs" not in page
    assert not project.assignments.exists()
    assert not project.judgments.exists()


def test_the_rules_page_lists_all_that_is_asked(client, project):
    page = client.get(url("edit-qualification", project)).content.decode()
    for name in asked("training") + asked("test"):
        assert name in page
    assert "Test: Truth" in page


def test_the_funnel_counts_labelers(client, project):
    for stage in (Stage.TRAINING, Stage.FULL, Stage.FULL):
        move(make_member(project), stage)
    page = client.get(url("show-qualification", project)).content.decode()
    assert "2 of 3 labelers work without restriction" in page
    page = client.get(url("show-qualification", project) + "?stage=training").content.decode()
    assert page.count("/people/") >= 1


def test_what_waits_for_a_lead_is_on_top(client, project):
    LadderSettings.objects.update(probation_items=1)
    labeler = make_member(project)
    move(labeler, Stage.PROBATION)
    from tests.factories import make_judgment

    make_judgment(make_item(project), labeler, [1, 2])
    climb()
    page = client.get(url("show-qualification", project)).content.decode()
    assert "For you to decide" in page
    assert "Is below the mark" in page


def test_a_lead_decides_on_the_persons_page(client, project):
    labeler = make_member(project)
    there = url("show-climber", project, membership(labeler).pk)
    assert client.get(there).status_code == 200
    assert client.post(there, {"do": "set", "stage": "full", "reason": ""}).status_code == 400
    assert membership(labeler).stage == Stage.TRAINING

    client.post(there, {"do": "set", "stage": "full", "reason": "We know her."})
    assert membership(labeler).stage == Stage.FULL
    client.post(there, {"do": "suspend", "reason": "Copied rationales."})
    assert membership(labeler).stage == Stage.SUSPENDED
    appeal(membership=membership(labeler), text="I did <not>.")
    assert "I did &lt;not&gt;." in client.get(there).content.decode()
    assert "Has appealed" in client.get(url("show-qualification", project)).content.decode()
    client.post(there, {"do": "uphold", "reason": "You did."})
    assert Appeal.objects.get().is_lifted is False
    client.post(there, {"do": "lift", "reason": "After all."})
    assert membership(labeler).stage == Stage.FULL
    page = client.get(there).content.decode()
    for said in ("We know her.", "Copied rationales.", "After all."):
        assert said in page
    assert client.post(there, {"do": "promote", "reason": "x"}).status_code == 400


def test_a_retake_is_allowed_there(client, project):
    labeler = make_member(project)
    move(labeler, Stage.TEST)
    there = url("show-climber", project, membership(labeler).pk)
    assert "Allow one more attempt" in client.get(there).content.decode()
    assert client.post(there, {"do": "retake", "reason": "Try."}).status_code == 302
    assert "3 attempts" in client.get(there).content.decode()


def test_the_people_page_shows_the_stage(client, project):
    make_member(project)
    page = client.get(reverse("projects:list-people", args=[project.slug])).content.decode()
    assert "Training" in page


@pytest.mark.parametrize("role", ["labeler", "reviewer", "engineer"])
def test_only_a_lead_decides(client, project, role):
    labeler = make_member(project)
    client.force_login(make_member(project, role))
    there = url("show-climber", project, membership(labeler).pk)
    assert client.get(there).status_code == 404
    answer = client.post(there, {"do": "set", "stage": "full", "reason": "Please."})
    assert answer.status_code == 404
    assert membership(labeler).stage == Stage.TRAINING


def test_a_retired_known_answer_that_is_added_is_asked_again(client, project):
    gold = GoldItem.objects.filter(use="training").first()
    retire_gold(gold=gold, actor=None)
    assert gold.item.external_id not in asked("training")

    address = url("add-ladder-item", project)
    client.post(address, {"item": gold.item.external_id, "where": "training"})

    assert asked("training")[-1] == gold.item.external_id
