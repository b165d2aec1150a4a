"""The pages on which a lead writes the next rubric version, looks at it and publishes it."""

from django.contrib import messages
from django.http import Http404, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from annotation.core.errors import DomainError
from annotation.core.numbers import grouped
from annotation.labeling.forms.judgment import text_in, whole_number
from annotation.labeling.item_views import item_page
from annotation.labeling.refused import Refused
from annotation.labeling.rubrics import publishing
from annotation.labeling.rubrics.changes import changes_between
from annotation.labeling.rubrics.entered import document_in
from annotation.labeling.rubrics.page import by_fields, fields_of, rows_of
from annotation.labeling.rubrics.preview import panel_of
from annotation.labeling.rubrics.reask import count_of, judged_items
from annotation.projects.permissions import project_for, roles_for
from annotation.projects.rubrics import drafts
from annotation.projects.rubrics.document import RubricSpec, document_of, read, spec_of_version
from annotation.projects.rubrics.editing import edited, row_of
from annotation.projects.rubrics.templates import TEMPLATES
from annotation.projects.services import current_rubric, rubric_by_id


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request, slug):
    project = project_for(request.user, slug, "manage")
    if request.method != "POST":
        shows = "problems" in request.GET
        return _editor(request, project, drafts.draft_of(project), shows_problems=shows)
    action = request.POST.get("do", "save")
    revision = whole_number(request.POST.get("over") or request.POST.get("revision", "")) or 0
    if action == "autosave":
        return _autosave(request, project, revision)
    typed = document_in(request.POST)
    try:
        if action == "discard":
            drafts.discard_draft(project=project, revision=revision, actor=request.user)
            messages.success(request, _("The draft is gone. The version in force is unchanged."))
            return redirect("projects:show-rubric", slug)
        draft = drafts.save_draft(
            project=project, content=_after(typed, action), revision=revision, actor=request.user
        )
    except drafts.DraftConflict as conflict:
        return _conflict(request, project, typed, revision, conflict)
    except DomainError as error:
        draft = drafts.draft_of(project)
        draft.content, draft.revision = typed, revision
        return _editor(request, project, draft, error=str(error), status=error.status)
    if action == "publish":
        return redirect("labeling:publish-rubric", slug)
    if action == "preview":
        return redirect("labeling:preview-rubric", slug)
    if request.htmx:
        return _editor(request, project, draft)
    here = reverse("labeling:edit-rubric", args=[slug])
    return redirect(f"{here}#{_place(action, draft)}")


def _after(typed: dict, action: str) -> dict:
    name = action.removeprefix("template-")
    if action.startswith("template-") and name in TEMPLATES:
        return document_of(TEMPLATES[name].spec, template=name)
    return edited(typed, action)


def _place(action: str, draft) -> str:
    place = row_of(action) or "draft"
    return f"c-{len(draft.content['criteria']) - 1}" if place == "c-last" else place


def _autosave(request, project, revision):
    """For the page's script: the new revision, and what to say."""
    try:
        draft = drafts.save_draft(
            project=project,
            content=document_in(request.POST),
            revision=revision,
            actor=request.user,
        )
    except DomainError as error:
        return JsonResponse({"said": str(error)}, status=error.status)
    return JsonResponse({"revision": draft.revision, "said": _saved(draft)})


def _saved(draft) -> str:
    if not draft.revision:
        return _("Nothing changed yet")
    at = timezone.localtime(draft.updated_at)
    return _("Saved %(time)s") % {"time": date_format(at, "H:i:s")}


def _conflict(request, project, typed, revision, conflict):
    """What was typed stays in the form, unsaved, with what it would take the place of."""
    draft = drafts.draft_of(project)
    theirs, _problems = read(draft.content)
    mine, _problems = read(typed)
    context = {
        "who": draft.updated_by,
        "at": draft.updated_at,
        "over": draft.revision,
        "changes": changes_between(theirs, mine),
    }
    draft.content, draft.revision = typed, revision
    return _editor(
        request, project, draft, error=str(conflict), conflict=context, status=conflict.status
    )


def _editor(request, project, draft, *, shows_problems=False, status=200, **context):
    _spec, problems = publishing.read_draft(project, draft.content)
    shown = problems if shows_problems else []
    live = current_rubric(project)
    context |= {
        "project": project,
        "tab": "rubric",
        "draft": draft,
        "saved": _saved(draft),
        "live": live,
        "is_behind": draft.revision and draft.based_on != live,
        "fields": fields_of(draft.content, shown),
        "rows": rows_of(draft.content, shown),
        "problems": shown,
        "templates": TEMPLATES,
        "template": TEMPLATES.get(draft.content.get("template", "")),
    }
    name = "_form" if request.htmx else "edit"
    return render(request, f"labeling/rubrics/{name}.html", context, status=status)


