"""Pages of a project that only show."""

import pytest
from django.urls import reverse

from annotation.core import audit
from annotation.projects.models import Membership
from tests.factories import make_member, make_project

pytestmark = pytest.mark.django_db


def test_the_audit_trail_shows_what_an_import_counted(client):
    """Whose counts have a key called “items”, which is also what a dict calls its pairs."""
    project = make_project()
    lead = make_member(project, Membership.Role.LEAD)
    audit.record(
        "import.done", actor=lead, project=project, target="import:1", items=11, prompts=7
    )
    client.force_login(lead)

    page = client.get(reverse("projects:list-events", args=[project.slug]))

    assert page.status_code == 200
    assert "<dt>items</dt><dd>11</dd><dt>prompts</dt><dd>7</dd>" in page.content.decode()
