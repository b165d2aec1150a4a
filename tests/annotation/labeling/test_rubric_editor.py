"""A lead writes a rubric in the browser: the draft, its preview, what differs, publishing."""

import re

import pytest
from django.db import connection
from django.urls import reverse

from annotation.core.models import Event
from annotation.labeling.models import Assignment, Judgment, Reask
from annotation.labeling.overlap import CHANGE, ask_again, change_overlap
from annotation.labeling.queue import lend_next_item
from annotation.labeling.rubrics.reask import judged_items, reask
from annotation.projects.models import Membership, RubricDraft
from annotation.projects.rubrics.drafts import draft_of
from annotation.projects.rubrics.templates import TEMPLATES
from annotation.projects.services import (
    MAX_OVERLAP,
    CriterionSpec,
    current_rubric,
    publish_rubric,
)
from tests.annotation.labeling.test_views import held, open_page, submit
from tests.factories import make_item, make_judgment, make_member, make_project

pytestmark = pytest.mark.django_db

TONE = CriterionSpec("tone", "Tone", anchors={"1": "Rude.", "5": "Kind."})


@pytest.fixture
def project():
    return make_project("shop", overlap=1, guideline="Be fair.", criteria=[TONE])


@pytest.fixture
def lead(client, project):
    lead = make_member(project, Membership.Role.LEAD, username="ada")
    client.force_login(lead)
    return lead


def url(name, *args):
    return reverse(f"labeling:{name}-rubric", args=["shop", *args])


def fields_in(page: str) -> dict[str, str]:
    """What a browser would post of the editor's form: the round trip through the markup."""
    form = page.split('id="draft"')[1].split("</form>")[0]
    found = {}
    for tag in re.findall(r"<input [^>]*>", form):
        name = re.search(r' name="([^"]*)"', tag)
        value = re.search(r' value="([^"]*)"', tag)
        if name and ('type="checkbox"' not in tag or " checked" in tag):
            found[name[1]] = value[1] if value else "on"
    for name, value in re.findall(r"<textarea [^>]*name=\"([^\"]*)\"[^>]*>([^<]*)</", form):
        found[name] = value
    for name, options in re.findall(r"<select [^>]*name=\"([^\"]*)\"[^>]*>(.*?)</select>", form):
        chosen = re.search(r'value="([^"]*)" selected', options)
        found[name] = chosen[1] if chosen else ""
    return found


def form(client):
    return fields_in(client.get(url("edit")).content.decode())


def post(client, **fields):
    return client.post(url("edit"), form(client) | fields)


def test_the_form_says_what_is_there_and_saving_it_unchanged_writes_nothing(client, lead):
    shown = form(client)
    assert shown["guideline"] == "Be fair."
    assert (shown["c-0-label"], shown["c-0-key"], shown["c-0-anchor-1"]) == (
        "Tone", "tone", "Rude.",
    )  # fmt: skip
    assert post(client, do="save").status_code == 302
    assert not RubricDraft.objects.exists()


def test_rows_are_added_moved_and_removed_without_a_script(client, lead, project):
    answer = post(client, do="add-criterion", guideline="Be kind.")
    assert answer["Location"].endswith("#c-1")
    post(client, **{"c-1-label": "Facts", "c-1-scale": "own", "c-1-scale_min": "0",
                    "c-1-scale_max": "2", "do": "up-1"})  # fmt: skip
    assert form(client)["c-0-label"] == "Facts"
    assert "c-0-anchor-2" in form(client)
    post(client, do="add-example-0")
    post(client, **{"c-0-example-0": "A case.", "do": "remove-1"})
    content = draft_of(project).content
    assert [one["label"] for one in content["criteria"]] == ["Facts"]
    assert content["criteria"][0]["examples"] == [{"text": "A case.", "item": ""}]
    assert content["guideline"] == "Be kind."
    assert current_rubric(project).number == 1


def test_htmx_gets_the_form_alone(client, lead):
    answer = client.post(
        url("edit"), form(client) | {"do": "add-criterion"}, headers={"HX-Request": "true"}
    )
    page = answer.content.decode()
    assert "<html" not in page
    assert 'name="c-1-label"' in page


def test_a_script_saves_while_somebody_writes(client, lead, project):
    answer = post(client, do="autosave", guideline="Be k")
    assert answer.json()["revision"] == 1
    assert answer.json()["said"].startswith("Saved")
    assert draft_of(project).content["guideline"] == "Be k"
    assert form(client)["revision"] == "1"


