"""Templates: data with a source, that publish as they are and say how to ask."""

import pytest

from annotation.core.errors import NotFound
from annotation.core.models import Event
from annotation.projects.judging import FIELDS
from annotation.projects.models import Membership
from annotation.projects.rubrics.document import document_of, read, spec_of_version
from annotation.projects.rubrics.templates import TEMPLATES, apply_template
from annotation.projects.services import current_rubric
from tests.factories import make_member, make_project

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_template_is_the_first_version_of_a_new_project_and_asks_as_its_source(name):
    project = make_project(has_rubric=False)
    lead = make_member(project, Membership.Role.LEAD)
    version = apply_template(project, name, lead)
    project.refresh_from_db()
    template = TEMPLATES[name]
    assert (version.number, version.published_by) == (1, lead)
    assert spec_of_version(current_rubric(project)) == template.spec
    assert {field: getattr(project, field) for field in template.judging} == template.judging
    assert Event.objects.get(kind="rubric.template_applied").payload == {"template": name}


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_template_can_be_edited_as_it_is_and_names_its_source(name):
    template = TEMPLATES[name]
    assert read(document_of(template.spec)) == (template.spec, [])
    assert "20" in template.source
    assert set(template.judging) == set(FIELDS) - {"lease_minutes"}


def test_the_published_protocols():
    """As the papers describe them; the sections are in `source`."""
    scales = {
        name: {(one.scale_min, one.scale_max) for one in template.spec.criteria}
        for name, template in TEMPLATES.items()
    }
    assert scales["helpsteer2"] == {(0, 4)}
    assert scales["summarisation"] == scales["instructgpt"] == {(1, 7)}
    assert [one.key for one in TEMPLATES["helpsteer2"].spec.criteria] == [
        "helpfulness", "correctness", "coherence", "complexity", "verbosity",
    ]  # fmt: skip
    for one in TEMPLATES["summarisation"].spec.criteria:
        assert set(one.anchors) == {"1", "4", "7"}
    assert len(TEMPLATES["instructgpt"].spec.flags) == 11
    assert TEMPLATES["llama2"].judging["scale_points"] == 7  # three degrees and 0
    assert [one.is_yes_no for one in TEMPLATES["llama2"].spec.criteria] == [True, False]


def test_an_unknown_template_changes_nothing():
    project = make_project()
    with pytest.raises(NotFound):
        apply_template(project, "nothing")
    assert current_rubric(project).number == 1
