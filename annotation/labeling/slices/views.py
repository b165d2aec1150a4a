"""The pages of slices: which items are for which pools, and whether anybody can take them."""

from django.contrib import messages
from django.db.models import Count, F, Q
from django.http import Http404
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from annotation.core.errors import DomainError
from annotation.labeling.models import Item
from annotation.labeling.slices import services
from annotation.labeling.slices.conditions import written
from annotation.labeling.slices.forms import SliceForm
from annotation.labeling.tasks import SLICES_KIND
from annotation.projects.models import Pool
from annotation.projects.permissions import project_for


@require_safe
def list_slices(request, slug):
    project = project_for(request.user, slug, "manage")
    open_items = Q(items__state=Item.State.OPEN)
    needed = open_items & Q(items__taken__lt=F("items__overlap"))
    slices = list(
        project.slices.annotate(
            item_count=Count("items", filter=open_items),
            needed_count=Count("items", filter=needed),
        )
        .prefetch_related("pools")
        .order_by("position")
    )
    goes = services.leaving(project)
    lendable = project.memberships.lendable()
    for one in slices:
        one.is_leaving = one.pk in goes
        one.words = [condition.text for condition in written(one.conditions)]
        one.labeler_count = (
            lendable.filter(user__pool_memberships__pool__slices=one).distinct().count()
        )
    rest = project.items.filter(slice=None, state=Item.State.OPEN)
    context = {
        "project": project,
        "tab": "people",
        "part": "slices",
        "slices": slices,
        "rest_count": rest.count(),
        "labeler_count": lendable.count(),
        "jobs": project.jobs.active().filter(kind=SLICES_KIND).order_by("pk"),
    }
    return render(request, "labeling/slices/list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def edit_slice(request, slug, slice_id=None):
    project = project_for(request.user, slug, "manage")
    edited = None
    if slice_id is not None:
        edited = project.slices.filter(pk=slice_id).first()
        if edited is None:
            raise Http404
    do = request.POST.get("do", "")
    if edited is not None and do in ("up", "down", "delete"):
        if do == "delete":
            services.delete_slice(deleted=edited, actor=request.user)
        else:
            services.move_slice(moved=edited, up=do == "up", actor=request.user)
        return redirect("labeling:list-slices", slug)
    form = SliceForm(
        request.POST if request.method == "POST" else None,
        initial=SliceForm.initial_of(edited) if edited else None,
        fields=_fields(project, edited),
        pools=Pool.objects.filter(project_pools__project=project).order_by("name"),
    )
    count = None
    if form.is_bound and form.is_valid():
        if do == "count":
            count = services.count_meeting(project, form.conditions)
        else:
            try:
                services.save_slice(
                    project=project,
                    name=form.cleaned_data["name"],
                    conditions=form.conditions,
                    pools=list(form.cleaned_data["pools"]),
                    actor=request.user,
                    edited=edited,
                )
                messages.success(request, _("Saved."))
                return redirect("labeling:list-slices", slug)
            except DomainError as error:
                form.add_error(None, str(error))
    context = {
        "project": project,
        "tab": "people",
        "part": "slices",
        "edited": edited,
        "form": form,
        "count": count,
    }
    status = 422 if form.errors else 200
    return render(request, "labeling/slices/edit.html", context, status=status)


def _fields(project, edited) -> list[str]:
    """Those that items have, and those that the slice speaks of already."""
    known = services.fields_of(project)
    kept = [one["field"] for one in edited.conditions] if edited else []
    return known + [name for name in kept if name not in known]
