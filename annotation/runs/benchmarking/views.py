"""Measuring a reward model on a file, from its page."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from annotation.core.errors import DomainError
from annotation.projects.permissions import project_for
from annotation.runs.benchmarking.files import remove_file
from annotation.runs.benchmarking.forms import MeasureForm
from annotation.runs.registry.benchmarks import check_is_reward
from annotation.runs.registry.views import render_version, version_in


@require_POST
def measure(request, slug, version_id):
    project = project_for(request.user, slug, "train")
    version = version_in(project, version_id)
    try:
        check_is_reward(version)
    except DomainError as error:
        messages.error(request, str(error))
        return redirect("runs:show-model-version", slug, version_id)
    form = MeasureForm(request.POST, request.FILES, version=version)
    status = 422
    if form.is_valid():
        try:
            form.order(actor=request.user)
            messages.success(request, form.told())
            return redirect("runs:show-model-version", slug, version_id)
        except DomainError as error:
            form.add_error(form.refused_at, str(error))
            status = 413 if error.status == 413 else 422
    return render_version(request, project, version, measure_form=form, status=status)


@require_POST
def remove(request, slug, version_id, file_id):
    project = project_for(request.user, slug, "train")
    version = version_in(project, version_id)
    file = get_object_or_404(project.benchmark_files.kept(), pk=file_id)
    try:
        remove_file(file=file, actor=request.user)
    except DomainError as error:
        messages.error(request, str(error))
    return redirect("runs:show-model-version", slug, version.pk)
