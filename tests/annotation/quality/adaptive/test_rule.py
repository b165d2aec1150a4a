"""Sequential stopping through the product: what is raised, by how much, and never further."""

import threading

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from annotation.core import jobs
from annotation.core.errors import Conflict, DomainError
from annotation.core.models import Event, Job
from annotation.labeling.models import Item
from annotation.labeling.overlap import change_overlap, raise_overlaps, take_back
from annotation.labeling.queue import lend_next_item
from annotation.projects.models import Membership
from annotation.quality import tasks
from annotation.quality.adaptive import services
from annotation.quality.models import AdaptiveWork, Refill
from tests.annotation.quality.adaptive.world import judged, make_world
from tests.factories import make_item, make_member, make_project

pytestmark = pytest.mark.django_db

AGREE, SPLIT = ([1, 2], [1, 2]), ([1, 2], [2, 1])


@pytest.fixture
def lead():
    return make_member(make_project(), Membership.Role.LEAD)


def turn_on(project, lead, **said):
    said = {"is_on": True, "sure_percent": 80, "least": 2, "most": 4} | said
    work = services.configure(project=project, actor=lead, **said)
    run_looks(project)
    return work


def run_looks(project):
    for job in Job.objects.active().filter(project=project, kind=tasks.LOOK).order_by("pk"):
        jobs.run(job.pk)
        job.refresh_from_db()
        assert job.state == Job.State.DONE, job.error


def overlaps(items):
    return [Item.objects.get(pk=item.pk).overlap for item in items]


def test_items_begin_with_the_fewest_and_get_the_fixed_number_again(lead):
    project, (untouched, begun, complete, other), people = make_world(items=4)
    judged(begun, people, ([1, 2],))
    judged(complete, people, ([1, 2],) * 3)
    Item.objects.filter(pk=other.pk).update(overlap=9)

    turn_on(project, lead)
    project.refresh_from_db()
    assert overlaps([untouched, begun, complete, other]) == [2, 2, 3, 9]
    assert project.overlap == 2, "new items begin with it as well"

    services.configure(project=project, actor=lead, is_on=False, sure_percent=80, least=2, most=4)
    run_looks(project)
    project.refresh_from_db()
    assert overlaps([untouched, begun, complete, other]) == [3, 3, 3, 9]
    assert project.overlap == 3


@pytest.mark.parametrize("turn", [1, -1])
def test_on_and_off_at_once_end_as_was_said_last_in_whichever_order_they_run(lead, turn):
    project, (untouched,), _people = make_world(items=1)
    said = {"project": project, "actor": lead, "sure_percent": 80, "least": 2, "most": 4}
    services.configure(**said, is_on=True)
    services.configure(**said, is_on=False)
    looks = list(Job.objects.active().filter(project=project).order_by("pk"))
    assert len(looks) == 2, "there is an order to be wrong about"

    for job in looks[::turn]:
        jobs.run(job.pk)

    assert overlaps([untouched]) == [3]


def turn_off(project, lead):
    services.configure(project=project, actor=lead, is_on=False, sure_percent=80, least=2, most=4)


def test_what_the_rule_granted_and_nobody_took_is_taken_back_once_it_is_off(lead):
    project, items, people = make_world(items=4, overlap=2)
    untouched, begun, by_lead, _sure = items
    for item, choices in zip(items, (SPLIT, SPLIT, SPLIT, AGREE), strict=True):
        judged(item, people, choices)
    proposal = services.propose(project=project, actor=lead, budget=4)
    proposal.item_ids, proposal.overlaps = [by_lead.pk], [3]
    proposal.save()
    services.grant(refill_id=proposal.pk, project=project, actor=lead)
    turn_on(project, lead)
    assert overlaps(items) == [3, 3, 3, 2], "least is the overlap: only the rule changes anything"
    begun.refresh_from_db()
    judged(begun, people[2:], ([1, 2],))
    rules = Refill.objects.get(actor=None)
    with pytest.raises(Conflict, match="turn it off first"):
        services.take_refill_back(refill_id=rules.pk, project=project, actor=lead)

    turn_off(project, lead)
    run_looks(project)

    assert overlaps(items) == [2, 3, 3, 2]
    rules.refresh_from_db()
    assert rules.raised == [(begun.pk, 3)]
    assert Event.objects.filter(kind="adaptive.taken_back", target=f"refill:{rules.pk}").exists()
    with pytest.raises(Conflict, match="was begun"):
        services.take_refill_back(refill_id=rules.pk, project=project, actor=lead)


def test_no_item_that_waits_is_for_fewer_than_the_fixed_overlap_once_it_is_off(lead):
    project, items, people = make_world(items=2, overlap=4)
    turn_on(project, lead, least=2, most=6)
    for item in items:
        item.refresh_from_db()
        judged(item, people, SPLIT)
    services.apply_rule(project=project)
    assert overlaps(items) == [3, 3]

    turn_off(project, lead)
    run_looks(project)

    assert overlaps(items) == [4, 4]


