"""The import page, and what became of one import."""

import io

from django.http import Http404
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from annotation.core.errors import TooLarge
from annotation.labeling.imports import services
from annotation.labeling.imports.examples import EXAMPLES
from annotation.labeling.imports.forms import ImportForm
from annotation.labeling.imports.wording import summary
from annotation.projects.permissions import project_for
from annotation.prompts.models import Import

SHOWN_ERRORS = 1_000


@require_http_methods(["GET", "HEAD", "POST"])
def import_page(request, slug):
    project = project_for(request.user, slug, "import")
    if request.method != "POST":
        return _page(request, project, ImportForm(initial={"kind": "items"}))
    form = ImportForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, project, form, status=422)
    upload = form.cleaned_data["file"]
    stream = upload or io.BytesIO(form.cleaned_data["text"].encode())
    try:
        imported = services.receive(
            project=project,
            kind=form.cleaned_data["kind"],
            stream=stream if upload is None else upload.file,
            actor=request.user,
            file_name=upload.name if upload else "pasted lines",
            **form.options,
        )
    except TooLarge as error:
        form.add_error("file", str(error))
        return _page(request, project, form, status=error.status)
    if upload is None and imported.state == Import.State.REFUSED:
        return _page(request, project, form, status=422, **_came_of(imported))  # with the paste
    return redirect("labeling:show-import", project.slug, imported.pk)


def _page(request, project, form, status=200, **more):
    recent = project.imports.select_related("created_by").order_by("-id")[:20]
    for imported in recent:
        imported.sentence = summary(imported)
    context = {
        "project": project,
        "tab": "import",
        "form": form,
        "examples": EXAMPLES,
        "recent": recent,
        **more,
    }
    return render(request, "labeling/import.html", context, status=status)


@require_safe
def show_import(request, slug, import_id):
    project = project_for(request.user, slug, "import")
    imported = project.imports.select_related("job").filter(pk=import_id).first()
    if imported is None:
        raise Http404
    context = {"project": project, "tab": "import", **_came_of(imported)}
    template = "labeling/_import.html" if request.htmx else "labeling/import_result.html"
    return render(request, template, context)


def _came_of(imported: Import) -> dict:
    job = imported.job
    is_pending = imported.state == Import.State.PENDING
    is_waiting = is_pending and job is not None and job.is_active
    return {
        "imported": imported,
        "sentence": summary(imported),
        "errors": imported.errors.all()[:SHOWN_ERRORS],
        "job": job,
        "is_waiting": is_waiting,
        "has_failed": is_pending and not is_waiting,
    }
