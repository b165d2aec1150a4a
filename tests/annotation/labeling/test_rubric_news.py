"""A newer rubric version is read before the next item judged under it."""

import re

import pytest

from annotation.labeling import services
from annotation.labeling.models import Judgment
from annotation.labeling.rubric_news import RubricNews
from annotation.projects.models import Membership
from annotation.projects.services import (
    CriterionSpec,
    TagSpec,
    current_rubric,
    publish_rubric,
    rubric_by_id,
)
from tests.annotation.labeling.test_views import held, open_page, submit, url
from tests.factories import make_item, make_member, make_project, make_prompt

pytestmark = pytest.mark.django_db

TONE = CriterionSpec("tone", "Tone", anchors={"1": "Rude.", "5": "Kind."})
FACTS = CriterionSpec("facts", "Facts")


@pytest.fixture
def project():
    project = make_project(
        "shop", overlap=1, guideline="Rank the short answer first.", criteria=[TONE]
    )
    for n in range(3):
        make_item(project, prompt=make_prompt(project, f"Item {n}?"))
    return project


@pytest.fixture
def labeler(client, project):
    labeler = make_member(project)
    client.force_login(labeler)
    return labeler


def publish(project, guideline="Rank the true answer first.", criteria=(TONE,), **tags):
    return publish_rubric(project=project, guideline=guideline, criteria=criteria, **tags)


def read(client, version, htmx=False):
    headers = {"HX-Request": "true"} if htmx else {}
    return client.post(url("read-rubric", "shop"), {"version": version.pk}, headers=headers)


def test_the_first_time_there_is_no_news(client, project, labeler):
    publish(project)
    assert "Item 0?" in open_page(client, project).content.decode()
    assert labeler.membership.pk == Membership.objects.get(seen_rubric=current_rubric(project)).pk


@pytest.mark.parametrize("htmx", [True, False])
def test_what_changed_is_read_once_before_the_next_item(client, project, labeler, htmx):
    open_page(client, project)
    shown = current_rubric(project)
    newer = publish(project)

    answer = submit(client, project, held(labeler), htmx, rubric=shown.pk)
    page = (answer if htmx else client.get(answer["Location"])).content.decode()
    assert "version 1 is now version 2" in page
    assert "<del>" in page
    assert "Item 1?" not in page
    # The judgment was made under the version that its page showed.
    assert Judgment.objects.get().rubric_version == shown
    assert "Item 1?" not in open_page(client, project).content.decode()

    answer = read(client, newer, htmx)
    page = (answer if htmx else client.get(answer["Location"])).content.decode()
    assert "Item 1?" in page
    assert "is now version" not in submit(client, project, held(labeler), True).content.decode()


def test_a_still_newer_version_is_read_in_its_turn(client, project, labeler):
    open_page(client, project)
    second = publish(project)
    publish(project, guideline="Rank the kind answer first.")
    read(client, second)
    page = open_page(client, project).content.decode()
    assert "version 2 is now version 3" in page


def test_a_version_of_another_project_is_not_taken(client, project, labeler):
    open_page(client, project)
    publish(project)
    assert read(client, current_rubric(make_project())).status_code == 303
    assert "is now version 2" in open_page(client, project).content.decode()


def test_programs_are_not_stopped(client, project, labeler):
    open_page(client, project)
    publish(project)
    answer = client.post("/api/projects/shop/next/")
    assert answer.status_code == 200
    assert answer.json()["assignment"]["item"]
    assert services.lend_next_item(project=project, labeler=make_member(project)) is not None


def news(project, **changes):
    old = current_rubric(project)
    new = publish(project, **({"guideline": old.guideline} | changes))
    return RubricNews(rubric_by_id(old.pk), rubric_by_id(new.pk)).changes


def after(pieces):
    return "".join(piece.text for piece in pieces if piece.kind != "removed")


def test_the_news_name_what_was_added_removed_and_changed(project):
    found = news(project, criteria=[FACTS], flags=[TagSpec("rude", "Rude")])
    assert [(c.kind, c.label) for c in found.criteria] == [("added", "Facts"), ("removed", "Tone")]
    assert [(c.kind, c.label) for c in found.tags] == [("added", "Rude")]
    assert not found.guideline

    changed = news(
        project,
        criteria=[CriterionSpec("facts", "Facts", scale_max=7)],
        flags=[TagSpec("rude", "Rude", "Insults somebody.")],
    )
    (criterion,) = changed.criteria
    assert criterion.kind == "changed"
    assert [(f.name, after(f.pieces)) for f in criterion.fields] == [("Scale", "From 1 to 7")]
    assert changed.tags[0].kind == "changed"


def test_the_fields_of_a_changed_criterion_stay_apart(client, project, labeler):
    """Not one text whose lines run into each other."""
    open_page(client, project)
    publish(
        project,
        criteria=[CriterionSpec("tone", "Manner", "How?", anchors={"1": "Rough.", "5": "Kind."})],
        note="Rude was too strong a word.",
    )
    page = open_page(client, project).content.decode()
    assert "Rude was too strong a word." in page
    criterion = page.split('id="h-criteria"')[1].split("</section>")[0]
    names = re.findall(r"<dt>(.*?)</dt>", criterion)
    assert names == ["Label", "Description", "Point 1"]
    assert "Tone</del>" in criterion
    assert "Rude</del>" in criterion


def test_nothing_new_is_no_news(project):
    assert not news(project)