def test_two_leads_at_once_and_nothing_is_lost(client, lead, project):
    mine = form(client) | {"guideline": "Be kind and <b>brief</b>."}
    other = make_member(project, Membership.Role.LEAD, username="bob")
    client.force_login(other)
    post(client, do="save", guideline="Be true.")
    client.force_login(lead)

    assert client.post(url("edit"), mine | {"do": "autosave"}).status_code == 409
    answer = client.post(url("edit"), mine | {"do": "save"})
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "bob saved it" in page
    assert "data-autosave" not in page  # the choice is a person's
    assert "true" in page.split('id="h-conflict"')[1]
    assert "Be kind and &lt;b&gt;brief&lt;/b&gt;." in page
    assert draft_of(project).content["guideline"] == "Be true."

    assert client.post(url("edit"), mine | {"over": "1"}).status_code == 302
    assert draft_of(project).content["guideline"] == mine["guideline"]
    assert draft_of(project).updated_by == lead


def test_a_draft_can_be_thrown_away(client, lead, project):
    post(client, do="save", guideline="Be kind.")
    assert post(client, do="discard").status_code == 302
    assert not RubricDraft.objects.exists()


@pytest.mark.parametrize(
    "fields",
    [
        {"guideline": "a\x00b"},
        {"guideline": "x" * 600_000},
        {"revision": "first"},
        {"revision": "9" * 30},
        {"c-0-scale": "sideways", "do": "up-999"},
        {"c-0-example-0": "x", "c-0-example-0-item": "../1"},
        {"c-0-anchor-<b>": "x"},
        {"do": "template-nothing"},
        {"do": "remove-example-0-99"},
    ],
)
def test_whatever_is_sent_is_no_500(client, lead, project, fields):
    answer = post(client, **fields)
    assert answer.status_code in (302, 400, 409)
    assert client.get(url("edit")).status_code == 200
    assert current_rubric(project).number == 1


def test_the_preview_is_the_labelers_panel_with_the_draft(client, lead, project):
    post(client, **{"guideline": "Be **kind**.", "c-0-label": "Manner", "c-0-priority": "1",
                    "do": "add-example-0"})  # fmt: skip
    post(client, **{"c-0-example-0": "A case.", "do": "save"})
    page = client.get(url("preview")).content.decode()
    assert "<strong>kind</strong>" in page
    assert 'name="rating_tone_a" value="5"' in page
    assert "If they conflict: Manner." in page
    assert "A case." in page
    assert "rubric v2" in page
    assert current_rubric(project).guideline == "Be fair."


def test_the_labelers_panel_says_priorities_and_examples(client, project):
    client.force_login(make_member(project))
    make_item(project)
    publish_rubric(
        project=project,
        guideline="- one\n- two",
        criteria=[TONE, CriterionSpec("facts", "Facts")],
        priorities=["facts", "tone"],
    )
    page = open_page(client, project).content.decode()
    assert "If they conflict: Facts, then Tone." in page
    assert "<li>one</li>" in page
    assert page.index("Tone</legend>") < page.index("Facts</legend>")


def test_any_two_versions_are_compared_and_the_draft_by_its_leads(client, lead, project):
    publish_rubric(project=project, guideline="Be kind.", criteria=[TONE])
    post(client, do="save", guideline="Be quick.")
    page = client.get(reverse("labeling:compare-rubrics", args=["shop"])).content.decode()
    assert "kind</del>" in page
    assert "quick</ins>" in page
    compare = reverse("labeling:compare-rubrics", args=["shop"])
    page = client.get(compare, {"old": "1", "new": "2"}).content.decode()
    assert "fair</del>" in page
    assert client.get(compare, {"old": "7", "new": "2"}).status_code == 404

    client.force_login(make_member(project))
    assert client.get(compare, {"old": "1", "new": "2"}).status_code == 200
    assert client.get(compare, {"old": "1", "new": "draft"}).status_code == 404
    assert "quick" not in client.get(compare).content.decode()


def publish(client, **fields):
    draft = RubricDraft.objects.get()
    defaults = {"revision": draft.revision, "note": "Kinder.", "scope": "new"}
    return client.post(url("publish"), defaults | fields)


def test_publishing_says_what_changed_and_to_whom(client, lead, project):
    post(client, do="save", guideline="Be kind.")
    page = client.get(url("publish")).content.decode()
    assert "kind</ins>" in page
    assert publish(client).status_code == 302
    rubric = current_rubric(project)
    assert (rubric.number, rubric.guideline, rubric.note) == (2, "Be kind.", "Kinder.")
    assert rubric.published_by == lead
    assert not RubricDraft.objects.exists()


def test_what_cannot_be_published_is_said_with_its_fields(client, lead, project):
    post(client, **{"c-0-scale": "own", "do": "save"})
    page = client.get(url("publish")).content.decode()
    assert "The scale is empty" in page
    assert "?problems=1#c-0-scale" in page
    page = client.get(url("edit"), {"problems": 1}).content.decode()
    assert 'id="c-0-scale"' in page
    assert page.count("The scale is empty") == 2  # in the list and at the field
    assert publish(client).status_code == 422
    assert current_rubric(project).number == 1


