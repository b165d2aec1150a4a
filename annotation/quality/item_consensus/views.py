"""The consensus of an item: a page of its own, and a part of the item's page."""

from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from annotation.labeling.models import Item
from annotation.projects.permissions import project_for
from annotation.quality.item_consensus.page import page_of


@require_safe
def show(request, slug, item_id):
    project = project_for(request.user, slug, "review")
    item = get_object_or_404(Item.objects.filter(project=project), pk=item_id)
    context = {"project": project, "tab": "items", "item": item, "page": page_of(item)}
    name = "_item_consensus" if request.htmx else "item_consensus"
    return render(request, f"quality/{name}.html", context)
