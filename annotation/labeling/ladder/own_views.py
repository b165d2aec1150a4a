"""A labeler's own pages: where they stand, the test, the training, an appeal."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_POST, require_safe

from annotation.core.errors import DomainError
from annotation.labeling.answers import own_assignment, render_desk
from annotation.labeling.ladder import desk, own, suspension, testing, training
from annotation.labeling.ladder.standing import membership_of
from annotation.projects.permissions import project_for


def _mine(request, slug):
    """The visitor's own membership; None for a site admin who is no member of the project."""
    return membership_of(request.user, project_for(request.user, slug, "judge"))


@require_safe
@cache_control(private=True, no_store=True)
def own_qualification(request, slug):
    mine = _mine(request, slug)
    return _render(request, mine) if mine else redirect("labeling:judge", slug)


def _render(request, mine, problem="", typed="", status=200):
    context = own.page_of(mine) | {"problem": problem, "typed": typed}
    return render(request, "labeling/ladder/own.html", context, status=status)


@require_POST
def start_test(request, slug):
    mine = _mine(request, slug)
    if mine is None:
        return redirect("labeling:judge", slug)
    try:
        testing.start_attempt(membership=mine)
    except DomainError as error:
        return _render(request, mine, str(error), status=error.status)
    return redirect("labeling:judge", slug)


@require_POST
def repeat_training(request, slug):
    mine = _mine(request, slug)
    if mine is None:
        return redirect("labeling:judge", slug)
    try:
        training.repeat_training(membership=mine)
    except DomainError as error:
        return _render(request, mine, str(error), status=error.status)
    return redirect("labeling:judge", slug)


@require_POST
def appeal(request, slug):
    mine = _mine(request, slug)
    if mine is None:
        return redirect("labeling:judge", slug)
    text = request.POST.get("text", "")
    try:
        suspension.appeal(membership=mine, text=text)
    except DomainError as error:
        return _render(request, mine, str(error), typed=text, status=error.status)
    messages.success(request, _("The project's lead has your appeal. The answer appears here."))
    return redirect("labeling:own-qualification", slug)


@require_safe
@cache_control(private=True, no_store=True)
def show_explanation(request, slug, assignment_id):
    """A training item that was answered: the answer beside the known one."""
    assignment = own_assignment(request, slug, assignment_id)
    judgment = assignment.judgments.order_by("revision").last()
    found = desk.explained(assignment, judgment)
    if found is None:
        return redirect("labeling:judge", slug)
    return render_desk(request, assignment.project, None, explained=found)
