"""How much everybody has, may have, and who is paused."""

from dataclasses import replace
from datetime import datetime, time, timedelta

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST, require_safe

from annotation.core.errors import DomainError
from annotation.labeling import workload
from annotation.labeling.refused import Refused
from annotation.projects.models import Pool
from annotation.projects.permissions import project_for


class LimitsForm(forms.Form):
    quota = forms.IntegerField(
        label=gettext_lazy("Items in all"),
        required=False,
        min_value=0,
        max_value=workload.MOST,
    )
    daily_cap = forms.IntegerField(
        label=gettext_lazy("Items a day"),
        required=False,
        min_value=1,
        max_value=workload.MOST,
    )


class PauseForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("Why, for the labeler to read"), max_length=workload.MAX_REASON
    )
    until = forms.DateField(
        label=gettext_lazy("Up to and with"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
    )


@require_safe
def show_workload(request, slug):
    return _page(request, project_for(request.user, slug, "manage"))


@require_POST
def change_workload(request, slug, member_id):
    project = project_for(request.user, slug, "manage")
    membership = project.memberships.select_related("user", "project").filter(pk=member_id).first()
    if membership is None:
        raise Http404
    do = request.POST.get("do")
    try:
        if do == "limits":
            limits = _valid(LimitsForm(request.POST))
            workload.set_limits(membership=membership, **limits, actor=request.user)
        elif do == "pause":
            said = _valid(PauseForm(request.POST))
            workload.pause(
                membership=membership,
                reason=said["reason"],
                until=_end_of(said["until"]),
                actor=request.user,
            )
        elif do == "resume":
            workload.resume(membership=membership, actor=request.user)
        else:
            raise DomainError(_("Choose what to do."))
    except DomainError as error:
        refused = Refused(
            do or "", error, request.POST.get("reason", ""), membership.pk, extra=_typed(request)
        )
        return _page(request, project, refused=refused)
    page = request.GET.get("page", "")
    query = f"?{urlencode({'page': page})}" if page else ""
    return redirect(reverse("labeling:show-workload", args=[slug]) + query)


@require_POST
def limit_pool(request, slug):
    """The same limits for everybody of a pool who is in the project: all of them, or none."""
    project = project_for(request.user, slug, "manage")
    pk = request.POST.get("pool", "")
    pool = Pool.objects.filter(
        project_pools__project=project, pk=pk if pk.isdecimal() and len(pk) < 19 else 0
    ).first()
    if pool is None:
        refused = Refused("pool", DomainError(_("Choose a pool.")), "", extra=_typed(request))
        return _page(request, project, refused=refused)
    form = LimitsForm(request.POST)
    try:
        count = workload.set_limits_of_pool(
            project=project, pool=pool, **_valid(form), actor=request.user
        )
    except DomainError as error:
        return _page(request, project, refused=Refused("pool", error, "", extra=_typed(request)))
    text = ngettext("Set for %(count)d person.", "Set for %(count)d people.", count)
    messages.success(request, text % {"count": count})
    return redirect("labeling:show-workload", slug)


def _valid(form) -> dict:
    if not form.is_valid():
        name, errors = next(iter(form.errors.items()))
        raise DomainError(f"{form.fields[name].label}: {errors[0]}")
    return form.cleaned_data


def _end_of(day):
    """The moment after a day, here; None for no day."""
    if day is None:
        return None
    return timezone.make_aware(datetime.combine(day + timedelta(days=1), time.min))


def _typed(request) -> dict[str, str]:
    """The fields as they were sent."""
    return {name: request.POST.get(name, "") for name in ("quota", "daily_cap", "until", "pool")}


def _page(request, project, refused=None):
    members = workload.with_load(project.memberships.active().select_related("user"))
    page = Paginator(members.order_by("handle"), 50).get_page(request.GET.get("page"))
    if refused and refused.pk:  # a member of another page has no form on this one
        refused = replace(refused, is_here=any(one.pk == refused.pk for one in page))
    context = {
        "project": project,
        "tab": "people",
        "part": "workload",
        "page": page,
        "pools": Pool.objects.filter(project_pools__project=project).order_by("name"),
        "refused": refused,
    }
    status = refused.status if refused else 200
    return render(request, "labeling/workload.html", context, status=status)
