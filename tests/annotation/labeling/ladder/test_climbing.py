"""From the training to the work: every step there is, and that none can be skipped."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, InternalError, transaction
from django.utils import timezone

from annotation.core.errors import Conflict, DomainError
from annotation.core.models import Event
from annotation.labeling.gold.making import retire_gold
from annotation.labeling.ladder.probation import climb
from annotation.labeling.ladder.stages import set_stage, step
from annotation.labeling.ladder.testing import allow_retake, allowance_of, start_attempt
from annotation.labeling.ladder.training import repeat_training
from annotation.labeling.models import (
    Assignment,
    GoldItem,
    Item,
    Judgment,
    Purpose,
    StageChange,
    StageNote,
)
from annotation.labeling.models import TestAttempt as Attempt
from annotation.labeling.queue import expire_leases, lend_next_item, waiting_for
from annotation.labeling.revising import own_judgments
from annotation.labeling.services import skip, submit_judgment
from annotation.labeling.undo import is_undoable, undo_last
from annotation.projects import members
from annotation.projects.models import LadderSettings, Membership
from annotation.projects.services import add_member
from annotation.quality.snapshot import take_snapshot
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
from tests.factories import make_item, make_judgment, make_member, make_project, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    return make_ladder()


@pytest.fixture
def labeler(project):
    return make_member(project)


def begin_test(labeler):
    move(labeler, Stage.TEST)
    return start_attempt(membership=membership(labeler))


def rules(project, **fields):
    LadderSettings.objects.filter(project=project).update(**fields)


# Who begins where


@pytest.mark.parametrize("first", [Stage.TRAINING, Stage.TEST, Stage.FULL])
def test_a_new_labeler_begins_where_the_project_says(project, first):
    rules(project, first_stage=first)
    assert membership(make_member(project)).stage == first


def test_without_a_ladder_everybody_works_at_once():
    assert membership(make_member(make_project())).stage == Stage.FULL


@pytest.mark.parametrize("role", ["reviewer", "lead", "engineer", "admin"])
def test_the_ladder_is_for_labelers(project, role):
    assert membership(make_member(project, role)).stage == Stage.FULL


def test_who_was_there_before_stays_full():
    project = make_project()
    before = make_member(project)
    make_ladder(project)
    add_member(project=project, user=before, role=Membership.Role.LABELER)
    assert membership(before).stage == Stage.FULL
    assert membership(make_member(project)).stage == Stage.TRAINING


def test_removing_and_taking_back_is_no_way_around_the_ladder(project, labeler):
    lead = lead_of(project)
    members.remove(membership=membership(labeler), actor=lead)
    members.take_back(membership=membership(labeler), actor=lead)
    assert membership(labeler).stage == Stage.TRAINING


# Training


def test_the_last_item_of_the_training_leads_to_the_test(project, labeler):
    make_item(project)
    assert judge(labeler, WRONG).purpose == Purpose.TRAINING
    assert membership(labeler).stage == Stage.TRAINING

    judge(labeler, WRONG)

    assert membership(labeler).stage == Stage.TEST
    (change,) = StageChange.objects.all()
    assert (change.from_stage, change.to_stage) == (Stage.TRAINING, Stage.TEST)
    assert (change.rule, change.changed_by) == (StageChange.Rule.TRAINING_DONE, None)
    assert Event.objects.filter(kind="member.stage_changed").count() == 1


@pytest.mark.parametrize(("items", "stage"), [(50, Stage.PROBATION), (0, Stage.FULL)])
def test_where_there_is_no_test_the_training_leads_on(items, stage):
    project = make_ladder(sections=(), probation_items=items)
    labeler = make_member(project)
    judge_all(labeler, RIGHT)
    assert membership(labeler).stage == stage


def test_an_empty_training_leads_nowhere_by_itself():
    project = make_ladder(training=0)
    labeler = make_member(project)
    make_item(project)
    climb()
    assert membership(labeler).stage == Stage.TRAINING
    assert lend_next_item(project=project, labeler=labeler) is None


def test_taking_the_last_item_out_lets_those_go_on_who_have_done_the_others(project, labeler):
    idle = make_member(project)
    judge(labeler)
    last = GoldItem.objects.filter(use="training").order_by("position").last()
    retire_gold(gold=last, actor=lead_of(project))

    climb()

    assert membership(labeler).stage == Stage.TEST
    assert membership(idle).stage == Stage.TRAINING  # there is one that they have not done


def test_the_training_can_be_repeated_as_often_as_wanted(project, labeler):
    for _round in range(3):
        assert len(judge_all(labeler, RIGHT)) == 2
        assert membership(labeler).stage == Stage.TEST
        repeat_training(membership=membership(labeler))
        assert membership(labeler).stage == Stage.TRAINING
    judge(labeler, WRONG)
    repeat_training(membership=membership(labeler))
    assert len(judge_all(labeler, RIGHT)) == 2
    revisions = Judgment.objects.filter(labeler=labeler).values_list("revision", flat=True)
    assert max(revisions) == 5


def test_the_training_is_not_repeated_in_the_middle_of_the_test(project, labeler):
    begin_test(labeler)
    with pytest.raises(Conflict, match="cannot be repeated"):
        repeat_training(membership=membership(labeler))


@pytest.mark.parametrize("stage", [Stage.PROBATION, Stage.FULL, Stage.SUSPENDED])
def test_who_has_passed_does_not_go_back_alone(project, labeler, stage):
    move(labeler, stage)
    with pytest.raises(Conflict):
        repeat_training(membership=membership(labeler))


def test_what_is_on_the_desk_is_not_done_yet(project, labeler):
    judge(labeler)
    assert lend_next_item(project=project, labeler=labeler)
    climb()
    assert membership(labeler).stage == Stage.TRAINING


# Test


def test_nothing_of_the_test_comes_before_it_is_begun(project, labeler):
    make_item(project)
    move(labeler, Stage.TEST)
    assert lend_next_item(project=project, labeler=labeler) is None
    assert waiting_for(project=project, labeler=labeler) == ""

    start_attempt(membership=membership(labeler))

    assert judge(labeler).purpose == Purpose.TEST


@pytest.mark.parametrize("stage", [Stage.TRAINING, Stage.PROBATION, Stage.FULL, Stage.SUSPENDED])
def test_nobody_begins_a_test_on_another_stage(project, labeler, stage):
    move(labeler, stage)
    with pytest.raises(Conflict, match="no test"):
        start_attempt(membership=membership(labeler))
    assert not Attempt.objects.exists()


def test_a_double_click_begins_one_attempt(project, labeler):
    first = begin_test(labeler)
    assert start_attempt(membership=membership(labeler)) == first


def test_the_test_is_passed_section_by_section(project, labeler):
    attempt = begin_test(labeler)
    assert len(judge_all(labeler, RIGHT)) == 3

    attempt.refresh_from_db()
    assert attempt.is_passed
    assert [(one["name"], one["right"], one["asked"]) for one in attempt.sections] == [
        ("Truth", 2, 2),
        ("Form", 1, 1),
    ]
    assert membership(labeler).stage == Stage.PROBATION
    change = StageChange.objects.get(rule="test_passed")
    assert "items" not in change.evidence["sections"][0]


def test_one_section_below_its_mark_fails_the_test(project, labeler):
    attempt = begin_test(labeler)
    judge_all(labeler, RIGHT, RIGHT, WRONG)
    attempt.refresh_from_db()
    assert [one["passed"] for one in attempt.sections] == [True, False]
    assert attempt.is_passed is False
    assert membership(labeler).stage == Stage.TEST
    assert not StageChange.objects.exists()


@pytest.mark.parametrize(("percent", "is_passed"), [(50, True), (51, False)])
def test_the_mark_itself_is_enough(percent, is_passed):
    project = make_ladder(sections=[("Truth", 2)])
    project.test_sections.update(pass_percent=percent)
    labeler = make_member(project)
    attempt = begin_test(labeler)
    judge_all(labeler, RIGHT, WRONG)
    attempt.refresh_from_db()
    assert attempt.is_passed is is_passed


def test_without_a_probation_the_test_leads_to_the_work(project, labeler):
    rules(project, probation_items=0)
    begin_test(labeler)
    judge_all(labeler, RIGHT)
    assert membership(labeler).stage == Stage.FULL


def test_a_section_of_which_nothing_was_asked_is_not_passed(project, labeler):
    Item.objects.filter(gold__section__name="Form").update(warnings=["violence"])
    labeler.preferences = {"avoids": ["violence"]}
    labeler.save()
    attempt = begin_test(labeler)
    judge_all(labeler, RIGHT)
    attempt.refresh_from_db()
    assert attempt.sections[1] | {"section": 0} == {
        "section": 0,
        "name": "Form",
        "pass_percent": 80,
        "right": 0,
        "asked": 0,
        "kept_away": 1,
        "passed": False,
        "items": [],
    }
    assert attempt.is_passed is False


def test_a_test_that_was_emptied_meanwhile_is_passed_by_nobody(project, labeler):
    """All of nothing is right: that must not be the way to the work."""
    attempt = begin_test(labeler)
    judge(labeler, RIGHT)
    GoldItem.objects.filter(project=project, use="test").update(is_active=False)

    climb()

    attempt.refresh_from_db()
    assert attempt.ended_at is not None, "there was something to mark"
    assert (attempt.is_passed, attempt.sections) == (False, [])
    assert membership(labeler).stage == Stage.TEST


# Retakes


def test_a_retake_asks_the_same_items_in_another_order(labeler, project):
    big = make_ladder(sections=[("Truth", 8)], retake_wait_hours=0)
    labeler = make_member(big)
    begin_test(labeler)
    first = [one.item_id for one in judge_all(labeler, WRONG)]
    start_attempt(membership=membership(labeler))

    second = judge_all(labeler, RIGHT)

    assert sorted(one.item_id for one in second) == sorted(first)
    assert [one.item_id for one in second] != first
    assert {one.revision for one in second} == {2}
    assert [one.is_passed for one in Attempt.objects.all()] == [False, True]
    assert Attempt.objects.first().sections[0]["right"] == 0  # what it was stays
    assert membership(labeler).stage == Stage.PROBATION


def test_a_retake_has_to_wait(project, labeler):
    begin_test(labeler)
    judge_all(labeler, WRONG)
    with pytest.raises(Conflict, match="possible from"):
        start_attempt(membership=membership(labeler))
    assert lend_next_item(project=project, labeler=labeler) is None

    Attempt.objects.update(ended_at=timezone.now() - timedelta(hours=25))

    assert start_attempt(membership=membership(labeler)).number == 2


def test_when_the_attempts_are_used_a_lead_decides(project, labeler):
    rules(project, retake_wait_hours=0)
    for _attempt in range(2):
        assert not StageNote.objects.exists()
        begin_test(labeler)
        judge_all(labeler, WRONG)
    note = StageNote.objects.get(membership__user=labeler)
    assert note.kind == StageNote.Kind.NO_RETAKES
    with pytest.raises(Conflict, match="lead decides"):
        start_attempt(membership=membership(labeler))

    allow_retake(membership=membership(labeler), actor=lead_of(project), reason="It was close.")

    note.refresh_from_db()
    assert note.settled_at
    start_attempt(membership=membership(labeler))
    judge_all(labeler, RIGHT)
    assert membership(labeler).stage == Stage.PROBATION


def test_a_retake_that_is_allowed_need_not_wait(project, labeler):
    begin_test(labeler)
    judge_all(labeler, WRONG)
    assert allowance_of(membership(labeler)).not_before
    allow_retake(membership=membership(labeler), actor=lead_of(project), reason="Go on.")
    assert allowance_of(membership(labeler)).is_open


def test_repeating_the_training_wins_no_attempt(project, labeler):
    rules(project, retake_wait_hours=0, retakes=0)
    begin_test(labeler)
    judge_all(labeler, WRONG)
    repeat_training(membership=membership(labeler))
    judge_all(labeler, RIGHT)
    assert membership(labeler).stage == Stage.TEST
    with pytest.raises(Conflict, match="attempts are used"):
        start_attempt(membership=membership(labeler))


def test_a_lead_who_sends_somebody_back_to_the_test_grants_a_new_one(project, labeler):
    rules(project, retakes=0)
    begin_test(labeler)
    judge_all(labeler, WRONG)
    for stage in (Stage.FULL, Stage.TEST):
        set_stage(
            membership=membership(labeler), to=stage, actor=lead_of(project), reason="Once more."
        )
    assert start_attempt(membership=membership(labeler)).number == 2


def test_no_retake_in_the_middle_of_an_attempt_or_elsewhere(project, labeler):
    with pytest.raises(Conflict, match="not at the test"):
        allow_retake(membership=membership(labeler), actor=lead_of(project), reason="Why not.")
    begin_test(labeler)
    with pytest.raises(Conflict, match="in the middle"):
        allow_retake(membership=membership(labeler), actor=lead_of(project), reason="Why not.")


# What is answered there stands, and counts nowhere else


@pytest.mark.parametrize("stage", [Stage.TRAINING, Stage.TEST])
def test_an_answer_is_neither_undone_nor_skipped_nor_revised(project, labeler, stage):
    begin_test(labeler)
    move(labeler, stage)
    assignment = lend_next_item(project=project, labeler=labeler)
    with pytest.raises(Conflict, match="cannot be skipped"):
        skip(assignment_id=assignment.pk, labeler=labeler)

    judgment = judge(labeler)

    judgment.assignment.refresh_from_db()
    assert not is_undoable(judgment.assignment)
    with pytest.raises(Conflict, match="stands"):
        undo_last(assignment_id=judgment.assignment_id, labeler=labeler)
    assert not own_judgments(labeler).exists()
    work = make_judgment(make_item(project), labeler, [1, 2])
    assert own_judgments(labeler).get() == work


def test_who_does_not_want_to_read_an_item_may_skip_it(project, labeler):
    begin_test(labeler)
    assignment = lend_next_item(project=project, labeler=labeler)
    Item.objects.filter(pk=assignment.item_id).update(warnings=["violence"])
    skip(assignment_id=assignment.pk, labeler=labeler)
    judge_all(labeler, RIGHT)
    attempt = Attempt.objects.get()
    assert (attempt.sections[0]["asked"], attempt.sections[0]["kept_away"]) == (1, 1)


def test_the_last_item_may_be_the_skipped_one(project, labeler):
    begin_test(labeler)
    Item.objects.filter(gold__section__name="Form").update(warnings=["violence"])
    judge(labeler)
    judge(labeler)
    last = lend_next_item(project=project, labeler=labeler)
    skip(assignment_id=last.pk, labeler=labeler)
    assert Attempt.objects.get().is_passed is False


def test_nothing_on_the_ladder_counts_in_agreement_or_takes_a_place(project, labeler):
    judge_all(labeler, RIGHT)
    begin_test(labeler)
    judge_all(labeler, RIGHT)
    assert Judgment.objects.count() == 5
    assert len(take_snapshot(project).item) == 0
    assert not Item.objects.exclude(taken=0).exists()

    item = make_item(project)
    assert judge(labeler).item == item
    assert len(take_snapshot(project).item) == 1


def test_what_somebody_judged_as_work_never_comes_on_the_ladder(project):
    item = make_item(project)
    labeler = make_member(project, username="veteran")
    move(labeler, Stage.FULL)
    judge(labeler)
    known_item(project, lead_of(project), item=item, use="training", position=9)
    move(labeler, Stage.TRAINING)

    assert item not in [one.item for one in judge_all(labeler, RIGHT)]
    assert membership(labeler).stage == Stage.TEST
    assert len(take_snapshot(project).item) == 1


def test_an_answer_after_the_lease_counts_for_its_attempt(project, labeler):
    begin_test(labeler)
    judge(labeler)
    judge(labeler)
    last = lend_next_item(project=project, labeler=labeler)
    Assignment.objects.filter(pk=last.pk).update(lease_until=timezone.now() - timedelta(minutes=1))
    assert expire_leases() == 1

    judge(labeler, assignment=last)

    assert Attempt.objects.get().is_passed


def test_the_same_submit_twice_ends_the_attempt_once(project, labeler):
    begin_test(labeler)
    judge(labeler)
    judge(labeler)
    last = lend_next_item(project=project, labeler=labeler)
    for _click in range(2):
        submit_judgment(
            assignment_id=last.pk, labeler=labeler, verdict=verdict(*RIGHT), key=last.key
        )
    assert StageChange.objects.count() == 1
    assert Judgment.objects.count() == 3


# A lead's decisions, and what the database itself refuses


def test_a_lead_sets_a_stage_with_a_reason(project, labeler):
    begin_test(labeler)
    lead = lead_of(project)
    held = lend_next_item(project=project, labeler=labeler)
    with pytest.raises(DomainError, match="Say why"):
        set_stage(membership=membership(labeler), to=Stage.FULL, actor=lead, reason=" ")
    assert membership(labeler).stage == Stage.TEST

    set_stage(membership=membership(labeler), to=Stage.FULL, actor=lead, reason="Known to us.")

    change = StageChange.objects.get()
    assert (change.rule, change.changed_by, change.reason) == ("decided", lead, "Known to us.")
    held.refresh_from_db()
    assert held.state == "expired"
    assert Attempt.objects.get().is_passed is False
    judge(labeler, assignment=held)  # it was under way: kept, and leads nowhere
    assert membership(labeler).stage == Stage.FULL


def test_a_stage_that_is_none_and_the_same_stage_are_refused(project, labeler):
    for to, said in [
        ("expert", "Choose"),
        (Stage.SUSPENDED, "Choose"),
        (Stage.TRAINING, "already"),
    ]:
        with pytest.raises(DomainError, match=said):
            set_stage(
                membership=membership(labeler), to=to, actor=lead_of(project), reason="Because."
            )
    assert not StageChange.objects.exists()


def test_a_lead_may_send_somebody_through_the_training_again(project, labeler):
    judge_all(labeler, RIGHT)
    move(labeler, Stage.FULL)
    set_stage(
        membership=membership(labeler),
        to=Stage.TRAINING,
        actor=lead_of(project),
        reason="The rubric changed.",
    )
    assert len(judge_all(labeler, RIGHT)) == 2


def test_history_of_stages_is_never_rewritten(project, labeler):
    judge_all(labeler, RIGHT)
    for change in (lambda rows: rows.update(reason="else"), lambda rows: rows.delete()):
        with pytest.raises((InternalError, IntegrityError)), transaction.atomic():
            change(StageChange.objects.all())


@pytest.mark.parametrize(
    "wrong",
    [
        {"to": Stage.SUSPENDED, "rule": "test_passed"},
        {"to": Stage.SUSPENDED, "rule": "suspended", "reason": "Bad gold."},
        {"to": Stage.FULL, "rule": "decided", "actor": "lead"},
        {"to": Stage.TRAINING, "rule": "training_done"},
    ],
)
def test_the_database_knows_the_rules(project, labeler, wrong):
    actor = lead_of(project) if wrong.pop("actor", "") else None
    with pytest.raises(IntegrityError), transaction.atomic():
        step(membership=membership(labeler), actor=actor, **wrong)


def test_an_imported_labeler_has_no_training_to_do(project):
    from annotation.projects.services import create_imported_labelers

    made = create_imported_labelers(project=project, handles=["far away"])
    assert made["far away"].stage == Stage.FULL
    assert make_user().memberships.count() == 0
