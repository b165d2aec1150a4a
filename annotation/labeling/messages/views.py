"""Announcements and questions, for those who write and those who read them."""

from dataclasses import replace
from datetime import date

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count
from django.http import Http404
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from annotation.core.errors import DomainError, NotFound
from annotation.labeling.answers import own_assignment
from annotation.labeling.forms.judgment import text_in
from annotation.labeling.messages import services
from annotation.labeling.messages.unread import shown
from annotation.labeling.models import Announcement, AnnouncementRead, Question
from annotation.labeling.refused import Refused
from annotation.projects.permissions import project_for, roles_for

PAGE = 20
MOST_WAITING = 100  # the oldest; answered, the next ones come up


@require_http_methods(["GET", "HEAD", "POST"])
def list_announcements(request, slug):
    """What was told in the project, for everybody in it; a lead writes here, too."""
    project = project_for(request.user, slug, "judge")
    if request.method == "POST":
        return _announce(request, slug)
    return _announcements_page(request, project)


def _announce(request, slug):
    project = project_for(request.user, slug, "manage")
    entered = {name: text_in(request.POST, name) for name in ("text", "until")}
    entered["is_pinned"] = "is_pinned" in request.POST
    try:
        until = date.fromisoformat(entered["until"]) if entered["until"] else None
        services.announce(
            project=project,
            author=request.user,
            text=entered["text"],
            is_pinned=entered["is_pinned"],
            until=until,
        )
    except ValueError:
        problem = _("The last day is a date, such as 2026-12-31.")
    except DomainError as error:
        problem = str(error)
    else:
        messages.success(request, _("Everybody in the project finds it above the queue."))
        return redirect("labeling:list-announcements", slug)
    return _announcements_page(request, project, entered=entered, problem=problem, status=422)


def _announcements_page(request, project, status=200, **context):
    told = Announcement.objects.filter(project=project).order_by("-is_pinned", "-pk")
    may_manage = project.role in roles_for("manage")
    if not may_manage:
        told = told.filter(withdrawn_at=None)
    page = Paginator(told.annotate(read_count=Count("readings")), PAGE).get_page(
        request.GET.get("page")
    )
    mine = AnnouncementRead.objects.filter(user=request.user, announcement__in=list(page))
    read = set(mine.values_list("announcement", flat=True))
    context |= {
        "project": project,
        "tab": "people",
        "page": page,
        "rows": [shown(one, is_read=one.pk in read) for one in page],
        "people_count": project.memberships.active().count(),
        "may_manage": may_manage,
    }
    return render(request, "labeling/messages/announcements.html", context, status=status)


@require_POST
def withdraw_announcement(request, slug, announcement_id):
    project = project_for(request.user, slug, "manage")
    announcement = Announcement.objects.filter(project=project, pk=announcement_id).first()
    if announcement is None:
        raise Http404
    services.withdraw_announcement(announcement=announcement, actor=request.user)
    messages.success(request, _("Withdrawn. Who has read it, has read it."))
    return redirect("labeling:list-announcements", slug)


@require_POST
def read_announcement(request, announcement_id):
    try:
        services.mark_read(announcement_id=announcement_id, user=request.user)
    except NotFound as error:
        raise Http404 from error
    return redirect("labeling:home")


@require_http_methods(["GET", "HEAD", "POST"])
def ask(request, slug, assignment_id):
    """From the desk a fragment beside it, so that nothing entered is touched and the item stays;
    without script a page of its own."""
    assignment = own_assignment(request, slug, assignment_id)
    context = {"assignment": assignment, "project": assignment.project}
    status = 200
    if request.method == "POST":
        text = text_in(request.POST, "text")
        try:
            services.ask(assignment=assignment, text=text)
            context["is_done"] = True
        except DomainError as error:
            context |= {"error": str(error), "text": text}
            status = 422
    template = "labeling/messages/_ask.html" if request.htmx else "labeling/messages/ask.html"
    return render(request, template, context, status=status)


@require_safe
def list_questions(request, slug):
    return _questions_page(request, project_for(request.user, slug, "review"))


def _questions_page(request, project, refused=None):
    asked = Question.objects.filter(project=project).select_related("item__prompt")
    answered = asked.filter(answered_at__isnull=False).order_by("-answered_at", "-pk")
    page = Paginator(answered, PAGE).get_page(request.GET.get("page"))
    waiting = list(asked.open().order_by("pk")[:MOST_WAITING])
    if refused:
        refused = replace(refused, is_here=any(row.pk == refused.pk for row in waiting))
    context = {
        "project": project,
        "tab": "review",
        "waiting": waiting,
        "page": page,
        "may_manage": project.role in roles_for("manage"),
        "refused": refused,
    }
    status = refused.status if refused else 200
    return render(request, "labeling/messages/questions.html", context, status=status)


@require_POST
def answer_question(request, slug, question_id):
    question = _question(request, slug, question_id, "review")
    text, extra = text_in(request.POST, "text"), request.POST.get("everybody", "")
    try:
        services.answer_question(
            question=question, actor=request.user, text=text, for_everybody=bool(extra)
        )
    except DomainError as error:
        refused = Refused("answer", error, text, question.pk, extra=extra)
        return _questions_page(request, question.project, refused)
    messages.success(request, _("Answered. The labeler finds it under Feedback."))
    return redirect("labeling:list-questions", slug)


@require_POST
def note_answer(request, slug, question_id):
    question = _question(request, slug, question_id, "manage")
    try:
        services.note_in_guideline(question=question, actor=request.user)
        messages.success(request, _("It stands at the end of the guideline's draft."))
    except DomainError as error:
        messages.error(request, str(error))
    return redirect("labeling:list-questions", slug)


@require_POST
def read_answer(request, question_id):
    try:
        services.mark_answer_read(question_id=question_id, asker=request.user)
    except NotFound as error:
        raise Http404 from error
    return redirect("labeling:list-feedback")


def _question(request, slug, question_id, action: str) -> Question:
    project = project_for(request.user, slug, action)
    question = Question.objects.filter(project=project, pk=question_id).first()
    if question is None:
        raise Http404
    question.project = project
    return question
