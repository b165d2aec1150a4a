"""The judgments as a download."""

from django.http import FileResponse
from django.views.decorators.http import require_GET

from annotation.accounts.recent import AN_HOUR, needs_recent_sign_in
from annotation.core import audit
from annotation.core.downloads import attachment
from annotation.labeling.exports.streams import TYPES, export
from annotation.projects.permissions import project_for


@require_GET
@needs_recent_sign_in(also_get=True, within=AN_HOUR)
def download(request, slug, kind):
    project = project_for(request.user, slug, "export")
    return export_response(
        project, kind, actor=request.user, all_revisions=request.GET.get("revisions") == "all"
    )


def export_response(project, kind: str, *, actor, all_revisions: bool) -> FileResponse:
    audit.record(
        "judgments.exported",
        actor=actor,
        project=project,
        target=project.slug,
        file=kind,
        all_revisions=all_revisions,
    )
    return attachment(
        export(project, kind, all_revisions=all_revisions),
        name=f"{project.slug}.{kind}",
        content_type=TYPES[kind],
    )
