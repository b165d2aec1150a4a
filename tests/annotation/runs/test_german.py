"""The pages of training in German."""

import pytest
from django.urls import reverse
from django.utils import translation

from annotation.core import jobs
from annotation.core.options import BadOption
from annotation.projects.models import Membership
from annotation.runs import options, presentation
from annotation.runs.attempts import store_events
from tests.annotation.core.machine_numbers import comma_numbers
from tests.factories import make_item, make_member
from tests.german import get_in_german

pytestmark = pytest.mark.django_db


@pytest.fixture
def site(client, world):
    client.force_login(world.engineer)
    return client


def shown(client, world, name, *arguments):
    page = get_in_german(client, reverse(f"runs:{name}", args=[world.project.slug, *arguments]))
    assert page.status_code == 200
    html = page.content.decode()
    assert comma_numbers(html) == []
    return html


def test_a_running_run_has_german_words_and_whole_curves(site, client, world):
    run = world.start()
    jobs.Claim.take(run.job_id)
    lines = [{"type": "progress", "stage": "train", "step": 2, "total": 8}]
    lines += [
        {"type": "metric", "step": n, "loss": 2 - n / 4, "eval_accuracy": 0.5} for n in (1, 2)
    ]
    store_events(run, 1, list(enumerate(lines, 1)))

    page = shown(client, world, "show-run", run.pk)

    assert "Schritt 2 von 8" in page
    assert "Verlust, Training: fällt von 1,75 auf 1,5 bis Schritt 2" in page
    assert page.count('<svg class="chart') == 2
    for english in ("Newest numbers", "Configuration", "Cancel<", "lower is better"):
        assert english not in page


def test_a_finished_run_its_version_and_the_list(site, client, world):
    run = world.train("reward", name="Judge")
    page = shown(client, world, "show-run", run.pk)
    version = shown(client, world, "show-model-version", run.model_version.pk)
    listed = shown(client, world, "list-runs")

    assert "Registriert als Judge" in page
    for html in (page, version, listed):
        assert "0,500 bis 0,900" in html
        assert "Treffsicherheit" in html
    assert "Herkunft" in version
    assert "Reward-Modell" in listed


@pytest.mark.parametrize("kind", ["sft", "reward"])
def test_the_form_speaks_german_and_takes_back_what_it_shows(site, client, world, kind):
    """Options are typed the way every configuration file writes them, with a point."""
    url = reverse("runs:start-run", args=[world.project.slug])
    page = get_in_german(client, f"{url}?kind={kind}").content.decode()

    assert "Anteil der Schritte, in denen die Rate steigt. 0 bis 1" in page
    assert 'value="0.05"' in page
    assert "Passes over" not in page
    assert comma_numbers(page) == []


def test_the_overview_speaks_german(site, client, world):
    make_item(world.project)
    client.force_login(make_member(world.project, Membership.Role.LEAD))
    page = shown(client, world, "show-project")

    assert "Gewünschte Urteile" in page
    assert "Noch kein Datensatz" not in page
    for english in ("Judgments wanted", "Needs you", "labelers so far"):
        assert english not in page


def test_what_an_option_refuses_is_said_in_german():
    with translation.override("de"), pytest.raises(BadOption, match="mindestens 0.01 sein"):
        options.read("sft", {"epochs": "0"})
    with translation.override("de"), pytest.raises(BadOption, match="nimmt eine ganze Zahl"):
        options.read("sft", {"batch_size": "many"})


def test_the_verdict_on_length_in_german():
    gain = {"value": 0.125, "low": 0.021, "high": 0.271, "better": True}
    with translation.override("de"):
        said = presentation.verdict({"beats_length": gain})
    assert said == (
        "Besser als die Länge allein: +12,5 Punkte "
        "(95-%-Intervall des Unterschieds: +2,1 bis +27,1)."
    )
