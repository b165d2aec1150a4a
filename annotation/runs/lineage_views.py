"""Where a dataset's row comes from and who saw it; which datasets hold an item."""

from django.http import Http404, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from annotation.core.errors import NotFound
from annotation.datasets.access import datasets_in
from annotation.datasets.finding import line_named, lines_of_item
from annotation.datasets.formats.frozen import CHOSEN, FIRST, RANKINGS, Line
from annotation.projects.permissions import may, project_for
from annotation.runs import lineage


@require_safe
def show_row(request, slug, digest, line):
    """A line of a frozen file, by its name; ?format=json for programs."""
    project = project_for(request.user, slug, "see_datasets")
    datasets = datasets_in(project, request.user).select_related("project")
    dataset = get_object_or_404(datasets, hash=digest)
    try:
        line = line_named(dataset, line)
    except NotFound as error:
        raise Http404(str(error)) from error
    row, item = line.row, lineage.item_of(dataset, line)
    with_names = may(request.user, "audit", project)
    if line.name == RANKINGS:  # a judgment is in whatever was made of its item
        lines = lines_of_item(dataset, row["prompt_sha256"], row["item"])
    else:
        lines = [line]
    holding = (
        lineage.datasets_holding(project, item, request.user, but=dataset.pk)
        if item is not None
        else []
    )
    same = [held for held in holding if any(lineage.holds_same(line, one) for one in held.lines)]
    context = {
        "project": project,
        "tab": "datasets",
        "dataset": dataset,
        "line": line,
        "item": item,
        "prompt": row.get("prompt", [])[-1:],
        "texts": _texts(line),
        "sources": lineage.sources_of(dataset, line, with_names=with_names),
        "with_names": with_names,
        "uses": lineage.uses_of(dataset, lines),
        "same": same,
    }
    if request.GET.get("format") == "json":
        return JsonResponse(_as_json(context), json_dumps_params={"allow_nan": False})
    return render(request, "runs/row.html", context)


def _texts(line: Line) -> list[tuple[str, str, str]]:
    """(side, id, text) of what the row holds."""
    row = line.row
    sides = CHOSEN if "chosen" in row else FIRST if "first" in row else ()
    found = [(side, row[f"{side}_id"], row[side][0]["content"]) for side in sides]
    if "completion" in row:
        found.append((row["source"], row["response_id"], row["completion"][0]["content"]))
    return found


def _as_json(context) -> dict:
    line = context["line"]
    row = dict(line.row)
    if not context["with_names"]:
        row.pop("judgments", None)
        row.pop("labeler", None)
    return {
        "dataset": context["dataset"].hash,
        "row": line.id,
        "content": row,
        "judgments": [
            {
                "labeler": one.labeler or None,
                "revision": one.revision,
                "is_kept": one.is_kept,
                "is_current": one.is_current,
            }
            for one in context["sources"]
        ],
        "runs": [
            {
                "run": use.run.pk,
                "kind": use.run.kind,
                "how": use.how,
                "model": use.version and use.version.name,
                "made_from_it": [heir.name for heir in use.heirs],
            }
            for use in context["uses"]
        ],
        "other_datasets": [held.dataset.hash for held in context["same"]],
    }


@require_safe
def show_item_datasets(request, slug, item_id):
    """Every dataset that holds something of an item, and every model that saw that."""
    project = project_for(request.user, slug, "see_datasets")
    item = get_object_or_404(project.items.select_related("prompt"), pk=item_id)
    holding = lineage.datasets_holding(project, item, request.user)
    context = {
        "project": project,
        "tab": "items",
        "item": item,
        "holding": [
            {"held": held, "uses": lineage.uses_of(held.dataset, held.lines)} for held in holding
        ],
    }
    return render(request, "runs/item_datasets.html", context)
