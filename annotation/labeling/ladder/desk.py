"""The ladder on the judging page: what follows an answer, what is said beside an item, and why
nothing comes. Only for its own items and for who is on it: the work costs no statement more."""

from django.urls import reverse
from django.utils.translation import gettext as _

from annotation.labeling.ladder.explaining import Explained, explain
from annotation.labeling.ladder.stages import Stage
from annotation.labeling.ladder.standing import membership_of, progress_of, standing_of
from annotation.labeling.models import GoldItem, Purpose
from annotation.labeling.workload import hindrance_of


def words_beside(assignment) -> str:
    """“Training: 3 of 8”, for the item that is on the desk."""
    mine = membership_of(assignment.labeler, assignment.project)
    if mine is None or mine.stage != assignment.purpose:
        return ""
    done, of = progress_of(mine, assignment.purpose)
    if assignment.purpose == Purpose.TRAINING:
        return _("Training: item %(number)d of %(of)d. The known answer follows yours.") % {
            "number": done + 1,
            "of": of,
        }
    return _("Test: item %(number)d of %(of)d.") % {"number": done + 1, "of": of}


def explained(assignment, judgment) -> Explained | None:
    """Of a training item whose answer is known still. Of no other: that would tell."""
    if judgment is None or assignment.purpose != Purpose.TRAINING:
        return None
    gold = GoldItem.objects.filter(item=assignment.item_id, use=GoldItem.Use.TRAINING).first()
    return explain(assignment, judgment, gold) if gold else None


def test_result(labeler, project) -> dict[str, str] | None:
    """When the attempt has just ended: what came of it, as the desk says it."""
    mine = membership_of(labeler, project)
    last = mine and mine.test_attempts.last()
    if last is None or last.ended_at is None:
        return None
    passed = _("You have passed the test"), _("Thank you. This is how you did, by section.")
    failed = _("The test was not passed"), _("This is how you did, by section, and what is next.")
    title, text = passed if last.is_passed else failed
    url = reverse("labeling:own-qualification", args=[project.slug])
    return {"title": title, "text": text, "url": url, "label": _("See the result")}


def why_nothing_comes(labeler, project) -> dict[str, str] | None:
    """For somebody suspended, paused, out of quota or on the way to the work; None where the
    reason lies elsewhere."""
    mine = membership_of(labeler, project)
    if mine is not None and mine.stage == Stage.SUSPENDED:
        return _as_reason(mine)
    if hindrance := hindrance_of(labeler, project):
        return {"title": hindrance.title, "text": hindrance.text}
    if mine is not None and mine.stage in (Stage.TRAINING, Stage.TEST):
        return _as_reason(mine)
    return None


def _as_reason(membership) -> dict[str, str]:
    standing = standing_of(membership)
    is_suspended = standing.stage == Stage.SUSPENDED
    return {
        "title": standing.title,
        "text": standing.text,
        "url": reverse("labeling:own-qualification", args=[membership.project.slug]),
        "label": standing.label if is_suspended else _("To your qualification"),
    }
