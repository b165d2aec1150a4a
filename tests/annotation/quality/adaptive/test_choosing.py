"""Choosing through the product: what is drawn, logged, lifted, lent, and put back."""

import threading
from collections import Counter

import numpy as np
import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from annotation.core import jobs
from annotation.core.errors import DomainError
from annotation.core.models import Event, Job
from annotation.labeling.models import Item
from annotation.labeling.queue import lend_next_item
from annotation.projects.models import Membership
from annotation.prompts.models import Generator
from annotation.quality import tasks
from annotation.quality.adaptive import choosing
from annotation.quality.adaptive.field import fit_now
from annotation.quality.models import Choice, Choosing, Lift
from tests.annotation.quality.adaptive.world import make_world
from tests.factories import make_item, make_judgment, make_member, make_project

pytestmark = pytest.mark.django_db


@pytest.fixture
def lead():
    return make_member(make_project(), Membership.Role.LEAD)


@pytest.fixture(autouse=True)
def short_stock(monkeypatch):
    """Five ahead, so that a few items show what many would."""
    monkeypatch.setattr(choosing, "LEAST_AHEAD", 5)


def turn(project, actor, is_on=True, control_percent=20):
    made = choosing.set_choosing(
        project=project, actor=actor, is_on=is_on, control_percent=control_percent
    )
    run_draws(project)
    return made


def run_draws(project):
    for job in Job.objects.active().filter(project=project, kind=tasks.CHOOSE):
        jobs.run(job.pk)
        job.refresh_from_db()
        assert job.state == Job.State.DONE, job.error


def by_generators(project, *names, count=1, **fields):
    """Items whose responses are by generators of these names."""
    made = [make_item(project, [f"{n} says" for n in names], **fields) for _ in range(count)]
    for item in made:
        for name, place in zip(names, item.item_responses.order_by("position"), strict=True):
            generator, _ = Generator.objects.get_or_create(project=project, name=name)
            place.response.generator = generator
            place.response.save(update_fields=["generator"])
    return made


def priorities(project):
    return dict(project.items.values_list("pk", "priority"))


def test_a_stock_is_drawn_lifted_and_lent_first_and_filled_again_when_half_used(lead):
    project, items, people = make_world(items=30, overlap=1)
    turn(project, lead)
    drawn = set(Choice.objects.filter(project=project).values_list("item_id", flat=True))
    assert len(drawn) == 5
    assert {pk for pk, value in priorities(project).items() if value == 1} == drawn
    assert choosing.choose_again() == 0, "nothing was used up"

    lent = {lend_next_item(project=project, labeler=who).item_id for who in people[:3]}
    assert lent <= drawn
    Job.objects.update(started_at="2026-01-01T00:00Z", finished_at="2026-01-01T00:00Z")
    assert choosing.choose_again() == 1
    run_draws(project)
    # Three at work: four ahead of each, two of which were left.
    assert project.choices.count() == 5 + 10
    assert len(set(project.choices.values_list("item_id", flat=True))) == 15, "each once"


def test_every_choice_says_how_likely_it_was(lead):
    project, _items, _people = make_world(items=12)
    turn(project, lead, control_percent=40)
    rows = list(project.choices.order_by("pk"))
    assert [row.candidate_count for row in rows] == [12, 11, 10, 9, 8]
    for row in rows:
        # By the same two generators: all are worth the same, so either arm draws each alike.
        assert row.probability == pytest.approx(1 / row.candidate_count)
        assert (row.control_percent, len(row.input_sha256)) == (40, 64)
        assert row.gain > 0
    assert rows[0].job.kind == tasks.CHOOSE


def test_drawn_often_each_item_comes_as_often_as_its_row_says(lead):
    """One item by a pair that was never compared, three by one that was: through the service."""
    project = make_project(overlap=1)
    known = by_generators(project, "a", "b", count=3)
    (unknown,) = by_generators(project, "b", "c")
    (judged,) = by_generators(project, "a", "b", overlap=1)
    Item.objects.filter(pk=judged.pk).update(taken=1)
    make_judgment(judged, make_member(project), [1, 2])
    Choosing.objects.create(project=project, is_on=True, control_percent=50)
    fit, rng, times, seen = fit_now(project), np.random.default_rng(4), 400, Counter()
    for _ in range(times):
        with transaction.atomic():
            choosing.fill_stock(project=project, fit=fit, rng=rng)
            first = project.choices.earliest("pk")
            seen[first.item_id] += 1
            expected = 0.5 / 4 + 0.5 * (first.item_id == unknown.pk)
            assert first.probability == pytest.approx(expected)
            transaction.set_rollback(True)
    for item, probability in [(unknown, 0.625), *((one, 0.125) for one in known)]:
        error = np.sqrt(probability * (1 - probability) / times)
        assert abs(seen[item.pk] / times - probability) < 5 * error


def test_what_people_gave_a_higher_priority_is_chosen_from_first(lead):
    project, _low, people = make_world(items=20, overlap=1)
    high = {make_item(project, priority=10).pk for _ in range(8)}
    turn(project, lead)
    drawn = set(project.choices.values_list("item_id", flat=True))
    assert drawn < high
    assert all(priorities(project)[pk] == 11 for pk in drawn)
    assert lend_next_item(project=project, labeler=people[0]).item_id in drawn