def test_a_look_that_began_while_it_was_on_raises_nothing_once_it_is_off(lead, monkeypatch):
    project, items, people = make_world(items=1, overlap=2)
    turn_on(project, lead)
    judged(items[0], people, SPLIT)
    look_at = services.look_at

    def turned_off_meanwhile(*args):
        look = look_at(*args)
        turn_off(project, lead)
        return look

    monkeypatch.setattr(services, "look_at", turned_off_meanwhile)
    assert services.apply_rule(project=project) == 0
    assert overlaps(items) == [2]


def test_on_again_before_the_grants_are_taken_back_they_stay(lead):
    project, items, people = make_world(items=1, overlap=2)
    judged(items[0], people, SPLIT)
    turn_on(project, lead)
    turn_off(project, lead)
    services.configure(project=project, actor=lead, is_on=True, sure_percent=80, least=2, most=4)

    run_looks(project)

    assert overlaps(items) == [3]


def test_a_last_word_that_comes_while_overlaps_are_changed_holds(lead, monkeypatch):
    project, (untouched,), _people = make_world(items=1)
    said = {"project": project, "actor": lead, "sure_percent": 80, "least": 2, "most": 4}
    services.configure(**said, is_on=True)

    def changed_meanwhile(project, *, before, now):
        count = change_overlap(project, before=before, now=now)
        if now == 2:
            services.configure(**said, is_on=False)
        return count

    monkeypatch.setattr(services, "change_overlap", changed_meanwhile)
    jobs.run(Job.objects.active().get(project=project).pk)

    assert overlaps([untouched]) == [3]


def test_an_unsure_item_goes_on_one_labeler_at_a_time_up_to_the_most_and_a_sure_one_stops(lead):
    project, (sure, unsure), people = make_world(items=2)
    turn_on(project, lead)
    sure.refresh_from_db()
    unsure.refresh_from_db()
    judged(sure, people, AGREE)
    judged(unsure, people, SPLIT)

    assert services.apply_rule(project=project) == 1
    assert overlaps([sure, unsure]) == [2, 3]
    assert services.apply_rule(project=project) == 0, "its place is free: it waits for somebody"

    for place, ranks in enumerate(([1, 1], [2, 1], [1, 2]), start=2):
        item = Item.objects.get(pk=unsure.pk)
        if item.taken == item.overlap:
            break
        judged(item, people[place:], (ranks,))
        services.apply_rule(project=project)
    assert overlaps([sure, unsure]) == [2, 4], "never above the most"
    work = AdaptiveWork.objects.get(project=project)
    assert work.standing["sure"] == 1
    assert work.standing["at_most"] == 1
    assert work.standing["saved"] == 2 * 3 - (2 + 4)
    kinds = set(Event.objects.filter(project=project).values_list("kind", flat=True))
    assert {"adaptive.changed", "adaptive.raised"} <= kinds


def test_nothing_is_raised_while_somebody_is_on_the_way_or_while_it_is_off(lead):
    project, (item,), people = make_world(items=1)
    turn_on(project, lead)
    item.refresh_from_db()
    judged(item, people, ([1, 2],))
    assert lend_next_item(project=project, labeler=people[5]).item_id == item.pk

    assert services.apply_rule(project=project) == 0
    assert overlaps([item]) == [2]

    off, (split,), others = make_world(items=1, overlap=2)
    judged(split, others, SPLIT)
    assert services.apply_rule(project=off) == 0


def test_the_rule_looks_again_only_where_judgments_came_in(lead):
    project, (item,), people = make_world(items=1)
    turn_on(project, lead)
    assert services.look_again() == 0
    item.refresh_from_db()
    judged(item, people, SPLIT)
    Job.objects.filter(project=project).update(
        started_at="2026-01-01T00:00Z", finished_at="2026-01-01T00:00Z"
    )

    assert services.look_again() == 1
    run_looks(project)
    assert overlaps([item]) == [3]
    assert services.look_again() == 0


@pytest.mark.parametrize(
    ("said", "refused"),
    [
        ({"sure_percent": 59}, "60 to 99"),
        ({"sure_percent": 100}, "60 to 99"),
        ({"least": 0}, "At least 1"),
        ({"least": 5, "most": 4}, "At least 1"),
        ({"most": 51}, "At least 1"),
    ],
)
def test_settings_out_of_range_are_refused_and_change_nothing(lead, said, refused):
    project = make_project()
    with pytest.raises(DomainError, match=refused):
        turn_on(project, lead, **said)
    assert not AdaptiveWork.objects.filter(project=project).exists()


def test_where_nothing_is_put_in_order_no_answer_could_become_sure(lead):
    with pytest.raises(DomainError, match="nothing is put in order"):
        turn_on(make_project(ordering="none"), lead)


