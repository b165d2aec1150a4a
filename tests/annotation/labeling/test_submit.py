"""Submitting: acknowledged once, never doubled, never thrown away."""

import uuid
from datetime import timedelta

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.utils import timezone

from annotation.core.errors import Conflict, NotFound
from annotation.core.models import Event
from annotation.labeling import services
from annotation.labeling.models import Assignment, Judgment
from annotation.labeling.queue import expire_leases, lend_next_item
from annotation.labeling.verdict import VerdictError, verdict_from_choices
from annotation.projects.models import Membership
from tests.factories import make_item, make_judgment, make_member, make_project

pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    return make_project(overlap=1)


@pytest.fixture
def assignment(project):
    make_item(project, ["One.", "Two.", "Three."])
    return lend_next_item(project=project, labeler=make_member(project))


def submit(assignment, choices=None, **fields):
    verdict = verdict_from_choices(
        choices or {1: 1, 2: 2, 3: 3}, response_count=3, **fields.pop("verdict", {})
    )
    values = {"key": assignment.key, "labeler": assignment.labeler} | fields
    return services.submit_judgment(assignment_id=assignment.pk, verdict=verdict, **values)


def run_out(assignment):
    Assignment.objects.filter(pk=assignment.pk).update(
        lease_until=timezone.now() - timedelta(seconds=1)
    )
    expire_leases()


def test_a_verdict_is_recorded_with_what_was_shown(assignment):
    judgment, _ = submit(assignment, {1: 2, 2: 1, 3: "x"}, seconds=41.2)

    judgment.refresh_from_db()
    assert judgment.ranks == [2, 1, None]
    assert judgment.unacceptable == [False, False, True]
    assert judgment.order == assignment.order
    assert judgment.seconds == 41.2
    assert judgment.rubric_version.number == 1
    assert judgment.is_surplus is False


def test_submitting_lends_the_next_item_in_the_same_step(project, assignment):
    following = make_item(project)

    _, next_id = submit(assignment)

    assert Assignment.objects.get(pk=next_id).item == following


def test_a_submit_leaves_one_event_without_the_text(assignment):
    submit(assignment, verdict={"rationale": "canary-text"})

    event = Event.objects.get(kind="judgment.submitted")
    assert event.actor == assignment.labeler
    assert "canary-text" not in str(event.payload)


def test_the_same_key_again_is_the_same_judgment_and_the_same_next_item(project, assignment):
    make_item(project)

    first = submit(assignment)
    again = submit(assignment)

    assert first == again
    assert Judgment.objects.count() == 1
    assert Event.objects.filter(kind="judgment.submitted").count() == 1


def test_another_verdict_under_the_same_key_is_refused_and_the_first_stays(assignment):
    submit(assignment, {1: 1, 2: 2, 3: 3})

    with pytest.raises(Conflict, match="first counts"):
        submit(assignment, {1: 3, 2: 2, 3: 1})

    assert Judgment.objects.get().ranks == [1, 2, 3]


def test_a_second_judgment_of_the_same_item_under_a_new_key_is_refused(assignment):
    submit(assignment)

    with pytest.raises(Conflict, match="already"):
        submit(assignment, key=uuid.uuid4())

    assert Judgment.objects.count() == 1


def test_nobody_judges_what_was_lent_to_somebody_else(project, assignment):
    with pytest.raises(NotFound):
        submit(assignment, labeler=make_member(project))

    assert not Judgment.objects.exists()
    submit(assignment)  # there was something to refuse
    assert Judgment.objects.count() == 1


def test_somebody_removed_from_the_project_can_no_longer_judge(assignment):
    Membership.objects.filter(user=assignment.labeler).update(is_active=False)

    with pytest.raises(NotFound):
        submit(assignment)

    assert not Judgment.objects.exists()


def test_late_work_takes_its_place_again_while_it_is_free(assignment):
    run_out(assignment)

    judgment, _ = submit(assignment)

    assert judgment.is_surplus is False
    assignment.item.refresh_from_db()
    assert assignment.item.taken == 1


def test_late_work_is_kept_as_surplus_when_the_place_is_gone(project, assignment):
    run_out(assignment)
    other = lend_next_item(project=project, labeler=make_member(project))
    submit(other)

    judgment, _ = submit(assignment)

    assert judgment.is_surplus is True
    assignment.refresh_from_db()
    assert assignment.state == "surplus"
    assignment.item.refresh_from_db()
    assert assignment.item.taken == 1


@pytest.mark.parametrize(
    ("choices", "field"),
    [
        ({1: 1, 2: 2}, "ranking"),
        ({}, "ranking"),
    ],
)
def test_an_incomplete_verdict_is_refused_by_name_and_nothing_is_written(
    assignment, choices, field
):
    with pytest.raises(VerdictError) as refused:
        submit(assignment, choices or {9: 1})

    assert refused.value.field == field
    assert not Judgment.objects.exists()
    assignment.refresh_from_db()
    assert assignment.state == "live"


def test_a_program_may_leave_responses_unranked(assignment):
    judgment, _ = submit(assignment, {2: 1}, is_complete=False)
    assert judgment.ranks == [None, 1, None]


@pytest.mark.parametrize(
    "ratings",
    [{"beauty": {1: 3}}, {"helpfulness": {1: 6}}, {"helpfulness": {1: 0}}],
)
def test_ratings_keep_to_the_rubric(assignment, ratings):
    with pytest.raises(VerdictError, match="no criterion|goes from 1 to 5"):
        submit(assignment, verdict={"ratings": ratings})


