"""The page on which a project begins."""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from annotation.core.errors import Conflict, DomainError
from annotation.projects.forms import NewProjectForm
from annotation.projects.permissions import may_create_projects
from annotation.projects.starting import STARTS, start_project


@require_http_methods(["GET", "HEAD", "POST"])
def new_project(request):
    if not may_create_projects(request.user):
        raise Http404
    form = NewProjectForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return _page(request, form, status=422 if form.errors else 200)
    try:
        project = start_project(actor=request.user, **form.cleaned_data)
    except DomainError as error:
        form.add_error("slug" if isinstance(error, Conflict) else None, str(error))
        return _page(request, form, status=error.status)
    messages.success(request, _("The project is there, and you can bring in items and people."))
    return redirect("runs:show-project", project.slug)


def _page(request, form, status):
    context = {"form": form, "starts": STARTS, "chosen": form["start"].value()}
    return render(request, "projects/new.html", context, status=status)
