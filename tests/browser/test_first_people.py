"""The first hour of a site in Chromium: a project from a template, two people invited, one in."""

import re

from django.core import mail
from playwright.sync_api import expect

from annotation.core import jobs
from annotation.core.models import Job
from annotation.projects.models import Invitation, Project
from annotation.projects.services import current_rubric
from tests.factories import make_user

CSV = b"email;role\r\nada@example.org;labeler\r\nnobody;labeler\r\n"


def test_an_admin_begins_a_project_and_brings_people_in(visit):
    at = visit().sign_in(make_user("root", is_superuser=True)).open("/")
    page = at.page

    page.get_by_role("link", name="Create your first project").click()
    page.get_by_label("Name", exact=True).fill("Über uns: Antworten")
    expect(page.get_by_label("Short name")).to_have_value("uber-uns-antworten")
    page.get_by_role("radio", name="Helpful, honest, harmless").check()
    bad, _passed = at.violations()
    assert bad == []
    page.get_by_role("button", name="Create the project").click()
    expect(page.get_by_text("The project is there")).to_be_visible()
    project = Project.objects.get(slug="uber-uns-antworten")
    assert len(current_rubric(project).criteria_list) == 3

    page.get_by_role("link", name="People", exact=True).click()
    page.get_by_role("link", name="Invite people").click()
    file = {"name": "people.csv", "mimeType": "text/csv", "buffer": CSV}
    page.get_by_label("CSV file").set_input_files(file)
    at.allow("422")
    page.get_by_role("button", name="Send the invitations").click()
    expect(page.get_by_role("heading", name="1 line cannot be used")).to_be_focused()
    bad, _passed = at.violations()
    assert bad == []
    page.get_by_role("button", name="Leave these out and invite the others").click()
    expect(page.get_by_role("heading", name="1 person is invited")).to_be_visible()

    page.get_by_role("link", name="Invite more").click()
    page.get_by_role("button", name="Make a link").click()
    expect(page.get_by_label("Link of the invitation")).to_have_value(re.compile("/invitation/"))
    bad, _passed = at.violations()
    assert bad == []
    page.get_by_role("link", name="To the invitations").click()
    expect(page.get_by_text("On its way")).to_be_visible()

    jobs.run(Job.objects.get(kind="send_invitations").pk)
    link = re.search(r"http\S+/invitation/\S+", mail.outbox[0].body)[0]
    guest = visit()
    guest.page.goto(link)
    bad, _passed = guest.violations()
    assert bad == []
    guest.page.get_by_label("User name").fill("ada")
    guest.page.get_by_label("Password", exact=True).fill("seven purple umbrellas")
    guest.page.get_by_label("The password again").fill("seven purple umbrellas")
    guest.page.get_by_role("button", name="Create the account and join").click()
    expect(guest.page.get_by_text("Welcome to “Über uns: Antworten”.")).to_be_visible()

    page.reload()
    expect(page.get_by_text("Accepted")).to_have_count(2)  # the chip, and the list to choose from
    states = [one.state for one in Invitation.objects.order_by("pk")]
    assert states == ["accepted", "waiting"]
    at.open("/projects/uber-uns-antworten/people/")
    expect(page.get_by_role("rowheader", name="ada")).to_be_visible()
