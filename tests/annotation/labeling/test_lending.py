"""Who is lent what: each gate of the lending statement, with something behind it to be lent."""

from datetime import timedelta

import pytest
from django.test import override_settings
from django.utils import timezone

from annotation.labeling.ladder.testing import start_attempt
from annotation.labeling.lending import WAITING
from annotation.labeling.models import (
    Assignment,
    CalibrationItem,
    CalibrationMember,
    CalibrationRound,
    GoldItem,
    Item,
    Judgment,
    Purpose,
)
from annotation.labeling.models import TestSection as Section  # pytest takes it for a test
from annotation.labeling.queue import expire_leases, lend_next_item, waiting_for
from annotation.labeling.services import skip, submit_judgment
from annotation.labeling.undo import undo_last
from annotation.labeling.verdict import verdict_from_choices
from annotation.projects.models import Membership, Pool, Slice
from annotation.quality.snapshot import take_snapshot
from tests.factories import make_item, make_judgment, make_member, make_project

pytestmark = pytest.mark.django_db
Stage = Membership.Stage


@pytest.fixture
def project():
    return make_project(overlap=3)


@pytest.fixture
def labeler(project):
    return make_member(project)


def change(labeler, **fields):
    Membership.objects.filter(user=labeler).update(**fields)


def lent(project, labeler):
    """What the labeler is lent now, and what was promised of it."""
    promised = waiting_for(project=project, labeler=labeler)
    assignment = lend_next_item(project=project, labeler=labeler)
    assert bool(promised) == (assignment is not None)
    return assignment


def judge(assignment):
    verdict = verdict_from_choices({1: 1, 2: 2}, response_count=2)
    return submit_judgment(
        assignment_id=assignment.pk,
        labeler=assignment.labeler,
        verdict=verdict,
        key=assignment.key,
        lend_next=False,
    )[0]


def make_gold(item, use=GoldItem.Use.QUEUE, **fields):
    Item.objects.filter(pk=item.pk).update(state=Item.State.RESERVED)
    return GoldItem.objects.create(
        project=item.project,
        item=item,
        use=use,
        ranks=[1, 2],
        unacceptable=[False, False],
        **fields,
    )


def gold_always(project, labeler):
    """Everybody's next item is gold, as long as there is gold and work."""
    project.gold_percent = 50
    project.save()
    for attempt in range(200):
        # The same labeler who asks again gets the same item again: so with another secret.
        with override_settings(SECRET_KEY=f"secret {attempt}"):
            assignment = lend_next_item(project=project, labeler=labeler)
        if assignment.purpose == Purpose.GOLD:
            return assignment
        Assignment.objects.filter(pk=assignment.pk).update(
            lease_until=timezone.now() - timedelta(seconds=1)
        )
        expire_leases()
    raise AssertionError("no gold in 200 draws of one half")


def test_whoever_is_paused_is_lent_nothing_and_keeps_nothing(project, labeler):
    make_item(project)
    assert lent(project, labeler)

    change(labeler, paused_at=timezone.now())

    assert lend_next_item(project=project, labeler=labeler) is None
    change(labeler, paused_at=None)
    assert lend_next_item(project=project, labeler=labeler)


def test_whoever_is_suspended_is_lent_nothing_and_keeps_nothing(project, labeler):
    make_item(project)
    assert lent(project, labeler)

    change(labeler, stage=Stage.SUSPENDED)

    assert lend_next_item(project=project, labeler=labeler) is None
    assert waiting_for(project=project, labeler=labeler) == ""


def test_a_quota_ends_the_work_in_all(project, labeler):
    for _ in range(3):
        make_item(project)
    change(labeler, quota=2)
    for _ in range(2):
        judge(lent(project, labeler))

    assert lent(project, labeler) is None
    change(labeler, quota=3)
    assert lent(project, labeler)


