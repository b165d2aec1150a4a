"""A round's page in German."""

import pytest
from django.urls import reverse

from annotation.accounts.models import User
from annotation.runs.models import Round
from tests.annotation.demo.test_rounds import finished, start
from tests.german import broken_numbers, get_in_german

pytestmark = pytest.mark.usefixtures("standin")


def shown(client, found):
    client.force_login(User.objects.get(username="demo-engineer"))
    html = get_in_german(client, reverse("demo:show-round", args=[found.pk])).content.decode()
    assert broken_numbers(html) == []
    return html


def test_a_round_that_starts_speaks_german(client, project):
    page = shown(client, start(project))

    assert "Abschnitt 1 von 12" in page
    assert "Musterantworten" in page
    assert "Runde abbrechen" in page
    for english in ("Sample candidates", "Waiting<", "What came of it"):
        assert english not in page


def test_a_finished_round_speaks_german_and_keeps_its_records_in_english(client, project):
    found = finished(project)
    page = shown(client, found)

    assert "die abgestimmte Policy gewinnt" in page
    assert "Verborgene Qualität, 0 bis 9" in page
    assert page.count('aria-label="Durch neue Labeler: 0') == 1
    assert "12 von 12 fertig" in page
    kept = Round.objects.get(pk=found.pk).stages[-1]
    assert kept["title"] == "Win rate"
    assert kept["detail"].startswith("the tuned policy wins")
