"""Loans in flight: what was lent before its labeler was paused, suspended, removed or limited."""

import uuid

import pytest
from django.db import connection
from django.urls import reverse
from rest_framework.test import APIClient

from annotation.labeling import workload
from annotation.labeling.ladder.suspension import suspend
from annotation.labeling.models import Assignment, Judgment
from annotation.labeling.queue import expire_leases, lend_next_item
from annotation.labeling.reading import _statement
from annotation.labeling.services import give_place_back
from annotation.projects import members
from annotation.projects.models import Membership
from tests.factories import make_item, make_judgment, make_key, make_member, make_project

pytestmark = pytest.mark.django_db

WRITTEN = "B is right, and says why <at once>."


@pytest.fixture
def project():
    return make_project("shop", overlap=2)


@pytest.fixture
def lead(project):
    return make_member(project, Membership.Role.LEAD)


@pytest.fixture
def labeler(client, project):
    labeler = make_member(project)
    client.force_login(labeler)
    return labeler


@pytest.fixture
def held(project, labeler):
    make_item(project)
    return lend_next_item(project=project, labeler=labeler)


def post(client, held, verb="submit-judgment", **fields):
    url = reverse(f"labeling:{verb}", args=["shop", held.pk])
    choice = {"rank_a": "2", "rank_b": "1", "rationale": WRITTEN, "token": held.token}
    return client.post(url, choice | {"key": uuid.uuid4()} | fields)


def pause(labeler, lead):
    workload.pause(membership=labeler.membership, reason="Rest a while.", actor=lead)


def remove(labeler, lead):
    members.remove(membership=labeler.membership, actor=lead)


def hold_back(labeler, lead):
    suspend(membership=labeler.membership, actor=lead, reason="Copied rationales.")


def limit(labeler, lead, quota):
    workload.set_limits(membership=labeler.membership, quota=quota, daily_cap=None, actor=lead)


def expire(held):
    """The lease ran out; the page is still open."""
    Assignment.objects.filter(pk=held.pk).update(state="expired", over_at=held.lease_until)
    give_place_back(held)


def test_work_begun_before_a_pause_counts_and_nothing_follows(
    client, project, lead, labeler, held
):
    make_item(project)
    pause(labeler, lead)

    answer = post(client, held)

    assert answer.status_code == 303
    judgment = Judgment.objects.get()
    assert (judgment.is_surplus, judgment.rationale) == (False, WRITTEN)
    held.item.refresh_from_db()
    assert held.item.taken == 1
    assert not Assignment.objects.live().exists()
    page = client.get(reverse("labeling:judge", args=["shop"])).content.decode()
    assert "Rest a while." in page


def test_work_begun_before_a_pause_is_surplus_where_others_were_faster(
    client, project, lead, labeler, held
):
    pause(labeler, lead)
    for _ in range(2):
        other = make_member(project)
        make_judgment(held.item, other, [1, 2])
    type(held.item).objects.filter(pk=held.item_id).update(taken=2)

    assert post(client, held).status_code == 303

    assert Judgment.objects.get(labeler=labeler).is_surplus


def test_a_draft_of_the_paused_is_kept(client, lead, labeler, held):
    pause(labeler, lead)

    assert post(client, held, "save-draft").status_code == 204

    held.refresh_from_db()
    assert (held.state, held.draft["rationale"]) == ("expired", WRITTEN)


@pytest.mark.parametrize("verb", ["submit-judgment", "skip-item"])
def test_the_paused_take_nothing_back_onto_their_desk(client, lead, labeler, held, verb):
    post(client, held, verb)
    pause(labeler, lead)

    answer = client.post(
        reverse("labeling:undo", args=["shop", held.pk]), headers={"HX-Request": "true"}
    )

    assert "You are paused in this project: Rest a while." in answer.content.decode()
    assert not Assignment.objects.live().exists()
    assert Judgment.objects.count() == (verb == "submit-judgment"), "nothing was retracted"


def test_a_skip_is_not_undone_once_the_share_is_done(client, project, lead, labeler, held):
    post(client, held, "skip-item")
    make_judgment(make_item(project), labeler, [1, 2])
    limit(labeler, lead, quota=1)

    answer = client.post(
        reverse("labeling:undo", args=["shop", held.pk]), headers={"HX-Request": "true"}
    )

    assert "You have done your share here" in answer.content.decode()
    held.refresh_from_db()
    assert held.state == "skipped"


