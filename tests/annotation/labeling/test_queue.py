"""Lending: the overlap holds, nobody gets an item twice, orders are balanced."""

from collections import Counter
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from annotation.labeling.lending import LEND, WINDOW
from annotation.labeling.models import Assignment, Item
from annotation.labeling.queue import expire_leases, lend, lend_next_item
from annotation.labeling.services import skip, submit_judgment
from annotation.labeling.verdict import verdict_from_choices
from tests.factories import make_item, make_member, make_project

pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    return make_project(overlap=2)


def judge(assignment, choices=None):
    choices = choices or {n: n for n in assignment.order}
    return submit_judgment(
        assignment_id=assignment.pk,
        labeler=assignment.labeler,
        key=assignment.key,
        verdict=verdict_from_choices(choices, response_count=len(assignment.order)),
        lend_next=False,
    )


def test_an_item_is_lent_to_as_many_labelers_as_its_overlap_and_no_more(project):
    item = make_item(project)
    labelers = [make_member(project) for _ in range(3)]

    lent = [lend_next_item(project=project, labeler=labeler) for labeler in labelers]

    assert [a and a.item_id for a in lent] == [item.pk, item.pk, None]
    item.refresh_from_db()
    assert item.taken == 2


def test_a_labeler_who_holds_an_item_gets_the_same_one_again(project):
    make_item(project)
    make_item(project)
    labeler = make_member(project)

    first = lend_next_item(project=project, labeler=labeler)
    again = lend_next_item(project=project, labeler=labeler)

    assert first.pk == again.pk
    assert again.order == first.order, "the order must not change on a reload"


def test_a_labeler_never_gets_an_item_twice(project):
    items = {make_item(project).pk for _ in range(3)}
    labeler = make_member(project)

    seen = []
    while assignment := lend_next_item(project=project, labeler=labeler):
        seen.append(assignment.item_id)
        judge(assignment)

    assert sorted(seen) == sorted(items)


def test_the_item_nearest_to_completion_comes_first(project):
    for _ in range(3):
        make_item(project)
    first = lend_next_item(project=project, labeler=make_member(project))

    second = lend_next_item(project=project, labeler=make_member(project))

    assert second.item_id == first.item_id


def test_priority_comes_before_completion(project):
    make_item(project)
    lend_next_item(project=project, labeler=make_member(project))
    urgent = make_item(project, priority=5)

    assert lend_next_item(project=project, labeler=make_member(project)).item_id == urgent.pk


def test_a_labeler_who_did_more_than_a_window_of_begun_items_still_gets_a_fresh_one(project):
    labeler = make_member(project)
    begun = [make_item(project) for _ in range(WINDOW + 5)]
    Item.objects.filter(pk__in=[i.pk for i in begun]).update(taken=1)
    Assignment.objects.bulk_create(
        Assignment(
            project=project, item=item, labeler=labeler, order=[1, 2], state="submitted",
            key=f"00000000-0000-4000-8000-{n:012}", lease_until=timezone.now(),
            over_at=timezone.now(),
        )
        for n, item in enumerate(begun)
    )  # fmt: skip
    fresh = make_item(project)

    assert lend_next_item(project=project, labeler=labeler).item_id == fresh.pk


def test_begun_items_behind_the_window_are_found_when_nothing_fresh_is_left(project):
    labeler = make_member(project)
    items = [make_item(project) for _ in range(WINDOW + 1)]
    Item.objects.filter(pk__in=[i.pk for i in items]).update(taken=1)
    Assignment.objects.bulk_create(
        Assignment(
            project=project, item=item, labeler=labeler, order=[1, 2], state="submitted",
            key=f"00000000-0000-4000-8000-{n:012}", lease_until=timezone.now(),
            over_at=timezone.now(),
        )
        for n, item in enumerate(items[:WINDOW])
    )  # fmt: skip

    assert lend_next_item(project=project, labeler=labeler).item_id == items[-1].pk


def test_a_skipped_item_goes_to_somebody_else(project):
    item = make_item(project, overlap=1)
    labeler, other = make_member(project), make_member(project)
    assignment = lend_next_item(project=project, labeler=labeler)

    skip(assignment_id=assignment.pk, labeler=labeler, reason="not my language")

    assert lend_next_item(project=project, labeler=labeler) is None
    assert lend_next_item(project=project, labeler=other).item_id == item.pk


