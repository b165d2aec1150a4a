"""A guideline shows the project's pictures, and nothing else from anywhere."""

import io
import re

import pytest

from annotation.core.errors import DomainError
from annotation.labeling.rubrics.publishing import publish
from annotation.projects.rubrics.drafts import DraftProblems, draft_of, save_draft
from annotation.projects.services import current_rubric
from annotation.prompts.attachments.guideline import pin_pictures, render_guideline
from annotation.prompts.attachments.services import attach
from tests import media
from tests.factories import make_project

pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    return make_project("shop")


@pytest.fixture
def picture(project):
    stream = io.BytesIO(media.picture())
    return attach(project=project, stream=stream, actor=None, name="a tree.png")[0]


@pytest.mark.parametrize("way", ["name", "sha256"])
def test_a_picture_is_found_by_its_name_and_by_its_hash(project, picture, way):
    source = {"name": "<attachment:a tree.png>", "sha256": f"attachment:{picture.sha256}"}[way]
    html = render_guideline(project, f"See ![A *tree*]({source}).")
    address = f"/projects/shop/attachments/{picture.sha256}/"
    assert f'<img src="{address}" alt="A tree">' in html
    assert "<p>See " in html


@pytest.mark.parametrize(
    "source",
    [
        "attachment:other.png",
        "https://example.com/tree.png",
        "//example.com/tree.png",
        "/static/css/base.css",
        "javascript:alert(1)",
        "data:image/png;base64,AAAA",
        "attachment:../../tree",
    ],
)
def test_no_other_picture_is_shown(project, picture, source):
    for text in (f"![x]({source})", f"![x][1]\n\n[1]: {source}", f'<img src="{source}">'):
        for also in ("", "\n\n![y](<attachment:a tree.png>)"):
            html = str(render_guideline(project, text + also))
            shown = re.findall(r'<img [^>]*src="([^"]*)"', html)
            assert shown == ([f"/projects/shop/attachments/{picture.sha256}/"] if also else [])
            assert 'href="javascript' not in html


def test_a_picture_of_another_project_is_absent(project, picture):
    other = make_project()
    assert "<img" not in render_guideline(other, f"![x](attachment:{picture.sha256})")


def test_a_guideline_without_pictures_asks_nothing(project, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert "<strong>kind</strong>" in render_guideline(project, "Be **kind**.")


def test_pinned_pictures_are_named_by_their_hash(project, picture):
    text = "![x](<attachment:a tree.png>) and [a link](https://example.com)"
    pinned = pin_pictures(project, text)
    assert pinned == f"![x](attachment:{picture.sha256}) and [a link](https://example.com)"
    assert pin_pictures(project, pinned) == pinned
    with pytest.raises(DomainError, match="b.png"):
        pin_pictures(project, "![x](attachment:b.png)")


def test_publishing_pins_them_and_refuses_what_is_not_there(project, picture):
    content = draft_of(project).content
    save_draft(project=project, content=content | {"guideline": "![x](attachment:no)"}, revision=0)
    with pytest.raises(DraftProblems, match="“no”"):
        publish(project=project, revision=1, note="A picture.")
    assert current_rubric(project).number == 1
    named = content | {"guideline": "![x](<attachment:a tree.png>)"}
    save_draft(project=project, content=named, revision=1)
    publish(project=project, revision=2, note="A picture.")
    assert current_rubric(project).guideline == f"![x](attachment:{picture.sha256})"
