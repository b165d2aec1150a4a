"""What a labeler sees of the ladder: only their own, with and without script."""

import pytest
from django.urls import reverse

from annotation.labeling.ladder.suspension import answer_appeal, suspend
from annotation.labeling.ladder.testing import start_attempt
from annotation.labeling.models import Assignment, Judgment
from annotation.labeling.models import TestAttempt as Attempt
from annotation.labeling.queue import lend_next_item
from annotation.projects.models import LadderSettings, Membership
from tests.annotation.labeling.ladder.world import (
    RIGHT,
    WRONG,
    Stage,
    judge,
    judge_all,
    lead_of,
    make_ladder,
    membership,
    move,
)
from tests.factories import make_item, make_member, make_user

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def project():
    return make_ladder(retake_wait_hours=0)


@pytest.fixture
def labeler(client, project):
    labeler = make_member(project)
    client.force_login(labeler)
    return labeler


def url(name, project, *more):
    return reverse(f"labeling:{name}", args=[project.slug, *more])


def submit(client, project, labeler, *ranks, headers=None):
    held = lend_next_item(project=project, labeler=labeler)
    by_letter = {
        f"rank_{letter}": ranks[position - 1]
        for letter, position in zip("ab", held.order, strict=True)
    }
    form = by_letter | {"key": str(held.key)}
    return held, client.post(url("submit-judgment", project, held.pk), form, headers=headers)


def test_a_training_answer_is_followed_by_the_known_one(client, project, labeler):
    held, answer = submit(client, project, labeler, *WRONG)
    assert answer.status_code == 302
    assert answer.url == url("show-explanation", project, held.pk)

    page = client.get(answer.url).content.decode()

    assert "The known answer is another one" in page
    assert page.count('class="differs"') == 2
    assert "So." in page  # the explanation
    assert "undo-last" not in page


def test_with_htmx_it_comes_in_the_same_answer(client, project, labeler):
    _held, answer = submit(client, project, labeler, *RIGHT, headers=HTMX)
    page = answer.content.decode()
    assert answer.status_code == 200
    assert answer["X-Concord-Fragment"] == "judge"
    assert "That is the known answer" in page
    assert "differs" not in page
    assert "<!doctype" not in page


def test_the_desk_says_how_far_the_training_is(client, project, labeler):
    desk = client.get(url("judge", project)).content.decode()
    assert "Training: item 1 of 2." in desk
    submit(client, project, labeler, *RIGHT)
    assert "Training: item 2 of 2." in client.get(url("judge", project)).content.decode()
    assert "Training:" in client.get("/").content.decode()


def test_an_explanation_is_for_training_only_and_for_who_answered(client, project, labeler):
    held = lend_next_item(project=project, labeler=labeler)
    assert client.get(url("show-explanation", project, held.pk)).status_code == 302  # not yet
    judge(labeler)
    assert client.get(url("show-explanation", project, held.pk)).status_code == 200
    client.force_login(make_member(project))
    assert client.get(url("show-explanation", project, held.pk)).status_code == 404

    move(labeler, Stage.TEST)
    start_attempt(membership=membership(labeler))
    tested = judge(labeler)
    client.force_login(labeler)
    answer = client.get(url("show-explanation", project, tested.assignment_id))
    assert (answer.status_code, answer.url) == (302, url("judge", project))


def test_the_test_is_begun_by_a_button_and_explains_nothing(client, project, labeler):
    judge_all(labeler, RIGHT)
    desk = client.get(url("judge", project)).content.decode()
    assert "The test comes next" in desk
    own = client.get(url("own-qualification", project)).content.decode()
    assert "Begin the test" in own
    assert "3 items in 2 sections" in own

    assert client.post(url("start-test", project)).url == url("judge", project)

    _held, answer = submit(client, project, labeler, *WRONG, headers=HTMX)
    page = answer.content.decode()
    assert "Test: item 2 of 3." in page
    assert "known" not in page.lower()
    assert "undo-last" not in page


def test_the_last_answer_of_the_test_shows_the_result(client, project, labeler):
    make_item(project)  # what comes next must not hide it
    move(labeler, Stage.TEST)
    start_attempt(membership=membership(labeler))
    judge(labeler)
    judge(labeler)

    _held, answer = submit(client, project, labeler, *RIGHT, headers=HTMX)

    assert "You have passed the test" in answer.content.decode()
    own = client.get(url("own-qualification", project)).content.decode()
    assert "Probation" in own
    assert "2 of 2" in own


def test_without_script_the_result_is_a_page(client, project, labeler):
    move(labeler, Stage.TEST)
    start_attempt(membership=membership(labeler))
    judge(labeler, WRONG)
    judge(labeler, WRONG)
    _held, answer = submit(client, project, labeler, *WRONG)
    assert answer.url == url("own-qualification", project)
    page = client.get(answer.url).content.decode()
    assert "0 of 2" in page
    assert "not passed" in page
    assert "Begin the test" in page  # the retake


