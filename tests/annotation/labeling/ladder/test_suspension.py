"""Suspension: by a person, in words, with the evidence; what is under way; the appeal."""

import threading

import pytest
from django.db import connection, connections, transaction
from django.urls import reverse

from annotation.core.errors import Conflict, DomainError
from annotation.core.models import Event
from annotation.labeling.ladder.stages import locked, set_stage
from annotation.labeling.ladder.suspension import (
    answer_appeal,
    appeal,
    lift,
    suspend,
    suspension_of,
)
from annotation.labeling.ladder.testing import start_attempt
from annotation.labeling.models import Appeal, Assignment, Judgment, Purpose, StageChange
from annotation.labeling.queue import give_back, lend_next_item
from annotation.labeling.revising import revise_judgment
from annotation.labeling.services import Suspended, save_draft, submit_judgment
from annotation.labeling.undo import undo_last
from tests.annotation.labeling.ladder.world import (
    RIGHT,
    WRONG,
    Stage,
    judge,
    judge_all,
    known_item,
    lead_of,
    make_ladder,
    membership,
    move,
    verdict,
)
from tests.factories import make_item, make_judgment, make_member

pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    return make_ladder()


@pytest.fixture
def lead(project):
    return lead_of(project)


@pytest.fixture
def labeler(project):
    labeler = make_member(project)
    move(labeler, Stage.FULL)
    return labeler


def suspended(labeler, lead, reason="Three gold items in a row were missed."):
    return suspend(membership=membership(labeler), actor=lead, reason=reason)


def test_a_suspension_says_who_why_and_what_was_known(project, lead, labeler):
    for ranks in (RIGHT, WRONG, WRONG):
        make_judgment(known_item(project, lead).item, labeler, ranks, purpose=Purpose.GOLD)
    item = make_item(project)
    make_judgment(item, labeler, RIGHT)
    make_judgment(item, make_member(project), WRONG)

    change = suspended(labeler, lead)

    assert membership(labeler).stage == Stage.SUSPENDED
    assert (change.changed_by, change.from_stage) == (lead, Stage.FULL)
    assert change.evidence["gold"]["right"] == 1
    assert change.evidence["gold"]["of"] == 3
    assert change.evidence["agreement"] == {"right": 0, "of": 1, "percent": 0.0, "items": 1}
    assert change.evidence["judged"] == 1
    make_judgment(known_item(project, lead).item, labeler, RIGHT, purpose=Purpose.GOLD)
    change.refresh_from_db()
    assert change.evidence["gold"]["of"] == 3  # of that moment
    assert Event.objects.get(kind="member.stage_changed").payload["to_stage"] == "suspended"


def test_the_item_on_the_desk_goes_back_and_the_counter_is_right(project, lead, labeler):
    item = make_item(project, overlap=1)
    held = lend_next_item(project=project, labeler=labeler)
    save_draft(
        assignment_id=held.pk, labeler=labeler, token=held.token, draft={"rationale": "Because"}
    )
    item.refresh_from_db()
    assert item.taken == 1

    suspended(labeler, lead)

    item.refresh_from_db()
    held.refresh_from_db()
    assert item.taken == 0
    assert (held.state, held.draft) == ("expired", {"rationale": "Because"})
    other = make_member(project)
    move(other, Stage.FULL)
    assert lend_next_item(project=project, labeler=other).item == item
    assert lend_next_item(project=project, labeler=labeler) is None


def test_an_item_of_the_ladder_on_the_desk_leaves_the_counter_alone(project, lead):
    labeler = make_member(project)
    held = lend_next_item(project=project, labeler=labeler)
    suspended(labeler, lead)
    held.item.refresh_from_db()
    assert held.item.taken == 0
    assert suspension_of(membership(labeler)).from_stage == Stage.TRAINING


