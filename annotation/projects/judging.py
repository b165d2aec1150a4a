"""What a project asks its labelers for: the kinds of judgment, and the words they tick."""

from collections.abc import Sequence

from django.db import transaction
from django.utils.translation import gettext as _

from annotation.core import audit
from annotation.core.errors import DomainError
from annotation.projects.models import Project
from annotation.projects.services import (
    TagSpec,
    criterion_specs,
    current_rubric,
    publish_rubric,
)

FIELDS = (
    "ordering",
    "top_k",
    "scale_points",
    "has_both",
    "asks_strength",
    "has_floor",
    "rationale",
    "allows_recording",
    "confidence",
    "demonstration",
    "allows_corrections",
    "lease_minutes",
)


def configure_judging(
    *,
    project: Project,
    actor=None,
    flags: Sequence[TagSpec] | None = None,
    error_labels: Sequence[TagSpec] | None = None,
    **asked,
) -> Project:
    """Change what is asked from now on; judgments made so far stay as they are.

    `asked` holds some of FIELDS. Flags and error labels belong to the rubric, so other ones are
    its next version, with the same guideline and criteria; None leaves them.
    """
    unknown = set(asked) - set(FIELDS)
    if unknown:
        raise DomainError(_("There is no setting “%(name)s”.") % {"name": min(unknown)})
    with transaction.atomic():
        project = Project.objects.select_for_update(no_key=True).get(pk=project.pk)
        changed = {name: value for name, value in asked.items() if getattr(project, name) != value}
        for name, value in changed.items():
            setattr(project, name, value)
        _refuse_contradictions(project)
        if changed:
            project.save(update_fields=list(changed))
            audit.record(
                "project.judging_changed",
                actor=actor,
                project=project,
                target=project.slug,
                **changed,
            )
        _republish(project, flags, error_labels, actor)
    return project


def _refuse_contradictions(project: Project) -> None:
    fallback = project.demonstration == Project.Demonstration.FALLBACK
    is_scale = project.ordering == Project.Ordering.SCALE
    if fallback and not (project.has_floor or (is_scale and project.has_both)):
        raise DomainError(
            _(
                "A response of the labeler's own is asked for when none is acceptable: "
                "let them mark responses as unacceptable."
            )
        )
    if project.allows_recording and project.rationale == Project.Asked.OFF:
        raise DomainError(_("A rationale can only be spoken where one is asked for."))
    if project.top_k and project.ordering != Project.Ordering.PARTIAL:
        raise DomainError(_("“How many at least” belongs to ranking the best ones."))


def _republish(project, flags, error_labels, actor) -> None:
    rubric = current_rubric(project)
    before = (rubric.flags, rubric.error_labels) if rubric else ([], [])
    wanted = [
        [vars(spec) for spec in specs] if specs is not None else old
        for specs, old in zip((flags, error_labels), before, strict=True)
    ]
    if wanted == list(before):
        return
    publish_rubric(
        project=project,
        actor=actor,
        guideline=rubric.guideline if rubric else "",
        criteria=criterion_specs(rubric) if rubric else [],
        priorities=rubric.priorities if rubric else [],
        flags=[TagSpec(**tag) for tag in wanted[0]],
        error_labels=[TagSpec(**tag) for tag in wanted[1]],
    )
