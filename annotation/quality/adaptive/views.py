"""The page of adaptive work: what it would do, what it did, and its settings."""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from annotation.core.errors import DomainError, NotFound
from annotation.core.numbers import grouped
from annotation.labeling import repeats
from annotation.projects.permissions import project_for, roles_for
from annotation.quality.adaptive import choosing, page, services
from annotation.quality.adaptive.choosing_page import choosing_side_of
from annotation.quality.adaptive.forms import (
    BudgetForm,
    ChoosingForm,
    RepeatsForm,
    RuleForm,
    forms_of,
)
from annotation.quality.analyses import ANALYSES
from annotation.quality.pages import show_figures
from annotation.quality.services import latest_report


@require_safe
def show(request, slug):
    return _show(request, project_for(request.user, slug, "see_agreement"))


def _show(request, project, problem="", refused=None):
    response = show_figures(
        request,
        project,
        "adaptive",
        "quality/adaptive.html",
        lambda report: page.present(report.result, project),
        side=page.side_of(project, latest_report(project, "repeats")),
        next=choosing_side_of(project),
        forms=forms_of(project, refused),
        may_manage=project.role in roles_for("manage"),
        may_review=project.role in roles_for(ANALYSES["repeats"].right),
        problem=problem,
    )
    if problem:
        response.status_code = 422
    return response


@require_POST
def configure(request, slug):
    told = _("Saved. Items are looked at anew within a minute.")
    return _save(request, slug, RuleForm, services.configure, told)


@require_POST
def set_choosing(request, slug):
    told = _("Saved. Items come in the order of the queue.")
    if request.POST.get("is_on"):
        told = _("Saved. The next items are drawn within a minute.")
    return _save(request, slug, ChoosingForm, choosing.set_choosing, told)


@require_POST
def set_repeats(request, slug):
    told = _("Saved. It holds from the next item on.")
    return _save(request, slug, RepeatsForm, repeats.set_repeats, told)


@require_POST
def propose(request, slug):
    """Nothing is raised by it: what would be is shown first."""
    return _save(request, slug, BudgetForm, services.request_proposal, "")


def _save(request, slug, form_class, does, told):
    """What was typed goes to a service; what is refused stands in its form again."""
    project = project_for(request.user, slug, "manage")
    form = form_class(request.POST)
    if not form.is_valid():
        return _show(request, project, form.problem, form)
    try:
        does(project=project, actor=request.user, **form.cleaned_data)
    except DomainError as error:
        return _show(request, project, str(error), form)
    if told:
        messages.success(request, told)
    return redirect("quality:show-adaptive", slug)


@require_POST
def grant(request, slug, refill_id):
    project = project_for(request.user, slug, "manage")

    def does(**which) -> str:
        count = len(services.grant(**which).item_ids)
        return ngettext(
            "%(count)s item goes to one labeler more.",
            "%(count)s items go to one labeler more each.",
            count,
        ) % {"count": grouped(count)}

    return _decide(request, project, refill_id, does)


@require_POST
def drop(request, slug, refill_id):
    project = project_for(request.user, slug, "manage")

    def does(**which) -> str:
        services.drop(**which)
        return _("Dropped: nothing was raised.")

    return _decide(request, project, refill_id, does)


@require_POST
def take_back(request, slug, refill_id):
    """What was granted, where nobody has begun on it."""
    project = project_for(request.user, slug, "manage")

    def does(**which) -> str:
        count = services.take_refill_back(**which)
        return ngettext(
            "Taken back from %(count)s item that nobody had begun.",
            "Taken back from %(count)s items that nobody had begun.",
            count,
        ) % {"count": grouped(count)}

    return _decide(request, project, refill_id, does)


def _decide(request, project, refill_id, does):
    try:
        told = does(refill_id=refill_id, project=project, actor=request.user)
    except NotFound as error:
        raise Http404 from error
    except DomainError as error:
        return _show(request, project, str(error))
    messages.success(request, told)
    return redirect("quality:show-adaptive", project.slug)
