"""The dataset pages."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import HttpResponseClientRedirect, HttpResponseClientRefresh

from annotation.core.errors import DomainError, NotFound
from annotation.core.hashing import sha256_of_value
from annotation.datasets import policy_words, presentation, services, store, tasks
from annotation.datasets import verify as checking
from annotation.datasets.access import datasets_in
from annotation.datasets.download import action_for, file_response
from annotation.datasets.finding import items_named
from annotation.datasets.forms.policy import PolicyForm
from annotation.datasets.policy import SPLITS, Policy
from annotation.datasets.proposals import AIMS, completed
from annotation.datasets.publishing.push_views import pushes_of
from annotation.projects.permissions import may, project_for

SAMPLES = 5


@require_safe
def dataset_list(request, slug):
    project = project_for(request.user, slug, "see_datasets")
    datasets = datasets_in(project, request.user)
    rows = datasets.select_related("created_by").order_by("-pk")
    context = {
        "project": project,
        "tab": "datasets",
        "page": Paginator(rows, 25).get_page(request.GET.get("page")),
        "freezing": project.jobs.active().filter(kind=tasks.FREEZE),
        "may_freeze": may(request.user, "freeze", project),
    }
    return render(request, "datasets/list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def new(request, slug):
    """The policy with its counts; a GET counts, a POST freezes."""
    project = project_for(request.user, slug, "freeze")
    if request.method == "POST":
        form = PolicyForm(request.POST, project=project, user=request.user)
        if form.is_valid():
            counted = _counted(form.cleaned_data["policy"], form)
            if request.POST.get("counted", counted) != counted:
                return _show_form(request, project, form, status=422, unseen=True)
            try:
                return _freeze(request, project, form)
            except DomainError as error:
                form.add_problem(error)
        return _show_form(request, project, form, status=422)
    form = PolicyForm(project=project, user=request.user)
    sent = completed(request.GET, form)
    if sent is not None:
        form = PolicyForm(sent, project=project, user=request.user)
    return _show_form(request, project, form)


def _freeze(request, project, form):
    result = services.freeze_or_request(
        project=project,
        policy=form.cleaned_data["policy"],
        name=form.cleaned_data["name"],
        actor=request.user,
        further=form.further,
    )
    if not isinstance(result, services.Frozen):
        return redirect("datasets:show-freezing", project.slug, result.pk)
    if not result.created:
        messages.info(
            request, _("This very dataset was frozen before: same judgments, same hash.")
        )
    return redirect("datasets:show-dataset", project.slug, result.dataset.hash)


def _counted(policy: Policy, form) -> str:
    """Which policy the counts on the page are of: who freezes has seen those, or is shown them."""
    further = form.further if form.is_bound else []
    return sha256_of_value([policy.as_json(), sorted(other.slug for other in further)])


def _show_form(request, project, form, status=200, *, unseen=False):
    policy = Policy()
    if form.is_bound:
        policy = form.cleaned_data.get("policy") if form.is_valid() else None
        status = status if policy else 422
    context = {"project": project, "tab": "datasets", "form": form, "aims": AIMS}
    context |= {"aim": request.GET.get("for", ""), "unseen": unseen}
    try:
        if policy:
            counts, one_in = services.preview_quickly(
                project=project, policy=policy, further=form.further
            )
            context |= {
                "summary": presentation.summarise(counts),
                "counts": counts,
                "several": presentation.by_project(counts, [project, *form.further]),
                "one_in": one_in,
                "counted": _counted(policy, form),
            }
    except DomainError as error:
        form.add_problem(error)
        status = 422
    template = "datasets/_counted.html" if request.htmx else "datasets/new.html"
    return render(request, template, context, status=status)


@require_safe
def freezing(request, slug, job_id):
    """The job that freezes; then the way to what it made."""
    project = project_for(request.user, slug, "see_datasets")
    job = get_object_or_404(project.jobs.filter(kind=tasks.FREEZE), pk=job_id)
    if job.state == job.State.DONE:
        url = reverse("datasets:show-dataset", args=[slug, job.result["hash"]])
        return HttpResponseClientRedirect(url) if request.htmx else redirect(url)
    context = {"project": project, "tab": "datasets", "job": job}
    template = "datasets/_freezing.html" if request.htmx else "datasets/freezing.html"
    return render(request, template, context)


def _dataset(request, slug, digest):
    project = project_for(request.user, slug, "see_datasets")
    return project, get_object_or_404(datasets_in(project, request.user), hash=digest)


@require_safe
def show(request, slug, digest):
    project, dataset = _dataset(request, slug, digest)
    check = checking.last_verification(dataset)
    if request.htmx:  # the page asks how far the check is, and comes anew when it is over
        is_over = check is None or not check.is_active
        context = {"project": project, "dataset": dataset, "check": check}
        return (
            HttpResponseClientRefresh()
            if is_over
            else render(request, "datasets/_check.html", context)
        )
    names = [f"preferences.{split}.jsonl" for split in SPLITS]
    rows = store.first_rows(dataset.folder, names, SAMPLES)
    context = {
        "project": project,
        "tab": "datasets",
        "dataset": dataset,
        "summary": presentation.summarise(dataset.counts),
        "several": presentation.by_project(dataset.counts, dataset.projects),
        "policy": policy_words.policy_lines(dataset.policy),
        "files": presentation.files(store.listed_files(dataset.manifest)),
        "samples": presentation.samples(rows, _item_urls(dataset, rows), dataset.policy),
        "check": check,
        "may_train": may(request.user, "train", project),
        "may_export": may(request.user, "export", project),
        "pushes": pushes_of(dataset.pushes.filter(arrived_at__isnull=False)),
    }
    return render(request, "datasets/show.html", context)


def _item_urls(dataset, rows) -> dict[str, str]:
    found = items_named(dataset, {row["item"] for row in rows})
    return {
        name: reverse("labeling:show-item", args=[item.project.slug, item.pk])
        for name, item in found.items()
    }


@require_POST
def verify(request, slug, digest):
    _, dataset = _dataset(request, slug, digest)
    checking.request_verification(dataset=dataset, actor=request.user)
    return redirect("datasets:show-dataset", slug, digest)


@require_safe
def file(request, slug, digest, name):
    action = action_for(name)
    project = project_for(request.user, slug, action)
    dataset = get_object_or_404(datasets_in(project, request.user, action), hash=digest)
    try:
        return file_response(dataset, name, actor=request.user)
    except NotFound as error:
        raise Http404(str(error)) from error
