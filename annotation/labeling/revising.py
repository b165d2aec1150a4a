"""Changing one's own judgment: a further revision, the old one stays."""

from collections.abc import Callable
from uuid import UUID

from django.db import IntegrityError, OperationalError, transaction
from django.utils.translation import gettext as _

from annotation.core.database import is_retryable
from annotation.core.errors import Conflict, NotFound
from annotation.labeling.final import refuse_final
from annotation.labeling.models import ON_THE_LADDER, Assignment, Item, Judgment
from annotation.labeling.models.final import is_final_for_its_labeler
from annotation.labeling.record import record_judgment, texts_for, without_unchanged
from annotation.labeling.verdict import Verdict, check, check_seconds
from annotation.projects.models import Membership, RubricVersion
from annotation.projects.permissions import visible_in
from annotation.projects.services import current_rubric, rubric_by_id

SUSPENDED = Membership.Stage.SUSPENDED


class StaleRevision(Conflict):
    """The judgment was changed since the page was opened. `latest` is what holds now."""

    def __init__(self, latest: Judgment):
        super().__init__(
            _("You changed this judgment elsewhere meanwhile: revision %(number)d holds now.")
            % {"number": latest.revision}
        )
        self.latest = latest


def own_judgments(labeler):
    """What this person judged in projects they are still in, with what a page shows of it. Answers
    of the training and the test stand, and are shown where those are."""
    mine = Judgment.objects.filter(labeler=labeler).exclude(purpose__in=ON_THE_LADDER)
    mine = visible_in(mine, labeler, "judge")
    mine = mine.annotate(is_final=is_final_for_its_labeler())
    return mine.select_related("project", "item__prompt", "rubric_version")


def own_judgment(labeler, judgment_id) -> Judgment:
    judgment = own_judgments(labeler).filter(pk=judgment_id).first()
    if judgment is None:
        raise NotFound(_("There is no such judgment."))
    return judgment


def latest_revision(judgment) -> Judgment:
    """What holds now of this labeler's judgments of the item."""
    same = Judgment.objects.of_line(judgment)
    return same.select_related("project", "item__prompt").latest("revision")


def rubric_for(judgment, shown_id: int | None = None) -> RubricVersion | None:
    """The version that a revision's page showed, else the one the judgment was made by."""
    if shown_id and shown_id != judgment.rubric_version_id:
        versions = RubricVersion.objects.published().filter(project=judgment.project_id)
        if versions.filter(pk=shown_id).exists():
            return rubric_by_id(shown_id)
    if judgment.rubric_version_id:
        return rubric_by_id(judgment.rubric_version_id)
    return current_rubric(judgment.project)


def revise_judgment(
    *,
    judgment_id: int,
    labeler,
    verdict: Callable[[Judgment, RubricVersion | None], Verdict],
    key: UUID,
    seconds: float | None = None,
    rubric_id: int | None = None,
) -> Judgment:
    """Record another verdict in the place of the judgment given before.

    `judgment_id` is the revision that the page was opened on: where another holds by now it is a
    StaleRevision. The same key again is the same revision. VerdictError as for a submit.
    """
    seconds = check_seconds(seconds)
    for _attempt in range(3):
        try:
            with transaction.atomic():
                return _revise(judgment_id, labeler, verdict, key, seconds, rubric_id)
        except (IntegrityError, OperationalError) as error:
            # Two transactions met head-on and nothing was written: look at what holds now.
            if not is_retryable(error):
                raise
    raise Conflict(_("Too much happened at once. Nothing was lost: send it again."))


def _refuse_the_suspended(project_id, labeler) -> None:
    """Holds the membership until the transaction ends, as whoever submits or undoes does first."""
    mine = Membership.objects.select_for_update(no_key=True).filter(project=project_id)
    if mine.filter(user=labeler).values_list("stage", flat=True).first() == SUSPENDED:
        raise Conflict(_("You are suspended in this project: your judgments stay as they are."))


def _revise(judgment_id, labeler, verdict, key, seconds, rubric_id) -> Judgment:
    base = own_judgment(labeler, judgment_id)
    _refuse_the_suspended(base.project_id, labeler)
    # Whoever submits, undoes or revises holds this row.
    list(Assignment.objects.select_for_update().filter(item=base.item_id, labeler=labeler))
    refuse_final(base)
    latest = latest_revision(base)
    rubric = rubric_for(base, rubric_id)
    said = verdict(base, rubric)
    texts = texts_for(said, base.item)
    said = without_unchanged(said, texts)
    if latest.key == key:
        if latest.content_sha256 == said.sha256:
            return latest
        raise Conflict(
            _("This page was submitted already, with another verdict. The first counts.")
        )
    if latest.pk != base.pk:
        raise StaleRevision(latest)
    if latest.is_retraction:
        raise Conflict(_("You took this judgment back: its item waits in your queue again."))
    check(
        said,
        response_count=base.item.response_count,
        rubric=rubric,
        project=base.project,
        texts=texts,
    )
    return record_judgment(
        item=base.item,
        labeler=labeler,
        verdict=said,
        event="judgment.revised",
        assignment=base.assignment,
        revision=base.revision + 1,
        rubric_version=rubric,
        origin=Judgment.Origin.DESK,
        purpose=base.purpose,
        key=key,
        order=base.order,
        seconds=seconds,
        is_surplus=base.is_surplus or base.item.state == Item.State.WITHDRAWN,
    )
