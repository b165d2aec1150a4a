"""A round's page in German."""

import pytest
from django.urls import reverse
from django.utils import translation

from annotation.accounts.models import User
from annotation.demo.sentences import say_row
from annotation.demo.work import sentence
from annotation.runs.models import Round
from tests.annotation.core.machine_numbers import comma_numbers
from tests.annotation.demo.test_rounds import finished, start
from tests.german import get_in_german

pytestmark = pytest.mark.usefixtures("standin")


def shown(client, found):
    client.force_login(User.objects.get(username="demo-engineer"))
    html = get_in_german(client, reverse("demo:show-round", args=[found.pk])).content.decode()
    assert comma_numbers(html) == []
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
    assert "Antworten des Ladens, gute und schlechte" in page
    assert "blinde Urteile über" in page
    kept = Round.objects.get(pk=found.pk).stages[-1]
    assert kept["title"] == "Win rate"
    assert kept["detail"].startswith("the tuned policy wins")


def test_a_sentence_of_a_stage_in_both_languages():
    rate = {"value": 0.625, "low": 0.5, "high": 0.75, "n": 8}
    row = sentence("the tuned policy wins %(rate)s", rate=rate)
    accuracy = sentence(
        "accuracy %(value)s [%(low)s, %(high)s] on held-out comparisons",
        **{"value": 0.5, "low": 0.25, "high": 0.75},
    )
    count = sentence("%(count)s comparisons by majority", count=1234)

    assert row["detail"] == "the tuned policy wins 62 % [50 %, 75 %] of 8"
    assert accuracy["detail"] == "accuracy 0.50 [0.25, 0.75] on held-out comparisons"
    assert count["detail"] == "1,234 comparisons by majority"
    with translation.override("de"):
        assert say_row(row) == "die abgestimmte Policy gewinnt 62 % [50 %; 75 %] von 8"
        assert say_row(accuracy) == "Treffsicherheit 0,50 [0,25; 0,75] auf ungesehenen Vergleichen"
        assert say_row(count) == "1.234 Vergleiche nach Mehrheit"
        assert say_row({"detail": "written by an older version"}) == "written by an older version"
        assert say_row({}) == ""
