"""One order of locks, as `docs/architecture.md` has it: the membership before the assignments.

Whoever waits for a membership must hold no assignment of it: whoever holds the membership may want
that next, and both would wait for ever. Each way in is stopped at the membership, and then the
assignment is taken without waiting. Nothing here is a matter of time.
"""

import io
import threading
import uuid

import pytest
from django.db import connection, connections, transaction

from annotation.accounts.models import User
from annotation.core.errors import Conflict, DomainError
from annotation.labeling import workload
from annotation.labeling.ladder.stages import locked, set_stage
from annotation.labeling.ladder.suspension import suspend
from annotation.labeling.lending import LEND
from annotation.labeling.models import Assignment, Judgment
from annotation.labeling.queue import lend_next_item
from annotation.labeling.revising import revise_judgment
from annotation.labeling.rubrics import publishing
from annotation.labeling.services import skip, submit_judgment
from annotation.labeling.undo import undo_last
from annotation.labeling.verdict import verdict_from_choices
from annotation.privacy.erasing import erase_person
from annotation.projects import members
from annotation.projects.judging import configure_judging
from annotation.projects.models import Membership
from annotation.projects.rubrics.drafts import draft_of, save_draft
from annotation.prompts.attachments.services import attach
from tests.annotation.labeling.ladder.world import make_ladder
from tests.factories import make_item, make_member, make_project
from tests.media import picture

pytestmark = pytest.mark.django_db(transaction=True)
VERDICT = verdict_from_choices({1: 1, 2: 2}, response_count=2)


class World:
    """A labeler with one item judged and one on the desk."""

    def __init__(self, project):
        self.lead = make_member(project, Membership.Role.LEAD)
        self.project, self.labeler = project, make_member(project)
        for _ in range(3):
            make_item(project)
        self.judged = self._lend()
        self.judgment = self.submit(self.judged)
        self.held = self._lend()

    def _lend(self):
        return lend_next_item(project=self.project, labeler=self.labeler)

    @property
    def member(self):
        return Membership.objects.select_related("project", "user").get(user=self.labeler)

    def submit(self, assignment=None, **more):
        assignment = assignment or self.held
        key = uuid.uuid4()
        return submit_judgment(
            assignment_id=assignment.pk, labeler=self.labeler, key=key, verdict=VERDICT, **more
        )[0]

    def lend_anew(self):
        self.skip()
        self._lend()

    def skip(self):
        skip(assignment_id=self.held.pk, labeler=self.labeler)

    def undo(self):
        undo_last(assignment_id=self.judged.pk, labeler=self.labeler)

    def revise(self):
        revise_judgment(
            judgment_id=self.judgment.pk,
            labeler=self.labeler,
            verdict=lambda *_: verdict_from_choices({1: 2, 2: 1}, response_count=2),
            key=uuid.uuid4(),
        )

    def pause(self):
        workload.pause(membership=self.member, reason="Rest.", actor=self.lead)

    def suspend(self):
        suspend(membership=self.member, actor=self.lead, reason="Copied.")

    def set_stage(self):
        set_stage(membership=self.member, to="probation", actor=self.lead, reason="Again.")

    def limit(self):
        workload.set_limits(membership=self.member, quota=9, daily_cap=None, actor=self.lead)

    def remove(self):
        members.remove(membership=self.member, actor=self.lead)

    def publish(self):
        """With what was judged in the queue again."""
        content = draft_of(self.project).content | {"guideline": "Another one."}
        draft = save_draft(project=self.project, content=content, revision=0)
        publishing.publish(
            project=self.project, revision=draft.revision, note="Anew.", percent=100
        )

    def configure(self):
        configure_judging(project=self.project, confidence="optional")

    def attach(self):
        attach(project=self.project, stream=io.BytesIO(picture()), actor=self.lead)


WAYS = ("submit", "skip", "undo", "revise", "pause", "suspend", "set_stage", "limit", "remove")


def until_somebody_waits():
    with connection.cursor() as cursor:
        for _ in range(500):
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone()[0]:
                return
            cursor.execute("SELECT pg_sleep(0.02)")
    raise AssertionError("nobody waits")


def beside(call, meanwhile):
    """Run `call` on a connection of its own while this one holds the membership; once it waits,
    do `meanwhile`. Returns what it raised."""
    raised = []

    def run():
        try:
            call()
        except Exception as error:
            raised.append(error)
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    with transaction.atomic():
        meanwhile(thread)
    thread.join(30)
    assert not thread.is_alive()
    return raised


@pytest.mark.parametrize("way", WAYS)
def test_who_waits_for_a_membership_holds_no_assignment(way):
    world = World(make_project())

    def meanwhile(thread):
        locked(world.member.pk)
        thread.start()
        until_somebody_waits()
        mine = Assignment.objects.filter(labeler=world.labeler)
        assert len(mine.select_for_update(nowait=True)) == 2

    assert beside(getattr(world, way), meanwhile) == []


