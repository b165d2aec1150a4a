"""Deciding about an item: approved, returned, settled, taken back; two reviewers at once."""

import threading
import uuid

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.urls import reverse

from annotation.core.errors import Conflict, DomainError
from annotation.core.models import Event
from annotation.labeling.feedback import answer_feedback
from annotation.labeling.models import Adjudication, Feedback, ItemReview, Judgment
from annotation.labeling.review import services
from annotation.labeling.review.entries import bring_up_to_date
from annotation.labeling.verdict import VerdictError
from annotation.projects.models import Membership
from annotation.projects.services import CriterionSpec, current_rubric, publish_rubric
from tests.annotation.labeling.review.world import disputed, settle
from tests.factories import make_item, make_judgment, make_member, make_project

pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    return make_project("shop", overlap=3)


@pytest.fixture
def labelers(project):
    return [make_member(project, handle=f"w{number}") for number in (1, 2, 3)]


@pytest.fixture
def reviewer(project):
    return make_member(project, Membership.Role.REVIEWER, handle="omar")


def outcome(item):
    return ItemReview.objects.get(item=item).outcome


def test_a_settled_verdict_stands_beside_the_judgments_and_everybody_is_told(
    project, labelers, reviewer
):
    item = disputed(project, labelers)
    before = list(Judgment.objects.order_by("pk").values())
    made = settle(item, reviewer, 2, 1, reason="The second is right.")
    assert (made.revision, made.ranks, made.outcome) == (1, [2, 1], "settled")
    assert made.judgment_ids == [one["id"] for one in before]
    assert list(Judgment.objects.order_by("pk").values()) == before
    assert outcome(item) == "settled"
    told = Feedback.objects.order_by("judgment")
    assert [(row.labeler, row.text, row.adjudication) for row in told] == [
        (labeler, "The second is right.", made) for labeler in labelers
    ]
    event = Event.objects.get(kind="item.settled")
    assert (event.actor, event.target) == (reviewer, f"item:{item.pk}")
    assert "right" not in str(event.payload), "no text in the trail"


def test_a_correction_supersedes_and_the_first_stays(project, labelers, reviewer):
    item = disputed(project, labelers)
    first = settle(item, reviewer, 1, 2)
    second = settle(item, reviewer, 2, 1, seen=1)
    assert list(Adjudication.objects.current()) == [second]
    assert Adjudication.objects.get(pk=first.pk).ranks == [1, 2]
    assert Feedback.objects.count() == 6
    with pytest.raises(DatabaseError), transaction.atomic():
        Adjudication.objects.filter(pk=first.pk).update(reason="Otherwise.")
    with pytest.raises(DatabaseError), transaction.atomic():
        first.delete()


def test_taken_back_the_item_waits_again(project, labelers, reviewer):
    item = disputed(project, labelers)
    settle(item, reviewer, 1, 2)
    services.reopen(item=item, reviewer=reviewer, seen=1, key=uuid.uuid4())
    assert outcome(item) == ""
    assert not Adjudication.objects.current().exists()
    assert Adjudication.objects.count() == 2
    with pytest.raises(Conflict, match="waits already"):
        services.reopen(item=item, reviewer=reviewer, seen=2, key=uuid.uuid4())


def told_of(**fields):
    rows = Feedback.objects.filter(**fields).order_by("judgment")
    return [(row.labeler, row.text, row.state) for row in rows]


def test_an_approval_is_told_and_asks_nothing(client, project, labelers, reviewer):
    item = disputed(project, [*labelers[:2], reviewer])
    made = services.approve(item=item, reviewer=reviewer, seen=0, key=uuid.uuid4())
    assert told_of(adjudication=made) == [(labeler, "", "told") for labeler in labelers[:2]]
    client.force_login(labelers[0])
    assert "wrote to you" not in client.get("/").content.decode()
    page = client.get(reverse("labeling:list-feedback")).content.decode()
    assert "No feedback waits for you" in page
    assert "approved them" in page
    assert "Taken back since" not in page
    with pytest.raises(Conflict):
        answer_feedback(feedback=Feedback.objects.get(labeler=labelers[0]), is_disputed=False)

    services.reopen(item=item, reviewer=reviewer, seen=1, key=uuid.uuid4())

    page = client.get(reverse("labeling:list-feedback")).content.decode()
    assert "No feedback waits for you" in page
    assert "Taken back since" in page
    assert "was taken back: reviewers look at it again" in page


