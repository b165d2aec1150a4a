"""The tour: every kind of judgment is there to be tried, in sound projects."""

import pytest

from annotation.accounts.models import User
from annotation.core.models import Event
from annotation.demo import services, tour
from annotation.labeling.models import Item
from annotation.projects.models import Project
from annotation.prompts.models import Attachment

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def data_folder(settings, tmp_path):
    settings.DATA_DIR = tmp_path


@pytest.fixture
def projects():
    services.seed()
    return {project.slug: project for project in tour.seed_tour()}


def test_it_is_made_once(projects):
    def counts():
        return [model.objects.count() for model in (Project, Item, Attachment, Event)]

    before = counts()
    assert before[0] == 1 + len(tour.STOPS)
    tour.seed_tour()
    assert counts() == before


def test_it_shows_what_a_project_can_ask_for(projects):
    asked = projects.values()
    assert {project.ordering for project in asked} == {"full", "scale", "none"}
    assert {project.demonstration for project in asked} == {"fallback", "off", "always"}
    every = projects["every-kind"]
    rubric = every.rubric_versions.get()
    assert every.allows_corrections
    assert every.allows_recording
    assert rubric.flags
    assert rubric.error_labels
    assert every.items.exclude(warnings=[]).exists()
    assert set(Attachment.objects.values_list("media_type", flat=True)) == {
        "image/png",
        "audio/wav",
    }


def test_the_labeler_finds_an_item_in_each(projects, client):
    client.force_login(User.objects.get(username="demo-labeler"))
    home = client.get("/").content.decode()
    for slug, project in projects.items():
        assert project.name in home
        assert "has-item" in client.get(f"/judge/{slug}/").content.decode(), slug


def test_a_stop_that_cannot_be_made_leaves_nothing(monkeypatch):
    services.seed()
    broken = [{"id": "x", "prompt": 3}]
    stop = tour.Stop("broken", "Broken", "", broken, {}, "")
    monkeypatch.setattr(tour, "STOPS", (stop,))
    with pytest.raises(Exception, match="broken: line 1"):
        tour.seed_tour()
    assert not Project.objects.filter(slug="broken").exists()
