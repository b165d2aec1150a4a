"""Questions on an item: asked from the desk, answered by staff, read by the asker."""

import pytest
from django.db import IntegrityError, transaction

from annotation.core.errors import Conflict
from annotation.labeling import services
from annotation.labeling.messages.services import answer_question, ask, note_in_guideline
from annotation.labeling.models import Announcement, Assignment, Question
from annotation.projects.models import Membership
from annotation.projects.rubrics import drafts
from annotation.projects.services import publish_rubric
from tests.annotation.labeling.test_views import url
from tests.factories import make_item, make_member, make_project, make_prompt

pytestmark = pytest.mark.django_db
Role = Membership.Role


@pytest.fixture
def project():
    return make_project("shop", name="The shop")


@pytest.fixture
def labeler(project):
    return make_member(project, handle="whale")


@pytest.fixture
def reviewer(project):
    return make_member(project, Role.REVIEWER)


@pytest.fixture
def lead(project):
    return make_member(project, Role.LEAD)


@pytest.fixture
def assignment(project, labeler):
    make_item(project, prompt=make_prompt(project, "A prime?"))
    services.lend_next_item(project=project, labeler=labeler)
    return services.assignment_of(labeler, Assignment.objects.get().pk)


def asked(client, assignment, text="Is 1 a prime?", **headers):
    client.force_login(assignment.labeler)
    address = url("ask", "shop", assignment.pk)
    return client.post(address, {"text": text}, **headers)


def test_from_the_desk_to_a_reviewer_and_back(client, assignment, labeler, reviewer):
    client.force_login(labeler)
    desk = client.get(url("judge", "shop")).content.decode()
    assert url("ask", "shop", assignment.pk) in desk
    before = Assignment.objects.values().get(pk=assignment.pk)
    assert "Asked." in asked(client, assignment).content.decode()
    assert Assignment.objects.values().get(pk=assignment.pk) == before, "the item stays"

    client.force_login(reviewer)
    page = client.get(url("list-questions", "shop")).content.decode()
    assert "Is 1 a prime?" in page
    assert "A prime?" in page
    assert "whale" not in page, "who asks is not shown to who reviews"
    question = Question.objects.get()
    client.post(url("answer-question", "shop", question.pk), {"text": "It is *not*."})

    client.force_login(labeler)
    home = client.get("/").content.decode()
    assert "Your question was answered." in home
    assert '<span class="num">(1)</span>' in home
    page = client.get(url("list-feedback")).content.decode()
    assert "It is *not*." in page
    client.post(url("read-answer", question.pk))
    home = client.get("/").content.decode()
    assert "was answered" not in home
    assert '<span class="num">(' not in home
    assert "It is *not*." in client.get(url("list-feedback")).content.decode(), "it stays"
    assert not Announcement.objects.exists()


def test_beside_the_desk_it_is_a_fragment(client, assignment):
    client.force_login(assignment.labeler)
    address = url("ask", "shop", assignment.pk)
    fragment = client.get(address, headers={"HX-Request": "true"}).content.decode()
    assert fragment.startswith('<div id="ask-form">')
    assert "hx-post" in fragment
    whole = client.get(address).content.decode()
    assert "<!doctype html>" in whole
    assert "hx-post" not in whole


@pytest.mark.parametrize(
    ("text", "words"), [(" \n", "what you want to know"), ("x" * 4_001, "at most 4,000")]
)
def test_what_asks_nothing_is_refused(client, assignment, text, words):
    answer = asked(client, assignment, text)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not Question.objects.exists()


def test_asked_twice_while_it_waits_is_asked_once(assignment, reviewer):
    first = ask(assignment=assignment, text="Why?")
    assert ask(assignment=assignment, text="Why?") == first
    answer_question(question=first, actor=reviewer, text="So.")
    assert ask(assignment=assignment, text="Why?") != first


def test_answered_once_and_by_choice_to_everybody(client, assignment, lead):
    question = ask(assignment=assignment, text="Is 1 a prime?\nAnd 2?")
    client.force_login(lead)
    said = {"text": "2 is.", "everybody": "1"}
    client.post(url("answer-question", "shop", question.pk), said)
    question.refresh_from_db()
    assert question.announcement.text == "> Is 1 a prime?\n> And 2?\n\n2 is."
    other = make_member(assignment.project)
    client.force_login(other)
    assert "2 is." in client.get("/").content.decode()
    with pytest.raises(Conflict, match="already"):
        answer_question(question=question, actor=lead, text="Again.", for_everybody=True)
    assert Announcement.objects.count() == 1


def test_an_answer_goes_to_the_end_of_the_guidelines_draft_once(
    client, project, assignment, lead, reviewer
):
    publish_rubric(project=project, guideline="Judge well.", criteria=[])
    question = ask(assignment=assignment, text="Is 1 a prime?")
    with pytest.raises(Conflict):
        note_in_guideline(question=question, actor=lead)
    answer_question(question=question, actor=reviewer, text="It is not.")
    client.force_login(reviewer)
    assert client.post(url("note-answer", "shop", question.pk)).status_code == 404
    assert not hasattr(project, "rubric_draft")
    client.force_login(lead)
    for _ in range(2):
        client.post(url("note-answer", "shop", question.pk))
    draft = drafts.draft_of(project)
    assert draft.content["guideline"] == "Judge well.\n\n> Is 1 a prime?\n\nIt is not."
    assert draft.revision == 1


def test_nobody_asks_on_or_reads_for_somebody_else(client, project, assignment, reviewer):
    question = ask(assignment=assignment, text="Why?")
    answer_question(question=question, actor=reviewer, text="Secret answer.")
    for other in (reviewer, make_member(project)):
        client.force_login(other)
        assert client.post(url("ask", "shop", assignment.pk), {"text": "x"}).status_code == 404
        assert client.post(url("read-answer", question.pk)).status_code == 404
        assert "Secret answer." not in client.get(url("list-feedback")).content.decode()
    question.refresh_from_db()
    assert question.read_at is None
    assert Question.objects.count() == 1
    foreign = make_member(make_project("other"), Role.ADMIN)
    client.force_login(foreign)
    for slug in ("shop", "other"):
        address = url("answer-question", slug, question.pk)
        assert client.post(address, {"text": "x"}).status_code == 404


def test_the_database_keeps_the_rules(assignment, reviewer):
    said = {
        "project": assignment.project,
        "item": assignment.item,
        "asker": assignment.labeler,
        "text": "Why?",
    }
    now = assignment.item.created_at
    for wrong in (
        {"text": ""},
        {"answer": "So."},
        {"answered_at": now, "answered_by": reviewer},
        {"read_at": now},
        {"noted_at": now},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            Question.objects.create(**(said | wrong))
    assert Question.objects.create(**said).pk
