"""The page of labelers, for whoever may see agreement."""

from django.views.decorators.http import require_safe

from annotation.projects.permissions import may, project_for
from annotation.quality.pages import show_figures
from annotation.quality.signals.page import present


@require_safe
def labelers(request, slug):
    project = project_for(request.user, slug, "see_agreement")

    def page_of(report):
        return present(
            report.result,
            people_of(project),
            sort=request.GET.get("sort", ""),
            page=request.GET.get("page"),
        )

    return show_figures(
        request,
        slug,
        "labelers",
        "quality/labelers.html",
        page_of,
        may_review=may(request.user, "review", project),
        may_manage=may(request.user, "manage", project),
    )


def people_of(project) -> dict[int, tuple[str, int]]:
    """{user id: (handle, membership id)}, of members past and present."""
    rows = project.memberships.values_list("user_id", "handle", "pk")
    return {user: (handle, member) for user, handle, member in rows}
