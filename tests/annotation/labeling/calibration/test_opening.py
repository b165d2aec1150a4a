"""Preparing a round, opening it, calling it off."""

from datetime import timedelta

import pytest
from django.utils import timezone

from annotation.core.errors import Conflict, DomainError
from annotation.core.models import Event
from annotation.labeling.calibration.drafts import Plan, change_round, delete_round, everybody
from annotation.labeling.calibration.opening import call_off, open_round
from annotation.labeling.calibration.picking import draw_at_random, draw_like_disputed
from annotation.labeling.gold.making import make_gold
from annotation.labeling.models import (
    Assignment,
    CalibrationItem,
    CalibrationRound,
    Item,
    Judgment,
    Purpose,
)
from annotation.labeling.queue import lend_next_item
from annotation.labeling.reports import set_withdrawn
from annotation.labeling.review.entries import bring_up_to_date
from annotation.labeling.services import skip
from annotation.projects.models import Membership
from tests.annotation.labeling.calibration.world import judge, make_round, opened, submit
from tests.annotation.labeling.gold.world import known
from tests.factories import make_item, make_judgment, make_member, make_prompt

pytestmark = pytest.mark.django_db


def test_its_items_come_first_to_everybody_and_to_nobody_else(project, lead, labelers, items):
    work = make_item(project)
    round_ = opened(project, lead, items)
    late = make_member(project)

    for labeler in labelers:
        assert [judge(project, labeler).item for _ in items] == items
    assert judge(project, labelers[0]).item == work
    assert lend_next_item(project=project, labeler=late).item == work
    assert set(round_.members.values_list("labeler", flat=True)) == {one.pk for one in labelers}
    judged = Judgment.objects.filter(purpose=Purpose.CALIBRATION)
    assert judged.count() == 6
    for item in items:
        item.refresh_from_db()
        assert (item.state, item.taken) == (Item.State.RESERVED, 0)


def test_everybody_is_who_may_judge_at_the_moment_it_opens(project, lead, labelers, items):
    round_ = make_round(project, lead, items)
    newcomer, trainee, gone = (make_member(project) for _ in range(3))
    Membership.objects.filter(user=trainee).update(stage=Membership.Stage.TRAINING)
    Membership.objects.filter(user=gone).update(is_active=False)

    open_round(round_=round_, actor=lead)

    members = set(round_.members.values_list("labeler", flat=True))
    assert members == {one.pk for one in [*labelers, newcomer]}


def test_an_item_that_a_member_judged_held_or_skipped_is_refused_by_name(
    project, lead, labelers, items
):
    mira, noah, _olga = labelers
    make_judgment(items[0], mira, [1, 2])
    skipped = lend_next_item(project=project, labeler=noah)
    skip(assignment_id=skipped.pk, labeler=noah)

    with pytest.raises(DomainError, match="“q1”: judged or skipped already"):
        make_round(project, lead, [items[0]])
    with pytest.raises(DomainError, match=f"“{skipped.item.external_id}”: judged or skipped"):
        make_round(project, lead, [skipped.item])
    assert not CalibrationRound.objects.exists()


def test_what_somebody_outside_judged_may_be_calibrated(project, lead, labelers, items):
    make_judgment(items[0], labelers[0], [1, 2])
    others = [one.pk for one in labelers[1:]]
    round_ = opened(project, lead, [items[0]], takes_everybody=False, labelers=others)
    assert round_.is_open


def test_an_item_that_is_being_judged_right_now_is_not_opened(project, lead, labelers, items):
    round_ = make_round(project, lead, items)
    lent = lend_next_item(project=project, labeler=labelers[0])

    with pytest.raises(DomainError, match="somebody is judging it right now"):
        open_round(round_=round_, actor=lead)

    round_.refresh_from_db()
    assert round_.is_draft
    assert not round_.members.exists()
    assert not Item.objects.filter(state=Item.State.RESERVED).exists()
    Assignment.objects.filter(pk=lent.pk).delete()
    assert open_round(round_=round_, actor=lead).is_open


@pytest.mark.parametrize("state", [Item.State.WITHDRAWN, Item.State.RESERVED])
def test_what_is_not_in_the_queue_is_refused(project, lead, labelers, items, state):
    Item.objects.filter(pk=items[1].pk).update(state=state)
    with pytest.raises(DomainError, match="“q2”: withdrawn, or kept"):
        make_round(project, lead, items)


def test_an_item_is_in_one_round_only(project, lead, labelers, items):
    make_round(project, lead, items)
    with pytest.raises(DomainError, match="in another calibration round"):
        make_round(project, lead, items[:1], name="Second")


def test_two_people_at_least(project, lead, labelers, items):
    one = make_round(project, lead, items, takes_everybody=False, labelers=[labelers[0].pk])
    with pytest.raises(DomainError, match="two people"):
        open_round(round_=one, actor=lead)


def test_a_round_without_items_is_not_opened(project, lead, labelers):
    with pytest.raises(DomainError, match="Choose items first"):
        open_round(round_=make_round(project, lead, []), actor=lead)


def test_somebody_chosen_who_left_or_may_not_judge_is_named_before_opening(
    project, lead, labelers, items
):
    chosen = [one.pk for one in labelers]
    round_ = make_round(project, lead, items, takes_everybody=False, labelers=chosen)
    Membership.objects.filter(user=labelers[0]).update(is_active=False)
    with pytest.raises(DomainError, match="has left"):
        open_round(round_=round_, actor=lead)
    Membership.objects.filter(user=labelers[0]).update(is_active=True, stage="test")
    with pytest.raises(DomainError, match="may not judge yet"):
        open_round(round_=round_, actor=lead)


