"""The page of a project's attachments: what is there, and a way to add more."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Sum
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from annotation.core.errors import DomainError
from annotation.projects.permissions import project_for
from annotation.prompts.attachments.references import attached
from annotation.prompts.attachments.services import attach
from annotation.prompts.models import Attachment

PAGE_SIZE = 50


@require_http_methods(["GET", "HEAD", "POST"])
def list_attachments(request, slug):
    project = project_for(request.user, slug, "import")
    if request.method != "POST":
        return _page(request, project)
    uploads = request.FILES.getlist("files")
    if not uploads:
        return _page(request, project, [("", _("Choose at least one file."))])
    added, refused = _attach_all(project, uploads, request.user)
    if refused:  # what was kept stays: each file stands for itself
        return _page(request, project, refused, added)
    text = ngettext("%(count)d file is kept.", "%(count)d files are kept.", added)
    messages.success(request, text % {"count": added})
    return redirect("prompts:list-attachments", project.slug)


def _attach_all(project, uploads, actor):
    added, refused = 0, []
    for upload in uploads:
        try:
            attach(project=project, stream=upload.file, actor=actor, name=upload.name)
            added += 1
        except DomainError as error:
            refused.append((upload.name, str(error)))
    return added, refused


def _page(request, project, refused=(), added=0):
    rows = Attachment.objects.filter(project=project, purpose=Attachment.Purpose.CONTENT)
    page = Paginator(rows.order_by("-pk"), PAGE_SIZE).get_page(request.GET.get("page"))
    shown = attached(project, [[{"sha256": row.sha256}] for row in page])
    for row, files in zip(page, shown, strict=True):
        row.shown = files[0]
    context = {
        "project": project,
        "tab": "import",
        "page": page,
        "byte_count": rows.aggregate(sum=Sum("byte_count"))["sum"] or 0,
        "refused": refused,
        "added": added,
    }
    status = 422 if refused else 200
    return render(request, "prompts/attachments.html", context, status=status)
