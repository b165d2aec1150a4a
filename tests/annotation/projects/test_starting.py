"""A project begins in the browser: whole, led by whoever made it, and only by who may."""

from dataclasses import replace

import pytest
from django.urls import reverse

from annotation.core.models import Event
from annotation.projects.models import Membership, Project
from annotation.projects.rubrics import templates
from annotation.projects.rubrics.templates import TEMPLATES
from annotation.projects.services import current_rubric
from annotation.projects.starting import STARTS, free_slug, slug_of
from tests.factories import make_member, make_project, make_user

pytestmark = pytest.mark.django_db

NEW, LIST = "/projects/new/", "/projects/"
FIELDS = {"name": "Shop replies", "slug": "", "description": "", "start": "hhh", "overlap": "3"}


@pytest.fixture
def creator(client):
    user = make_user("ada", may_create_projects=True)
    client.force_login(user)
    return user


def send(client, **fields):
    return client.post(NEW, FIELDS | fields)


def test_a_project_begins_with_a_template_and_its_maker_leads_it(client, creator):
    answer = send(client, description="What a shop answers")

    project = Project.objects.get()
    assert answer.headers["Location"] == "/projects/shop-replies/"
    assert (project.name, project.overlap) == ("Shop replies", 3)
    assert project.description == "What a shop answers"
    rubric = current_rubric(project)
    assert rubric.number == 1
    assert [c.label for c in rubric.criteria_list] == ["Helpful", "Honest", "Harmless"]
    assert project.ordering == TEMPLATES["hhh"].judging["ordering"]
    assert project.memberships.get(user=creator).role == Membership.Role.LEAD
    assert client.get(answer.headers["Location"]).status_code == 200


@pytest.mark.parametrize("start", STARTS)
def test_every_start_makes_the_rubric_that_the_page_promised(client, creator, start):
    page = client.get(NEW).content.decode()
    assert f'value="{start}"' in page
    assert send(client, start=start).status_code == 302
    rubric = current_rubric(Project.objects.get())
    promised = STARTS[start].criteria
    labels = [criterion.label for criterion in rubric.criteria_list] if rubric else []
    assert labels == [spec.label for spec in promised]
    assert (len(rubric.flags) if rubric else 0) == STARTS[start].flag_count


def test_a_site_admin_begins_one_without_becoming_its_lead(client):
    client.force_login(make_user(is_superuser=True))
    assert send(client).status_code == 302
    assert not Membership.objects.exists()


@pytest.mark.parametrize("role", list(Membership.Role))
def test_for_everybody_else_the_page_is_absent(client, role):
    client.force_login(make_member(make_project("other"), role))
    assert client.get(NEW).status_code == 404
    assert send(client).status_code == 404
    assert Project.objects.count() == 1


def test_nobody_signed_in_is_sent_to_sign_in(client):
    assert client.get(NEW).headers["Location"].startswith("/sign-in/")
    assert send(client).status_code == 302
    assert not Project.objects.exists()


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"name": " "}, "This field is required."),
        ({"name": "x" * 201}, "at most 200 characters"),
        ({"name": "a\0b"}, "Null characters are not allowed."),
        ({"name": "商店"}, "The name has no letters for an address"),
        ({"slug": "Über uns"}, "cannot be a short name"),
        ({"slug": "new"}, "cannot be a short name"),
        ({"slug": "taken"}, "“taken-2” is free"),
        ({"slug": "x" * 61}, "at most 60 characters"),
        ({"overlap": "0"}, "greater than or equal to 1"),
        ({"overlap": "51"}, "less than or equal to 50"),
        ({"overlap": "many"}, "Enter a whole number."),
        ({"start": "nothing-like-it"}, "is not one of the available choices"),
        ({"start": ""}, "This field is required."),
    ],
)
def test_bad_input_is_told_in_a_sentence_and_makes_nothing(client, creator, fields, sentence):
    make_project("taken")
    answer = send(client, **fields)
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert Project.objects.count() == 1
    assert not Membership.objects.exists()


def test_what_was_typed_stays_and_is_escaped(client, creator):
    page = send(client, name="<b>Shop</b>", overlap="0", start="llama2").content.decode()
    assert 'value="&lt;b&gt;Shop&lt;/b&gt;"' in page
    assert 'id="start-llama2" value="llama2" aria-describedby="about-llama2" checked' in page


def test_a_template_that_fails_late_leaves_no_project_behind(client, creator, monkeypatch):
    """Half a project would hold its short name for ever."""
    whole = TEMPLATES["hhh"]
    broken = replace(whole, spec=replace(whole.spec, priorities=("nobody",)))
    monkeypatch.setattr(templates, "TEMPLATES", {"hhh": broken})
    answer = send(client)
    assert answer.status_code == 400
    assert not Project.objects.exists()
    assert not Event.objects.exists()
    monkeypatch.undo()
    assert send(client).status_code == 302


def test_short_names_are_made_from_names():
    assert slug_of("Über uns: Hilfe & Rat!") == "uber-uns-hilfe-rat"
    assert slug_of("  --  ") == ""
    assert slug_of("a" * 58 + " bcd") == "a" * 58 + "-b"
    assert len(slug_of("word " * 40)) <= 60


def test_a_taken_short_name_is_counted_on():
    make_project("shop")
    make_project("shop-2")
    assert free_slug("shop") == "shop-3"
    assert free_slug("sho") == "sho"
    make_project("y" * 60)
    assert free_slug("y" * 60) == "y" * 56 + "-2"


def test_an_admin_of_an_empty_site_lands_on_its_first_page(client):
    client.force_login(make_user(is_superuser=True))
    page = client.get("/", follow=True)
    assert page.redirect_chain == [(LIST, 302)]
    assert "Create your first project" in page.content.decode()
    assert f'href="{NEW}"' in page.content.decode()


def test_who_may_make_none_lands_on_an_empty_queue(client):
    client.force_login(make_user())
    assert client.get("/").status_code == 200
    assert client.get(LIST, follow=True).redirect_chain == [("/", 302)]


def test_a_list_with_one_project_still_leads_to_the_next_one(client, creator):
    send(client)
    page = client.get(LIST)
    assert page.status_code == 200
    assert "New project" in page.content.decode()
    client.force_login(make_member(Project.objects.get(), Membership.Role.LEAD))
    assert client.get(LIST).headers["Location"] == reverse(
        "runs:show-project", args=["shop-replies"]
    )