@pytest.mark.parametrize(("quota", "is_surplus"), [(1, True), (2, False), (None, False)])
def test_late_work_over_a_new_quota_is_kept_as_surplus(
    client, project, lead, labeler, held, quota, is_surplus
):
    expire(held)
    make_judgment(make_item(project), labeler, [1, 2])
    limit(labeler, lead, quota)

    assert post(client, held).status_code == 303

    judgment = Judgment.objects.get(item=held.item_id)
    assert (judgment.is_surplus, judgment.rationale) == (is_surplus, WRITTEN)
    held.item.refresh_from_db()
    assert held.item.taken == (not is_surplus)


def test_the_suspended_are_told_and_their_words_stay(client, lead, labeler, held):
    hold_back(labeler, lead)

    answer = post(client, held)

    assert answer.status_code == 409
    assert "You are suspended in this project" in answer.content.decode()
    assert "says why &lt;at once&gt;." in answer.content.decode()
    held.refresh_from_db()
    assert held.draft["rationale"] == WRITTEN
    assert not Judgment.objects.exists()


def test_the_suspended_give_nothing_back_for_good(client, lead, labeler, held):
    """Their item comes again with its draft, should the suspension be lifted."""
    hold_back(labeler, lead)

    answer = client.post(
        reverse("labeling:skip-item", args=["shop", held.pk]), headers={"HX-Request": "true"}
    )

    assert "You are suspended" in answer.content.decode()
    held.refresh_from_db()
    assert held.state == "expired"


def test_the_removed_keep_their_words_and_see_nothing_of_the_item(client, lead, labeler, held):
    remove(labeler, lead)

    answer = post(client, held)

    assert answer.status_code == 404
    page = answer.content.decode()
    assert "You are not in this project any more" in page
    assert "says why &lt;at once&gt;." in page
    assert "One." not in page
    assert "X-Concord-Fragment" not in answer, "a desk with script keeps what is on it"
    assert not Judgment.objects.exists()


@pytest.mark.parametrize("verb", ["skip-item", "undo", "save-draft"])
def test_the_removed_change_nothing(client, lead, labeler, held, verb):
    remove(labeler, lead)

    assert post(client, held, verb).status_code == 404

    held.refresh_from_db()
    assert (held.state, held.draft) == ("live", {})


def test_a_program_of_somebody_removed_is_told_why(project, lead, labeler, held):
    key = make_key(labeler)
    remove(labeler, lead)
    program = APIClient(
        headers={"Authorization": f"Bearer {key}", "Idempotency-Key": str(held.key)}
    )

    answer = program.post(f"/api/assignments/{held.pk}/judgment/", {}, format="json")

    assert answer.status_code == 404
    assert "not in this project any more" in answer.json()["detail"]


def test_somebody_elses_assignment_is_as_absent_as_ever(client, project, lead, labeler, held):
    stranger = make_member(make_project("other"))
    client.force_login(stranger)

    page = post(client, held).content.decode()

    assert WRITTEN not in page
    assert "not in this project any more" not in page


def test_nothing_is_lent_to_the_removed_and_what_they_held_goes_to_others(
    project, lead, labeler, held
):
    """At once where somebody asks for it, at the next turn of the clock elsewhere."""
    type(held.item).objects.update(overlap=1)
    other = make_member(project)
    assert lend_next_item(project=project, labeler=other) is None
    remove(labeler, lead)

    assert lend_next_item(project=project, labeler=other).item_id == held.item_id
    held.refresh_from_db()
    assert held.state == "expired"
    make_item(project)
    assert lend_next_item(project=project, labeler=labeler) is None

    remove(other, lead)
    assert expire_leases() == 1
    assert not Assignment.objects.live().exists()
    assert set(project.items.values_list("taken", flat=True)) == {0}


class RemovedBefore:
    """Removes a labeler in the middle of a request, right before a statement of it."""

    def __init__(self, statement, labeler, lead):
        self.name, self.remove, self.is_done = statement.name, lambda: remove(labeler, lead), False

    def __call__(self, execute, sql, params, many, context):
        if self.name in sql and not self.is_done:
            self.is_done = True
            self.remove()
        return execute(sql, params, many, context)


@pytest.mark.parametrize(
    ("verb", "is_locked"), [("judge", False), ("skip-item", True), ("undo", True)]
)
def test_whoever_is_removed_while_a_page_is_made_finds_none(
    client, project, lead, labeler, held, verb, is_locked
):
    make_item(project)
    if verb == "undo":
        post(client, held)
        held.refresh_from_db()
    before = held.state
    removed = RemovedBefore(_statement(is_locked), labeler, lead)
    here = ["shop"] if verb == "judge" else ["shop", held.pk]
    url = reverse(f"labeling:{verb}", args=here)
    with connection.execute_wrapper(removed):
        answer = client.get(url) if verb == "judge" else client.post(url)

    assert removed.is_done
    assert answer.status_code == 404
    held.refresh_from_db()
    assert held.state == before