def test_a_budget_is_spent_where_it_is_worth_most_and_only_when_granted(lead):
    project, items, people = make_world(items=4, overlap=2)
    for item, choices in zip(items, (AGREE, SPLIT, ([1, 2], [1, 1]), SPLIT), strict=True):
        judged(item, people, choices)

    proposal = services.request_proposal(project=project, actor=lead, budget=2)
    assert overlaps(items) == [2, 2, 2, 2]
    assert (proposal.state, proposal.unsure_count) == (Refill.State.PROPOSED, 3)
    assert proposal.item_ids == [items[1].pk, items[2].pk], "equally unsure: the older ones"

    services.grant(refill_id=proposal.pk, project=project, actor=lead)
    services.grant(refill_id=proposal.pk, project=project, actor=lead)  # twice is once
    assert overlaps(items) == [2, 3, 3, 2]
    told = Event.objects.get(kind="adaptive.granted")
    assert told.payload == {"budget": 2, "items": 2}


def test_what_nobody_began_is_taken_back_and_what_somebody_began_stays(lead):
    project, items, people = make_world(items=2, overlap=2)
    for item in items:
        judged(item, people, SPLIT)
    proposal = services.propose(project=project, actor=lead, budget=5)
    services.grant(refill_id=proposal.pk, project=project, actor=lead)
    lent = lend_next_item(project=project, labeler=people[4])

    assert services.take_refill_back(refill_id=proposal.pk, project=project, actor=lead) == 1
    left = Item.objects.get(pk=lent.item_id)
    assert (left.taken, left.overlap) == (3, 3)
    assert sorted(overlaps(items)) == [2, 3]
    with pytest.raises(Conflict, match="was begun"):
        services.take_refill_back(refill_id=proposal.pk, project=project, actor=lead)


def test_a_proposal_gives_way_to_a_newer_one_and_is_granted_as_far_as_it_holds(lead):
    project, items, people = make_world(items=2, overlap=2)
    for item in items:
        judged(item, people, SPLIT)
    old = services.propose(project=project, actor=lead, budget=1)
    new = services.propose(project=project, actor=lead, budget=2)
    with pytest.raises(Conflict, match="does not hold"):
        services.grant(refill_id=old.pk, project=project, actor=lead)
    Item.objects.filter(pk=items[0].pk).update(state=Item.State.WITHDRAWN)

    granted = services.grant(refill_id=new.pk, project=project, actor=lead)

    assert granted.raised == [(items[1].pk, 3)]
    services.drop(refill_id=new.pk, project=project, actor=lead)
    granted.refresh_from_db()
    assert granted.state == Refill.State.GRANTED, "what was granted is not dropped"


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    taken=st.integers(0, 5),
    free=st.integers(0, 3),
    most=st.integers(1, 6),
    least=st.integers(1, 6),
)
def test_no_change_goes_below_what_is_taken_or_above_the_most(db, taken, free, most, least):
    project = make_project(overlap=max(1, taken + free))
    item = make_item(project)
    Item.objects.filter(pk=item.pk).update(taken=taken)
    before = overlaps([item])[0]

    raised = raise_overlaps([item.pk], most=most)
    now = overlaps([item])[0]
    assert now == before + len(raised)
    assert now <= max(before, most)
    assert bool(raised) == (taken == before < most)

    assert take_back(raised) == [pk for pk, _overlap in raised]
    assert overlaps([item]) == [before]
    change_overlap(project, before=before, now=least)
    assert overlaps([item])[0] == (before if taken == before else max(least, taken))


@pytest.mark.django_db(transaction=True)
def test_two_looks_at_once_raise_an_item_once_and_nobody_is_lent_beyond_it():
    project, items, people = make_world(items=3, labelers=8)
    lead = make_member(project, Membership.Role.LEAD)
    turn_on(project, lead, most=3)
    for item in items:
        item.refresh_from_db()
        judged(item, people, SPLIT)
    start, failed = threading.Barrier(8), []

    def run(does):
        try:
            start.wait()
            does()
        except BaseException as error:  # noqa: BLE001  told below
            failed.append(error)
        finally:
            connection.close()

    jobs_at_once = [lambda: services.apply_rule(project=project)] * 4
    jobs_at_once += [
        lambda who=who: lend_next_item(project=project, labeler=who) for who in people[2:6]
    ]
    threads = [threading.Thread(target=run, args=(does,)) for does in jobs_at_once]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert not failed
    assert overlaps(items) == [3, 3, 3]
    assert all(item.taken <= item.overlap for item in Item.objects.filter(project=project))
    raised = Refill.objects.filter(project=project).values_list("item_ids", flat=True)
    assert sorted(pk for ids in raised for pk in ids) == sorted(item.pk for item in items)
