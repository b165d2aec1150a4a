"""The versions of a rubric: who, when, why, how much was judged by each, and the agreement."""

import pytest
from django.urls import reverse

from annotation.projects.models import Membership
from annotation.projects.services import CriterionSpec, current_rubric, publish_rubric
from annotation.quality.history import history_of, what_changed
from annotation.quality.services import compute_report
from tests.factories import make_item, make_judgment, make_member, make_project

pytestmark = pytest.mark.django_db

ITEMS = 30


@pytest.fixture
def project():
    """Under version 1 two labelers never agree, under version 2 always; under 3 few judged."""
    project = make_project("shop")
    lead = make_member(project, Membership.Role.LEAD, username="ada")
    one, other = make_member(project), make_member(project)
    for number, second in ((1, [2, 1]), (2, [1, 2]), (3, [1, 2])):
        if number > 1:
            publish_rubric(
                project=project,
                guideline=f"Text {number}.",
                criteria=[CriterionSpec("tone", "Tone")],
                note=f"Note {number}.",
                actor=lead,
            )
        for _ in range(ITEMS if number < 3 else 2):
            item = make_item(project)
            make_judgment(item, one, [1, 2])
            make_judgment(item, other, second)
    return project


def test_agreement_is_told_by_version(project):
    newest, second, first = history_of(project, compute_report(project=project))
    assert [e.judgments for e in (first, second, newest)] == [2 * ITEMS, 2 * ITEMS, 4]
    assert (first.raw["value"], second.raw["value"]) == (0.0, 1.0)
    assert (first.items, second.items) == (ITEMS, ITEMS)
    assert newest.raw is None
    assert "fewer than 10" in newest.why_none


def test_judgments_under_different_versions_are_not_compared():
    project = make_project()
    labelers = [make_member(project) for _ in range(2)]
    for _ in range(12):
        make_judgment(make_item(project), labelers[0], [1, 2])
    publish_rubric(project=project, guideline="New.", criteria=[])
    for item in project.items.all():
        make_judgment(item, labelers[1], [1, 2])
    report = compute_report(project=project)
    assert report.result["agreement"]["pairs"]["raw"]["value"] == 1.0
    assert [entry.raw for entry in history_of(project, report)] == [None, None]


def test_what_changed_is_a_sentence_that_waits_for_intervals_to_part(project):
    entries = history_of(project, compute_report(project=project))
    assert what_changed(entries).startswith("Labelers agree more under version 2: raw 1.00")
    assert what_changed(list(reversed(entries))).startswith("Labelers agree less under version 1")
    assert what_changed(entries[:2]) == ""
    assert what_changed([entries[1], entries[1]]).startswith("No change in agreement can be told")


def test_the_page_shows_it_to_the_staff(client, project):
    url = reverse("quality:show-rubric-history", args=["shop"])
    client.force_login(make_member(project, Membership.Role.REVIEWER))
    assert "none" in client.get(url).content.decode()  # nothing was computed yet
    compute_report(project=project)
    page = client.get(url).content.decode()
    assert "Labelers agree more under version 2" in page
    assert "Note 2." in page
    assert "ada" in page
    client.force_login(make_member(project))
    assert client.get(url).status_code == 404


def test_programs_read_a_rubric(client, project):
    publish_rubric(
        project=project,
        guideline="Last.",
        criteria=[CriterionSpec("tone", "Tone", weight=2.0)],
        priorities=["tone"],
        note="Heavier.",
    )
    client.force_login(make_member(project))
    url = "/api/projects/shop/rubric/"
    newest = client.get(url).json()
    assert (newest["number"], newest["priorities"], newest["note"]) == (4, ["tone"], "Heavier.")
    assert newest["criteria"][0]["weight"] == 2.0
    assert newest["criteria"][0]["examples"] == []
    assert client.get(url, {"version": 1}).json()["number"] == 1
    for version in ("9", "x", "-1", "1" * 40):
        assert client.get(url, {"version": version}).status_code == 404
    client.force_login(make_member(make_project("other")))
    assert client.get(url).status_code == 404
    assert current_rubric(project).number == 4
