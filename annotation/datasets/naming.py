"""Names in a policy that are nobody's: refused at every door, for a slip would silently take
everything, or nothing, or leave in whom it should leave out."""

from collections.abc import Iterable

from django.utils.translation import gettext as _

from annotation.datasets.policy import NO_RUBRIC, PolicyError
from annotation.datasets.sources import Sources, named_in
from annotation.projects.models import Membership, RubricVersion


def check_names(sources: Sources) -> None:
    """PolicyError with the name. For a policy that somebody gives; one that was frozen stays as it
    is, whoever goes by another name since."""
    policy, projects = sources.policy, sources.projects
    if policy.without_labelers:
        members = Membership.objects.filter(project__in=projects).select_related("project")
        handles = {_called(sources, one.project, one.handle) for one in members}
        _refuse_unknown(
            policy.without_labelers,
            handles,
            _("Nobody here has the handle “%(name)s”."),
            "without_labelers",
        )
    if policy.batches:
        batches = {
            _called(sources, project, batch)
            for project in projects
            for batch in _batches_of(project, sources.policy_of(project).batches)
        }
        _refuse_unknown(
            policy.batches, batches, _("There is no batch “%(name)s” of items."), "batches"
        )
    if policy.rubric_versions:
        versions = RubricVersion.objects.filter(project__in=projects)
        numbers = {NO_RUBRIC, *versions.values_list("number", flat=True)}
        _refuse_unknown(
            policy.rubric_versions,
            numbers,
            _("The rubric has no version %(name)s."),
            "rubric_versions",
        )


def _called(sources: Sources, project, name: str) -> str:
    return named_in(project, name) if sources.are_several else name


def _batches_of(project, wanted: Iterable[str]) -> Iterable[str]:
    rows = project.items.filter(batch__in=wanted).order_by("batch")
    return rows.values_list("batch", flat=True).distinct()


def _refuse_unknown(names: Iterable, known: set, sentence: str, field: str) -> None:
    if unknown := sorted(set(names) - known):
        raise PolicyError(sentence % {"name": unknown[0]}, field=field)
