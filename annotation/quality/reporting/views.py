"""The printable report of a project, and the same as JSON."""

from django.http import JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from annotation.projects.permissions import may, project_for
from annotation.quality import services
from annotation.quality.pages import row_of_pages
from annotation.quality.reporting.document import Document, document_of


def wants_names(request, project) -> bool:
    """Handles are for leads who ask for them; anybody else gets the report without."""
    return request.GET.get("names") == "1" and may(request.user, "manage", project)


def wants_json(request) -> bool:
    return request.GET.get("format") == "json"


def context_of(request, project, document: Document) -> dict:
    """What `quality/_report.html` needs, where there are figures and where there are none yet."""
    return {
        "project": project,
        "document": document,
        "with_names": bool(document.handles),
        "may_name": may(request.user, "manage", project),
        "has_judgments": document.coverage is not None or project.judgments.exists(),
        "may_compute": may(request.user, "compute", project),
        "job": services.last_job(project),
    }


@require_safe
def show_report(request, slug):
    project = project_for(request.user, slug, "see_agreement")
    document = document_of(project, with_names=wants_names(request, project))
    if wants_json(request):
        said = {"project": {"slug": project.slug, "name": project.name}}
        return JsonResponse(said | document.as_json(), json_dumps_params={"allow_nan": False})
    context = context_of(request, project, document) | {
        "tab": "agreement",
        "here": "report",
        "pages": row_of_pages(request.user, project),
    }
    return render(request, "quality/report.html", context)
