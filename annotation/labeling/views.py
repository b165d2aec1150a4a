"""The labeler's pages: the queue, the judging page, and what it sends."""

from dataclasses import dataclass

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from annotation.core.errors import Conflict, DomainError, NotFound
from annotation.labeling import services
from annotation.labeling.bench import Bench, problems_of
from annotation.labeling.desk import desk_for
from annotation.labeling.forms import JudgmentForm, entered_in
from annotation.labeling.home import headline_of, queues_of, recent_judgments
from annotation.labeling.models import Assignment
from annotation.projects.permissions import project_for

SURPLUS = "The item had enough judgments by then. Yours is kept and counted apart, as surplus."


@dataclass(frozen=True)
class Notice:
    text: str
    lead: str = ""
    style: str = "info"


class SeeOther(HttpResponseRedirect):
    """After a POST: get the next page."""

    status_code = 303


@require_safe
def home(request):
    queues = queues_of(request.user)
    context = {
        "queues": queues,
        "recent": recent_judgments(request.user),
        "headline": headline_of(queues),
    }
    return render(request, "labeling/home.html", context)


# no_store: Back and Forward ask again, instead of showing an item that was judged meanwhile.
@require_safe
@cache_control(private=True, no_store=True)
def judge(request, slug):
    """The item that this labeler holds in the project, or the next one."""
    project = project_for(request.user, slug, "judge")
    assignment = services.lend_next_item(project=project, labeler=request.user)
    return _desk(request, project, assignment and assignment.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@cache_control(private=True, no_store=True)
def submit(request, slug, assignment_id):
    """Record the judgment and answer with the next item, in one round trip."""
    if request.method != "POST":  # somebody reloads a page that said 422
        return redirect("labeling:judge", slug)
    form = JudgmentForm(request.POST)

    def verdict(assignment, rubric):
        if assignment.project.slug != slug:
            raise NotFound("There is no such assignment.")
        return form.verdict(assignment, rubric)

    try:
        judgment, next_id = services.submit_judgment(
            assignment_id=assignment_id,
            labeler=request.user,
            verdict=verdict,
            key=form.key,
            seconds=form.seconds,
            rubric_id=form.rubric_id,
        )
    except NotFound as error:
        raise Http404 from error
    except Conflict as error:
        project = _own(request, slug, assignment_id).project
        return _next(request, project, Notice(str(error), style="warn"))
    except DomainError as error:
        return _again(request, _own(request, slug, assignment_id), form, error)
    notice = Notice(SURPLUS, "That came late.", "warn") if judgment.is_surplus else None
    return _next(request, judgment.project, notice, next_id)


@require_POST
def skip(request, slug, assignment_id):
    assignment = _own(request, slug, assignment_id)
    try:
        services.skip(
            assignment_id=assignment.pk,
            labeler=request.user,
            reason=request.POST.get("reason", ""),
        )
    except DomainError as error:
        return _next(request, assignment.project, Notice(str(error), style="warn"))
    return _next(request, assignment.project, Notice("Skipped. It goes to somebody else."))


@require_POST
def draft(request, slug, assignment_id):
    """Keep what is on the page. 204, or 409 with what the labeler should know."""
    return _quietly(
        lambda: services.save_draft(
            assignment_id=assignment_id,
            labeler=request.user,
            token=_token(request),
            draft=entered_in(request.POST),
        )
    )


@require_POST
def lease(request, slug, assignment_id):
    """The page is in use: keep the item lent to it."""
    return _quietly(
        lambda: services.renew_lease(
            assignment_id=assignment_id, labeler=request.user, token=_token(request)
        )
    )


def _quietly(call):
    try:
        call()
    except NotFound:
        return HttpResponse(status=404)
    except Conflict as error:
        return HttpResponse(f"{error} Submit it anyway: late work counts.", status=409)
    except DomainError as error:
        return HttpResponse(str(error), status=400)
    return HttpResponse(status=204)


def _token(request) -> int:
    value = request.POST.get("token", "")
    return int(value) if value.isascii() and value.isdigit() and len(value) < 10 else 0


def _own(request, slug, assignment_id):
    try:
        assignment = services.assignment_of(request.user, assignment_id)
    except NotFound as error:
        raise Http404 from error
    if assignment.project.slug != slug:
        raise Http404
    return assignment


def _again(request, assignment, form, error):
    """The same page with everything that was entered, and what is wrong with it."""
    rubric = services.rubric_of(assignment, form.rubric_id)
    bench = Bench(
        assignment,
        desk_for(assignment),
        rubric,
        form.entered,
        form.problems or problems_of(error, assignment, rubric),
        is_whole_page=not request.htmx,
    )
    return _render(request, assignment.project, bench, status=422)


def _next(request, project, notice=None, next_id=None):
    """Without script: see the judging page. With htmx: its fragment at once."""
    if not request.htmx:
        if notice is not None:
            _flash(request, notice)
        return SeeOther(reverse("labeling:judge", args=[project.slug]))
    if next_id is None:
        assignment = services.lend_next_item(project=project, labeler=request.user)
        next_id = assignment and assignment.pk
    return _desk(request, project, next_id, [notice] if notice else [])


def _flash(request, notice):
    level = messages.WARNING if notice.style == "warn" else messages.INFO
    messages.add_message(request, level, f"{notice.lead} {notice.text}".strip())


def _desk(request, project, assignment_id, notices=()):
    if assignment_id is None:
        return _render(request, project, None, notices=notices, empty=_why_empty(request, project))
    assignment = services.assignment_of(request.user, assignment_id)
    bench = Bench(
        assignment,
        desk_for(assignment),
        services.rubric_of(assignment),
        assignment.draft,
        is_whole_page=not request.htmx,
    )
    return _render(request, project, bench, notices=notices)


def _why_empty(request, project):
    judged = Assignment.objects.filter(project=project, labeler=request.user).exists()
    if judged:
        return {
            "title": "Nothing left for you here",
            "text": "You have judged every item of this project that still needs a judgment, or "
            "others hold the rest just now. Thank you.",
        }
    return {
        "title": "Nothing to judge yet",
        "text": "This project has no items that wait for you. They appear here when a lead "
        "imports some.",
    }


def _render(request, project, bench, *, status=200, notices=(), empty=None):
    context = {
        "project": project,
        "bench": bench,
        "notices": notices,
        "empty": empty,
        "judge_url": reverse("labeling:judge", args=[project.slug]),
    }
    template = "labeling/_judge.html" if request.htmx else "labeling/judge.html"
    response = render(request, template, context, status=status)
    response["X-Concord-Fragment"] = "judge"
    patch_vary_headers(response, ["HX-Request"])
    return response
