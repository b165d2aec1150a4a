"""Hidden repeats: what is asked again, when and how, and that nothing else changes by it."""

import pytest
from django.db import IntegrityError, transaction

from annotation.core.errors import DomainError
from annotation.core.models import Event
from annotation.labeling.models import Assignment, Item, Judgment, Purpose
from annotation.labeling.queue import lend_next_item, waiting_for
from annotation.labeling.repeats import set_repeats
from annotation.labeling.revising import latest_revision, revise_judgment
from annotation.labeling.undo import undo_last
from annotation.labeling.verdict import verdict_from_choices
from annotation.labeling.workload import judged_by
from tests.annotation.labeling.repeats.world import age, asked_again, judge, work_until_repeat
from tests.factories import make_item, make_member

pytestmark = pytest.mark.django_db


def test_a_repeat_is_an_own_judgment_the_other_way_round_and_takes_no_place():
    project = asked_again()
    labeler = make_member(project)

    again = work_until_repeat(project, labeler)

    before = Assignment.objects.get(item=again.item_id, labeler=labeler, purpose=Purpose.WORK)
    assert again.order == before.order[::-1]
    assert again.places == 0
    taken = Item.objects.get(pk=again.item_id).taken
    judged = judge(again)
    assert Item.objects.get(pk=again.item_id).taken == taken
    assert (judged.purpose, judged.revision, judged.is_surplus) == (Purpose.REPEAT, 1, False)
    both = Judgment.objects.filter(item=again.item_id, labeler=labeler).current()
    assert both.count() == 2
    assert both.work().count() == 1
    assert judged_by(labeler, project).filter(item=again.item_id).count() == 2


def test_nothing_is_asked_again_without_a_share():
    project = asked_again(repeat_percent=0)
    labeler = make_member(project)

    with pytest.raises(AssertionError, match="no repeat"):
        work_until_repeat(project, labeler)


def test_nothing_is_asked_again_before_its_time_in_items():
    project = asked_again(repeat_after_items=5)
    labeler = make_member(project)
    seen = 0

    for _ in range(60):
        make_item(project)
        lent = lend_next_item(project=project, labeler=labeler)
        if lent.purpose == Purpose.REPEAT:
            done = Assignment.objects.filter(labeler=labeler, state="submitted")
            before = done.get(item=lent.item_id)
            assert done.filter(over_at__gt=before.over_at).count() >= 5
            seen += 1
        judge(lent)
        age(labeler, hours=2)
    assert seen


def test_nothing_is_asked_again_before_its_time_in_hours():
    project = asked_again(repeat_after_hours=3)
    labeler = make_member(project)

    with pytest.raises(AssertionError, match="no repeat"):
        work_until_repeat(project, labeler, most=20, hours=0)
    age(labeler, hours=3)
    assert work_until_repeat(project, labeler, hours=0)


def test_an_item_is_asked_again_once_and_never_what_was_withdrawn():
    project = asked_again(items=0)
    labeler = make_member(project)
    asked = []
    for _ in range(60):
        make_item(project)
        lent = lend_next_item(project=project, labeler=labeler)
        judge(lent)
        age(labeler, hours=2)
        if lent.purpose == Purpose.REPEAT:
            asked.append(lent.item_id)
    assert len(asked) > 2
    assert len(asked) == len(set(asked))

    Item.objects.filter(project=project).update(state=Item.State.WITHDRAWN)
    later = []
    for _ in range(40):
        make_item(project)
        lent = lend_next_item(project=project, labeler=labeler)
        assert lent.item.state == Item.State.OPEN
        later.append(lent.purpose)
        judge(lent)
        age(labeler, hours=2)
    assert Purpose.REPEAT in later


def test_the_database_takes_one_repeat_of_an_item_and_one_of_each_revision():
    project = asked_again()
    labeler = make_member(project)
    again = work_until_repeat(project, labeler)
    judged = judge(again)

    twin = Judgment.objects.get(pk=judged.pk)
    twin.pk, twin.key = None, None
    with pytest.raises(IntegrityError, match="judgment_revision_once"), transaction.atomic():
        twin.save(force_insert=True)
    lent = Assignment.objects.get(pk=again.pk)
    lent.pk, lent.key = None, "6f1c8a40-0000-4000-8000-000000000000"
    with pytest.raises(IntegrityError, match="assignment_once"), transaction.atomic():
        lent.save(force_insert=True)


def test_both_are_revised_and_undone_apart():
    project = asked_again()
    labeler = make_member(project)
    again = work_until_repeat(project, labeler)
    judged = judge(again)

    undo_last(assignment_id=again.pk, labeler=labeler)
    again.refresh_from_db()
    assert not Judgment.objects.filter(purpose=Purpose.REPEAT).current().exists()
    judge(again, {1: 2, 2: 1})
    second = Judgment.objects.filter(purpose=Purpose.REPEAT).current().get()
    assert second.revision == 3
    first = Judgment.objects.get(item=again.item_id, labeler=labeler, purpose=Purpose.WORK)
    assert latest_revision(first) == first, "the repeat holds its own"

    changed = revise_judgment(
        judgment_id=first.pk,
        labeler=labeler,
        verdict=lambda _judgment, _rubric: verdict_from_choices({1: 1, 2: 1}, response_count=2),
        key="6f1c8a40-0000-4000-8000-000000000001",
    )
    assert (changed.revision, changed.purpose) == (2, Purpose.WORK)
    assert set(Judgment.objects.filter(item=again.item_id).current()) == {changed, second}
    assert judged.pk not in {changed.pk, second.pk}


def test_whoever_comes_again_gets_the_same_repeat_again():
    project = asked_again()
    labeler = make_member(project)
    again = work_until_repeat(project, labeler)
    last = Assignment.objects.filter(labeler=labeler, state="submitted").latest("over_at")
    Assignment.objects.filter(pk=last.pk).update(over_at="2999-01-01T00:00Z")

    undo_last(assignment_id=last.pk, labeler=labeler)
    last.refresh_from_db()
    judge(last)
    lent = lend_next_item(project=project, labeler=labeler)

    assert (lent.pk, lent.purpose) == (again.pk, Purpose.REPEAT)
    assert lent.order == again.order


def test_what_waits_says_nothing_of_repeats():
    project = asked_again()
    labeler = make_member(project)
    again = work_until_repeat(project, labeler)
    Assignment.objects.filter(pk=again.pk).update(state="expired", over_at=again.created_at)

    assert waiting_for(project=project, labeler=labeler) == Purpose.WORK


def test_the_share_is_set_within_bounds_and_told_in_the_trail():
    project = asked_again(repeat_percent=0)
    lead = make_member(project)

    with pytest.raises(DomainError, match="0 to 20"):
        set_repeats(project=project, actor=lead, percent=21, after_items=20, after_hours=24)
    with pytest.raises(DomainError, match="1 to 500"):
        set_repeats(project=project, actor=lead, percent=5, after_items=0, after_hours=24)
    set_repeats(project=project, actor=lead, percent=5, after_items=20, after_hours=24)

    project.refresh_from_db()
    assert (project.repeat_percent, project.repeat_after_items) == (5, 20)
    told = Event.objects.filter(kind="repeats.changed")
    assert told.get().payload["repeat_percent"] == 5
