"""The pages of datasets in German."""

import pytest
from django.urls import reverse
from django.utils import translation

from annotation.core import jobs
from annotation.datasets import wording
from annotation.datasets.policy import Policy
from annotation.datasets.policy_words import policy_lines
from annotation.datasets.presentation import summarise
from annotation.datasets.services import freeze_dataset, preview, request_freeze
from annotation.projects.models import Membership
from tests.annotation.core.machine_numbers import comma_numbers
from tests.annotation.datasets.world import make_world
from tests.factories import make_member
from tests.german import get_in_german

pytestmark = pytest.mark.django_db
THIRDS = Policy(split=(0.325, 0.325, 0.35), salt="x")


@pytest.fixture
def project(client):
    project = make_world()
    client.force_login(make_member(project, Membership.Role.LEAD))
    return project


def shown(client, name, *arguments):
    page = get_in_german(client, reverse(f"datasets:{name}", args=arguments))
    assert page.status_code == 200
    html = page.content.decode()
    assert comma_numbers(html) == []
    return html


def test_the_list_and_a_dataset_speak_german(client, project):
    dataset = freeze_dataset(project=project, policy=THIRDS).dataset

    listed = shown(client, "list-datasets", project.slug)
    page = shown(client, "show-dataset", project.slug, dataset.hash)

    assert "Bisher eingefroren" in listed
    assert "32,5 %" in page
    assert "Salt „x“" in page
    assert "<svg" in page
    for english in ("Comparisons", "Outcome of a pair", "Judgments<", "a chosen and"):
        assert english not in page


def test_the_form_keeps_what_it_sends_in_points(client, project):
    page = shown(client, "new-dataset", project.slug)
    assert 'value="80"' in page

    url = reverse("datasets:new-dataset", args=[project.slug])
    sent = {"labels": "majority", "min_votes": 1, "demonstrations": "include", "salt": ""}
    again = get_in_german(
        client,
        f"{url}?" + "&".join(f"{k}={v}" for k, v in sent.items()) + "&train=62.5&dev=0&test=37.5",
    ).content.decode()

    assert 'value="62.5"' in again
    assert "einfrieren</button>" in again
    assert comma_numbers(again) == []


def test_a_waiting_freeze_speaks_german(client, project):
    job = request_freeze(project=project, policy=Policy())

    assert "Wartet auf einen Worker" in shown(client, "show-freezing", project.slug, job.pk)


def test_what_stopped_a_freeze_is_kept_in_english_and_shown_in_german(client, project):
    job = request_freeze(project=project, policy=Policy(demonstrations="only"))
    jobs.run(job.pk)

    page = shown(client, "show-freezing", project.slug, job.pk)

    job.refresh_from_db()
    assert job.error == "There is nothing to freeze: the project has no demonstrations."
    assert "Es gibt nichts einzufrieren: Das Projekt hat keine Musterantworten." in page


def test_every_reason_begins_small_and_is_translated(project):
    counts = preview(project=project, policy=Policy())
    with translation.override("de"):
        titles = {part.title for whole in summarise(counts).wholes for part in whole.parts}
        words = [str(text) for text in wording.FILES.values()]
        lines = dict(policy_lines(Policy().as_json()))

    assert "Ausgelassen: zu wenige Stimmen" in titles
    assert not [title for title in titles if "Left out" in title]
    assert "Gleichstände, getrennt aufbewahrt" in words
    assert lines["Urteile aus"] == "allen Quellen"
