"""The page that builds items: an order with its counts first, then the items, then back."""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from annotation.candidates.marks.marking import marking_of
from annotation.core.errors import DomainError
from annotation.labeling.building import services
from annotation.projects.permissions import project_for
from annotation.quality.building.forms import BuildForm
from annotation.quality.building.gains import gains_now, planned
from annotation.quality.building.wording import PROMPTS, RESPONSES

SHOWN_BATCHES = 20
SHOWN_PAIRS = 45


@require_http_methods(["GET", "HEAD", "POST"])
def build(request, slug):
    project = project_for(request.user, slug, "import")
    if request.method != "POST":
        named = {"generators": request.GET.getlist("generators")}
        form = BuildForm(project=project, initial=BuildForm.first_values(project) | named)
        return _show(request, project, form)
    form = BuildForm(request.POST, project=project)
    plan = None
    if form.is_valid():
        try:
            if request.POST.get("do") != "build":
                return _show(request, project, form, planned(project, form.policy))
            gains = gains_now(project) if form.policy.is_adaptive else None
            batch = services.build_items(
                project=project, policy=form.policy, actor=request.user, gains=gains
            )
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            count = batch.counts["items"]
            text = ngettext("%(count)d item is built.", "%(count)d items are built.", count)
            messages.success(request, text % {"count": count})
            return redirect("quality:build-items", slug)
    return _show(request, project, form, plan, status=422)


@require_POST
def withdraw(request, slug, batch_id):
    project = project_for(request.user, slug, "import")
    batch = project.built_batches.filter(pk=batch_id).first()
    if batch is None:
        raise Http404
    try:
        count = services.withdraw_batch(batch=batch, actor=request.user)
    except DomainError as error:
        messages.error(request, str(error))
    else:
        text = ngettext("%(count)d item is withdrawn.", "%(count)d items are withdrawn.", count)
        messages.success(request, text % {"count": count})
    return redirect("quality:build-items", slug)


def _show(request, project, form, plan=None, status=200):
    context = {
        "project": project,
        "tab": "items",
        "form": form,
        "plan": plan,
        "counted": _counted(project, plan) if plan else None,
        "is_marked": bool(marking_of(project).marked_at),
        "batches": list(project.built_batches.all()[:SHOWN_BATCHES]),
    }
    if request.htmx:
        return render(request, "quality/_plan.html", context, status=status)
    return render(request, "quality/build.html", context, status=status)


def _counted(project, plan) -> dict:
    names = {one.pk: str(one) for one in project.generators.all()} | {0: _("unknown generator")}
    pairs = sorted(plan.meetings.items(), key=lambda pair: (-pair[1], pair[0]))
    return {
        "items": len(plan.items),
        "prompts": [(PROMPTS.get(why, why), n) for why, n in plan.reason_counts.items()],
        "responses": [(RESPONSES.get(why, why), n) for why, n in plan.left_out.most_common()],
        "pairs": [(names[one], names[other], n) for (one, other), n in pairs[:SHOWN_PAIRS]],
        "more_pairs": max(0, len(pairs) - SHOWN_PAIRS),
    }
