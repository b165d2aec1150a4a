"""The page of marks: what was found in responses, and what is done about it."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from annotation.candidates.marks import marking
from annotation.candidates.marks.classifying import (
    ENDPOINT,
    classifier_of,
    failures_of,
    lacking,
)
from annotation.candidates.models import ResponseDecision, ResponseMark
from annotation.candidates.tasks import CLASSIFY_KIND, MARK_KIND
from annotation.core.errors import DomainError
from annotation.labeling.responses.deciding import decide
from annotation.labeling.responses.forms import DecideForm, LookForm
from annotation.labeling.responses.listing import UNDECIDED, Filter, MarksPage, filtered
from annotation.projects.permissions import project_for, roles_for


@require_safe
def list_marks(request, slug):
    return _list(request, project_for(request.user, slug, "see_items"))


@require_POST
def look(request, slug):
    """Look at the responses, anew where somebody has."""
    project = project_for(request.user, slug, "import")
    if request.POST.get("classifier") == ENDPOINT:
        project = project_for(request.user, slug, "train")  # it costs money
    form = LookForm(request.POST, project=project)
    if form.is_valid():
        try:
            marking.request_marking(project=project, actor=request.user, **form.cleaned_data)
            return redirect("labeling:list-marked-responses", slug)
        except DomainError as error:
            form.add_error(None, str(error))
    return _list(request, project, look_form=form, status=422)


@require_POST
def decide_marks(request, slug):
    project = project_for(request.user, slug, "import")
    chosen = Filter.of(request.POST)
    found = filtered(project, chosen)
    form = DecideForm(request.POST)
    if form.is_valid():
        data = form.cleaned_data
        if not data["all"]:
            found = found.filter(pk__in=data["ticked"])
        try:
            count, changed = decide(
                project=project,
                responses=found.values_list("pk", flat=True),
                choice=data["choice"],
                actor=request.user,
            )
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            for text in _told(count, changed):
                messages.success(request, text)
            return redirect(
                f"{reverse('labeling:list-marked-responses', args=[slug])}?{chosen.query}"
            )
    return _list(request, project, decide_form=form, status=422)


def _classifying(project, kept) -> dict:
    """How far an endpoint that is the classifier is, and what failed."""
    if kept.classifier != ENDPOINT:
        return {}
    classifier = classifier_of(kept)
    return {
        "asked_job": project.jobs.filter(kind=CLASSIFY_KIND).order_by("-pk").first(),
        "unclassified": lacking(project, classifier).count(),
        "failures": failures_of(project, classifier),
    }


def _told(count, changed):
    yield ngettext("Decided on %(count)d response.", "Decided on %(count)d responses.", count) % {
        "count": count
    }
    if changed.shown or changed.removed or changed.withdrawn:
        yield _(
            "In items: %(shown)d places are shown otherwise, %(removed)d are taken out, "
            "%(withdrawn)d items are withdrawn."
        ) % {
            "shown": changed.shown,
            "removed": changed.removed,
            "withdrawn": changed.withdrawn,
        }
    if changed.restored or changed.reopened:
        yield _(
            "In items: %(restored)d places are back, %(reopened)d withdrawn items are in the "
            "queue again."
        ) % {"restored": changed.restored, "reopened": changed.reopened}
    if changed.left:
        yield ngettext(
            "%(count)d item stays as it is: somebody was lent it, or its answer is known.",
            "%(count)d items stay as they are: somebody was lent them, or their answer is known.",
            changed.left,
        ) % {"count": changed.left}


def _list(request, project, *, look_form=None, decide_form=None, status=200):
    data = request.POST if request.method == "POST" else request.GET
    chosen = Filter.of(data)
    page = MarksPage.of(project, chosen, data.get("page"))
    kept = page.settings
    context = {
        "project": project,
        "tab": "items",
        "marks": page,
        "page": page.page,
        "kinds": ResponseMark.Kind.choices,
        "decisions": [
            (UNDECIDED, _("Nothing decided")),
            *ResponseDecision.Choice.choices,
            ("", _("All")),
        ],
        "look_form": look_form
        or LookForm(
            project=project,
            initial={
                "threshold": round(100 * kept.threshold),
                "classifier": kept.classifier,
                "endpoint": kept.endpoint_id,
                "protocol": kept.protocol,
                "is_automatic": kept.is_automatic,
            },
        ),
        "decide_form": decide_form or DecideForm(),
        "may_act": project.role in roles_for("import"),
        "job": project.jobs.filter(kind=MARK_KIND).order_by("-pk").first(),
        **_classifying(project, kept),
    }
    return render(request, "labeling/responses/list.html", context, status=status)
