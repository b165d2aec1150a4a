"""The page on which a lead says what labelers are asked for."""

from django import forms
from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from annotation.core.errors import DomainError
from annotation.projects.forms import JudgingForm, lines_of
from annotation.projects.judging import configure_judging
from annotation.projects.permissions import project_for
from annotation.projects.presets import PRESETS
from annotation.projects.services import current_rubric


@require_http_methods(["GET", "HEAD", "POST"])
def edit_judging(request, slug):
    project = project_for(request.user, slug, "manage")
    rubric = current_rubric(project)
    if preset := PRESETS.get(request.POST.get("preset", "")):
        return _render(request, project, _filled(request.POST, project, rubric, preset))
    form = JudgingForm(request.POST or None, instance=project, rubric=rubric)
    if request.method != "POST" or not form.is_valid():
        project.refresh_from_db()  # a form of a model writes into it before it is valid
        return _render(request, project, form, status=422 if form.errors else 200)
    try:
        configure_judging(project=project, actor=request.user, **form.cleaned_data)
    except DomainError as error:
        form.add_error(None, str(error))
        return _render(request, project, form, status=422)
    messages.success(request, _("Saved. It holds from the next item on."))
    return redirect("projects:edit-judging", slug)


def _filled(data, project, rubric, preset):
    """The form as it was sent, with a preset's tags in their field. Nothing is saved."""
    typed = {
        name: name in data if isinstance(field, forms.BooleanField) else data.get(name, "")
        for name, field in JudgingForm.base_fields.items()
    }
    form = JudgingForm(instance=project, rubric=rubric)
    form.initial |= typed | {preset.field: lines_of([vars(tag) for tag in preset.tags])}
    return form


def _render(request, project, form, status=200):
    judged = project.judgments.exists()
    context = {
        "project": project,
        "tab": "judging",
        "form": form,
        "presets": PRESETS,
        "has_judgments": judged,
    }
    return render(request, "projects/judging.html", context, status=status)