def test_a_note_is_wanted_and_a_draft_that_moved_on_is_not_published(client, lead, project):
    post(client, do="save", guideline="Be kind.")
    answer = publish(client, note=" ")
    assert answer.status_code == 422
    assert "Say what changed" in answer.content.decode()
    assert publish(client, revision=7).status_code == 409
    assert current_rubric(project).number == 1
    assert publish(client).status_code == 302


def test_published_in_the_middle_of_work(client, lead, project):
    """A judgment keeps the version its page showed; the change is shown once."""
    items = [make_item(project) for _ in range(2)]
    labeler = make_member(project)
    client.force_login(labeler)
    open_page(client, project)
    shown = current_rubric(project)

    client.force_login(lead)
    post(client, do="save", guideline="Be kind.")
    publish(client)
    client.force_login(labeler)
    answer = submit(client, project, held(labeler), True, rubric=shown.pk)
    page = answer.content.decode()
    assert "version 1 is now version 2" in page
    assert "Kinder." in page
    assert Judgment.objects.get().rubric_version == shown

    newer = current_rubric(project)
    client.post(reverse("labeling:read-rubric", args=["shop"]), {"version": newer.pk})
    answer = submit(client, project, held(labeler), True, rubric=newer.pk)
    assert "is now version" not in answer.content.decode()
    assert [j.rubric_version for j in Judgment.objects.order_by("pk")] == [shown, newer]
    assert len(items) == 2


@pytest.fixture
def judged(project):
    labeler = make_member(project)
    items = [make_item(project, overlap=1, taken=1) for _ in range(10)]
    for item in items:
        make_judgment(item, labeler, [1, 2])
    return labeler


def test_a_share_is_asked_again_after_its_number_was_said(client, lead, project, judged):
    post(client, do="save", guideline="Be kind.")
    again = {"scope": "again", "percent": "25", "extra": "2"}
    page = publish(client, **again).content.decode()
    assert "3 items will go into the queue again" in page
    assert (current_rubric(project).number, Reask.objects.count()) == (1, 0)

    assert publish(client, **again, count="3").status_code == 302
    made = Reask.objects.get()
    assert (made.rubric_version, made.percent, made.extra) == (current_rubric(project), 25, 2)
    raised = project.items.filter(overlap=3)
    assert sorted(raised.values_list("pk", flat=True)) == made.item_ids
    assert project.items.filter(overlap=1).count() == 7
    assert Event.objects.get(kind="rubric.items_reasked").payload["seed"] == made.seed


def test_the_number_that_was_said_is_the_number_that_is_asked(client, lead, project, judged):
    post(client, do="save", guideline="Be kind.")
    page = publish(client, scope="again", percent="25", extra="1", count="2").content.decode()
    assert "3 items will go" in page
    assert current_rubric(project).number == 1


@pytest.mark.parametrize(("percent", "extra"), [("0", "1"), ("101", "1"), ("x", "1"), ("5", "10")])
def test_a_share_that_cannot_be_changes_nothing(client, lead, project, judged, percent, extra):
    post(client, do="save", guideline="Be kind.")
    answer = publish(client, scope="again", percent=percent, extra=extra, count="1")
    assert answer.status_code == 400
    assert current_rubric(project).number == 1
    assert not project.items.exclude(overlap=1).exists()


def test_whoever_judged_an_item_is_never_asked_it_again(project, judged):
    version = publish_rubric(project=project, guideline="New.", criteria=[TONE])
    reask(version=version, percent=100, extra=1, seed=1)
    assert lend_next_item(project=project, labeler=judged) is None
    other = make_member(project)
    assert lend_next_item(project=project, labeler=other) is not None
    assert Assignment.objects.get().labeler == other


def test_a_sample_is_drawn_by_its_seed(project, judged):
    drawn = []
    for seed in (7, 7, 8):
        version = publish_rubric(project=project, guideline=f"{len(drawn)}.", criteria=[TONE])
        drawn.append(reask(version=version, percent=30, extra=1, seed=seed).item_ids)
    assert drawn[0] == drawn[1] != drawn[2]


def test_what_is_withdrawn_or_full_to_the_limit_is_not_asked_again(project, judged):
    first, second, *_rest = project.items.order_by("pk")
    project.items.filter(pk=first.pk).update(state="withdrawn")
    project.items.filter(pk=second.pk).update(overlap=50)
    make_item(project)  # nobody judged it
    assert judged_items(project).count() == 8