def test_a_submit_under_way_is_no_judgment_and_stays_as_a_draft(client, project, lead, labeler):
    item = make_item(project)
    held = lend_next_item(project=project, labeler=labeler)
    suspended(labeler, lead)
    client.force_login(labeler)
    url = reverse("labeling:submit-judgment", args=[project.slug, held.pk])

    answer = client.post(
        url,
        {"rank_a": "1", "rank_b": "2", "rationale": "Typed for an hour", "key": str(held.key)},
    )

    assert answer.status_code == 409
    page = answer.content.decode()
    assert "suspended" in page
    assert "Typed for an hour" in page
    assert not Judgment.objects.exists()
    held.refresh_from_db()
    assert held.draft["rationale"] == "Typed for an hour"
    item.refresh_from_db()
    assert item.taken == 0
    lift(membership=membership(labeler), actor=lead, reason="A mistake of mine.")
    back = lend_next_item(project=project, labeler=labeler)
    assert (back.pk, back.draft["rationale"]) == (held.pk, "Typed for an hour")


def test_a_program_is_told_the_same(client, project, lead, labeler):
    make_item(project)
    held = lend_next_item(project=project, labeler=labeler)
    suspended(labeler, lead)
    with pytest.raises(Suspended):
        judge(labeler, assignment=held)
    assert not Judgment.objects.exists()


def test_what_was_sent_before_counts_and_its_repetition_too(project, lead, labeler):
    make_item(project)
    judgment = judge(labeler)
    suspended(labeler, lead)
    again, following = submit_judgment(
        assignment_id=judgment.assignment_id,
        labeler=labeler,
        verdict=verdict(*RIGHT),
        key=judgment.key,
    )
    assert (again, following) == (judgment, None)


def test_a_suspended_labeler_changes_no_judgment_of_theirs(project, lead, labeler):
    import uuid

    make_item(project)
    judgment = judge(labeler)
    suspended(labeler, lead)
    with pytest.raises(Suspended):
        undo_last(assignment_id=judgment.assignment_id, labeler=labeler)
    with pytest.raises(Conflict, match="stay as they are"):
        revise_judgment(
            judgment_id=judgment.pk,
            labeler=labeler,
            verdict=lambda *_: verdict(*WRONG),
            key=uuid.uuid4(),
        )
    assert Judgment.objects.count() == 1


def test_suspending_needs_words_and_is_done_once(project, lead, labeler):
    with pytest.raises(DomainError, match="Say why"):
        suspended(labeler, lead, "  ")
    suspended(labeler, lead)
    with pytest.raises(Conflict, match="already"):
        suspended(labeler, lead)
    with pytest.raises(Conflict, match="themselves"):
        suspend(membership=membership(lead), actor=lead, reason="I am tired.")
    with pytest.raises(Conflict, match="lift that first"):
        set_stage(membership=membership(labeler), to=Stage.FULL, actor=lead, reason="Come.")
    assert StageChange.objects.count() == 1


def test_a_running_attempt_ends_with_a_suspension(project, lead, labeler):
    move(labeler, Stage.TEST)
    attempt = start_attempt(membership=membership(labeler))
    judge(labeler)
    suspended(labeler, lead)
    attempt.refresh_from_db()
    assert attempt.is_passed is False
    lift(membership=membership(labeler), actor=lead, reason="Sorry.")
    assert membership(labeler).stage == Stage.TEST
    assert lend_next_item(project=project, labeler=labeler) is None  # a new attempt, not this one


def test_an_appeal_is_made_once_and_answered(project, lead, labeler):
    with pytest.raises(Conflict, match="not suspended"):
        appeal(membership=membership(labeler), text="Why?")
    suspended(labeler, lead)
    with pytest.raises(Conflict, match="no appeal"):
        answer_appeal(membership=membership(labeler), actor=lead, is_lifted=True, answer="Fine.")
    appeal(membership=membership(labeler), text="The gold was wrong.")
    with pytest.raises(Conflict, match="already"), transaction.atomic():
        appeal(membership=membership(labeler), text="Once more.")

    answer_appeal(
        membership=membership(labeler), actor=lead, is_lifted=False, answer="It was not."
    )

    made = Appeal.objects.get()
    assert (made.is_lifted, made.answer, made.answered_by) == (False, "It was not.", lead)
    assert membership(labeler).stage == Stage.SUSPENDED
    with pytest.raises(Conflict, match="already"), transaction.atomic():
        appeal(membership=membership(labeler), text="And yet.")
    with pytest.raises(Conflict, match="no appeal"):
        answer_appeal(membership=membership(labeler), actor=lead, is_lifted=True, answer="Well.")
    kinds = set(Event.objects.values_list("kind", flat=True))
    assert {"suspension.appealed", "suspension.upheld"} <= kinds


