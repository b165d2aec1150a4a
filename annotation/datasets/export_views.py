"""The page on which a dataset is taken away: what is ordered there, how far it is, the files."""

from django.http import Http404
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from annotation.core.errors import DomainError, NotFound
from annotation.core.ranges import ranged_response
from annotation.datasets import services
from annotation.datasets.access import datasets_in
from annotation.datasets.card import card_of
from annotation.datasets.exporting import record_export
from annotation.datasets.exports.kept import path_of
from annotation.datasets.exports.ordering import cancel, order_export, take_export
from annotation.datasets.exports.shown import offers_of, shown_exports
from annotation.datasets.exports.wanted import Wanted, wanted_of
from annotation.datasets.formats import parquet
from annotation.datasets.formats.catalogue import FORMATS, format_named
from annotation.datasets.models import Export
from annotation.datasets.publishing.push_views import pushes_of
from annotation.projects.permissions import project_for


def _dataset(request, slug, digest):
    project = project_for(request.user, slug, "export")
    datasets = datasets_in(project, request.user, "export").select_related("project")
    return project, get_object_or_404(datasets, hash=digest)


@require_safe
def show_exports(request, slug, digest):
    project, dataset = _dataset(request, slug, digest)
    if request.htmx:  # the page asks how far those are that were ordered
        context = {"project": project, "dataset": dataset, "made": shown_exports(dataset)}
        return render(request, "datasets/_made.html", context)
    return _show(request, project, dataset)


def _show(request, project, dataset, *, refusal="", error="", licence=None, status=200):
    offers = offers_of(dataset)
    context = {
        "project": project,
        "tab": "datasets",
        "dataset": dataset,
        "training_formats": [one for one in offers if one.form.for_training],
        "other_formats": [one for one in offers if not one.form.for_training],
        "has_parquet": parquet.is_available(),
        "parquet_is_missing": _(parquet.MISSING),
        "card": card_of(dataset, FORMATS["preference"]),
        "licence": dataset.licence if licence is None else licence,
        "licence_example": "cc-by-4.0",
        "error": error,
        "refusal": refusal,
        "made": shown_exports(dataset),
        "destinations": project.destinations.kept().order_by("name"),
        "pushes": pushes_of(dataset.pushes),
    }
    return render(request, "datasets/exports.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def download_export(request, slug, digest, form):
    """All of a format as a ZIP, or with ?split= one file. POST orders it, GET takes it."""
    project, dataset = _dataset(request, slug, digest)
    try:
        wanted = wanted_said(request, form)
        if request.method == "POST":
            export = order_export(dataset=dataset, wanted=wanted, actor=request.user)
            if export.is_under_way:
                return redirect(f"{reverse('datasets:show-exports', args=[slug, digest])}#made")
            return redirect("datasets:take-export", slug, export.pk)
        export = take_export(dataset=dataset, wanted=wanted, actor=request.user)
        return export_response(request, export)
    except NotFound as error:
        raise Http404(str(error)) from error
    except DomainError as error:
        return _show(request, project, dataset, refusal=str(error), status=422)


def _export(request, slug, export_id):
    project = project_for(request.user, slug, "export")
    open_to_them = datasets_in(project, request.user, "export")
    rows = Export.objects.filter(dataset__in=open_to_them).select_related(
        "dataset__project", "job"
    )
    return get_object_or_404(rows, pk=export_id)


@require_safe
def take_export_file(request, slug, export_id):
    try:
        return export_response(request, _export(request, slug, export_id))
    except NotFound as error:
        raise Http404(str(error)) from error


@require_POST
def cancel_export(request, slug, export_id):
    export = _export(request, slug, export_id)
    cancel(export)
    return redirect("datasets:show-exports", slug, export.dataset.hash)


def wanted_said(request, form: str) -> Wanted:
    """What an address asks for, of page and API alike."""
    as_parquet = request.GET.get("parquet", "") in ("1", "true")
    return Wanted(format_named(form), request.GET.get("split", ""), as_parquet)


def _is_taken(request, response) -> bool:
    """Once for each download: its further parts, and answers without a body, are none."""
    begins = response.headers.get("Content-Range", "bytes 0-").startswith("bytes 0-")
    return request.method == "GET" and response.status_code in (200, 206) and begins


def export_response(request, export: Export) -> HttpResponseBase:
    """The ready file, or a part of it. Who may have it was asked before."""
    path, wanted = path_of(export), wanted_of(export)
    response = ranged_response(request, path, export.sha256)
    if _is_taken(request, response):
        record_export(dataset=export.dataset, form=wanted.form, actor=request.user, how="download")
    name = wanted.name_for(export.dataset)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Content-Type"] = wanted.content_type
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
