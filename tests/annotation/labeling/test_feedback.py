"""Feedback on a judgment: written by staff, answered by its labeler, seen by nobody else."""

import pytest
from django.db import IntegrityError, transaction

from annotation.core.errors import Conflict, DomainError
from annotation.core.models import Event
from annotation.labeling.feedback import answer_feedback, give_feedback
from annotation.labeling.models import Feedback
from annotation.projects.models import Membership
from tests.annotation.labeling.test_views import url
from tests.factories import make_item, make_judgment, make_member, make_project, make_prompt

pytestmark = pytest.mark.django_db
Role = Membership.Role


@pytest.fixture
def project():
    return make_project("shop", name="The shop")


@pytest.fixture
def labeler(project):
    return make_member(project, handle="mira")


@pytest.fixture
def judgment(project, labeler):
    return make_judgment(
        make_item(project, prompt=make_prompt(project, "A prime?")), labeler, [1, 2]
    )


@pytest.fixture
def reviewer(project):
    return make_member(project, Role.REVIEWER, username="omar", handle="omar")


def give(client, judgment, text="Eleven is prime too."):
    address = url("give-feedback", "shop", judgment.item_id, judgment.pk)
    return client.post(address, {"text": text}, follow=True)


def test_from_the_item_page_to_the_labeler_and_back(client, judgment, labeler, reviewer):
    client.force_login(reviewer)
    assert (
        "Give feedback" in client.get(url("show-item", "shop", judgment.item_id)).content.decode()
    )
    assert "finds it under Feedback" in give(client, judgment).content.decode()

    client.force_login(labeler)
    assert "A reviewer wrote to you" in client.get("/").content.decode()
    page = client.get(url("list-feedback")).content.decode()
    assert "Eleven is prime too." in page
    assert "A prime?" in page
    assert "omar" not in page
    feedback = Feedback.objects.get()
    client.post(
        url("answer-feedback", feedback.pk), {"answer": "It asked for one.", "dispute": "1"}
    )

    assert "wrote to you" not in client.get("/").content.decode()
    assert "It asked for one." in client.get(url("list-feedback")).content.decode()
    client.force_login(reviewer)
    shown = client.get(url("show-item", "shop", judgment.item_id)).content.decode()
    assert "It asked for one." in shown
    assert "Disputed" in shown
    # An apostrophe is escaped on the page.
    assert (
        "A labeler disputes a reviewer&#x27;s note"
        in client.get("/projects/shop/").content.decode()
    )
    kinds = set(
        Event.objects.filter(target=f"judgment:{judgment.pk}").values_list("kind", flat=True)
    )
    assert {"feedback.given", "feedback.disputed"} <= kinds


def test_to_have_read_it_needs_no_words_to_dispute_it_does(client, judgment, labeler, reviewer):
    feedback = give_feedback(judgment=judgment, reviewer=reviewer, text="Look again.")
    client.force_login(labeler)
    refused = client.post(url("answer-feedback", feedback.pk), {"dispute": "1"}, follow=True)
    assert "Say why" in refused.content.decode()
    feedback.refresh_from_db()
    assert feedback.state == "new"
    client.post(url("answer-feedback", feedback.pk), {})
    feedback.refresh_from_db()
    assert (feedback.state, feedback.answer) == ("acknowledged", "")
    with pytest.raises(Conflict):
        answer_feedback(feedback=feedback, is_disputed=True, answer="Late.")


def test_nobody_answers_for_somebody_else(client, project, judgment, reviewer, labeler):
    feedback = give_feedback(judgment=judgment, reviewer=reviewer, text="Look again.")
    for other in (reviewer, make_member(project)):
        client.force_login(other)
        assert client.post(url("answer-feedback", feedback.pk), {}).status_code == 404
        assert "Look again." not in client.get(url("list-feedback")).content.decode()
    Membership.objects.filter(user=labeler).update(is_active=False)
    client.force_login(labeler)
    assert client.post(url("answer-feedback", feedback.pk), {}).status_code == 404
    assert "Look again." not in client.get(url("list-feedback")).content.decode()


@pytest.mark.parametrize("role", list(Role))
def test_who_may_write_it(client, project, judgment, role):
    client.force_login(make_member(project, role))
    answer = give(client, judgment)
    may = role in (Role.REVIEWER, Role.LEAD, Role.ADMIN)
    assert answer.status_code == (200 if may else 404)
    assert Feedback.objects.count() == may


def test_not_on_another_projects_judgment(client, judgment):
    client.force_login(make_member(make_project("other"), Role.ADMIN))
    for slug in ("shop", "other"):
        address = url("give-feedback", slug, judgment.item_id, judgment.pk)
        assert client.post(address, {"text": "x"}).status_code == 404
    assert not Feedback.objects.exists()


@pytest.mark.parametrize(
    ("text", "words"),
    [("", "what the labeler should know"), (" \n", "should know"), ("x" * 4_001, "at most 4,000")],
)
def test_what_says_nothing_is_refused(client, judgment, reviewer, text, words):
    client.force_login(reviewer)
    assert words in give(client, judgment, text).content.decode()
    assert not Feedback.objects.exists()


def test_nobody_praises_themselves(project, reviewer):
    own = make_judgment(make_item(project), reviewer, [1, 2])
    with pytest.raises(DomainError, match="your own"):
        give_feedback(judgment=own, reviewer=reviewer, text="Well done.")


def test_the_database_keeps_the_rules(judgment, labeler, reviewer):
    said = {"judgment": judgment, "labeler": labeler, "reviewer": reviewer}
    for wrong in (
        {"text": ""},
        {"text": "x", "state": "acknowledged"},
        {"text": "x", "state": "disputed", "answered_at": judgment.submitted_at},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            Feedback.objects.create(**said, **wrong)
    assert Feedback.objects.create(**said, text="x").state == "new"