def test_what_was_raised_or_taken_out_meanwhile_is_left_as_it_is(project, judged):
    """Between the draw and the writing another lead, or adaptive work, may be quicker."""
    near, full, withdrawn, *others = project.items.order_by("pk")
    project.items.filter(pk=near.pk).update(overlap=49)
    project.items.filter(pk=full.pk).update(overlap=50)
    project.items.filter(pk=withdrawn.pk).update(state="withdrawn")
    everything = [item.pk for item in (near, full, withdrawn, *others)]

    assert ask_again(everything, extra=2, most=MAX_OVERLAP) == [item.pk for item in others]

    assert set(project.items.values_list("overlap", flat=True)) == {49, 50, 1, 3}
    raised = project.items.filter(pk__in=[item.pk for item in others])
    assert set(raised.values_list("overlap", flat=True)) == {3}


def test_a_changed_overlap_looks_for_an_item_among_those_asked_again_once(project, judged):
    """Not through all of them, for each item: both may be a hundred thousand."""
    version = publish_rubric(project=project, guideline="New.", criteria=[TONE])
    asked = reask(version=version, percent=30, extra=1, seed=1).item_ids
    project.items.exclude(pk__in=asked).update(overlap=2)
    project.items.filter(pk__in=asked).update(overlap=2)
    values = {"project": project.pk, "before": 2, "now": 4, "piece": 10, "after": 0}
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {CHANGE}", values)
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "hashed SubPlan" in plan

    assert change_overlap(project, before=2, now=4) == project.items.count() - len(asked)

    assert set(project.items.filter(overlap=2).values_list("pk", flat=True)) == set(asked)


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_template_is_published_and_judged_through_the_forms(client, lead, project, name):
    make_item(project, ("One.", "Two."))
    post(client, do=f"template-{name}")
    assert publish(client, judging="on").status_code == 302
    project.refresh_from_db()
    template = TEMPLATES[name]
    assert project.ordering == template.judging["ordering"]

    labeler = make_member(project)
    client.force_login(labeler)
    page = open_page(client, project).content.decode()
    said = {
        f"rating_{one.key}_{letter}": str(one.scale_max)
        for one in template.spec.criteria
        for letter in "ab"
    }
    assert all(f'name="{field}"' in page for field in said)
    order = {"preference": "-1"} if project.ordering == "scale" else {"rank_a": "1", "rank_b": "2"}
    answer = submit(client, project, held(labeler), True, rationale="Because.", **said | order)
    assert answer.status_code == 200
    judgment = Judgment.objects.get()
    assert set(judgment.ratings) == {one.key for one in template.spec.criteria}
    assert judgment.rubric_version == current_rubric(project)


def test_the_twenty_first_example_is_refused_in_words_and_none_is_lost(client, lead, project):
    item = make_item(project)
    address = reverse("labeling:add-rubric-example", args=["shop", item.pk])
    for number in range(20):
        client.post(address, {"criterion": "tone", "text": f"Case {number}."})
    answer = client.post(address, {"criterion": "tone", "text": "Case 20."})
    assert answer.status_code == 422
    assert "A criterion has at most 20 examples" in answer.content.decode()
    assert "Case 20." in answer.content.decode(), "what was written is still there"
    assert len(draft_of(project).content["criteria"][0]["examples"]) == 20

    # A program may send more: they are kept as they are, and named before they are published.
    fields = form(client) | {"c-0-example-20": "Case 20.", "c-0-example-20-item": ""}
    post(client, **fields | {"do": "save"})
    assert len(draft_of(project).content["criteria"][0]["examples"]) == 21
    answer = publish(client)
    assert "A criterion has at most 20 examples" in answer.content.decode()
    assert current_rubric(project).number == 1


def test_an_item_becomes_an_example(client, lead, project):
    item = make_item(project)
    address = reverse("labeling:add-rubric-example", args=["shop", item.pk])
    page = client.get(reverse("labeling:show-item", args=["shop", item.pk])).content.decode()
    assert address in page
    assert client.post(address, {"criterion": "tone", "text": "Like this."}).status_code == 302
    (criterion,) = draft_of(project).content["criteria"]
    assert criterion["examples"] == [{"text": "Like this.", "item": str(item.pk)}]

    foreign = make_item(make_project())
    absent = reverse("labeling:add-rubric-example", args=["shop", foreign.pk])
    assert client.post(absent, {"criterion": "tone", "text": "x"}).status_code == 404
    client.post(address, {"criterion": "nothing", "text": "x"})
    client.force_login(make_member(project, Membership.Role.REVIEWER))
    assert client.post(address, {"criterion": "tone", "text": "x"}).status_code == 404
    assert len(draft_of(project).content["criteria"][0]["examples"]) == 1
