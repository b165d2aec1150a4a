"""What an answer on the ladder leads to, in the transaction of its submit."""

from annotation.core.harms import known_harms
from annotation.labeling.ladder import stages, testing
from annotation.labeling.ladder.stages import Stage
from annotation.labeling.models import Assignment, Judgment, Purpose

OVER = [Assignment.State.SUBMITTED, Assignment.State.SURPLUS, Assignment.State.SKIPPED]


def remaining(membership, use: str):
    """The items of the training or the test that this labeler has yet to answer: what is on
    their desk, and what `lending.LADDER` finds, also for somebody who is paused."""
    mine = Assignment.objects.filter(labeler=membership.user_id)
    elsewhere = Judgment.objects.filter(labeler=membership.user_id)
    elsewhere = elsewhere.exclude(purpose__in=[Purpose.TRAINING, Purpose.TEST])
    return (
        stages.ladder_items(membership.project, use)
        .exclude(item__in=mine.filter(state__in=OVER).values("item"))
        .exclude(item__in=elsewhere.values("item"))
        .exclude(item__warnings__overlap=known_harms(membership.user.preferences.get("avoids")))
    )


def after_answer(assignment) -> None:
    """The last answer ends the training, or the attempt at the test. Of two that come at once the
    second waits for the membership's row, and finds that it was done."""
    membership = stages.locked(
        assignment.project.memberships.values_list("pk", flat=True).get(user=assignment.labeler.pk)
    )
    settle(membership)


def settle(membership) -> None:
    """End what has nothing left. Inside a transaction that holds the membership."""
    if membership.stage == Stage.TRAINING:
        _settle_training(membership)
    elif membership.stage == Stage.TEST:
        attempt = membership.test_attempts.filter(ended_at=None).first()
        if attempt is not None and not remaining(membership, Purpose.TEST).exists():
            testing.end_attempt(attempt, membership)


def _settle_training(membership) -> None:
    has_answered = Assignment.objects.filter(
        project=membership.project_id,
        labeler=membership.user_id,
        purpose=Purpose.TRAINING,
        state=Assignment.State.SUBMITTED,
    ).exists()
    if has_answered and not remaining(membership, Purpose.TRAINING).exists():
        to = stages.stage_after_training(membership.project)
        stages.step(membership=membership, to=to, rule=stages.Rule.TRAINING_DONE)
