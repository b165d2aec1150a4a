"""The audit trail of a project, and the one of the site: what belongs to no project."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_safe

from annotation.accounts.recent import AN_HOUR, needs_recent_sign_in
from annotation.accounts.site_admins import site_admins_only
from annotation.core import audit
from annotation.projects.permissions import project_for
from annotation.projects.trail.forms import TrailForm
from annotation.projects.trail.reading import Page, events_of, filtered, page_of
from annotation.projects.trail.sentences import tell
from annotation.projects.trail.streams import trail_response


@require_safe
def project_trail(request, slug):
    return _trail(request, project_for(request.user, slug, "audit"))


@require_GET
@needs_recent_sign_in(also_get=True, within=AN_HOUR)
def export_project_trail(request, slug, kind):
    return _export(request, project_for(request.user, slug, "audit"), kind)


@require_safe
@site_admins_only
def site_trail(request):
    return _trail(request, None)


@require_GET
@site_admins_only
@needs_recent_sign_in(also_get=True, within=AN_HOUR)
def export_site_trail(request, kind):
    return _export(request, None, kind)


def _trail(request, project):
    form = TrailForm(request.GET, project=project)
    page = Page([])
    if form.is_valid():
        events = filtered(events_of(project), form)
        page = page_of(
            events, before=request.GET.get("before", ""), after=request.GET.get("after", "")
        )
    context = {
        "project": project,
        "tab": "audit",
        "form": form,
        "page": page,
        "told": tell(page.events, project),
        "query": _query(request, form),
        "is_filtered": any(form.data.get(name) for name in form.fields),
    }
    template = "projects/audit.html" if project else "projects/site_audit.html"
    return render(request, template, context, status=422 if form.errors else 200)


def _query(request, form) -> str:
    """The filter for links, encoded, without the place in it."""
    kept = request.GET.copy()
    for name in set(kept) - set(form.fields):
        del kept[name]
    return kept.urlencode()


def _export(request, project, kind):
    """What is filtered on the page, whole. Reading the trail leaves its mark in it."""
    form = TrailForm(request.GET, project=project)
    if not form.is_valid():
        words = " ".join(error for errors in form.errors.values() for error in errors)
        return HttpResponse(words, status=422, content_type="text/plain; charset=utf-8")
    audit.record(
        "events.exported",
        actor=request.user,
        project=project,
        target=project.slug if project else "",
        file=kind,
    )
    return trail_response(filtered(events_of(project), form), kind, project=project)