def test_what_was_begun_does_not_wait_for_everything_chosen(lead):
    project, _items, people = make_world(items=20, overlap=2)
    begun = lend_next_item(project=project, labeler=people[0]).item_id
    turn(project, lead)
    assert begun not in project.choices.values_list("item_id", flat=True)
    assert lend_next_item(project=project, labeler=people[1]).item_id == begun


def test_turned_off_everything_has_its_own_priority_again_and_may_be_drawn_anew(lead):
    project, items, people = make_world(items=10, overlap=2)
    begun = lend_next_item(project=project, labeler=people[0]).item_id
    turn(project, lead)
    second = lend_next_item(project=project, labeler=people[1])
    assert second.item_id == begun
    chosen = lend_next_item(project=project, labeler=people[2]).item_id
    # Somebody set this one's priority since: theirs holds.
    other = project.choices.exclude(item_id=chosen).first().item_id
    Item.objects.filter(pk=other).update(priority=7)

    turn(project, lead, is_on=False)

    assert {value for pk, value in priorities(project).items() if pk != other} == {0}
    assert priorities(project)[other] == 7
    assert not Lift.objects.exists()
    held = set(project.choices.filter(put_back_at=None).values_list("item_id", flat=True))
    assert held == {chosen}, "what somebody began on stays chosen"
    assert choosing.choose_again() == 0

    turn(project, lead)
    again = project.choices.filter(put_back_at=None).exclude(item_id=chosen)
    assert [one.item_id for one in again] == [other], "what has a higher priority, first"
    assert priorities(project)[other] == 8
    kinds = Event.objects.filter(project=project, kind="choosing.changed")
    assert [event.payload["is_on"] for event in kinds.order_by("pk")] == [True, False, True]


def test_a_draw_that_comes_after_it_was_turned_off_draws_nothing(lead):
    project, _items, _people = make_world(items=10)
    choosing.set_choosing(project=project, actor=lead, is_on=True, control_percent=20)
    fit = fit_now(project)
    choosing.set_choosing(project=project, actor=lead, is_on=False, control_percent=20)
    assert choosing.fill_stock(project=project, fit=fit) == 0
    run_draws(project)
    assert not Choice.objects.exists()
    assert set(priorities(project).values()) == {0}


@pytest.mark.parametrize(
    ("said", "refused"),
    [({"control_percent": 9}, "From 10 to 90"), ({"control_percent": 91}, "From 10 to 90")],
)
def test_a_share_out_of_range_is_refused(lead, said, refused):
    project = make_project()
    with pytest.raises(DomainError, match=refused):
        turn(project, lead, **said)
    assert not Choosing.objects.exists()


def test_where_nothing_is_put_in_order_there_is_nothing_to_choose_by(lead):
    with pytest.raises(DomainError, match="nothing is put in order"):
        turn(make_project(ordering="none"), lead)


@pytest.mark.parametrize(
    ("fields", "constraint"),
    [
        ({"probability": 0.0}, "choice_control_could_draw_it"),
        ({"probability": 1.1}, "choice_probability_to_1"),
        ({"probability": 0.019}, "choice_control_could_draw_it"),
        ({"control_percent": 9}, "choice_among_some"),
        ({"arm": "best"}, "choice_has_an_arm"),
    ],
)
def test_the_database_refuses_a_choice_that_cannot_have_been_drawn(fields, constraint):
    project = make_project()
    sound = {
        "project": project, "item": make_item(project), "arm": "control", "probability": 0.02,
        "gain": 0.1, "candidate_count": 10, "control_percent": 20, "input_sha256": "0" * 64,
    }  # fmt: skip
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Choice.objects.create(**sound | fields)
    Choice.objects.create(**sound)
    with pytest.raises(IntegrityError, match="choice_once_an_item"), transaction.atomic():
        Choice.objects.create(**sound)
    Choice.objects.update(put_back_at=timezone.now())
    Choice.objects.create(**sound)


@pytest.mark.django_db(transaction=True)
def test_draws_lending_and_turning_off_at_once_leave_nothing_lifted():
    project, _items, people = make_world(items=40, labelers=8, overlap=1)
    lead = make_member(project, Membership.Role.LEAD)
    Choosing.objects.create(project=project, is_on=True)
    fit = fit_now(project)
    start, failed = threading.Barrier(9), []

    def run(does):
        try:
            start.wait()
            does()
        except BaseException as error:  # noqa: BLE001  told below
            failed.append(error)
        finally:
            connection.close()

    at_once = [lambda: choosing.fill_stock(project=project, fit=fit)] * 3
    at_once += [lambda who=who: lend_next_item(project=project, labeler=who) for who in people[:5]]
    at_once += [
        lambda: choosing.set_choosing(project=project, actor=lead, is_on=False, control_percent=20)
    ]
    threads = [threading.Thread(target=run, args=(does,)) for does in at_once]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert not failed
    assert set(priorities(project).values()) == {0}
    assert not Lift.objects.exists()
    assert not project.choices.filter(put_back_at=None, item__taken=0).exists()
    assert project.items.filter(taken=1).count() == 5


@pytest.mark.django_db(transaction=True)
def test_draws_at_once_choose_no_item_twice_and_no_more_than_the_stock():
    project, _items, _people = make_world(items=40)
    Choosing.objects.create(project=project, is_on=True)
    fit, start, counts = fit_now(project), threading.Barrier(4), []

    def run():
        start.wait()
        counts.append(choosing.fill_stock(project=project, fit=fit))
        connection.close()

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(counts) == [0, 0, 0, 5]
    assert project.choices.count() == Lift.objects.count() == 5