@pytest.mark.parametrize("shows", [True, False])
def test_which_items_went_wrong_is_the_projects_choice(client, project, labeler, shows):
    LadderSettings.objects.update(shows_test_items=shows)
    move(labeler, Stage.TEST)
    start_attempt(membership=membership(labeler))
    judged = judge_all(labeler, WRONG)
    page = client.get(url("own-qualification", project)).content.decode()
    assert "Section" in page
    assert (judged[0].item.prompt.last_message in page) is shows


def test_the_training_can_be_repeated_by_a_button(client, project, labeler):
    judge_all(labeler, RIGHT)
    assert "Repeat the training" in client.get(url("own-qualification", project)).content.decode()
    assert client.post(url("repeat-training", project)).status_code == 302
    assert membership(labeler).stage == Stage.TRAINING
    move(labeler, Stage.FULL)
    assert client.post(url("repeat-training", project)).status_code == 409


def test_nobody_begins_the_test_before_the_training_is_done(client, project, labeler):
    answer = client.post(url("start-test", project))
    assert answer.status_code == 409
    assert "no test for you" in answer.content.decode()
    assert not Attempt.objects.exists()


def test_a_program_is_lent_by_the_same_ladder(client, project, labeler):
    make_item(project, priority=9)
    answer = client.post(reverse("labeling-api:next", args=[project.slug]))
    assert answer.status_code == 200
    held = Assignment.objects.live().get(labeler=labeler)
    assert held.purpose == "training"
    assert "training" not in answer.content.decode()
    move(labeler, Stage.TEST)
    Assignment.objects.update(state="expired", over_at=held.created_at)
    answer = client.post(reverse("labeling-api:next", args=[project.slug]))
    assert answer.json()["assignment"] is None  # no attempt was begun


def test_the_suspended_see_why_and_appeal_once(client, project, labeler):
    move(labeler, Stage.FULL)
    make_item(project)
    lead = lead_of(project)
    suspend(membership=membership(labeler), actor=lead, reason="Three missed <in a row>.")

    desk = client.get(url("judge", project)).content.decode()
    assert "You are suspended in this project" in desk
    assert "Suspended" in client.get("/").content.decode()
    own = client.get(url("own-qualification", project)).content.decode()
    assert "Three missed &lt;in a row&gt;." in own
    assert "Gold met" in own
    assert "Send the appeal" in own

    assert client.post(url("appeal", project), {"text": " "}).status_code == 400
    assert client.post(url("appeal", project), {"text": "It was the gold."}).status_code == 302
    again = client.post(url("appeal", project), {"text": "Once more."})
    assert again.status_code == 409
    own = client.get(url("own-qualification", project)).content.decode()
    assert "It was the gold." in own
    assert "Send the appeal" not in own
    assert "has not answered yet" in own

    answer_appeal(membership=membership(labeler), actor=lead, is_lifted=False, answer="No: see 3.")
    own = client.get(url("own-qualification", project)).content.decode()
    assert "No: see 3." in own
    assert "The suspension stands." in own


def test_an_appeal_that_is_too_long_keeps_what_was_typed(client, project, labeler):
    move(labeler, Stage.FULL)
    suspend(membership=membership(labeler), actor=lead_of(project), reason="Because.")
    answer = client.post(url("appeal", project), {"text": "long " * 1000})
    assert answer.status_code == 400
    assert "long long" in answer.content.decode()


def test_the_paused_are_told(client, project, labeler):
    from django.utils import timezone

    move(labeler, Stage.FULL)
    make_item(project)
    Membership.objects.filter(user=labeler).update(paused_at=timezone.now())
    assert "You are paused" in client.get(url("judge", project)).content.decode()
    assert "Paused" in client.get("/").content.decode()


def test_home_counts_no_training_as_judged(client, project, labeler):
    judge_all(labeler, RIGHT)
    assert Judgment.objects.count() == 2
    page = client.get("/").content.decode()
    assert "You have not judged here yet." in page
    assert "The test" in page or "3 items" in page


def test_a_site_admin_stands_nowhere(client, project):
    client.force_login(make_user(is_superuser=True))
    assert client.get(url("own-qualification", project)).url == url("judge", project)
    assert client.get(url("judge", project)).status_code == 200


@pytest.mark.parametrize("stage", list(Stage))
def test_every_stage_has_its_page(client, project, labeler, stage):
    if stage == Stage.SUSPENDED:
        suspend(membership=membership(labeler), actor=lead_of(project), reason="Because.")
    else:
        move(labeler, stage)
    page = client.get(url("own-qualification", project)).content.decode()
    assert str(stage.label) in page or stage == Stage.SUSPENDED
