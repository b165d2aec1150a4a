"""Many labelers at once, on real connections: overlap, fairness, one judgment per submit."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from annotation.labeling.models import Assignment, Item, Judgment
from annotation.labeling.queue import lend_next_item
from annotation.labeling.services import submit_judgment
from annotation.labeling.verdict import verdict_from_choices
from annotation.projects.models import Membership
from tests.factories import make_item, make_member, make_project

pytestmark = pytest.mark.django_db(transaction=True)

LABELERS, ITEMS, OVERLAP = 50, 200, 3


def in_threads(function, arguments, threads):
    """Run calls in parallel, each thread on its own connection, all starting together."""
    barrier = threading.Barrier(threads)

    def work(some):
        barrier.wait(timeout=60)
        try:
            return [function(argument) for argument in some]
        finally:
            connection.close()

    shares = [arguments[n::threads] for n in range(threads)]
    with ThreadPoolExecutor(threads) as pool:
        return [answer for answers in pool.map(work, shares) for answer in answers]


def judge_until_empty(project):
    def work(labeler):
        count = 0
        while assignment := lend_next_item(project=project, labeler=labeler):
            verdict = verdict_from_choices({1: 1, 2: 2}, response_count=2)
            submit_judgment(
                assignment_id=assignment.pk,
                labeler=labeler,
                key=assignment.key,
                verdict=verdict,
                lend_next=False,
            )
            count += 1
        return count

    return work


def test_fifty_labelers_never_exceed_the_overlap_and_finish_everything():
    project = make_project(overlap=OVERLAP)
    for _ in range(ITEMS):
        make_item(project)
    labelers = [make_member(project) for _ in range(LABELERS)]

    counts = in_threads(judge_until_empty(project), labelers, LABELERS)

    per_item = Counter(Judgment.objects.values_list("item_id", flat=True))
    assert len(per_item) == ITEMS
    assert set(per_item.values()) == {OVERLAP}, "every item judged exactly as often as wanted"
    pairs = Judgment.objects.values_list("item_id", "labeler_id")
    assert len(pairs) == len(set(pairs)), "no labeler twice on an item"
    assert min(counts) > 0, "nobody starved"
    assert sum(counts) == ITEMS * OVERLAP
    assert not Judgment.objects.filter(is_surplus=True).exists()
    assert set(Item.objects.values_list("taken", flat=True)) == {OVERLAP}


def test_five_hundred_submits_sent_four_times_each_are_five_hundred_judgments():
    project = make_project(overlap=1)
    for _ in range(500):
        make_item(project)
    labelers = [make_member(project) for _ in range(500)]
    assignments = [lend_next_item(project=project, labeler=labeler) for labeler in labelers]
    assert len({a.item_id for a in assignments}) == 500
    verdict = verdict_from_choices({1: 1, 2: 2}, response_count=2)

    def submit(assignment):
        judgment, _ = submit_judgment(
            assignment_id=assignment.pk,
            labeler=assignment.labeler,
            key=assignment.key,
            verdict=verdict,
        )
        return assignment.pk, judgment.pk

    # In this order the four copies of a submit land in four threads at about the same time.
    answers = in_threads(submit, [a for a in assignments for _ in range(4)], threads=20)

    assert len(answers) == 2000
    assert len(set(answers)) == 500, "all four answers of a submit name the same judgment"
    assert Judgment.objects.count() == 500


def test_parallel_requests_of_one_labeler_lend_one_item():
    project = make_project(overlap=3)
    for _ in range(20):
        make_item(project)
    labeler = make_member(project, Membership.Role.LABELER)

    lent = in_threads(
        lambda _: lend_next_item(project=project, labeler=labeler).pk, list(range(16)), threads=16
    )

    assert len(set(lent)) == 1
    assert Assignment.objects.count() == 1
    assert Item.objects.filter(taken=1).count() == 1
