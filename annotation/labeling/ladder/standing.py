"""Where a labeler stands in a project and what comes next, in words for them."""

from dataclasses import dataclass

from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from annotation.labeling.ladder import stages, testing
from annotation.labeling.ladder.answers import remaining
from annotation.labeling.ladder.probation import probation_of
from annotation.labeling.ladder.stages import Stage
from annotation.labeling.models import Assignment, Purpose


@dataclass(frozen=True)
class Standing:
    """`url` leads on, by a link or, where `starts_test`, by a POST. `done` of `of` where there is
    something to count."""

    stage: str
    title: str
    text: str
    url: str = ""
    label: str = ""
    starts_test: bool = False
    done: int = 0
    of: int = 0

    @property
    def stage_name(self) -> str:
        return str(Stage(self.stage).label)


def standing_of(membership) -> Standing:
    found = {
        Stage.TRAINING: _training,
        Stage.TEST: _test,
        Stage.PROBATION: _probation,
        Stage.SUSPENDED: _suspended,
    }
    return found.get(membership.stage, _full)(membership)


def membership_of(user, project):
    """With `project` and `user` at hand; None for a site admin who is no member."""
    mine = project.memberships.active().filter(user=user).first()
    if mine is not None:
        mine.project, mine.user = project, user
    return mine


def progress_of(membership, use: str) -> tuple[int, int]:
    """How many items of the training or the test are answered, of how many there are for them."""
    done = Assignment.objects.filter(
        project=membership.project_id,
        labeler=membership.user_id,
        purpose=use,
        state=Assignment.State.SUBMITTED,
    )
    answered = stages.ladder_items(membership.project, use)
    count = answered.filter(item__in=done.values("item")).count()
    return count, count + remaining(membership, use).count()


def _judge_url(membership) -> str:
    return reverse("labeling:judge", args=[membership.project.slug])


def _own_url(membership) -> str:
    return reverse("labeling:own-qualification", args=[membership.project.slug])


def _training(membership) -> Standing:
    done, of = progress_of(membership, Purpose.TRAINING)
    if done == of:
        return Standing(
            Stage.TRAINING,
            _("The training is not ready yet"),
            _("The project's lead prepares it. Nothing is asked of you until then."),
        )
    then = {
        Stage.TEST: _("Then comes the test."),
        Stage.PROBATION: _("Then you work on probation."),
    }
    after = then.get(stages.stage_after_training(membership.project), _("Then comes the work."))
    return Standing(
        Stage.TRAINING,
        _("Training: %(done)d of %(of)d") % {"done": done, "of": of},
        _("After each answer you see the known one and why. Nothing of it counts. %(after)s")
        % {"after": after},
        url=_judge_url(membership),
        label=_("Go on with the training") if done else _("Begin the training"),
        done=done,
        of=of,
    )


def _test(membership) -> Standing:
    if membership.test_attempts.filter(ended_at=None).exists():
        return _running_test(membership)
    allowance = testing.allowance_of(membership)
    if not allowance.left:
        return Standing(
            Stage.TEST,
            _("The test was not passed"),
            _("All attempts are used. The project's lead decides what comes next."),
            url=_own_url(membership),
            label=_("See the result"),
        )
    if allowance.not_before:
        at = date_format(timezone.localtime(allowance.not_before), "DATETIME_FORMAT")
        return Standing(
            Stage.TEST,
            _("The test was not passed yet"),
            _("The next attempt is possible from %(time)s on.") % {"time": at},
            url=_own_url(membership),
            label=_("See the result"),
        )
    return _waiting_test(membership, allowance)


def _waiting_test(membership, allowance) -> Standing:
    items = stages.ladder_items(membership.project, Purpose.TEST)
    count, sections = items.count(), items.values("section").distinct().count()
    if not count:
        return Standing(
            Stage.TEST,
            _("The test is not ready yet"),
            _("The project's lead prepares it. Nothing is asked of you until then."),
        )
    extent = ngettext("%(count)d item", "%(count)d items", count) % {"count": count}
    parts = ngettext("in one section", "in %(count)d sections", sections) % {"count": sections}
    left = ngettext("You have one attempt.", "You have %(count)d attempts.", allowance.left) % {
        "count": allowance.left
    }
    return Standing(
        Stage.TEST,
        _("The test comes next"),
        _("%(extent)s %(parts)s. You see the result at the end, not before. %(left)s")
        % {"extent": extent, "parts": parts, "left": left},
        url=reverse("labeling:start-test", args=[membership.project.slug]),
        label=_("Begin the test"),
        starts_test=True,
    )


def _running_test(membership) -> Standing:
    done, of = progress_of(membership, Purpose.TEST)
    return Standing(
        Stage.TEST,
        _("Test: %(done)d of %(of)d") % {"done": done, "of": of},
        _("Take your time. You see the result when the last item is answered."),
        url=_judge_url(membership),
        label=_("Go on with the test"),
        done=done,
        of=of,
    )


def _probation(membership) -> Standing:
    """How many are judged, and no more: a share of gold that changed with a submit would tell
    which item was gold."""
    found = probation_of(membership)
    if found.is_over:
        return Standing(
            Stage.PROBATION,
            _("Probation: waiting for the lead"),
            _("You have judged what was asked. Until the project's lead decides, go on."),
            url=_judge_url(membership),
            label=_("Judge"),
        )
    return Standing(
        Stage.PROBATION,
        _("Probation: %(done)d of %(of)d") % {"done": found.judged, "of": found.wanted},
        _("What you judge counts. Some answers are known, and are compared at the end."),
        url=_judge_url(membership),
        label=_("Judge"),
        done=found.judged,
        of=found.wanted,
    )


def _suspended(membership) -> Standing:
    return Standing(
        Stage.SUSPENDED,
        _("You are suspended in this project"),
        _("Nothing is lent to you here, and nothing you send counts."),
        url=_own_url(membership),
        label=_("See why, and what you can do"),
    )


def _full(membership) -> Standing:
    return Standing(
        Stage.FULL,
        _("You are qualified"),
        _("Every item of this project that is for you may come."),
        url=_judge_url(membership),
        label=_("Judge"),
    )
