"""Items that may be hard to read: covered first, and never lent to who keeps away from them."""

import json

import pytest

from annotation.core.harms import HARMS, known_harms
from annotation.labeling import lending, queue, services
from annotation.labeling.imports.item_rows import ItemOptions, read_item
from annotation.labeling.imports.problems import RowRefused
from annotation.labeling.models import Assignment, Judgment
from tests.annotation.labeling.test_views import held, open_page, submit, url
from tests.factories import make_item, make_member, make_project, make_prompt

pytestmark = pytest.mark.django_db

LINE = {
    "id": "x",
    "prompt": "P?",
    "responses": [{"id": "a", "text": "1"}, {"id": "b", "text": "2"}],
}


@pytest.fixture
def project():
    return make_project("shop", overlap=1)


@pytest.fixture
def labeler(client, project):
    labeler = make_member(project)
    client.force_login(labeler)
    return labeler


def avoid(labeler, *kinds):
    labeler.preferences = {"avoids": list(kinds)}
    labeler.save()


# The file


def test_a_line_names_kinds_of_ours():
    row = read_item(LINE | {"warnings": ["violence", "hate", "violence"]}, ItemOptions())
    assert row.warnings == ["violence", "hate"]
    plain = read_item(LINE, ItemOptions())
    assert plain.warnings == []
    assert plain.content_sha256 == read_item(LINE | {"warnings": []}, ItemOptions()).content_sha256
    assert plain.content_sha256 != row.content_sha256


@pytest.mark.parametrize(
    ("value", "field"),
    [("violence", "warnings"), (["rude"], "warnings[0]"), (["hate", 1], "warnings[1]")],
)
def test_another_kind_is_refused_by_field(value, field):
    with pytest.raises(RowRefused) as caught:
        read_item(LINE | {"warnings": value}, ItemOptions())
    assert [name for name, _ in caught.value.found] == [field]


def test_a_preference_row_may_be_marked_too():
    row = read_item(
        {"prompt": "P?", "chosen": "1", "rejected": "2", "warnings": ["hate"]}, ItemOptions()
    )
    assert row.warnings == ["hate"]


def test_an_import_marks_its_items(project, client):
    from annotation.projects.models import Membership

    client.force_login(make_member(project, Membership.Role.LEAD))
    body = json.dumps(LINE | {"warnings": ["medical", "violence"]}).encode() + b"\n"
    answer = client.post(
        "/api/projects/shop/items/import/", body, content_type="application/x-ndjson"
    )
    assert answer.status_code == 200, answer.content
    item = project.items.get()
    assert item.warnings == ["violence", "medical"]
    page = client.get(url("show-item", "shop", item.pk)).content.decode()
    assert "Medical detail" in page


# The queue


def test_what_somebody_keeps_away_from_is_never_lent_to_them(project, labeler):
    avoid(labeler, "violence")
    marked = [make_item(project, warnings=["violence", "hate"], priority=5) for _ in range(3)]
    fine = make_item(project, warnings=["hate"])
    lent = services.lend_next_item(project=project, labeler=labeler)
    assert lent.item == fine
    Assignment.objects.update(state="skipped", over_at=lent.created_at)
    assert services.lend_next_item(project=project, labeler=labeler) is None
    assert not queue.waiting_for(project=project, labeler=labeler)
    other = make_member(project)
    assert services.lend_next_item(project=project, labeler=other).item in marked
    assert queue.waiting_for(project=project, labeler=other)


def test_many_marked_items_starve_nobody(project, labeler, monkeypatch):
    monkeypatch.setattr(lending, "WINDOW", 5)
    monkeypatch.setattr(
        queue, "LEND", lending.prepared(lending.HOLD, select=lending.LENT, lock=lending.LOCK)
    )
    avoid(labeler, "violence")
    for _ in range(12):
        make_item(project, warnings=["violence"], priority=5)
    fine = make_item(project)
    assert services.lend_next_item(project=project, labeler=labeler).item == fine


def test_the_empty_desk_says_why(client, project, labeler):
    make_item(project, warnings=["self_harm"])
    avoid(labeler, "self_harm")
    page = open_page(client, project).content.decode()
    assert "Nothing left that you want to see" in page
    assert "Self-harm" in page


def test_a_broken_preference_avoids_nothing():
    for broken in (None, "violence", 3, ["nonsense"], {"violence": 1}):
        assert known_harms(broken) == []
    assert known_harms(list(reversed(HARMS))) == list(HARMS)


# The desk


@pytest.mark.parametrize("htmx", [True, False])
def test_a_marked_item_is_covered_until_somebody_wants_to_see_it(client, project, labeler, htmx):
    headers = {"HX-Request": "true"} if htmx else {}
    make_item(
        project, ("Blood.", "Gore."), warnings=["violence"], prompt=make_prompt(project, "Knife?")
    )
    covered = client.get(url("judge", "shop"), headers=headers).content.decode()
    assert "This item is marked: Violence" in covered
    for text in ("Blood", "Gore", "Knife"):
        assert text not in covered

    answer = client.post(url("show-covered", "shop", held(labeler).pk), headers=headers)
    page = (answer if htmx else client.get(answer["Location"])).content.decode()
    assert "Blood." in page
    assert "Knife?" in page
    assert 'name="shown" value="1"' in page
    # It stays uncovered: on another visit, and after a draft.
    client.post(
        url("save-draft", "shop", held(labeler).pk),
        {"token": held(labeler).token, "shown": "1", "rationale": "x"},
    )
    assert "Blood." in open_page(client, project).content.decode()
    submit(client, project, held(labeler))
    judgment = Judgment.objects.get()
    assert "Blood." in client.get(url("revise", judgment.pk)).content.decode()


def test_nobody_uncovers_for_somebody_else(client, project, labeler):
    make_item(project, warnings=["violence"])
    open_page(client, project)
    assignment = held(labeler)
    client.force_login(make_member(project))
    assert client.post(url("show-covered", "shop", assignment.pk)).status_code == 404
    assert held(labeler).draft == {}
