import time

import pytest
from django.db.models import F

from annotation.accounts.models import User
from annotation.core.models import Event
from annotation.demo import services
from annotation.demo.labelers import CAREFUL
from annotation.demo.panel import judge_batch
from annotation.labeling.models import Assignment, Item, Judgment
from annotation.labeling.services import lend_next_item
from annotation.projects.models import Membership, Project
from tests.factories import make_member

pytestmark = pytest.mark.django_db


def test_seeding_makes_a_project_in_which_every_role_has_somebody():
    project = services.seed()
    roles = set(project.memberships.values_list("role", flat=True))
    assert roles == set(Membership.Role)
    assert project.slug == "shop-replies"


def test_seeding_twice_changes_nothing():
    services.seed()
    before = [model.objects.count() for model in (User, Project, Item, Judgment, Event)]
    assert all(before)
    services.seed()
    assert before == [model.objects.count() for model in (User, Project, Item, Judgment, Event)]


def test_nobody_of_the_demo_has_a_password():
    services.seed()
    users = list(User.objects.all())
    assert len(users) > 15
    assert not any(user.has_usable_password() for user in users)


def test_simulated_accounts_say_so():
    services.seed()
    simulated = User.objects.filter(kind=User.Kind.SIMULATED)
    assert simulated.count() == 18
    assert all("simulated" in user.display_name for user in simulated)
    assert all(
        judgment.origin == Judgment.Origin.SIMULATED
        for judgment in Judgment.objects.filter(labeler__in=simulated)
    )


def test_a_part_is_judged_and_enough_is_left_for_whoever_opens_the_page():
    project = services.seed()
    assert project.judgments.count() == services.JUDGMENT_COUNT
    assert project.items.filter(taken=F("overlap")).count() >= 20
    assert not Assignment.objects.live().exists()
    visitor = make_member(project)
    lent = set()
    for _ in range(20):
        assignment = lend_next_item(project=project, labeler=visitor)
        lent.add(assignment.item_id)
        Assignment.objects.filter(pk=assignment.pk).update(
            state="skipped", over_at=F("created_at")
        )
    assert len(lent) == 20


def test_the_rubric_has_anchors_and_judgments_rate_all_criteria():
    project = services.seed()
    criteria = list(project.rubric_versions.get().criteria.all())
    assert [criterion.key for criterion in criteria] == ["helpful", "courteous", "correct"]
    assert all(criterion.anchors for criterion in criteria)
    for judgment in project.judgments.all():
        assert set(judgment.ratings) == {"helpful", "courteous", "correct"}


def test_seeding_is_quick():
    start = time.process_time()
    services.seed()
    assert time.process_time() - start < 2
    start = time.process_time()
    services.seed()
    assert time.process_time() - start < 0.05


def test_the_panel_keeps_to_its_batch_and_ends():
    project = services.seed()
    others = project.items.filter(taken=0).order_by("pk")
    mine = list(others.values_list("pk", flat=True)[:4])
    Item.objects.filter(pk__in=mine).update(batch="mine", priority=5)
    made = judge_batch(project=project, batch="mine", personas=CAREFUL, seed=1)
    assert made == 4 * services.OVERLAP
    assert all(item.taken == item.overlap for item in Item.objects.filter(pk__in=mine))
    assert project.items.filter(taken=0, batch=services.BATCH).exists()
    assert judge_batch(project=project, batch="mine", personas=CAREFUL, seed=1) == 0