@require_safe
def preview(request, slug):
    project = project_for(request.user, slug, "manage")
    spec, _problems = read(drafts.draft_of(project).content)
    context = {"project": project, "tab": "rubric", "panel": panel_of(project, spec)}
    return render(request, "labeling/rubrics/preview.html", context)


@require_safe
def compare(request, slug):
    project = project_for(request.user, slug, "judge")
    specs = _specs(project)
    names = list(specs)
    old = request.GET.get("old", names[1] if len(names) > 1 else "")
    new = request.GET.get("new", names[0] if names else "")
    if names and not {old, new} <= {*names, ""}:
        raise Http404
    is_possible = old in names and new in names
    context = {
        "project": project,
        "tab": "rubric",
        "names": names,
        "old": old,
        "new": new,
        "is_possible": is_possible,
        "changes": is_possible and changes_between(specs[old](), specs[new]()),
    }
    return render(request, "labeling/rubrics/compare.html", context)


def _specs(project) -> dict:
    """{"draft" or a version's number: its rubric, when it is wanted}, newest first. The draft for
    those who may write it."""
    versions = project.rubric_versions.published().order_by("-number").values_list("number", "pk")
    found = {}
    if project.role in roles_for("manage"):
        found["draft"] = lambda: read(drafts.draft_of(project).content)[0]
    return found | {
        str(number): lambda pk=pk: spec_of_version(rubric_by_id(pk)) for number, pk in versions
    }


@require_http_methods(["GET", "HEAD", "POST"])
def publish(request, slug):
    project = project_for(request.user, slug, "manage")
    if request.method != "POST":
        return _publish_page(request, project)
    asked = _asked(request.POST)
    try:
        count = count_of(project, **asked) if asked else None
        if asked and request.POST.get("count") != str(count):
            return _publish_page(request, project, count=count)
        version, reask = publishing.publish(
            project=project,
            revision=whole_number(request.POST.get("revision", "")) or 0,
            note=request.POST.get("note", ""),
            actor=request.user,
            asks_as_template="judging" in request.POST,
            **asked or {},
        )
    except drafts.DraftProblems as error:
        return _publish_page(request, project, problems=error.problems, status=422)
    except DomainError as error:
        return _publish_page(request, project, error=str(error), status=error.status)
    messages.success(request, _published(version, reask))
    return redirect("projects:show-rubric", slug)


def _asked(data) -> dict[str, int] | None:
    """What is to be asked again; None for new work only."""
    if data.get("scope") != "again":
        return None
    return {name: whole_number(data.get(name, "")) or 0 for name in ("percent", "extra")}


def _published(version, reask) -> str:
    said = _("Version %(number)d is in force.") % {"number": version.number}
    if reask is None:
        return said
    count = len(reask.item_ids)
    again = ngettext(
        "%(count)s item is in the queue again.", "%(count)s items are in the queue again.", count
    )
    return f"{said} {again % {'count': grouped(count)}}"


def _publish_page(request, project, *, problems=(), count=None, status=200, **context):
    draft = drafts.draft_of(project)
    spec, found = publishing.read_draft(project, draft.content)
    live = current_rubric(project)
    by_field = by_fields(problems)
    context |= {
        "project": project,
        "tab": "rubric",
        "draft": draft,
        "problems": found,
        "changes": changes_between(spec_of_version(live) if live else RubricSpec(), spec),
        "live": live,
        "note": request.POST.get("note", ""),
        "note_problems": by_field.get("note", []),
        "template": TEMPLATES.get(draft.content.get("template", "")),
        "judged": judged_items(project).count(),
        "is_again": request.POST.get("scope") == "again",
        "percent": request.POST.get("percent", "10"),
        "extra": request.POST.get("extra", "1"),
        "count": count,
    }
    return render(request, "labeling/rubrics/publish.html", context, status=status)


@require_POST
def add_example(request, slug, item_id):
    project = project_for(request.user, slug, "manage")
    item = project.items.filter(pk=item_id).first()
    if item is None:
        raise Http404
    text, criterion = text_in(request.POST, "text"), request.POST.get("criterion", "")
    try:
        drafts.add_example(
            project=project, key=criterion, text=text, item_id=item.pk, actor=request.user
        )
    except DomainError as error:
        is_here = current_rubric(project) is not None
        return item_page(request, project, item_id, Refused("example", error, text, 0, is_here))
    messages.success(request, _("It is an example in the rubric's draft."))
    return redirect("labeling:edit-rubric", slug)