def test_who_was_told_of_a_verdict_reads_that_it_is_taken_back(
    client, project, labelers, reviewer
):
    item = disputed(project, labelers)
    settle(item, reviewer, 1, 2)
    back = services.reopen(item=item, reviewer=reviewer, seen=1, key=uuid.uuid4())
    assert told_of(adjudication=back) == [(labeler, "", "new") for labeler in labelers]
    client.force_login(labelers[0])
    assert "2 notes of reviewers" in client.get(reverse("labeling:list-feedback")).content.decode()
    mine = Feedback.objects.get(adjudication=back, labeler=labelers[0])
    client.post(reverse("labeling:answer-feedback", args=[mine.pk]), {"answer": ""})
    mine.refresh_from_db()
    assert mine.state == "acknowledged"


def test_an_item_of_one_mind_that_is_opened_again_waits_too(project, labelers, reviewer):
    services.save_settings(project=project, actor=reviewer, audit_percent=0, spread_percent=0)
    item = disputed(project, labelers, [1, 2], [1, 2], [1, 2])
    services.approve(item=item, reviewer=reviewer, seen=0, key=uuid.uuid4())
    services.reopen(item=item, reviewer=reviewer, seen=1, key=uuid.uuid4())
    assert ItemReview.objects.get(item=item).why == ["back"]
    make_judgment(item, labelers[0], [1, 2], revision=2)
    bring_up_to_date(project)
    assert ItemReview.objects.get(item=item).why == ["back"]


def test_returned_it_goes_to_one_labeler_and_waits_for_the_revision(project, labelers, reviewer):
    item = disputed(project, labelers)
    judgment = Judgment.objects.get(labeler=labelers[2])
    lent = item.assignments.create(
        project=project,
        labeler=labelers[2],
        state="submitted",
        order=[2, 1],
        key=uuid.uuid4(),
        lease_until="2026-01-01T00:00Z",
        over_at="2026-01-01T00:00Z",
    )
    with pytest.raises(DomainError, match="came from a file"):
        services.send_back(
            judgment=judgment, reviewer=reviewer, text="Again.", seen=0, key=uuid.uuid4()
        )
    again = make_judgment(item, labelers[2], [2, 1], revision=2, assignment=lent)
    services.send_back(
        judgment=again, reviewer=reviewer, text="Read the end.", seen=0, key=uuid.uuid4()
    )
    assert outcome(item) == "returned"
    feedback = Feedback.objects.get()
    assert (feedback.labeler, feedback.text) == (labelers[2], "Read the end.")
    bring_up_to_date(project)
    assert outcome(item) == "returned", "nobody has revised it yet"
    back = services.reopen(item=item, reviewer=reviewer, seen=1, key=uuid.uuid4())
    assert told_of(adjudication=back) == [(labelers[2], "", "new")], "and to nobody else"
    services.send_back(
        judgment=again, reviewer=reviewer, text="Read the end.", seen=2, key=uuid.uuid4()
    )
    make_judgment(item, labelers[2], [1, 2], revision=3, assignment=lent)
    bring_up_to_date(project)
    found = ItemReview.objects.get(item=item)
    assert found.outcome == ""
    assert set(found.why) - {"audit"} == {"back"}, "one in twenty is drawn for an audit, besides"
    with pytest.raises(Conflict, match="changed meanwhile"):
        services.send_back(
            judgment=again, reviewer=reviewer, text="Again.", seen=3, key=uuid.uuid4()
        )
    assert Adjudication.objects.count() == 3


