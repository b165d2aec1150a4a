"""The page of labelers, for whoever may review them."""

from django.views.decorators.http import require_safe

from annotation.projects.permissions import may, project_for
from annotation.quality.analyses import ANALYSES
from annotation.quality.documents import people_of
from annotation.quality.pages import show_figures
from annotation.quality.signals.page import present


@require_safe
def labelers(request, slug):
    project = project_for(request.user, slug, ANALYSES["labelers"].right)

    def page_of(report):
        return present(
            report.result,
            people_of(project),
            sort=request.GET.get("sort", ""),
            page=request.GET.get("page"),
        )

    return show_figures(
        request,
        project,
        "labelers",
        "quality/labelers.html",
        page_of,
        may_manage=may(request.user, "manage", project),
    )
