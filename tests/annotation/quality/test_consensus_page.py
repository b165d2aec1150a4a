"""The page of the consensus, as a browser sees it."""

import json
import re

import pytest
from django.core.management import call_command
from django.urls import reverse

from annotation.projects.models import Membership
from annotation.quality import services
from tests.annotation.labeling.review.world import settle
from tests.factories import make_item, make_judgment, make_member, make_project, make_prompt
from tests.german import get_in_german

pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    project = make_project()
    people = [make_member(project, handle=f"secret{number}") for number in range(3)]
    split, agreed = (
        make_item(project, prompt=make_prompt(project, text))
        for text in ("<script>alert(1)</script> Which?", "Which one?")
    )
    for item, verdicts in ((split, ([1, 2], [2, 1])), (agreed, ([1, 2], [1, 2], [1, 2]))):
        for labeler, ranks in zip(people, verdicts, strict=False):
            make_judgment(item, labeler, ranks)
    project.split, project.agreed = split, agreed
    return project


def page_of(client, project, role=Membership.Role.REVIEWER):
    user = make_member(project, role)
    client.force_login(user)
    answer = client.get(reverse("quality:show-consensus", args=[project.slug]))
    assert answer.status_code == 200
    return answer.content.decode(), user


def text_of(page):
    return " ".join(re.sub(r"<[^>]*>", " ", page).split())


def test_the_least_sure_item_leads_to_its_adjudication_until_it_is_settled(client, project):
    services.compute_report(project=project, kind="consensus")
    page, reviewer = page_of(client, project)
    said = text_of(page)
    assert "1 of 2 judged items has no sure answer yet" in said
    assert reverse("labeling:review-item", args=[project.slug, project.split.pk]) in page
    assert reverse("labeling:review-item", args=[project.slug, project.agreed.pk]) not in page
    assert "No known answer was judged" in said
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert" not in page
    assert "secret0" not in page
    assert "Settled" not in said
    settle(project.split, reviewer, 1, 2)
    again = client.get(reverse("quality:show-consensus", args=[project.slug])).content.decode()
    assert "Settled" in text_of(again)


def test_only_who_freezes_is_led_to_datasets(client, project):
    services.compute_report(project=project, kind="consensus")
    assert "?consensus=crowd_bt" not in page_of(client, project)[0]
    assert "?consensus=crowd_bt" in page_of(client, project, Membership.Role.ENGINEER)[0]


def test_before_the_first_judgment_the_page_says_when(client, db):
    page, _ = page_of(client, make_project("empty"))
    assert "stands here once items are judged" in page


def test_api_and_command_give_the_same_figures(client, project, capsys):
    call_command("figures", project.slug, "consensus")
    told = json.loads(capsys.readouterr().out)["result"]
    page_of(client, project, Membership.Role.LEAD)
    asked = client.get(f"/api/projects/{project.slug}/figures/consensus/").json()["result"]
    assert asked == told
    assert told["certainty"]["items"][0]["item"] == project.split.pk
    assert told["certainty"]["sure"]["n"] == 2


def test_the_page_speaks_german(client, project):
    services.compute_report(project=project, kind="consensus")
    client.force_login(make_member(project, Membership.Role.LEAD))
    url = reverse("quality:show-consensus", args=[project.slug])
    page = text_of(get_in_german(client, url).content.decode())
    for said in ("Am wenigsten sicher", "Kommt es auf das Verfahren an?"):
        assert said in page
    for english in ("Least sure", "Does the method matter", "Known answers"):
        assert english not in page
