"""Texts are rendered before anybody asks for them."""

import pytest

from annotation.core import jobs
from annotation.core.models import Job, RenderedText
from annotation.labeling import prerender
from annotation.labeling.desk import desk_for
from annotation.labeling.queue import lend_next_item
from annotation.labeling.services import assignment_of
from tests.factories import make_item, make_member, make_project

pytestmark = pytest.mark.django_db


def test_a_page_finds_its_texts_rendered(django_assert_num_queries):
    project = make_project()
    make_item(project, ["**One.**", "Two."])
    jobs.run(prerender.request_rendering(project=project).pk)
    assert RenderedText.objects.filter(html__contains="<strong>One.</strong>").exists()

    labeler = make_member(project)
    lent = lend_next_item(project=project, labeler=labeler)
    assignment = assignment_of(labeler, lent.pk)
    with django_assert_num_queries(1):
        desk = desk_for(assignment)

    assert any("<strong>One.</strong>" in card.html for card in desk.cards)


def test_rendering_ahead_twice_renders_once():
    project = make_project()
    make_item(project)
    for _ in range(2):
        jobs.run(prerender.request_rendering(project=project).pk)
    assert RenderedText.objects.count() == 3  # the prompt and two responses
    assert Job.objects.filter(state="done").count() == 2


def test_a_page_that_had_to_render_asks_for_the_next_ones_once(client):
    project = make_project("shop", overlap=1)
    for n in range(4):
        make_item(project, [f"One {n}.", f"Two {n}."])
    client.force_login(make_member(project))
    waiting = Job.objects.filter(kind=prerender.RENDER_KIND)
    for _ in range(2):
        client.get("/judge/shop/")
    assert waiting.count() == 1

    jobs.run(waiting.get().pk)
    assert RenderedText.objects.filter(html__contains="Two 3.").exists()
    client.get("/judge/shop/")
    assert waiting.count() == 1
    # Nothing is lent ahead: the labeler holds one item, nobody the others.
    assert [item.taken for item in project.items.order_by("pk")] == [1, 0, 0, 0]
