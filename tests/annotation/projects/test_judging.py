"""What a project asks its labelers for: the page, the service, the rubric it makes."""

import pytest
from django import forms

from annotation.core.errors import DomainError
from annotation.core.models import Event
from annotation.projects.forms import lines_of, tags_in
from annotation.projects.judging import configure_judging
from annotation.projects.models import Membership, Project
from annotation.projects.presets import PRESETS
from annotation.projects.services import TagSpec, current_rubric
from tests.factories import make_item, make_judgment, make_member, make_project

pytestmark = pytest.mark.django_db

URL = "/projects/shop/judging/"
FORM = {
    "ordering": "full",
    "top_k": "",
    "scale_points": "7",
    "asks_strength": "on",
    "has_floor": "on",
    "has_both": "on",
    "rationale": "optional",
    "confidence": "off",
    "demonstration": "off",
    "lease_minutes": "15",
    "flags": "",
    "error_labels": "",
}


@pytest.fixture
def project():
    return make_project("shop")


@pytest.fixture
def lead(client, project):
    lead = make_member(project, Membership.Role.LEAD)
    client.force_login(lead)
    return lead


def test_a_lead_changes_what_is_asked(client, lead, project):
    answer = client.post(
        URL, FORM | {"ordering": "partial", "top_k": "3", "confidence": "required"}, follow=True
    )
    assert "Saved" in answer.content.decode()
    project.refresh_from_db()
    assert (project.ordering, project.top_k, project.confidence) == ("partial", 3, "required")
    event = Event.objects.get(kind="project.judging_changed")
    assert event.payload == {"ordering": "partial", "top_k": 3, "confidence": "required"}
    assert event.actor == lead


def test_nothing_changed_writes_nothing(client, lead, project):
    before = current_rubric(project).pk
    assert client.post(URL, FORM).status_code == 302
    assert not Event.objects.filter(kind="project.judging_changed").exists()
    assert current_rubric(project).pk == before


def test_other_flags_are_the_rubrics_next_version_with_the_same_criteria(client, lead, project):
    old = current_rubric(project)
    judgment = make_judgment(make_item(project), make_member(project), [1, 2])
    client.post(URL, FORM | {"flags": "Unsafe: harms somebody\n\nRude", "error_labels": "Fact"})
    new = current_rubric(project)
    assert new.number == old.number + 1
    assert new.guideline == old.guideline
    specs = [(c.key, c.label, c.anchors, c.position) for c in new.criteria_list]
    assert specs == [(c.key, c.label, c.anchors, c.position) for c in old.criteria_list]
    assert new.flags == [
        {"key": "unsafe", "label": "Unsafe", "description": "harms somebody"},
        {"key": "rude", "label": "Rude", "description": ""},
    ]
    assert [label["key"] for label in new.error_labels] == ["fact"]
    judgment.refresh_from_db()
    assert judgment.rubric_version == old


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"top_k": "3"}, "belongs to ranking the best"),
        ({"ordering": "partial", "top_k": "10"}, "less than or equal"),
        ({"ordering": "sideways"}, "not one of the available choices"),
        ({"scale_points": "5"}, "available choices"),
        ({"lease_minutes": "0"}, "greater than or equal"),
        ({"lease_minutes": "99999"}, "less than or equal"),
        ({"demonstration": "fallback", "has_floor": ""}, "mark responses as unacceptable"),
        ({"flags": "Unsafe\nunsafe"}, "Line 2"),
        ({"flags": ": nothing"}, "Line 1"),
        ({"error_labels": "事実"}, "Line 1"),
        ({"flags": "Un\x00safe"}, "NUL"),
    ],
)
def test_what_cannot_be_is_refused_in_words_and_nothing_changes(
    client, lead, project, changes, words
):
    before = Project.objects.filter(pk=project.pk).values()[0]
    sent = {
        name: value for name, value in (FORM | changes).items() if value or name != "has_floor"
    }
    answer = client.post(URL, sent)
    assert answer.status_code == 422
    assert words.lower() in answer.content.decode().lower()
    assert Project.objects.filter(pk=project.pk).values()[0] == before
    assert project.rubric_versions.count() == 1


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_fills_its_field_and_keeps_what_was_typed(client, lead, project, name):
    answer = client.post(URL, FORM | {"ordering": "none", "lease_minutes": "77", "preset": name})
    page = answer.content.decode()
    assert PRESETS[name].tags[0].label in page
    assert 'value="77"' in page
    assert "checked" in page.split('value="none"')[1].split(">")[0]
    project.refresh_from_db()
    assert project.lease_minutes == 15
    assert project.rubric_versions.count() == 1


def test_every_preset_can_be_saved_and_read_again(project):
    for preset in PRESETS.values():
        configure_judging(project=project, **{preset.field: list(preset.tags)})
        saved = getattr(current_rubric(project), preset.field)
        assert tags_in(lines_of(saved)) == list(preset.tags)


def test_a_label_that_makes_no_key_may_bring_its_own():
    assert tags_in("[fact] 事実: 間違い") == [TagSpec("fact", "事実", "間違い")]
    with pytest.raises(forms.ValidationError, match="Line 1"):
        tags_in("[FACT!] 事実")
    assert tags_in("\n".join(f"L{n}" for n in range(40)))
    with pytest.raises(forms.ValidationError):
        tags_in("\n".join(f"L{n}" for n in range(41)))


def test_an_unknown_setting_is_refused(project):
    with pytest.raises(DomainError, match="slug"):
        configure_judging(project=project, slug="other")
