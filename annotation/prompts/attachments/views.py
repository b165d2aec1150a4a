"""Attachments as files: of their own type, with nothing in them allowed to run.

Content is for everybody who may judge in the project; what somebody said is for them and the
staff. Foreign, absent and not allowed look the same.
"""

from django.http import Http404
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from annotation.core.ranges import ranged_response
from annotation.projects.permissions import project_for, roles_for
from annotation.prompts.attachments.kinds import kind_of
from annotation.prompts.attachments.services import path_of
from annotation.prompts.models import Attachment


@require_safe
def show_attachment(request, slug, sha256):
    project = project_for(request.user, slug, "judge")
    attachment = Attachment.objects.filter(project=project, sha256=sha256).first()
    path = path_of(project.pk, sha256)
    if attachment is None or not path.is_file() or not _may_see(request.user, project, attachment):
        raise Http404
    return _guarded(ranged_response(request, path, attachment.sha256), attachment)


def _may_see(user, project, attachment) -> bool:
    if attachment.purpose == Attachment.Purpose.CONTENT:
        return True
    return attachment.created_by_id == user.pk or project.role in roles_for("see_items")


def _guarded(answer, attachment):
    kind = kind_of(attachment.media_type)
    shown = "attachment" if kind == "pdf" else "inline"
    file_name = f"{kind}-{attachment.sha256[:8]}" + (".pdf" if kind == "pdf" else "")
    for name, value in {
        "Content-Type": attachment.media_type,
        "Content-Disposition": f'{shown}; filename="{file_name}"',
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "Cross-Origin-Resource-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, max-age=3600",
    }.items():
        answer.headers[name] = value
    patch_vary_headers(answer, ["Cookie"])
    return answer