def test_an_answer_on_the_ladder_waits_with_nothing_in_its_hands():
    """It ends a training, so it writes to the membership; a pause ends the loan, after that."""
    project = make_ladder(training=1)
    lead, labeler = project.memberships.get(role="lead").user, make_member(project)
    held = lend_next_item(project=project, labeler=labeler)
    member = Membership.objects.select_related("project", "user").get(user=labeler)

    def answer():
        submit_judgment(assignment_id=held.pk, labeler=labeler, key=uuid.uuid4(), verdict=VERDICT)

    def meanwhile(thread):
        locked(member.pk)
        thread.start()
        until_somebody_waits()
        list(Assignment.objects.filter(pk=held.pk).select_for_update(nowait=True))
        workload.pause(membership=member, reason="Rest.", actor=lead)

    assert beside(answer, meanwhile) == []
    member.refresh_from_db()
    assert (member.is_paused, member.stage) == (True, "test")


def test_a_quota_is_set_beside_a_loan_and_holds():
    """Whoever is lent an item waits until the quota is written, and is lent what it allows."""
    project = make_project()
    lead, labeler = make_member(project, Membership.Role.LEAD), make_member(project)
    make_item(project)
    member = Membership.objects.get(user=labeler)
    lent = []

    def meanwhile(thread):
        workload.set_limits(membership=member, quota=0, daily_cap=None, actor=lead)
        thread.start()
        until_somebody_waits()

    call = lambda: lent.append(lend_next_item(project=project, labeler=labeler))  # noqa: E731
    assert beside(call, meanwhile) == []

    assert lent == [None]
    assert not Assignment.objects.exists()


def test_a_loan_in_flight_counts_against_the_quota():
    """The other way round: the loan came first, so the quota is counted after it."""
    project = make_project()
    lead, labeler = make_member(project, Membership.Role.LEAD), make_member(project)
    make_item(project)
    member = Membership.objects.get(user=labeler)

    def meanwhile(thread):
        assert lend_next_item(project=project, labeler=labeler)
        thread.start()
        until_somebody_waits()

    def limit():
        workload.set_limits(membership=member, quota=0, daily_cap=None, actor=lead)

    (refused,) = beside(limit, meanwhile)

    assert isinstance(refused, DomainError)
    assert "1 item already" in str(refused)


def test_a_submit_that_waits_for_a_pause_is_late_and_counts():
    world = World(make_project())

    def meanwhile(thread):
        world.pause()
        thread.start()
        until_somebody_waits()

    assert beside(world.submit, meanwhile) == []

    assert Judgment.objects.filter(item=world.held.item_id, is_surplus=False).count() == 1
    assert not Assignment.objects.live().exists()


def test_an_undo_that_waits_for_a_pause_is_refused():
    world = World(make_project())

    def meanwhile(thread):
        world.pause()
        thread.start()
        until_somebody_waits()

    (refused,) = beside(world.undo, meanwhile)

    assert isinstance(refused, Conflict)
    assert "paused" in str(refused)
    assert not Assignment.objects.live().exists()


def test_an_erasure_waits_with_nothing_in_its_hands():
    """A submit holds the membership, and wants the account's row when it ends."""
    world = World(make_project())

    def meanwhile(thread):
        locked(world.member.pk)
        thread.start()
        until_somebody_waits()
        assert User.objects.select_for_update(nowait=True).get(pk=world.labeler.pk)

    assert beside(lambda: erase_person(user=world.labeler), meanwhile) == []


@pytest.mark.parametrize("change", ["publish", "configure", "attach"])
def test_who_changes_a_project_keeps_nobody_from_judging(change):
    """Each judgment asks for the project's row to be there. Whoever held that row against it while
    they wait for an item, as a publication does that asks again, would wait for whoever judges it,
    and both for ever."""
    world = World(make_project())

    def meanwhile(thread):
        getattr(world, change)()
        thread.start()
        thread.join(20)
        assert not thread.is_alive(), "the judgment waits for the change of the project"

    assert beside(world.submit, meanwhile) == []

    assert Judgment.objects.filter(assignment=world.held).exists()


class Deadlock:
    """The database says once that two transactions met head-on, at the statement with `part`."""

    def __init__(self, part):
        self.part, self.times = part, 0

    def __call__(self, execute, sql, params, many, context):
        if self.part in sql and not self.times:
            self.times += 1
            sql, params = "DO $$ BEGIN RAISE SQLSTATE '40P01'; END $$", None
        return execute(sql, params, many, context)


@pytest.mark.parametrize("way", ["lend", "revise"])
def test_who_meets_another_head_on_tries_again(way):
    world = World(make_project())
    calls = {"lend": world.lend_anew, "revise": world.revise}
    met = Deadlock(LEND.name if way == "lend" else "projects_membership")

    with connection.execute_wrapper(met):
        calls[way]()

    assert met.times == 1
    assert Assignment.objects.live().count() == 1
    assert Judgment.objects.count() == 1 + (way == "revise")
