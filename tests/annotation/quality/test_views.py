"""The agreement page, as a browser sees it."""

import re

import pytest
from django.urls import reverse

from annotation.core import jobs
from annotation.core.models import Job
from annotation.projects.models import Membership
from annotation.quality import services
from annotation.quality.models import Report
from tests.factories import make_item, make_judgment, make_member, make_project, make_prompt

pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    return make_project()


@pytest.fixture
def lead(project, client):
    user = make_member(project, Membership.Role.LEAD)
    client.force_login(user)
    return user


def address(project, name="show-agreement"):
    return reverse(f"quality:{name}", args=[project.slug])


def judge(project, verdicts=([1, 2], [1, 2], [2, 1]), items=1):
    labelers = [make_member(project, handle=f"w{n}") for n in range(1, len(verdicts) + 1)]
    for _ in range(items):
        item = make_item(project)
        for labeler, ranks in zip(labelers, verdicts, strict=True):
            make_judgment(item, labeler, ranks, ratings={"helpfulness": [3, 4]})
    return labelers


def text_of(response):
    return " ".join(re.sub(r"<[^>]*>", " ", response.content.decode()).split())


def test_nothing_judged_says_when_that_will_change(client, project, lead):
    page = client.get(address(project))
    assert page.status_code == 200
    assert "Nothing has been judged yet" in text_of(page)
    assert "Compute the figures" not in text_of(page)


def test_computing_from_the_page_shows_progress_and_then_the_figures(client, project, lead):
    judge(project)
    assert "Compute the figures" in text_of(client.get(address(project)))

    answer = client.post(address(project, "compute-figures"))
    assert answer.status_code == 302
    assert answer.url == address(project)
    waiting = client.get(address(project)).content.decode()
    assert 'id="figures-progress"' in waiting
    fragment = client.get(address(project, "figures-progress"), headers={"HX-Request": "true"})
    assert fragment.content.decode().count('id="figures-progress"') == 1
    assert "HX-Refresh" not in fragment.headers

    jobs.run(Job.objects.get().pk)

    over = client.get(address(project, "figures-progress"), headers={"HX-Request": "true"})
    assert over.headers["HX-Refresh"] == "true"
    page = client.get(address(project))
    assert 'id="figures-progress"' not in page.content.decode()
    shown = text_of(page)
    assert "Raw agreement" in shown
    assert "0.33" in shown  # one of three pairs of labelers agrees
    assert "1 of 1 judged items have two or more judgments; 3 judgments by 3 labelers" in shown


def test_a_second_click_does_not_start_a_second_job(client, project, lead):
    judge(project)
    for _ in range(2):
        client.post(address(project, "compute-figures"))
    assert Job.objects.filter(kind="figures").count() == 1


def test_every_undefined_number_has_its_reason(client, project, lead):
    judge(project, ([1, 1], [1, 1]), items=2)
    services.compute_report(project=project)
    shown = text_of(client.get(address(project)))
    assert "everybody always gave the same answer" in shown
    assert "everybody tied everything" in shown
    assert "nan" not in shown.lower().split()


def test_new_judgments_make_the_page_say_that_it_is_stale(client, project, lead):
    judge(project)
    services.compute_report(project=project)
    assert "Judgments came in since" not in text_of(client.get(address(project)))
    make_judgment(make_item(project), make_member(project), [1, 2])
    shown = text_of(client.get(address(project)))
    assert "Judgments came in since" in shown
    assert "rest on the first 3" in shown


def test_a_failed_computation_says_why_and_keeps_the_figures(client, project, lead):
    judge(project)
    services.compute_report(project=project)
    job = services.request_figures(project=project)
    jobs.Claim.take(job.pk).fail("The disk is full.")
    shown = text_of(client.get(address(project)))
    assert "The disk is full." in shown
    assert "Raw agreement" in shown


def test_a_success_after_a_failure_clears_the_message(client, project, lead):
    judge(project)
    jobs.Claim.take(services.request_figures(project=project).pk).fail("The disk is full.")
    jobs.run(services.request_figures(project=project).pk)
    assert "The disk is full." not in text_of(client.get(address(project)))


def test_the_heat_map_has_a_cell_and_a_row_for_each_pair(client, project, lead):
    judge(project, items=12)
    services.compute_report(project=project)
    page = client.get(address(project)).content.decode()
    heat = page[page.index('id="labelers"') :]
    heat = heat[: heat.index("</svg>")]
    assert heat.count("<rect") == 9
    shown = text_of(client.get(address(project)))
    for pair in ("w1 and w2", "w1 and w3", "w2 and w3"):
        assert pair in shown


def test_a_disputed_prompt_is_shown_escaped_and_nobody_is_named(client, project, lead):
    labelers = [make_member(project, handle=f"secret{n}") for n in (1, 2)]
    prompt = make_prompt(project, "<script>alert(1)</script> Who is right?")
    item = make_item(project, prompt=prompt)
    make_judgment(item, labelers[0], [1, 2])
    make_judgment(item, labelers[1], [2, 1])
    services.compute_report(project=project)
    page = client.get(address(project)).content.decode()
    disputed = page[page.index('id="disputed"') :]
    assert "Who is right?" in disputed
    assert "&lt;script&gt;" in disputed
    assert "<script>alert" not in page
    assert "secret1" not in disputed
    assert client.get(f"/projects/{project.slug}/items/{item.pk}/").status_code == 200
    assert f'href="/projects/{project.slug}/items/{item.pk}/"' in disputed
    assert 'aria-label="First places: a 1, b 1"' in disputed


@pytest.mark.parametrize("name", ["show-agreement", "figures-progress"])
def test_labelers_and_strangers_see_no_such_page(client, project, name):
    make_member(project, Membership.Role.REVIEWER, username="reviewer")
    for user, expected in (
        (make_member(project, Membership.Role.LABELER), 404),
        (make_member(make_project(), Membership.Role.LEAD), 404),
        (project.memberships.get(user__username="reviewer").user, 200),
    ):
        client.force_login(user)
        assert client.get(address(project, name)).status_code == expected
    client.logout()
    assert client.get(address(project, name)).status_code == 302


def test_labelers_cannot_start_a_computation(client, project):
    client.force_login(make_member(project, Membership.Role.LABELER))
    assert client.post(address(project, "compute-figures")).status_code == 404
    assert not Job.objects.exists()
    client.force_login(make_member(project, Membership.Role.LEAD))
    assert client.post(address(project, "compute-figures")).status_code == 302
    assert Job.objects.count() == 1


def test_looking_changes_nothing(client, project, lead):
    judge(project)
    assert client.get(address(project, "compute-figures")).status_code == 405
    client.get(address(project))
    client.get(address(project, "figures-progress"))
    assert not Job.objects.exists()
    assert not Report.objects.exists()