def test_an_appeal_that_is_granted_lifts_to_the_stage_of_before(project, lead, labeler):
    move(labeler, Stage.PROBATION)
    suspended(labeler, lead)
    appeal(membership=membership(labeler), text="The gold was wrong.")
    answer_appeal(
        membership=membership(labeler), actor=lead, is_lifted=True, answer="Right you are."
    )
    assert membership(labeler).stage == Stage.PROBATION
    change = StageChange.objects.first()
    assert (change.rule, change.reason) == ("lifted", "Right you are.")


def test_lifting_answers_what_waits_and_the_next_suspension_may_be_appealed(
    project, lead, labeler
):
    suspended(labeler, lead)
    appeal(membership=membership(labeler), text="No.")
    lift(membership=membership(labeler), actor=lead, reason="We talked.")
    assert Appeal.objects.get().is_lifted
    suspended(labeler, lead)
    appeal(membership=membership(labeler), text="Not again.")
    assert Appeal.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_a_submit_that_waits_for_a_suspension_is_refused():
    """It began before; the row it waits for is what tells."""
    project = make_ladder()
    labeler = make_member(project)
    move(labeler, Stage.FULL)
    make_item(project)
    held = lend_next_item(project=project, labeler=labeler)
    waits, said = threading.Event(), []

    def submit():
        try:
            waits.set()
            judge(labeler, assignment=held)
        except Conflict as error:
            said.append(type(error))
        finally:
            connections.close_all()

    thread = threading.Thread(target=submit)
    with transaction.atomic():
        give_back(Assignment.objects.of(locked(membership(labeler).pk)))
        thread.start()
        waits.wait(5)
        _until_somebody_waits()
        move(labeler, Stage.SUSPENDED)
    thread.join(10)

    assert said == [Suspended]
    assert not Judgment.objects.exists()
    held.item.refresh_from_db()
    assert held.item.taken == 0


@pytest.mark.django_db(transaction=True)
def test_two_submits_of_the_last_item_of_the_test_end_it_once():
    project = make_ladder(sections=[("Truth", 1)])
    labeler = make_member(project)
    move(labeler, Stage.TEST)
    start_attempt(membership=membership(labeler))
    last = lend_next_item(project=project, labeler=labeler)
    together, said = threading.Barrier(2), []

    def submit(ranks):
        try:
            together.wait(5)
            said.append(judge(labeler, ranks, assignment=last))
        except Conflict as error:
            said.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=submit, args=[ranks]) for ranks in (RIGHT, WRONG)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)

    assert sorted(type(one).__name__ for one in said) == ["AlreadyJudged", "Judgment"]
    attempt = membership(labeler).test_attempts.get()
    (judgment,) = Judgment.objects.all()
    assert attempt.is_passed == (judgment.ranks == [1, 2])
    assert StageChange.objects.count() == int(attempt.is_passed)
    assert Assignment.objects.live().count() == 0


@pytest.mark.django_db(transaction=True)
def test_a_suspension_beside_a_submit_on_the_ladder_waits_for_it():
    """Both hold two rows, in the same order: neither is the victim of a deadlock."""
    project = make_ladder(training=1)
    lead, labeler = lead_of(project), make_member(project)
    held = lend_next_item(project=project, labeler=labeler)
    together, wrong = threading.Barrier(2), []

    def run(call):
        try:
            together.wait(5)
            call()
        except Suspended:
            pass
        except Exception as error:
            wrong.append(error)
        finally:
            connections.close_all()

    calls = [lambda: judge(labeler, assignment=held), lambda: suspended(labeler, lead)]
    threads = [threading.Thread(target=run, args=[call]) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)

    assert wrong == []
    assert membership(labeler).stage == Stage.SUSPENDED
    assert suspension_of(membership(labeler)).from_stage in (Stage.TRAINING, Stage.TEST)


def _until_somebody_waits():
    with connection.cursor() as cursor:
        for _ in range(200):
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone()[0]:
                return
            cursor.execute("SELECT pg_sleep(0.02)")
    raise AssertionError("nobody waits")


def test_judge_all_stops_where_nothing_comes(project, labeler):
    """The positive control of the refusals above: the same labeler, not suspended, judges."""
    make_item(project)
    assert len(judge_all(labeler, RIGHT)) == 1