def run_out(assignment):
    Assignment.objects.filter(pk=assignment.pk).update(
        lease_until=timezone.now() - timedelta(seconds=1)
    )


def test_an_expired_lease_gives_the_place_back_and_keeps_the_draft(project):
    item = make_item(project, overlap=1)
    assignment = lend_next_item(project=project, labeler=make_member(project))
    Assignment.objects.filter(pk=assignment.pk).update(draft={"rank_1": "2"})
    run_out(assignment)

    assert expire_leases() == 1

    assignment.refresh_from_db()
    item.refresh_from_db()
    assert (assignment.state, assignment.draft) == ("expired", {"rank_1": "2"})
    assert item.taken == 0


def test_nothing_left_means_looking_for_leases_that_ran_out(project):
    item = make_item(project, overlap=1)
    run_out(lend_next_item(project=project, labeler=make_member(project)))

    assert lend_next_item(project=project, labeler=make_member(project)).item_id == item.pk


def test_whoever_lost_an_item_by_time_may_be_lent_it_again_in_the_same_order(project):
    make_item(project, ["a", "b", "c", "d"])
    labeler = make_member(project)
    first = lend_next_item(project=project, labeler=labeler)
    run_out(first)
    expire_leases()

    again = lend_next_item(project=project, labeler=labeler)

    assert (again.pk, again.order) == (first.pk, first.order)
    assert again.token == first.token + 1
    assert again.key != first.key


def test_over_the_labelers_of_an_item_each_response_stands_equally_often_in_each_place():
    project = make_project(overlap=8)
    make_item(project, ["a", "b", "c", "d"])

    orders = [
        lend_next_item(project=project, labeler=make_member(project)).order for _ in range(8)
    ]

    for place in range(4):
        assert Counter(order[place] for order in orders) == {1: 2, 2: 2, 3: 2, 4: 2}


def test_orders_differ_between_items(project):
    labeler = make_member(project)
    for _ in range(12):
        make_item(project, ["a", "b", "c", "d"])
    orders = set()
    while assignment := lend_next_item(project=project, labeler=labeler):
        orders.add(tuple(assignment.order))
        judge(assignment)

    assert len(orders) > 3


def test_the_database_itself_refuses_more_than_the_overlap(project):
    item = make_item(project, overlap=1)
    lend_next_item(project=project, labeler=make_member(project))

    with pytest.raises(IntegrityError, match="item_within_overlap"), transaction.atomic():
        Item.objects.filter(pk=item.pk).update(taken=2)


def test_the_database_itself_refuses_a_second_live_item_of_a_labeler(project):
    make_item(project)
    make_item(project)
    labeler = make_member(project)
    assert lend(project=project, labeler=labeler)

    with pytest.raises(IntegrityError, match="one_live"), transaction.atomic():
        lend(project=project, labeler=labeler)


def test_lending_reads_the_queue_by_its_index(project):
    for _ in range(300):
        make_item(project)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE labeling_item")
        for way in ("seqscan", "bitmapscan", "sort"):  # is the order there to be read?
            cursor.execute(f"SET LOCAL enable_{way} = off")
        cursor.execute(
            "EXPLAIN SELECT id FROM labeling_item WHERE project_id = %s AND lane = 0 "
            "AND state = 'open' AND taken < overlap "
            "ORDER BY priority DESC, taken DESC, id LIMIT 200",
            [project.pk],
        )
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "item_queue" in plan
    assert "Sort" not in plan


PARTS = ("mine", "first", "rest")  # of the lending statement


def test_what_a_labeler_did_before_is_looked_up_and_never_read_as_a_whole(project):
    """A join of the queue with all of a labeler's assignments is what the planner chose while
    its statistics were of a time before the first of them."""
    make_item(project)
    assert lend_next_item(project=project, labeler=make_member(project))
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN EXECUTE {LEND.name}({', '.join(['NULL'] * len(LEND.names))})")
        plan = "\n".join(row[0] for row in cursor.fetchall())
    parts = {name: plan.partition(f"CTE {name}\n")[2].partition("\n  CTE ")[0] for name in PARTS}
    for name in ("mine", "first"):
        assert "labeling_assignment" in parts[name]
        assert "Anti Join" not in parts[name]
    assert "Anti Join" in parts["rest"]  # where all of it is sorted, a join is right
