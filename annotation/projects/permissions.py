"""Every who-may, as data: which roles may do what in a project.

Foreign and absent look the same: `project_for` answers NotFound to both.
"""

from django.db.models import Q
from django.http import Http404

from annotation.core.models import Job
from annotation.projects.models import Membership, Project

Role = Membership.Role
EVERYBODY = frozenset(Role)
STAFF = frozenset({Role.REVIEWER, Role.LEAD, Role.ENGINEER, Role.ADMIN})

ACTIONS: dict[str, frozenset] = {
    "judge": EVERYBODY,
    "see_project": STAFF,
    "see_agreement": STAFF,
    "see_items": STAFF,
    "see_datasets": STAFF,
    "see_runs": STAFF,
    "import": frozenset({Role.LEAD, Role.ENGINEER, Role.ADMIN}),
    "export": frozenset({Role.LEAD, Role.ENGINEER, Role.ADMIN}),
    "freeze": frozenset({Role.LEAD, Role.ENGINEER, Role.ADMIN}),
    "train": frozenset({Role.LEAD, Role.ENGINEER, Role.ADMIN}),
    "compute": frozenset({Role.LEAD, Role.ENGINEER, Role.ADMIN, Role.REVIEWER}),
    "review": frozenset({Role.REVIEWER, Role.LEAD, Role.ADMIN}),
    "manage": frozenset({Role.LEAD, Role.ADMIN}),
    "see_costs": frozenset({Role.LEAD, Role.ADMIN}),
    # Not a reviewer's: it tells who judged what, and they look at judgments without names.
    "audit": frozenset({Role.LEAD, Role.ENGINEER, Role.ADMIN}),
}


def roles_for(action: str) -> frozenset:
    return ACTIONS[action]


def may(user, action: str, project: Project) -> bool:
    """May this user do that in this project, now? Site admins may do everything."""
    if not user.is_authenticated:
        return False
    if user.is_superuser:
        return True
    return Membership.objects.filter(
        project=project, user=user, is_active=True, role__in=ACTIONS[action]
    ).exists()


def project_for(user, slug: str, action: str) -> Project:
    """The project, if it exists and the user may do that in it; else Http404. One statement.

    The result carries `.role` (empty for a site admin who is no member).
    """
    roles = ACTIONS[action]
    if user.is_superuser:
        project = Project.objects.filter(slug=slug).first()
        if project is None:
            raise Http404
        project.role = Role.ADMIN
        return project
    membership = (
        Membership.objects.filter(
            project__slug=slug, user_id=user.pk, is_active=True, role__in=roles
        )
        .select_related("project")
        .first()
    )
    if membership is None:
        raise Http404
    membership.project.role = membership.role
    return membership.project


def projects_where(user, action: str):
    """The projects in which the user may do that."""
    if user.is_superuser:
        return Project.objects.all()
    return Project.objects.filter(
        memberships__user=user, memberships__is_active=True, memberships__role__in=ACTIONS[action]
    )


def may_create_projects(user) -> bool:
    """Site admins, and whom one of them allowed it."""
    return user.is_authenticated and (user.is_superuser or user.may_create_projects)


def visible_jobs(user):
    """Background jobs of the projects whose work the user may see, and those without a project
    that the user asked for. None of a labeler's project: they tell which models are compared."""
    if user.is_superuser:
        return Job.objects.all()
    seen = projects_where(user, "see_project")
    return Job.objects.filter(Q(project__in=seen) | Q(created_by=user, project=None))


def visible_in(queryset, user, action: str):
    """Rows with a `project` in which the user may do that."""
    if user.is_superuser:
        return queryset
    return queryset.filter(
        project__memberships__user=user,
        project__memberships__is_active=True,
        project__memberships__role__in=ACTIONS[action],
    )
