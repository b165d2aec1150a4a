"""Two datasets beside each other: page and API."""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response
from rest_framework.views import APIView

from annotation.core.errors import TooLarge
from annotation.datasets.access import dataset_for, datasets_in
from annotation.datasets.diff import Difference, compare
from annotation.datasets.diff_words import policy_changes, sections
from annotation.datasets.exporting import check_whole, reader
from annotation.datasets.models import Dataset
from annotation.projects.permissions import project_for

# Comparisons of both together that somebody can wait for.
MOST_ROWS = 200_000


@require_safe
def show_diff(request, slug, digest):
    """The other one is chosen by ?with=; it is of the same project. Whichever was picked, the
    newer one is told against the older."""
    project = project_for(request.user, slug, "see_datasets")
    datasets = datasets_in(project, request.user).select_related("project")
    now = get_object_or_404(datasets, hash=digest)
    others = list(datasets.exclude(pk=now.pk).order_by("-created_at", "-pk"))
    context = {
        "project": project,
        "tab": "datasets",
        "now": now,
        "others": others,
        "chosen": next((one for one in others if _age(one) < _age(now)), None),
    }
    if wished := request.GET.get("with", ""):
        then = get_object_or_404(datasets, hash=wished.replace("\0", ""))
        if _age(then) > _age(now):
            return _compared(slug, then=now, now=then)
        found = difference_of(then, now)
        context |= {
            "then": then,
            "chosen": then,
            "found": found,
            "total": found.counts.total(),
            "sections": sections(found),
            "policies": policy_changes(then.policy, now.policy),
        }
    return render(request, "datasets/diff.html", context)


@require_safe
def choose_diff(request, slug):
    """Two that were picked in the list: the newer one against the older."""
    project = project_for(request.user, slug, "see_datasets")
    picked = [said.replace("\0", "") for said in request.GET.getlist("pick")]
    found = datasets_in(project, request.user).filter(hash__in=picked).order_by("created_at", "pk")
    if len(found) != 2:
        messages.error(request, _("Pick two datasets to compare."))
        return redirect("datasets:list-datasets", slug)
    then, now = found
    return _compared(slug, then=then, now=now)


def _age(dataset: Dataset):
    return dataset.created_at, dataset.pk


def _compared(slug, *, then: Dataset, now: Dataset):
    address = reverse("datasets:show-diff", args=[slug, now.hash])
    return redirect(f"{address}?with={then.hash}")


def difference_of(then: Dataset, now: Dataset) -> Difference:
    rows = sum(one.counts["comparisons"]["kept"] for one in (then, now))
    if rows > MOST_ROWS:
        raise TooLarge(
            f"Both hold {rows:,} comparisons: use manage.py diff_datasets for more than "
            f"{MOST_ROWS:,}."
        )
    for dataset in (then, now):
        check_whole(dataset)
    return compare(reader(then), reader(now))


def as_json(then: Dataset, now: Dataset, found: Difference) -> dict:
    return {
        "then": then.hash,
        "now": now.hash,
        "same": found.same,
        "counts": dict(found.counts),
        "policy": [
            {"setting": word, "then": old, "now": new}
            for word, old, new in policy_changes(then.policy, now.policy)
        ],
        "changes": [
            {"kind": section["kind"], **one}
            for section in sections(found)
            for one in section["changes"]
        ],
    }


class DiffView(APIView):
    permission_classes = [IsAuthenticated]

    @extend_schema(
        operation_id="datasets_diff",
        parameters=[
            OpenApiParameter("digest", OpenApiTypes.STR, OpenApiParameter.PATH),
            OpenApiParameter(
                "with", OpenApiTypes.STR, required=True, description="The hash of the older one."
            ),
        ],
        responses=OpenApiTypes.OBJECT,
        tags=["datasets"],
    )
    def get(self, request, digest: str):
        """What differs from another dataset: rows that came, went or turned, with the reasons.
        Of each kind the first 50 are told, all are counted."""
        now = dataset_for(request.user, digest)
        then = dataset_for(request.user, request.query_params.get("with", ""))
        if then.project_id != now.project_id:
            raise Http404
        return Response(as_json(then, now, difference_of(then, now)))
