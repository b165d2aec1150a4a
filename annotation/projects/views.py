"""Project pages: the list, the overview, the items, the rubric, the people, the audit trail."""

from django.core.paginator import Paginator
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from annotation.projects.models import RubricDraft
from annotation.projects.permissions import project_for, projects_where, roles_for
from annotation.projects.services import rubric_by_id


@require_safe
def project_list(request):
    projects = projects_where(request.user, "see_project").order_by("name")
    if not projects:
        return redirect("labeling:home")
    if len(projects) == 1:
        return redirect("runs:show-project", projects[0].slug)
    return render(request, "projects/list.html", {"projects": projects})


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
    project = project_for(request.user, slug, "see_project")
    members = project.memberships.select_related("user").order_by("role", "handle")
    page = Paginator(members, 50).get_page(request.GET.get("page"))
    return render(
        request, "projects/people.html", {"project": project, "page": page, "tab": "people"}
    )


@require_safe
def audit_trail(request, slug):
    project = project_for(request.user, slug, "see_project")
    events = project.events.select_related("actor").order_by("-id")
    page = Paginator(events, 50).get_page(request.GET.get("page"))
    return render(
        request, "projects/audit.html", {"project": project, "page": page, "tab": "audit"}
    )
