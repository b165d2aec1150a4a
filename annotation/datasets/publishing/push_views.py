"""Sending a dataset somewhere, and the page of one push."""

from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import HttpResponseClientRefresh

from annotation.core.errors import DomainError
from annotation.datasets.access import datasets_in
from annotation.datasets.formats.catalogue import format_named
from annotation.datasets.models import DatasetPush, Push
from annotation.datasets.publishing import pushing
from annotation.projects.permissions import may, project_for

SHOWN = 20


@dataclass(frozen=True)
class Pages:
    """The addresses that a push has, by what is pushed."""

    show: str
    change: str


DATASET_PAGES = Pages("datasets:show-push", "datasets:change-push")


def pushes_of(rows):
    """The newest ones, with what a line of each needs."""
    return rows.select_related("destination", "job", "created_by").order_by("-pk")[:SHOWN]


@require_POST
def push(request, slug, digest):
    project = project_for(request.user, slug, "export")
    datasets = datasets_in(project, request.user, "export").select_related("project")
    dataset = get_object_or_404(datasets, hash=digest)
    said = request.POST
    try:
        form = format_named(said.get("form", ""))
        made = pushing.push_dataset(
            dataset=dataset,
            destination=destination_said(project, said),
            form=form.key,
            as_parquet=said.get("parquet") == "on" and form.columns is not None,
            with_handles=said.get("handles") == "on",
            actor=request.user,
        )
    except DomainError as error:
        messages.error(request, str(error))
        return redirect("datasets:show-exports", slug, digest)
    return redirect("datasets:show-push", slug, made.pk)


def destination_said(project, said):
    pk = said.get("destination", "")
    found = project.destinations.kept().filter(pk=pk).first() if pk.isdecimal() else None
    if found is None:
        raise DomainError(_("Choose where it shall go."))
    return found


@require_safe
def show_push(request, slug, push_id):
    project = project_for(request.user, slug, "see_datasets")
    rows = DatasetPush.objects.filter(dataset__in=datasets_in(project, request.user))
    found = _found(rows.select_related("dataset"), push_id)
    context = {"dataset": found.dataset, "form": format_named(found.form)}
    return page_of(request, project, found, DATASET_PAGES, "datasets", context)


@require_POST
def change_push(request, slug, push_id):
    project = project_for(request.user, slug, "export")
    mine = datasets_in(project, request.user, "export")
    found = _found(DatasetPush.objects.filter(dataset__in=mine), push_id)
    return changed(request, slug, found, DATASET_PAGES)


def _found(rows, push_id):
    rows = rows.select_related("destination", "job", "created_by")
    return get_object_or_404(rows, pk=push_id)


def page_of(
    request: HttpRequest, project, found: Push, pages: Pages, tab: str, context: dict
) -> HttpResponse:
    """The page; for htmx how far it is, until it is over: then the page anew."""
    context |= {
        "project": project,
        "tab": tab,
        "push": found,
        "pages": pages,
        "may_export": may(request.user, "export", project),
    }
    if request.htmx:
        if not found.job.is_active:
            return HttpResponseClientRefresh()
        return render(request, "datasets/_pushing.html", context)
    return render(request, "datasets/push.html", context)


def changed(request: HttpRequest, slug: str, found: Push, pages: Pages) -> HttpResponse:
    """Cancel it, or take it up again."""
    try:
        if request.POST.get("do") == "cancel":
            pushing.cancel(found, actor=request.user)
        else:
            pushing.resume(found, actor=request.user)
    except DomainError as error:
        messages.error(request, str(error))
    return redirect(pages.show, slug, found.pk)
