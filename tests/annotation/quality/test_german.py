"""The pages of agreement in German."""

import pytest
from django.urls import reverse
from django.utils import translation

from annotation.projects.models import Membership
from annotation.quality import own_figures as module
from annotation.quality import services
from annotation.quality.wording import REASONS
from tests.annotation.core.machine_numbers import comma_numbers
from tests.factories import make_item, make_judgment, make_member, make_project
from tests.german import get_in_german

pytestmark = pytest.mark.django_db


@pytest.fixture
def project(client):
    project = make_project("shop", overlap=3)
    labelers = [make_member(project, handle=f"w{n}") for n in (1, 2, 3)]
    for _ in range(12):
        item = make_item(project, ("1", "2", "3"))
        for labeler, ranks in zip(labelers, ([1, 2, 3], [1, 3, 2], [2, 1, 3]), strict=True):
            make_judgment(item, labeler, ranks, seconds=20, ratings={"helpfulness": [3, 4, 1]})
    services.compute_report(project=project)
    client.force_login(make_member(project, Membership.Role.LEAD))
    return project


def test_the_agreement_page_speaks_german_and_its_charts_stay_whole(client, project):
    url = reverse("quality:show-agreement", args=[project.slug])
    page = get_in_german(client, url).content.decode()

    assert "Krippendorffs Alpha, ordinal" in page
    assert "12 von 12 beurteilten Aufgaben" in page
    assert "0,56" in page
    assert page.count("<svg") > 5
    assert comma_numbers(page) == []
    for english in ("Coefficients", "By criterion", "Most disputed", "Interval<", "w1 and w2"):
        assert english in client.get(url).content.decode()
        assert english not in page


def test_a_labelers_own_figures_speak_german(client, project, monkeypatch):
    monkeypatch.setattr(module, "LEAST_COMPARISONS", 3)
    client.force_login(project.memberships.get(handle="w1").user)
    page = get_in_german(client, reverse("quality:show-own")).content.decode()

    assert "Übereinstimmung mit anderen" in page
    assert "<svg" in page
    assert comma_numbers(page) == []


def test_every_reason_for_no_figure_is_translated():
    with translation.override("de"):
        german = {key: str(reason) for key, reason in REASONS.items()}
    with translation.override("en"):
        assert all(german[key] != str(reason) for key, reason in REASONS.items())
