"""A project's destinations: the list, and each one with its secret and a trial."""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from annotation.core.egress import allowed_origins
from annotation.core.errors import DomainError
from annotation.datasets.models import Destination
from annotation.datasets.publishing import destinations
from annotation.datasets.publishing.forms import FORMS, SecretForm
from annotation.projects.permissions import may, project_for


@require_safe
def destination_list(request, slug):
    project = project_for(request.user, slug, "see_datasets")
    context = {
        "project": project,
        "tab": "datasets",
        "destinations": project.destinations.kept().order_by("name"),
        "may_export": may(request.user, "export", project),
        "origins": allowed_origins(),
    }
    return render(request, "datasets/destinations.html", context)


@sensitive_post_parameters("secret")
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def new_destination(request, slug, storage):
    project = project_for(request.user, slug, "export")
    if storage not in FORMS:
        raise Http404
    form = FORMS[storage](request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = destinations.add_destination(
                project=project, kind=storage, actor=request.user, **form.cleaned_data
            )
            return redirect("datasets:show-destination", slug, made.pk)
        except DomainError as error:
            form.add_error(getattr(error, "field", None), str(error))
    context = {
        "project": project,
        "tab": "datasets",
        "form": form,
        "kind": Destination.Kind(storage),
        "origins": allowed_origins(),
    }
    status = 422 if form.errors else 200
    return render(request, "datasets/new_destination.html", context, status=status)


@require_safe
def show_destination(request, slug, destination_id):
    """The page; for htmx the trial alone, which asks again while one is under way."""
    project = project_for(request.user, slug, "see_datasets")
    destination = _destination(project, destination_id)
    if request.htmx:
        context = {"project": project, "destination": destination}
        context["trial"] = destinations.last_trial(destination)
        return render(request, "datasets/_trial.html", context)
    return _show(request, project, destination)


@sensitive_post_parameters("secret")
@require_POST
@never_cache
def change_destination(request, slug, destination_id):
    project = project_for(request.user, slug, "export")
    destination = _destination(project, destination_id)
    do, actor = request.POST.get("do", ""), request.user
    try:
        if do == "try":
            destinations.request_trial(destination=destination, actor=actor)
        elif do == "replace_secret":
            secret = request.POST.get("secret", "")
            destinations.replace_secret(destination=destination, secret=secret, actor=actor)
            messages.success(request, _("The new secret is kept."))
        elif do in ("keep_checkpoints", "keep_no_checkpoints"):
            wanted = do == "keep_checkpoints"
            destinations.keep_checkpoints(destination=destination, wanted=wanted, actor=actor)
        elif do == "remove":
            destinations.remove_destination(destination=destination, actor=actor)
            messages.success(request, _("The destination is removed, and its secret is gone."))
            return redirect("datasets:list-destinations", slug)
        else:
            raise DomainError(_("Choose what to do."))
    except DomainError as error:
        return _show(request, project, destination, problem=str(error), status=error.status)
    return redirect("datasets:show-destination", slug, destination.pk)


def _destination(project, destination_id) -> Destination:
    return get_object_or_404(project.destinations.kept(), pk=destination_id)


def _show(request, project, destination, *, problem="", status=200):
    context = {
        "project": project,
        "tab": "datasets",
        "destination": destination,
        "trial": destinations.last_trial(destination),
        "may_export": may(request.user, "export", project),
        "secret_form": SecretForm(auto_id="id_new_%s"),
        "problem": problem,
    }
    return render(request, "datasets/destination.html", context, status=status)
