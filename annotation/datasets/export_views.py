"""The page on which a dataset is taken away, and the downloads it offers."""

import tempfile

from django.http import FileResponse, Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from annotation.core.downloads import JSON_LINES, attachment
from annotation.core.errors import DomainError, NotFound
from annotation.datasets import exporting, services
from annotation.datasets.access import datasets_in
from annotation.datasets.card import card_of
from annotation.datasets.formats import parquet
from annotation.datasets.formats.catalogue import FORMATS, format_named
from annotation.datasets.formats.frozen import SPLITS
from annotation.datasets.publishing.push_views import pushes_of
from annotation.projects.permissions import project_for

PARQUET = "application/vnd.apache.parquet"


def _dataset(request, slug, digest):
    project = project_for(request.user, slug, "export")
    datasets = datasets_in(project, request.user, "export").select_related("project")
    return project, get_object_or_404(datasets, hash=digest)


@require_safe
def show_exports(request, slug, digest):
    project, dataset = _dataset(request, slug, digest)
    return _show(request, project, dataset)


def _show(request, project, dataset, *, error="", licence=None, status=200):
    context = {
        "project": project,
        "tab": "datasets",
        "dataset": dataset,
        "training_formats": [one for one in FORMATS.values() if one.for_training],
        "other_formats": [one for one in FORMATS.values() if not one.for_training],
        "splits": [split for split in SPLITS if dataset.counts["prompts"][split]],
        "has_parquet": parquet.is_available(),
        "parquet_is_missing": _(parquet.MISSING),
        "card": card_of(dataset, FORMATS["preference"]),
        "licence": dataset.licence if licence is None else licence,
        "licence_example": "cc-by-4.0",
        "error": error,
        "destinations": project.destinations.kept().order_by("name"),
        "pushes": pushes_of(dataset.pushes),
    }
    return render(request, "datasets/exports.html", context, status=status)


@require_safe
def download_export(request, slug, digest, form):
    """All of a format as a ZIP, or with ?split= one file."""
    _project, dataset = _dataset(request, slug, digest)
    try:
        return export_response(request, dataset, form)
    except NotFound as error:
        raise Http404(str(error)) from error


def export_response(request, dataset, key: str) -> FileResponse:
    """The answer of page and API alike."""
    form, split = format_named(key), request.GET.get("split", "")
    as_parquet = request.GET.get("parquet", "") in ("1", "true")
    name = f"{dataset.short_hash}.{form.key}"
    if split:
        kind, ending = (PARQUET, "parquet") if as_parquet else (JSON_LINES, "jsonl")
        pieces = exporting.split_pieces(dataset, form, split, as_parquet=as_parquet)
        response = attachment(pieces, name=f"{name}.{split}.{ending}", content_type=kind)
    else:
        response = _zip(dataset, form, f"{name}.zip", as_parquet)
    exporting.record_export(dataset=dataset, form=form, actor=request.user, how="download")
    return response


def _zip(dataset, form, name: str, as_parquet: bool) -> FileResponse:
    whole = tempfile.TemporaryFile()  # noqa: SIM115  closed by the answer
    try:
        with exporting.written(dataset, form, as_parquet=as_parquet) as (folder, _record):
            exporting.zipped(folder, whole)
    except BaseException:
        whole.close()
        raise
    whole.seek(0)
    response = FileResponse(
        whole, as_attachment=True, filename=name, content_type="application/zip"
    )
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


@require_POST
def set_licence(request, slug, digest):
    project, dataset = _dataset(request, slug, digest)
    said = request.POST.get("licence", "")
    try:
        services.set_licence(dataset=dataset, licence=said, actor=request.user)
    except DomainError as error:
        return _show(request, project, dataset, error=str(error), licence=said, status=422)
    return redirect("datasets:show-exports", slug, digest)