def test_a_quota_counts_neither_revisions_nor_another_project(project, labeler):
    other = make_project()
    make_judgment(make_item(other), labeler, [1, 2])
    item = make_item(project)
    make_judgment(item, labeler, [1, 2])
    make_judgment(item, labeler, [2, 1], revision=2)
    make_item(project)
    change(labeler, quota=2)

    judge(lent(project, labeler))

    assert lent(project, labeler) is None


def test_a_daily_cap_ends_the_work_of_the_day(project, labeler):
    for _ in range(3):
        make_item(project)
    yesterday = timezone.now() - timedelta(days=1)
    make_judgment(make_item(project), labeler, [1, 2], submitted_at=yesterday)
    change(labeler, daily_cap=1)

    judge(lent(project, labeler))

    assert lent(project, labeler) is None


def test_an_item_of_a_slice_goes_to_its_pools_only(project, labeler):
    german = Slice.objects.create(project=project, name="German", position=1)
    speakers = Pool.objects.create(name="Speakers of German", kind="language")
    german.pools.add(speakers)
    make_item(project, slice=german)
    speaker = make_member(project)
    speakers.members.create(user=speaker)

    assert lent(project, labeler) is None
    assert lent(project, speaker).item.slice == german


def test_who_is_in_pools_is_lent_what_is_first_over_all_slices(project):
    names = ("one", "two", "three")
    slices = [
        Slice.objects.create(project=project, name=name, position=place)
        for place, name in enumerate(names)
    ]
    expert = make_member(project)
    for one in slices:
        pool = Pool.objects.create(name=one.name, kind="skill")
        one.pools.add(pool)
        pool.members.create(user=expert)
    items = [make_item(project, slice=one) for one in slices] + [make_item(project)]
    Item.objects.filter(pk=items[1].pk).update(priority=3)
    Item.objects.filter(pk=items[3].pk).update(priority=2)

    order = []
    while assignment := lent(project, expert):
        order.append(assignment.item_id)
        judge(assignment)

    assert order == [items[1].pk, items[3].pk, items[0].pk, items[2].pk]


def test_a_slice_without_a_pool_is_lent_to_nobody(project, labeler):
    make_item(project, slice=Slice.objects.create(project=project, name="Later", position=1))

    assert lent(project, labeler) is None


@pytest.mark.parametrize("stage", [Stage.TRAINING, Stage.TEST])
def test_on_the_ladder_nothing_but_its_items_comes_in_their_order(project, labeler, stage):
    make_item(project)
    section = None
    if stage == Stage.TEST:
        section = Section.objects.create(project=project, name="Basics", position=1)
    later, sooner = (
        make_gold(make_item(project), use=stage, section=section, position=place)
        for place in (2, 1)
    )
    change(labeler, stage=stage)
    if stage == Stage.TEST:
        start_attempt(membership=Membership.objects.get(user=labeler))

    order = []
    for _ in range(2):
        assignment = lent(project, labeler)
        order.append((assignment.item_id, assignment.purpose))
        assert judge(assignment).purpose == stage

    assert order == [(sooner.item_id, stage), (later.item_id, stage)]
    assert not Item.objects.exclude(taken=0).exists()


def test_the_items_of_the_ladder_are_nobodys_work(project, labeler):
    make_gold(make_item(project), use=GoldItem.Use.TRAINING)

    assert lent(project, labeler) is None


def test_calibration_comes_before_the_work_and_only_for_its_members(project, labeler):
    make_item(project, priority=9)
    shared = make_item(project, state=Item.State.RESERVED)
    meeting = CalibrationRound.objects.create(
        project=project, name="First", state="open", opened_at=timezone.now()
    )
    CalibrationItem.objects.create(round=meeting, item=shared, position=1)
    CalibrationMember.objects.create(round=meeting, labeler=labeler)

    assignment = lent(project, labeler)
    judge(assignment)

    assert (assignment.item, assignment.purpose) == (shared, Purpose.CALIBRATION)
    assert lent(project, labeler).purpose == Purpose.WORK
    assert lent(project, make_member(project)).purpose == Purpose.WORK
    shared.refresh_from_db()
    assert shared.taken == 0


