"""Feedback: the labeler's list of it, and where staff write it."""

from dataclasses import replace

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import F
from django.db.models.functions import Coalesce
from django.http import Http404
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from annotation.core.errors import DomainError
from annotation.labeling.feedback import answer_feedback, give_feedback, own_feedback
from annotation.labeling.forms.judgment import text_in
from annotation.labeling.history import Judged
from annotation.labeling.item_views import item_page
from annotation.labeling.messages.services import own_questions
from annotation.labeling.models import Feedback, Judgment
from annotation.labeling.refused import Refused
from annotation.labeling.review.telling import told_by
from annotation.projects.permissions import project_for

SHOWN = 100  # of what waits; answered, the next ones come up


@require_safe
def list_feedback(request):
    return _page(request)


def _page(request, refused=None):
    waiting = list(own_feedback(request.user).waiting().order_by("-pk")[:SHOWN])
    if refused:
        refused = replace(refused, is_here=any(row.pk == refused.pk for row in waiting))
    past = own_feedback(request.user).exclude(state=Feedback.State.NEW)
    answered = past.order_by(Coalesce("answered_at", "created_at").desc(), "-pk")
    page = Paginator(answered, 20).get_page(request.GET.get("page"))
    context = {
        "waiting": _shown(waiting),
        "answers": own_questions(request.user)
        .filter(answered_at__isnull=False)
        .order_by(F("read_at").desc(nulls_first=True), "-pk")[:20],
        "answered": _shown(page),
        "page": page,
        "refused": refused,
    }
    status = refused.status if refused else 200
    return render(request, "labeling/feedback.html", context, status=status)


def _shown(feedback) -> list[dict]:
    rows = list(feedback)
    told = told_by(rows)
    return [
        {"feedback": row, "judged": Judged(row.judgment), "told": told.get(row.pk)} for row in rows
    ]


@require_POST
def answer(request, feedback_id):
    feedback = own_feedback(request.user).filter(pk=feedback_id).first()
    if feedback is None:
        raise Http404
    text = text_in(request.POST, "answer")
    try:
        answer_feedback(feedback=feedback, is_disputed="dispute" in request.POST, answer=text)
    except DomainError as error:
        return _page(request, Refused("answer", error, text, feedback.pk))
    messages.success(request, _("Thank you. The reviewer sees your answer."))
    return redirect("labeling:list-feedback")


@require_POST
def give(request, slug, item_id, judgment_id):
    project = project_for(request.user, slug, "review")
    judgment = Judgment.objects.filter(pk=judgment_id, item=item_id, project=project)
    judgment = judgment.select_related("labeler", "project").first()
    if judgment is None:
        raise Http404
    text = text_in(request.POST, "text")
    try:
        give_feedback(judgment=judgment, reviewer=request.user, text=text)
    except DomainError as error:
        is_here = judgment.labeler_id != request.user.pk
        refused = Refused("feedback", error, text, judgment.pk, is_here)
        return item_page(request, project, item_id, refused)
    messages.success(request, _("The labeler finds it under Feedback."))
    return redirect("labeling:show-item", slug, item_id)
