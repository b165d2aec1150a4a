"""Attachments as files: of their own type, with nothing in them allowed to run.

Content is for everybody who may judge in the project; what somebody said is for them and the
staff. Foreign, absent and not allowed look the same.
"""

from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from annotation.projects.permissions import project_for, roles_for
from annotation.prompts.attachments.kinds import kind_of
from annotation.prompts.attachments.ranges import read_range
from annotation.prompts.attachments.services import CHUNK_BYTES, path_of
from annotation.prompts.models import Attachment


@require_safe
def show_attachment(request, slug, sha256):
    project = project_for(request.user, slug, "judge")
    attachment = Attachment.objects.filter(project=project, sha256=sha256).first()
    path = path_of(project.pk, sha256)
    if attachment is None or not path.is_file() or not _may_see(request.user, project, attachment):
        raise Http404
    return _guarded(_answer(request, attachment, path), attachment)


def _may_see(user, project, attachment) -> bool:
    if attachment.purpose == Attachment.Purpose.CONTENT:
        return True
    return attachment.created_by_id == user.pk or project.role in roles_for("see_items")


def _answer(request, attachment, path):
    size, etag = attachment.byte_count, f'"{attachment.sha256}"'
    if _is_known(request.headers.get("If-None-Match", ""), etag):
        return HttpResponse(status=304)
    is_same = request.headers.get("If-Range", etag) == etag
    try:
        wanted = read_range(request.headers.get("Range", "") if is_same else "", size)
    except ValueError:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
    start, end = wanted or (0, size)
    answer = StreamingHttpResponse(_read(path, start, end), status=206 if wanted else 200)
    answer.headers["Content-Length"] = str(end - start)
    if wanted:
        answer.headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    return answer


def _is_known(header: str, etag: str) -> bool:
    """RFC 9110, 13.1.2: a list of tags, weak or strong, or `*` for any."""
    tags = [tag.strip().removeprefix("W/") for tag in header.split(",")]
    return etag in tags or "*" in tags


def _read(path, start, end):
    with path.open("rb") as file:
        file.seek(start)
        while start < end and (chunk := file.read(min(CHUNK_BYTES, end - start))):
            start += len(chunk)
            yield chunk


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
        "Accept-Ranges": "bytes",
        "ETag": f'"{attachment.sha256}"',
        # The gzip middleware would change lengths and with them what a range means.
        "Content-Encoding": "identity",
    }.items():
        answer.headers[name] = value
    patch_vary_headers(answer, ["Cookie"])
    return answer
