"""Reporting a problem with an item, and what staff do about it."""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from annotation.core.errors import DomainError
from annotation.labeling import services
from annotation.labeling.answers import own_assignment, show_next
from annotation.labeling.item_views import item_page
from annotation.labeling.models import Item, ItemReport
from annotation.labeling.refused import Refused
from annotation.labeling.reports import report_problem, resolve_report, set_withdrawn
from annotation.projects.permissions import project_for


@require_http_methods(["GET", "HEAD", "POST"])
def report(request, slug, assignment_id):
    """From the desk a fragment beside it, so that nothing entered is touched; without script a
    page of its own."""
    assignment = own_assignment(request, slug, assignment_id)
    context = {
        "assignment": assignment,
        "kinds": ItemReport.Kind.choices,
        "project": assignment.project,
    }
    template = "labeling/_report.html" if request.htmx else "labeling/report.html"
    if request.method != "POST":
        return render(request, template, context)
    kind, text = request.POST.get("kind", ""), request.POST.get("text", "")
    try:
        report_problem(assignment=assignment, kind=kind, text=text.replace("\r\n", "\n"))
        if "skip" in request.POST:
            services.skip(assignment_id=assignment.pk, labeler=request.user, reason=_("Reported"))
    except DomainError as error:
        context |= {"error": str(error), "kind": kind, "text": text}
        return render(request, template, context, status=422)
    if "skip" in request.POST:
        assignment.state = assignment.State.SKIPPED
        return show_next(request, assignment.project, done=assignment)
    return render(request, template, context | {"is_done": True})


@require_POST
def resolve(request, slug, item_id, report_id):
    project = project_for(request.user, slug, "review")
    found = ItemReport.objects.filter(pk=report_id, item=item_id, item__project=project)
    found = found.select_related("item__project").first()
    if found is None:
        raise Http404
    text = request.POST.get("resolution", "")
    try:
        resolve_report(report=found, actor=request.user, resolution=text)
    except DomainError as error:
        is_here = ItemReport.objects.open().filter(pk=found.pk).exists()
        refused = Refused("report", error, text, found.pk, is_here)
        return item_page(request, project, item_id, refused)
    messages.success(request, _("Resolved."))
    return redirect("labeling:show-item", slug, item_id)


@require_POST
def withdraw(request, slug, item_id):
    return _set_withdrawn(request, slug, item_id, is_withdrawn=True)


@require_POST
def restore(request, slug, item_id):
    return _set_withdrawn(request, slug, item_id, is_withdrawn=False)


def _set_withdrawn(request, slug, item_id, *, is_withdrawn):
    project = project_for(request.user, slug, "manage")
    item = Item.objects.filter(project=project, pk=item_id).select_related("project").first()
    if item is None:
        raise Http404
    text = _("Withdrawn. What was judged stays.") if is_withdrawn else _("Back in the queue.")
    return _done(
        request,
        item,
        lambda: set_withdrawn(item=item, actor=request.user, is_withdrawn=is_withdrawn),
        text,
    )


def _done(request, item, call, text):
    try:
        call()
        messages.success(request, text)
    except DomainError as error:
        messages.error(request, str(error))
    return redirect("labeling:show-item", item.project.slug, item.pk)