def test_a_draft_can_be_changed_and_deleted_what_has_begun_cannot(project, lead, labelers, items):
    round_ = make_round(project, lead, items)
    plan = Plan(name="Renamed", items=items[:1], shows_names=True)
    round_ = change_round(round_=round_, plan=plan, actor=lead)
    assert (round_.name, round_.items.count()) == ("Renamed", 1)

    open_round(round_=round_, actor=lead)
    for call in (
        lambda: change_round(round_=round_, plan=plan, actor=lead),
        lambda: delete_round(round_=round_, actor=lead),
        lambda: open_round(round_=round_, actor=lead),
    ):
        with pytest.raises(Conflict):
            call()
    other = make_round(project, lead, items[1:], name="Other")
    delete_round(round_=other, actor=lead)
    assert not CalibrationItem.objects.filter(item=items[1]).exists()
    kinds = Event.objects.filter(project=project).values_list("kind", flat=True)
    assert {"calibration.prepared", "calibration.changed", "calibration.opened"} <= set(kinds)
    assert "calibration.deleted" in kinds


@pytest.mark.parametrize("name", ["", "   ", "x" * 121])
def test_a_round_has_a_name(project, lead, name):
    with pytest.raises(DomainError, match="name of at most"):
        make_round(project, lead, [], name=name)


def test_a_name_is_given_once_in_a_project(project, lead):
    make_round(project, lead, [])
    with pytest.raises(DomainError, match="of this name"):
        make_round(project, lead, [])


def test_the_same_seed_draws_the_same_items_and_none_that_was_seen(project, lead, labelers, items):
    more = [make_item(project) for _ in range(6)]
    make_judgment(more[0], labelers[0], [1, 2])

    drawn, seed = draw_at_random(project, everybody(project), 4)

    again, _seed = draw_at_random(project, everybody(project), 4, seed)
    assert drawn == again
    assert len(drawn) == 4
    assert more[0] not in draw_at_random(project, everybody(project), 100)[0]
    orders = {tuple(draw_at_random(project, [], 7, one)[0]) for one in range(20)}
    assert len(orders) > 1


def test_drawn_are_prompts_like_those_that_were_disputed(project, lead, labelers):
    disputed = make_item(project, prompt=make_prompt(project, "Explain a prime number simply"))
    make_judgment(disputed, labelers[0], [1, 2])
    alike = make_item(project, prompt=make_prompt(project, "Explain what a prime number means"))
    for n in range(5):
        make_item(project, prompt=make_prompt(project, f"Write the {n}th poem about spring"))
    with pytest.raises(DomainError, match="not disagreed"):
        draw_like_disputed(project, everybody(project), 1)
    make_judgment(disputed, labelers[1], [2, 1])
    bring_up_to_date(project)
    drawn, _seed = draw_like_disputed(project, everybody(project), 1)
    assert drawn == [alike]


def test_called_off_what_nobody_judged_is_work_again(project, lead, labelers, items):
    mira, noah, _olga = labelers
    round_ = opened(project, lead, items)
    judge(project, mira)
    open_page = lend_next_item(project=project, labeler=noah)
    assert open_page.purpose == Purpose.CALIBRATION

    assert call_off(round_=round_, actor=lead) == 1

    round_.refresh_from_db()
    assert round_.was_called_off
    assert [Item.objects.get(pk=one.pk).state for one in items] == ["reserved", "open"]
    open_page.refresh_from_db()
    assert open_page.state == Assignment.State.EXPIRED
    back = lend_next_item(project=project, labeler=noah)
    assert (back.item, back.purpose) == (items[1], Purpose.WORK)
    # And it may be calibrated another time.
    Assignment.objects.filter(pk=back.pk).delete()
    assert opened(project, lead, [items[1]], name="Again").is_open


def test_called_off_what_is_gold_meanwhile_is_no_work(project, lead, labelers, items):
    round_ = opened(project, lead, items)
    make_gold(item=items[0], actor=lead, known=known(1, 2))

    call_off(round_=round_, actor=lead)

    assert [Item.objects.get(pk=one.pk).state for one in items] == ["reserved", "open"]


def test_what_is_sent_after_calling_off_is_kept_and_takes_no_place(project, lead, labelers, items):
    round_ = opened(project, lead, items)
    lent = lend_next_item(project=project, labeler=labelers[0])
    call_off(round_=round_, actor=lead)

    late = submit(lent)

    assert late.purpose == Purpose.CALIBRATION
    items[0].refresh_from_db()
    assert items[0].taken == 0


def test_only_an_open_round_is_called_off(project, lead, labelers, items):
    with pytest.raises(Conflict):
        call_off(round_=make_round(project, lead, items), actor=lead)


def test_a_withdrawn_item_of_a_round_comes_back_into_the_round(project, lead, labelers, items):
    opened(project, lead, items)
    for withdrawn in (True, False):
        set_withdrawn(item=items[0], actor=lead, is_withdrawn=withdrawn)
    items[0].refresh_from_db()
    assert items[0].state == Item.State.RESERVED


def test_a_deadline_lies_ahead(project, lead):
    past = timezone.now() - timedelta(days=1)
    with pytest.raises(DomainError, match="has passed"):
        make_round(project, lead, [], deadline=past)
