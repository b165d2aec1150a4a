"""The printable report of a project, and the same as JSON."""

from django.http import JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from annotation.projects.permissions import may, project_for
from annotation.quality.pages import row_of_pages
from annotation.quality.reporting.document import document_of


def wants_names(request, project) -> bool:
    """Handles are for leads who ask for them; anybody else gets the report without."""
    return request.GET.get("names") == "1" and may(request.user, "manage", project)


def wants_json(request) -> bool:
    return request.GET.get("format") == "json"


@require_safe
def show_report(request, slug):
    project = project_for(request.user, slug, "see_agreement")
    names = wants_names(request, project)
    document = document_of(project, with_names=names)
    if wants_json(request):
        said = {"project": {"slug": project.slug, "name": project.name}}
        return JsonResponse(said | document.as_json(), json_dumps_params={"allow_nan": False})
    context = {
        "project": project,
        "tab": "agreement",
        "here": "report",
        "pages": row_of_pages(project),
        "document": document,
        "with_names": names,
        "may_name": may(request.user, "manage", project),
    }
    return render(request, "quality/report.html", context)