def test_a_required_rationale_is_required():
    project = make_project(overlap=1, rationale="required")
    make_item(project, ["1", "2", "3"])
    assignment = lend_next_item(project=project, labeler=make_member(project))

    with pytest.raises(VerdictError, match="why"):
        submit(assignment)

    submit(assignment, verdict={"rationale": "Because."})
    assert Judgment.objects.count() == 1


@pytest.mark.parametrize("seconds", [float("nan"), float("inf"), -1, True, "4"])
def test_seconds_that_are_no_time_are_refused(assignment, seconds):
    with pytest.raises(VerdictError, match="seconds"):
        submit(assignment, seconds=seconds)


def test_a_draft_is_kept_and_renews_the_lease(assignment):
    soon = timezone.now() + timedelta(seconds=5)
    Assignment.objects.filter(pk=assignment.pk).update(lease_until=soon)

    services.save_draft(
        assignment_id=assignment.pk,
        labeler=assignment.labeler,
        token=assignment.token,
        draft={"rank_1": "2"},
    )

    assignment.refresh_from_db()
    assert assignment.draft == {"rank_1": "2"}
    assert assignment.lease_until > soon


def test_a_draft_of_a_lapsed_page_is_kept(assignment):
    run_out(assignment)

    services.save_draft(
        assignment_id=assignment.pk,
        labeler=assignment.labeler,
        token=assignment.token,
        draft={"rank_1": "2"},
    )

    assignment.refresh_from_db()
    assert (assignment.state, assignment.draft) == ("expired", {"rank_1": "2"})


def test_a_stale_page_cannot_renew_a_lease_that_was_given_again(assignment):
    run_out(assignment)
    again = lend_next_item(project=assignment.project, labeler=assignment.labeler)
    assert again.pk == assignment.pk

    with pytest.raises(Conflict):
        services.renew_lease(
            assignment_id=assignment.pk, labeler=assignment.labeler, token=assignment.token
        )
    services.renew_lease(assignment_id=again.pk, labeler=again.labeler, token=again.token)


def test_whoever_was_removed_keeps_no_item_back_with_an_open_page(assignment):
    holder = {"assignment_id": assignment.pk, "labeler": assignment.labeler, "token": 1}
    services.renew_lease(**holder)
    Membership.objects.filter(user=assignment.labeler).update(is_active=False)

    with pytest.raises(NotFound):
        services.renew_lease(**holder)
    with pytest.raises(NotFound):
        services.save_draft(**holder, draft={"rank_a": "1"})
    assignment.refresh_from_db()
    assert assignment.draft == {}


def test_a_judgment_that_a_file_brought_meanwhile_is_superseded(assignment):
    imported = make_judgment(assignment.item, assignment.labeler, [1, 2, 3])

    judgment, _ = submit(assignment, {1: 3, 2: 2, 3: 1})

    assert (imported.revision, judgment.revision) == (1, 2)
    assert list(Judgment.objects.current()) == [judgment]


def test_the_key_of_another_judgment_is_refused_as_such(project, assignment):
    make_item(project, ["One.", "Two.", "Three."])
    _, next_id = submit(assignment)
    following = Assignment.objects.get(pk=next_id)

    with pytest.raises(Conflict, match="another judgment"):
        submit(following, key=assignment.key)
    assert Judgment.objects.count() == 1


def test_skipping_twice_gives_the_place_back_once(assignment):
    for _ in range(2):
        services.skip(assignment_id=assignment.pk, labeler=assignment.labeler, reason="unclear")

    assignment.item.refresh_from_db()
    assert assignment.item.taken == 0


def test_judgments_and_events_cannot_be_changed_or_deleted(assignment):
    judgment, _ = submit(assignment)
    event = Event.objects.get(kind="judgment.submitted")

    for row in (judgment, event):
        rows = type(row)._default_manager.filter(pk=row.pk)
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            rows.delete()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        Judgment.objects.filter(pk=judgment.pk).update(rationale="other")
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        Event.objects.filter(pk=event.pk).update(kind="other")


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"ranks": [1, 2]}, "fit its item|arrays_match"),
        ({"ranks": [1, 3, 3]}, "gaps"),
        ({"ranks": [0, 1, 2]}, "gaps"),
        ({"strength": [1, 1, 1]}, "between its tiers"),
        ({"order": [1, 1, 2]}, "permutation"),
        ({"order": [1, 2]}, "permutation"),
        ({"seconds": -1.0}, "seconds_sane"),
    ],
)
def test_the_database_itself_refuses_a_judgment_that_cannot_be(project, columns, message):
    item = make_item(project, ["1", "2", "3"])
    labeler = make_member(project)
    good = make_judgment(item, labeler, [1, 2, 3])
    fields = {f.attname: getattr(good, f.attname) for f in Judgment._meta.fields}
    fields |= {"id": None, "key": uuid.uuid4(), "revision": 2} | columns

    with pytest.raises(IntegrityError, match=message), transaction.atomic():
        Judgment.objects.create(**fields)


def test_a_judgment_cannot_cross_into_another_project(project):
    item = make_item(project, ["1", "2", "3"])
    with pytest.raises(IntegrityError, match="fit its item"), transaction.atomic():
        make_judgment(item, make_member(project), [1, 2, 3], project=make_project())


def test_the_current_judgment_is_the_latest_revision(project):
    item = make_item(project)
    labeler = make_member(project)
    make_judgment(item, labeler, [1, 2])
    changed = make_judgment(item, labeler, [2, 1], revision=2)

    assert list(Judgment.objects.current()) == [changed]
