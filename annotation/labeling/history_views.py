"""The labeler's history, and the desk on which a judgment is changed."""

import uuid

from django.contrib import messages
from django.http import Http404
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_http_methods, require_safe

from annotation.core.errors import Conflict, DomainError, NotFound
from annotation.labeling import services
from annotation.labeling.answers import (
    Notice,
    SeeOther,
    choice_of,
    render_desk,
    show_opened,
)
from annotation.labeling.bench import Bench, problems_of
from annotation.labeling.desk import desk_for
from annotation.labeling.forms import JudgmentForm
from annotation.labeling.forms.entered import entered_from
from annotation.labeling.forms.judgment import whole_number
from annotation.labeling.history import history_of
from annotation.labeling.revising import latest_revision, own_judgment, revise_judgment, rubric_for
from annotation.projects.permissions import project_for, projects_where


@require_safe
def history(request):
    projects = list(projects_where(request.user, "judge").order_by("name").distinct())
    slug = request.GET.get("project", "")
    project = project_for(request.user, slug, "judge") if slug else None
    before = whole_number(request.GET.get("before", ""))
    context = {
        "page": history_of(request.user, project=project, before=before),
        "projects": projects,
        "chosen": project,
        "is_first": before is None,
    }
    return render(request, "labeling/history.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@cache_control(private=True, no_store=True)
def revise(request, judgment_id):
    """The desk with a judgment on it, as it was given; a submit is its next revision."""
    try:
        judgment = own_judgment(request.user, judgment_id)
        if judgment.assignment_id is None:
            raise NotFound(_("There is no such judgment."))
        assignment = services.assignment_of(request.user, judgment.assignment_id)
    except NotFound as error:
        raise Http404 from error
    if judgment.is_final:
        messages.info(request, _("This judgment is final: you have read what others say of it."))
        return SeeOther(reverse("labeling:history"))
    assignment.order = judgment.order or assignment.order
    if request.method == "POST":
        return _save(request, judgment, assignment)
    latest = latest_revision(judgment)
    if latest.is_retraction:
        return SeeOther(reverse("labeling:judge", args=[judgment.project.slug]))
    bench = _bench(request, latest, assignment, entered_from(latest, assignment.order))
    return render_desk(request, judgment.project, bench, notices=[_about(latest)])


def _save(request, judgment, assignment):
    form = JudgmentForm(request.POST)
    if action := request.POST.get("open", ""):
        return show_opened(request, assignment, form, action, revises=judgment)
    base = whole_number(request.POST.get("replace", "")) or judgment.pk
    try:
        saved = revise_judgment(
            judgment_id=base,
            labeler=request.user,
            verdict=lambda _judgment, rubric: form.verdict(assignment, rubric),
            key=form.key,
            seconds=form.seconds,
            rubric_id=form.rubric_id,
        )
    except NotFound as error:
        raise Http404 from error
    except Conflict as error:
        bench = _bench(request, judgment, assignment, form.entered, form.rubric_id)
        choice = choice_of(error)
        return render_desk(request, judgment.project, bench, status=409, choice=choice)
    except DomainError as error:
        rubric = rubric_for(judgment, form.rubric_id)
        problems = form.problems or problems_of(error, assignment, rubric)
        bench = _bench(request, judgment, assignment, form.entered, form.rubric_id, problems)
        return render_desk(request, judgment.project, bench, status=422)
    text = _("Saved as revision %(number)d. The ones before are kept.") % {
        "number": saved.revision
    }
    if not request.htmx:
        messages.success(request, text)
        return SeeOther(reverse("labeling:history"))
    done = {
        "title": text,
        "text": _("It counts from now on in the place of the one before."),
        "url": reverse("labeling:history"),
        "label": _("Back to the history"),
    }
    return render_desk(request, judgment.project, None, empty=done)


def _bench(request, judgment, assignment, entered, shown_rubric=None, problems=()):
    bench = Bench(
        assignment,
        desk_for(assignment),
        rubric_for(judgment, shown_rubric),
        entered,
        list(problems),
        is_whole_page=not request.htmx,
        revises=judgment,
    )
    bench.key = uuid.uuid4()
    return bench


def _about(judgment) -> Notice:
    return Notice(
        _("What you save here becomes revision %(next)d; revision %(number)d is kept.")
        % {"next": judgment.revision + 1, "number": judgment.revision},
        _("You judged this before."),
    )
