"""A project's endpoints: the list, and each one with its settings, its key and a trial."""

from decimal import Decimal

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from annotation.candidates.endpoints import services
from annotation.candidates.endpoints.faults import Fault
from annotation.candidates.endpoints.forms import EndpointForm, KeyForm, NewEndpointForm
from annotation.candidates.endpoints.services import SETTINGS
from annotation.candidates.models import Endpoint
from annotation.core.egress import allowed_origins
from annotation.core.errors import DomainError
from annotation.projects.permissions import may, project_for


@require_safe
def endpoint_list(request, slug):
    project = project_for(request.user, slug, "see_runs")
    context = {
        "project": project,
        "tab": "candidates",
        "endpoints": project.endpoints.kept().order_by("name"),
        "may_train": may(request.user, "train", project),
        "origins": allowed_origins(),
    }
    return render(request, "candidates/endpoints.html", context)


@sensitive_post_parameters("key")
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def new_endpoint(request, slug):
    project = project_for(request.user, slug, "train")
    form = NewEndpointForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            endpoint = services.add_endpoint(
                project=project,
                actor=request.user,
                key=form.cleaned_data["key"],
                **form.settings,
            )
            return redirect("candidates:show-endpoint", slug, endpoint.pk)
        except DomainError as error:
            form.add_error(getattr(error, "field", None), str(error))
    context = {
        "project": project,
        "tab": "candidates",
        "form": form,
        "origins": allowed_origins(),
    }
    return render(
        request, "candidates/new_endpoint.html", context, status=422 if form.errors else 200
    )


@require_safe
def show_endpoint(request, slug, endpoint_id):
    """The page; for htmx the trial alone, which asks again while one is under way."""
    project = project_for(request.user, slug, "see_runs")
    endpoint = _endpoint(project, endpoint_id)
    if request.htmx:
        return render(
            request, "candidates/_trial.html", _with_trial({"project": project}, endpoint)
        )
    return _show(request, project, endpoint)


@sensitive_post_parameters("key")
@require_POST
@never_cache
def change_endpoint(request, slug, endpoint_id):
    project = project_for(request.user, slug, "train")
    endpoint = _endpoint(project, endpoint_id)
    do, form = request.POST.get("do", ""), None
    if do == "change":
        form = EndpointForm(request.POST)
        if not form.is_valid():
            return _show(request, project, endpoint, form=form, status=422)
    try:
        return _done(request, project, endpoint, do, form)
    except DomainError as error:
        if form is None:
            form = _filled(endpoint)
            return _show(
                request, project, endpoint, form=form, problem=str(error), status=error.status
            )
        form.add_error(getattr(error, "field", None), str(error))
        return _show(request, project, endpoint, form=form, status=422)


def _done(request, project, endpoint, do, form):
    actor = request.user
    if do == "change":
        services.change_endpoint(endpoint=endpoint, actor=actor, **form.settings)
        messages.success(request, _("Saved."))
    elif do == "replace_key":
        services.replace_key(endpoint=endpoint, key=request.POST.get("key", ""), actor=actor)
        messages.success(
            request, _("The new key is kept.") if endpoint.has_key else _("It has no key now.")
        )
    elif do == "try":
        services.request_trial(endpoint=endpoint, actor=actor)
    elif do == "remove":
        services.remove_endpoint(endpoint=endpoint, actor=actor)
        messages.success(request, _("The endpoint is removed, and its key is gone."))
        return redirect("candidates:list-endpoints", project.slug)
    else:
        raise DomainError(_("Choose what to do."))
    return redirect("candidates:show-endpoint", project.slug, endpoint.pk)


def _endpoint(project, endpoint_id) -> Endpoint:
    return get_object_or_404(project.endpoints.kept(), pk=endpoint_id)


def _filled(endpoint) -> EndpointForm:
    return EndpointForm(initial={name: _shown(getattr(endpoint, name)) for name in SETTINGS})


def _shown(value):
    """As a person would write it: 120 and 0.15, not 120.0 and 0.1500."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, Decimal):
        return value.quantize(Decimal(1)) if value == value.to_integral() else value.normalize()
    return value


def _show(request, project, endpoint, *, form=None, problem="", status=200):
    context = {
        "project": project,
        "tab": "candidates",
        "may_train": may(request.user, "train", project),
        "form": form or _filled(endpoint),
        "key_form": KeyForm(auto_id="id_new_%s"),
        "problem": problem,
    }
    return render(
        request, "candidates/endpoint.html", _with_trial(context, endpoint), status=status
    )


def _with_trial(context: dict, endpoint) -> dict:
    """What the newest trial came to, in words."""
    job = services.last_trial(endpoint)
    result = job.result if job else {}
    fault = Fault(result["fault"], result.get("detail", "")) if "fault" in result else None
    return {**context, "endpoint": endpoint, "trial": job, "result": result, "fault": fault}