def test_a_round_that_is_not_open_is_lent_to_nobody(project, labeler):
    shared = make_item(project, state=Item.State.RESERVED)
    meeting = CalibrationRound.objects.create(project=project, name="First")
    CalibrationItem.objects.create(round=meeting, item=shared, position=1)
    CalibrationMember.objects.create(round=meeting, labeler=labeler)

    assert lent(project, labeler) is None


def test_gold_is_lent_by_its_share_beyond_every_overlap(project):
    gold = make_gold(make_item(project))
    for _ in range(2):
        make_item(project)

    for _ in range(5):
        assignment = gold_always(project, make_member(project))
        judge(assignment)

    assert Judgment.objects.filter(item=gold.item, purpose=Purpose.GOLD).count() == 5
    gold.item.refresh_from_db()
    assert gold.item.taken == 0


def test_gold_never_comes_when_the_work_has_run_out(project, labeler):
    make_gold(make_item(project))
    project.gold_percent = 50
    project.save()

    for _ in range(30):
        assert lend_next_item(project=project, labeler=labeler) is None


def test_without_a_share_gold_never_comes(project, labeler):
    make_gold(make_item(project))
    for _ in range(30):
        make_item(project)

    while assignment := lent(project, labeler):
        assert judge(assignment).purpose == Purpose.WORK


def test_probation_has_its_own_share(project, labeler):
    make_gold(make_item(project))
    for _ in range(30):
        make_item(project)
    project.probation_gold_percent = 50
    project.save()
    change(labeler, stage=Stage.PROBATION)

    purposes = []
    while assignment := lend_next_item(project=project, labeler=labeler):
        purposes.append(judge(assignment).purpose)

    assert purposes.count(Purpose.GOLD) == 1  # 1 - 2^-30: chance alone fails it never
    assert purposes.count(Purpose.WORK) == 30


def test_gold_that_is_skipped_undone_or_lost_by_time_leaves_the_counter_alone(project, labeler):
    gold = make_gold(make_item(project))
    make_item(project)
    assignment = gold_always(project, labeler)

    skip(assignment_id=assignment.pk, labeler=labeler)
    undo_last(assignment_id=assignment.pk, labeler=labeler)
    judge(Assignment.objects.get(pk=assignment.pk))
    undo_last(assignment_id=assignment.pk, labeler=labeler)
    Assignment.objects.filter(pk=assignment.pk).update(
        lease_until=timezone.now() - timedelta(seconds=1)
    )

    assert expire_leases() == 1
    gold.item.refresh_from_db()
    assert gold.item.taken == 0


def test_late_gold_is_no_surplus(project, labeler):
    make_gold(make_item(project))
    make_item(project)
    assignment = gold_always(project, labeler)
    Assignment.objects.filter(pk=assignment.pk).update(
        lease_until=timezone.now() - timedelta(seconds=1)
    )
    expire_leases()

    assert not judge(assignment).is_surplus


def test_agreement_reads_only_the_work(project, labeler):
    item = make_item(project)
    for purpose in Purpose:
        make_judgment(item, make_member(project), [1, 2], purpose=purpose)

    assert len(take_snapshot(project).item) == 1


def test_looking_what_waits_locks_nothing():
    assert "FOR UPDATE" not in WAITING.sql
    assert "UPDATE" not in WAITING.sql


def test_gold_follows_the_slices_as_work_does(project):
    german = Slice.objects.create(project=project, name="German", position=1)
    speakers = Pool.objects.create(name="Speakers of German", kind="language")
    german.pools.add(speakers)
    make_gold(make_item(project, slice=german))
    for _ in range(40):
        make_item(project, overlap=50)
    speaker, other = make_member(project), make_member(project)
    speakers.members.create(user=speaker)
    assert gold_always(project, speaker)

    while assignment := lend_next_item(project=project, labeler=other):
        assert judge(assignment).purpose == Purpose.WORK
