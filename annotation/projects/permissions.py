"""Every who-may, as data: which roles may do what in a project.

Foreign and absent look the same: `project_for` answers NotFound to both.

A program asks with a token, which narrows what its owner may do: to the token's projects, as if
there were no others, and to its rights. In a project that it is for, a missing right is named.
"""

from django.db.models import Q
from django.http import Http404
from django.shortcuts import get_object_or_404

from annotation.accounts.models import ApiToken
from annotation.core.errors import DomainError
from annotation.core.models import Job
from annotation.projects.models import Membership, Project

Role = Membership.Role
EVERYBODY = frozenset(Role)
STAFF = frozenset({Role.REVIEWER, Role.LEAD, Role.ENGINEER, Role.ADMIN})

ACTIONS: dict[str, frozenset] = {
    "judge": EVERYBODY,
    "read_rubric": EVERYBODY,
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

Right = ApiToken.Right
# What each right of a token opens of the actions. Every action is in one of them.
RIGHTS: dict[str, frozenset] = {
    Right.READ: frozenset(
        {"read_rubric", "see_project", "see_agreement", "see_items", "see_datasets", "see_runs"}
    ),
    Right.JUDGE: frozenset({"judge", "read_rubric"}),
    Right.IMPORT: frozenset({"import"}),
    Right.EXPORT: frozenset({"export", "audit"}),
    Right.TRAIN: frozenset({"compute", "freeze", "train"}),
    Right.MANAGE: frozenset({"manage", "review", "see_costs"}),
}


class MissingRight(DomainError):
    """The owner may do it in this project, and the token is for it, but not for this."""

    status = 403

    def __init__(self, action: str):
        names = " or ".join(f"“{right.value}”" for right in Right if action in RIGHTS[right])
        super().__init__(
            f"This token lacks the right {names}. Make one that has it, on your profile page."
            if names
            else "No token may do this: sign in."
        )


def _has_right(token, action: str) -> bool:
    return token is None or any(action in RIGHTS[right] for right in token.rights)


def _is_for(token, project_id) -> bool:
    return token is None or token.is_for_all_projects or project_id in token.project_ids


def check_token(user, project: Project, action: str) -> None:
    """For what the user's role allows: is the token, if there is one, for it as well?"""
    if not _is_for(user.api_token, project.pk):
        raise Http404
    if not _has_right(user.api_token, action):
        raise MissingRight(action)


def _of_token(queryset, user, field: str):
    """Only rows of the token's projects, where a token asks."""
    token = user.api_token
    if token is None or token.is_for_all_projects:
        return queryset
    return queryset.filter(**{f"{field}__in": token.project_ids})


def roles_for(action: str) -> frozenset:
    return ACTIONS[action]


def may(user, action: str, project: Project) -> bool:
    """May this user do that in this project, now? Site admins may do everything."""
    if not user.is_authenticated:
        return False
    if not (_is_for(user.api_token, project.pk) and _has_right(user.api_token, action)):
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
        check_token(user, project, action)
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
    check_token(user, membership.project, action)
    return membership.project


def projects_where(user, action: str):
    """The projects in which the user may do that."""
    projects = _projects(user, action)
    return projects if _has_right(user.api_token, action) else projects.none()


def _projects(user, action: str):
    """Those, whatever the token's rights are."""
    projects = _of_token(Project.objects.all(), user, "pk")
    if user.is_superuser:
        return projects
    return projects.filter(
        memberships__user=user, memberships__is_active=True, memberships__role__in=ACTIONS[action]
    )


def may_create_projects(user) -> bool:
    """Site admins, and whom one of them allowed it."""
    if not user.is_authenticated or not (user.is_superuser or user.may_create_projects):
        return False
    token = user.api_token
    return token is None or (token.is_for_all_projects and Right.MANAGE in token.rights)


def visible_jobs(user):
    """Background jobs of the projects whose work the user may see, and those without a project
    that the user asked for. None of a labeler's project: they tell which models are compared."""
    if user.is_superuser and user.api_token is None:
        return Job.objects.all()
    return Job.objects.filter(
        Q(project__in=projects_where(user, "see_project")) | _without_project(user)
    )


def _without_project(user) -> Q:
    is_open = _is_for(user.api_token, None) and _has_right(user.api_token, "see_project")
    return Q(created_by=user, project=None) if is_open else Q(pk=None)


def job_for(user, job_id: int) -> Job:
    """The job, if the user may see it; else Http404."""
    seen = Q(project__in=_projects(user, "see_project")) | _without_project(user)
    job = get_object_or_404(Job.objects.select_related("project").filter(seen), pk=job_id)
    if job.project is not None:
        check_token(user, job.project, "see_project")
    return job


def visible_in(queryset, user, action: str):
    """Rows with a `project` in which the user may do that."""
    rows = _rows(queryset, user, action)
    return rows if _has_right(user.api_token, action) else rows.none()


def _rows(queryset, user, action: str):
    """Those, whatever the token's rights are."""
    queryset = _of_token(queryset, user, "project")
    if user.is_superuser:
        return queryset
    return queryset.filter(
        project__memberships__user=user,
        project__memberships__is_active=True,
        project__memberships__role__in=ACTIONS[action],
    )


def row_for(queryset, user, action: str):
    """The first of the rows with a `project` in which the user may do that; else Http404."""
    row = _rows(queryset, user, action).select_related("project").order_by("pk").first()
    if row is None:
        raise Http404
    check_token(user, row.project, action)
    return row