def test_what_is_missing_is_a_sentence_and_nothing_is_written(project, labelers, reviewer):
    publish_rubric(
        project=project,
        guideline="",
        criteria=[CriterionSpec("help", "Helpfulness", is_required=True)],
    )
    item = disputed(project, labelers)
    rubric = current_rubric(project)
    for ranks, fields, words in (
        ((1, 2), {"reason": " "}, "Say why"),
        ((1, 2), {"reason": "x" * 4_001}, "at most 4,000"),
        ((1, None), {}, "no rank yet"),
        ((1, 2), {"rubric": rubric}, "Rate every response"),
    ):
        with pytest.raises(DomainError, match=words):
            settle(item, reviewer, *ranks, **fields)
    assert not Adjudication.objects.exists()
    assert not Feedback.objects.exists()
    assert settle(item, reviewer, 1, 2).revision == 1, "and whole it is taken"


def test_a_settled_verdict_needs_no_demonstration_and_no_confidence(project, labelers, reviewer):
    project.demonstration, project.confidence, project.rationale = "always", "required", "required"
    project.save()
    item = disputed(project, labelers)
    assert settle(item, reviewer, 1, 2).outcome == "settled"


def test_ties_and_unacceptable(project, labelers, reviewer):
    item = disputed(project, labelers, [1, 2, 3], [3, 2, 1])
    made = settle(item, reviewer, 1, 1, "x")
    assert (made.ranks, made.unacceptable) == ([1, 1, None], [False, False, True])
    project.has_floor = False
    project.save()
    item.project = project
    with pytest.raises(VerdictError, match="no “unacceptable”"):
        settle(item, reviewer, 1, 1, "x", seen=1)


def test_nobody_approves_what_nobody_judged(project, reviewer):
    item = make_item(project)
    with pytest.raises(DomainError, match="nothing to approve"):
        services.approve(item=item, reviewer=reviewer, seen=0, key=uuid.uuid4())
    assert not ItemReview.objects.exists()


def test_who_judged_and_settles_is_not_told_by_themselves(project, labelers):
    item = disputed(project, labelers)
    settle(item, labelers[0], 1, 2)
    assert set(Feedback.objects.values_list("labeler", flat=True)) == {
        labelers[1].pk,
        labelers[2].pk,
    }


def test_a_double_click_is_one_decision(project, labelers, reviewer):
    item = disputed(project, labelers)
    key = uuid.uuid4()
    assert settle(item, reviewer, 1, 2, key=key) == settle(item, reviewer, 1, 2, key=key)
    assert Adjudication.objects.count() == 1
    assert Feedback.objects.count() == 3


def test_the_database_keeps_the_rules(project, labelers, reviewer):
    item = disputed(project, labelers)
    judgment = Judgment.objects.first()
    said = {"item": item, "project": project, "reviewer": reviewer}
    for wrong in (
        {"outcome": "settled"},
        {"outcome": "settled", "reason": "x", "ranks": [1, 2], "unacceptable": [False]},
        {"outcome": "approved", "ranks": [1, 2], "unacceptable": [False, False]},
        {"outcome": "approved", "returned": judgment},
        {"outcome": "returned", "reason": "x"},
        {"outcome": "reopened", "revision": 1},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            Adjudication.objects.create(key=uuid.uuid4(), **said, **wrong)
    assert Adjudication.objects.create(key=uuid.uuid4(), **said, outcome="approved").pk


@pytest.mark.django_db(transaction=True)
def test_of_two_reviewers_at_once_one_wins_and_the_other_is_told(project, labelers):
    item = disputed(project, labelers)
    reviewers = [make_member(project, Membership.Role.REVIEWER) for _ in range(2)]
    together, answers = threading.Barrier(2), []

    def decide(reviewer, *ranks):
        try:
            together.wait()
            answers.append(settle(item, reviewer, *ranks))
        except Conflict as error:
            answers.append(error)
        finally:
            connection.close()

    threads = [
        threading.Thread(target=decide, args=(reviewers[0], 1, 2)),
        threading.Thread(target=decide, args=(reviewers[1], 2, 1)),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    kept = [one for one in answers if isinstance(one, Adjudication)]
    refused = [one for one in answers if isinstance(one, services.DecidedMeanwhile)]
    assert (len(kept), len(refused)) == (1, 1)
    assert refused[0].latest == kept[0]
    assert "Somebody decided" in str(refused[0])
    assert Adjudication.objects.count() == 1
    assert Feedback.objects.filter(adjudication=kept[0]).count() == Feedback.objects.count() == 3
