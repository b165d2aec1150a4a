"""How far a team trusts a model version: one of each kind may be the promoted one."""

from django.db import transaction
from django.utils.translation import gettext as _

from annotation.core import audit
from annotation.core.errors import Conflict, DomainError
from annotation.core.text import clean
from annotation.projects.models import Project
from annotation.runs.models import ModelVersion

Stage = ModelVersion.Stage
MOVES = {
    Stage.CANDIDATE: (Stage.PROMOTED, Stage.RETIRED),
    Stage.PROMOTED: (Stage.CANDIDATE, Stage.RETIRED),
    Stage.RETIRED: (Stage.CANDIDATE,),
}
EVENTS = {
    Stage.CANDIDATE: "model_version.reopened",
    Stage.PROMOTED: "model_version.promoted",
    Stage.RETIRED: "model_version.retired",
}
LONGEST_REASON = 500


def set_stage(*, version: ModelVersion, stage: str, actor=None, reason: str = "") -> ModelVersion:
    """Move a version. Whoever was promoted of its kind retires when it is promoted; the same
    stage again changes nothing."""
    if stage not in Stage.values:
        raise DomainError(
            _("There is no stage “%(stage)s”: choose candidate, promoted or retired.")
            % {"stage": stage}
        )
    reason = clean(reason, field="reason").strip()
    if len(reason) > LONGEST_REASON:
        raise DomainError(
            _("A reason has at most %(count)d characters.") % {"count": LONGEST_REASON}
        )
    with transaction.atomic():
        # Two promotions at the same time: the second one retires the first.
        Project.objects.select_for_update(no_key=True).get(pk=version.project_id)
        version.refresh_from_db()
        if version.stage == stage:
            return version
        if stage not in MOVES[Stage(version.stage)]:
            raise Conflict(_("It is retired: make it a candidate first, then promote it."))
        if stage == Stage.PROMOTED:
            of_its_kind = ModelVersion.objects.filter(
                project=version.project, kind=version.kind, stage=Stage.PROMOTED
            )
            for before in of_its_kind:
                _move(before, Stage.RETIRED, actor, "", follows=version.pk)
        _move(version, stage, actor, reason)
    return version


def _move(version, stage, actor, reason, **said) -> None:
    version.stage = stage
    version.save(update_fields=["stage"])
    audit.record(
        EVENTS[Stage(stage)],
        actor=actor,
        project=version.project,
        target=f"model_version:{version.pk}",
        name=version.name,
        reason=reason,
        **said,
    )
