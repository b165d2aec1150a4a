"""Project pages: the list, the overview, the items, the rubric, the people."""

from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from annotation.accounts.recent import AN_HOUR, needs_recent_sign_in
from annotation.core.errors import DomainError
from annotation.projects import members
from annotation.projects.forms import MemberForm
from annotation.projects.models import Membership, RubricDraft
from annotation.projects.people import Search
from annotation.projects.permissions import (
    may,
    may_create_projects,
    project_for,
    projects_where,
    roles_for,
)
from annotation.projects.services import rubric_by_id


@require_safe
def project_list(request):
    projects = projects_where(request.user, "see_project").order_by("name")
    may_create = may_create_projects(request.user)
    if not projects and not may_create:
        return redirect("labeling:home")
    if len(projects) == 1 and not may_create:
        return redirect("runs:show-project", projects[0].slug)
    context = {"projects": projects, "may_create": may_create}
    return render(request, "projects/list.html", context)


@require_safe
def rubric(request, slug):
    project = project_for(request.user, slug, "judge")
    published = (
        project.rubric_versions.published().order_by("-number").values_list("pk", flat=True)
    )
    may_manage = project.role in roles_for("manage")
    context = {
        "project": project,
        "versions": [rubric_by_id(pk) for pk in published.values_list("pk", flat=True)],
        "tab": "rubric",
        "may_manage": may_manage,
        "may_see_agreement": project.role in roles_for("see_agreement"),
        "draft": may_manage and RubricDraft.objects.filter(project=project).exists(),
    }
    return render(request, "projects/rubric.html", context)


@require_safe
def people(request, slug):
    return _people(request, project_for(request.user, slug, "see_project"))


@require_POST
@needs_recent_sign_in(within=AN_HOUR)
def change_member(request, slug, member_id):
    project = project_for(request.user, slug, "manage")
    membership = get_object_or_404(project.memberships.select_related("user"), pk=member_id)
    form = MemberForm(request.POST)
    if not form.is_valid():
        return _people(request, project, _("Choose a role, or what to do."), status=422)
    do, role = form.cleaned_data["do"], form.cleaned_data["role"]
    try:
        if do == MemberForm.Do.CHANGE:
            members.change_role(membership=membership, role=role, actor=request.user)
        elif do == MemberForm.Do.REMOVE:
            members.remove(membership=membership, actor=request.user)
        else:
            members.take_back(membership=membership, actor=request.user)
    except DomainError as error:
        return _people(request, project, str(error), status=error.status)
    if membership.user_id == request.user.pk and not may(request.user, "see_project", project):
        return redirect("labeling:home")
    # Back to where the person was found.
    shown = Search.of(request.GET).query_of_page
    return redirect(reverse("projects:list-people", args=[slug]) + (f"?{shown}" if shown else ""))


def _people(request, project, problem="", status=200):
    search = Search.of(request.GET)
    listed = search.among(project.memberships.select_related("user").order_by("role", "handle"))
    context = {
        "project": project,
        "page": Paginator(listed, 50).get_page(search.page),
        "search": search,
        "tab": "people",
        "may_manage": project.role in roles_for("manage"),
        "may_review": project.role in roles_for("review"),
        "roles": Membership.Role.choices,
        "problem": problem,
    }
    return render(request, "projects/people.html", context, status=status)
