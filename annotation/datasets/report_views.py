"""The printable report of a dataset: what went into it, and what its labels are worth."""

from django.http import JsonResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from annotation.datasets import policy_words, presentation
from annotation.datasets.access import datasets_in
from annotation.datasets.models import Dataset
from annotation.projects.permissions import project_for
from annotation.quality.reporting.document import Document, document_of
from annotation.quality.reporting.methods import DATASET
from annotation.quality.reporting.views import context_of, wants_json, wants_names


@require_safe
def show_report(request, slug, digest):
    project_for(request.user, slug, "see_agreement")
    project = project_for(request.user, slug, "see_datasets")
    dataset = get_object_or_404(datasets_in(project, request.user), hash=digest)
    names = wants_names(request, project)
    besides = (DATASET,) if "consensus" in dataset.counts else ()
    document = document_of(project, with_names=names, besides=besides)
    if wants_json(request):
        said = _as_json(dataset, document)
        return JsonResponse(said, json_dumps_params={"allow_nan": False})
    context = context_of(request, project, document) | {
        "tab": "datasets",
        "dataset": dataset,
        "summary": presentation.summarise(dataset.counts),
        "policy": policy_words.policy_lines(dataset.policy),
    }
    return render(request, "datasets/report.html", context)


def _as_json(dataset: Dataset, document: Document) -> dict:
    return {
        "project": {"slug": dataset.project.slug, "name": dataset.project.name},
        "dataset": {
            "hash": dataset.hash,
            "name": dataset.name,
            "created_at": dataset.created_at,
            "policy": dataset.policy,
            "counts": {key: value for key, value in dataset.counts.items() if key != "files"},
        },
        **document.as_json(),
    }
