"""The team's project: each page of the newer half has something to show."""

import pytest
from django.db import transaction
from django.urls import reverse

from annotation.accounts.models import SelfDescription, User
from annotation.core import jobs
from annotation.core.models import Job
from annotation.demo import services
from annotation.demo.team import cast, seed
from annotation.labeling.ladder.suspension import suspension_of
from annotation.labeling.models import (
    Feedback,
    GoldItem,
    ItemReview,
    Judgment,
    Question,
)
from annotation.oversight.models import AlertTurn
from annotation.projects.models import Membership, Project
from annotation.quality import tasks

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def team(django_db_setup, django_db_blocker, tmp_path_factory):
    """Made once for all of this file: it takes seconds. Every test is taken back to it."""
    with django_db_blocker.unblock(), pytest.MonkeyPatch.context() as patch:
        patch.setattr("django.conf.settings.DATA_DIR", tmp_path_factory.mktemp("data"))
        with transaction.atomic():
            services.seed()
            yield seed.seed_team()
            transaction.set_rollback(True)


def _of(team, username) -> Membership:
    return team.memberships.select_related("user", "project").get(user__username=username)


def test_people_stand_on_every_step_of_the_ladder(team):
    stages = dict(team.memberships.filter(role="labeler").values_list("user__username", "stage"))
    assert stages[cast.NEWCOMER] == Membership.Stage.TRAINING
    assert stages[cast.PROBATION] == Membership.Stage.PROBATION
    assert stages[cast.SUSPENDED] == Membership.Stage.SUSPENDED
    assert stages[cast.LEA] == Membership.Stage.FULL
    assert _of(team, cast.LEA).test_attempts.get().is_passed


def test_the_suspension_has_evidence_and_an_appeal_that_waits(team):
    suspension = suspension_of(_of(team, cast.SUSPENDED))
    assert suspension.evidence["gold"]["right"] < suspension.evidence["gold"]["of"] == 6
    assert suspension.evidence["agreement"]["of"]
    assert suspension.appeal.text
    assert suspension.appeal.answered_at is None


def test_gold_is_met_by_the_careful_and_missed_by_the_suspended(team):
    asked = GoldItem.objects.filter(project=team).values_list("use", flat=True)
    assert set(asked) == {"queue", "training", "test"}
    judged = Judgment.objects.filter(project=team, purpose="gold")
    assert judged.values("labeler").distinct().count() >= 6


def test_a_round_is_finished_with_words_and_outcomes_and_one_is_open(team):
    finished, going = team.calibration_rounds.order_by("pk")
    assert finished.state == "closed"
    assert finished.agreement["before"]["raw"] is not None
    kinds = [one.kind for item in finished.items.all() for one in item.outcomes.all()]
    assert kinds == ["agreed", "none", "example"]
    assert sum(item.posts.count() for item in finished.items.all()) >= 3
    assert going.is_open
    assert going.members.filter(labeler__username=cast.LEA).exists()


def test_work_went_on_under_the_second_version_of_the_rubric(team):
    versions = team.judgments.work().values_list("rubric_version__number", flat=True)
    assert set(versions) == {1, 2}


def test_the_worker_is_asked_for_the_figures(team):
    assert Job.objects.filter(project=team, kind=tasks.KIND).exists()


def test_reviewers_find_a_disagreement_and_a_dispute(team):
    rows = ItemReview.objects.filter(project=team)
    assert rows.filter(outcome="settled").count() == 1
    assert rows.filter(outcome="", why__contains=["spread"]).exists()
    states = Feedback.objects.filter(judgment__project=team, labeler__username=cast.LEA)
    assert set(states.values_list("state", flat=True)) == {"disputed", "new"}


def test_the_lead_finds_questions_news_pools_an_invitation_and_an_alert(team):
    assert Question.objects.filter(project=team).exclude(answer="").count() == 1
    assert Question.objects.open().filter(project=team).count() == 1
    assert team.announcements.shown().get().is_pinned
    assert team.slices.get().pools.get().members.count() == 2
    assert team.items.filter(slice__isnull=False).exists()
    assert team.project_pools.count() == 2
    assert team.invitations.live().count() == 1
    assert AlertTurn.objects.get(alert__project=team).is_raised
    assert SelfDescription.objects.count() == 2


def test_enough_is_left_for_whoever_opens_the_page(team):
    assert team.items.open().filter(slice=None).count() >= 20


def test_nobody_of_the_team_has_a_password_and_judgments_say_simulated(team):
    for username, _name in cast.JOINING:
        assert not User.objects.get(username=username).has_usable_password()
    assert set(team.judgments.values_list("origin", flat=True)) == {"simulated"}


@pytest.mark.parametrize(
    ("username", "name"),
    [
        (cast.LEAD, "runs:show-project"),
        (cast.LEAD, "labeling:show-qualification"),
        (cast.LEAD, "labeling:list-gold"),
        (cast.LEAD, "labeling:list-calibrations"),
        (cast.REVIEWER, "labeling:list-reviews"),
        (cast.NEWCOMER, "labeling:judge"),
        (cast.PROBATION, "labeling:judge"),
        (cast.LEA, "labeling:judge"),
        (cast.SUSPENDED, "labeling:own-qualification"),
    ],
)
def test_the_pages_open(team, client, username, name):
    client.force_login(User.objects.get(username=username))
    assert client.get(reverse(name, args=[team.slug])).status_code == 200


def test_the_worker_makes_it_once(team, monkeypatch):
    Project.objects.filter(pk=team.pk).update(slug="made-before")
    made = []

    def make():
        made.append(Project.objects.get(pk=team.pk))
        Project.objects.filter(pk=team.pk).update(slug=seed.SLUG)
        return made[0]

    monkeypatch.setattr(seed, "seed_team", make)
    seed.request_team()
    seed.request_team()
    job = Job.objects.get(kind="demo-team")
    jobs.run(job.pk)
    job.refresh_from_db()
    assert job.state == Job.State.DONE
    assert len(made) == 1
    seed.request_team()
    assert Job.objects.filter(kind="demo-team").count() == 1
