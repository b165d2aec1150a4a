"""Pages of figures: agreement, its history by rubric version, and one person's record."""

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from annotation.labeling.models import Adjudication, Item
from annotation.projects.permissions import may, project_for
from annotation.quality import (
    bias_page,
    consensus_page,
    history,
    presentation,
    prompts_page,
    services,
)
from annotation.quality.fairness.publishing import latest_slices
from annotation.quality.leaderboard import present_leaderboard
from annotation.quality.pages import show_figures, way_back
from annotation.quality.record import record_of
from annotation.quality.signals.person import signals_of


@require_safe
def agreement(request, slug):
    project = project_for(request.user, slug, "see_agreement")
    return show_figures(
        request,
        project,
        "agreement",
        "quality/agreement.html",
        _page,
        may_review=may(request.user, "review", project),
    )


@require_safe
def leaderboard(request, slug):
    """Generators by ability. A labeler never gets here: it names what wrote the responses."""
    project = project_for(request.user, slug, "see_agreement")
    return show_figures(
        request,
        project,
        "leaderboard",
        "quality/leaderboard.html",
        lambda report: present_leaderboard(report.result, request.GET),
        may_import=may(request.user, "import", project),
        may_train=may(request.user, "train", project),
    )


@require_safe
def consensus(request, slug):
    project = project_for(request.user, slug, "see_agreement")
    rights = {f"may_{right}": may(request.user, right, project) for right in ("review", "freeze")}
    return show_figures(
        request, project, "consensus", "quality/consensus.html", _consensus_page, **rights
    )


@require_safe
def bias(request, slug):
    project = project_for(request.user, slug, "see_agreement")
    rights = _rights(request.user, project)
    return show_figures(request, project, "bias", "quality/bias.html", _bias_page, **rights)


@require_safe
def prompts(request, slug):
    project = project_for(request.user, slug, "see_agreement")
    rights = _rights(request.user, project)
    return show_figures(
        request, project, "prompts", "quality/prompts.html", _prompts_page, **rights
    )


@require_safe
def progress(request, slug):
    """The part of the page that asks again while figures are computed; then the page reloads."""
    project = project_for(request.user, slug, "see_agreement")
    job = services.last_job(project)
    if job is None or not job.is_active:
        return HttpResponse(headers={"HX-Refresh": "true"})
    return render(request, "quality/_progress.html", {"project": project, "job": job})


@require_safe
def rubric_history(request, slug):
    project = project_for(request.user, slug, "see_agreement")
    report = services.latest_report(project)
    entries = history.history_of(project, report)
    context = {
        "project": project,
        "tab": "rubric",
        "report": report,
        "entries": entries,
        "changed": history.what_changed(entries),
        "may_compute": may(request.user, "compute", project),
    }
    return render(request, "quality/rubric_history.html", context)


@require_safe
def show_record(request, slug, member_id):
    """One person's work in the project, for whoever reviews it."""
    project = project_for(request.user, slug, "review")
    member = get_object_or_404(project.memberships.select_related("user"), pk=member_id)
    context = {
        "project": project,
        "tab": "people",
        "member": member,
        "record": record_of(project, member.user),
        "signals": signals_of(project, member.user_id),
    }
    return render(request, "quality/record.html", context)


@require_POST
def compute(request, slug):
    project = project_for(request.user, slug, "compute")
    services.request_figures(project=project, actor=request.user)
    return redirect(way_back(request.POST.get("page", ""), slug))


def _page(report):
    disputed = [row["item"] for row in report.result["disputed"]]
    return presentation.present(report.result, _items(disputed))


def _rights(user, project) -> dict[str, bool]:
    """What the page's links may lead to."""
    return {f"may_{right}": may(user, right, project) for right in ("manage", "review")}


def _bias_page(report):
    slices = latest_slices(report.project)
    return bias_page.present(report.result, slices, settings.FAIRNESS_K)


def _consensus_page(report):
    listed = [row["item"] for row in report.result["certainty"]["items"]]
    decided = Adjudication.objects.current().filter(item__in=listed)
    settled = decided.filter(outcome=Adjudication.Outcome.SETTLED)
    return consensus_page.present(
        report.result, _items(listed), set(settled.values_list("item", flat=True))
    )


def _prompts_page(report):
    named = prompts_page.items_named(report.result)
    return prompts_page.present(report.result, _items(named))


def _items(ids):
    rows = Item.objects.select_related("prompt").prefetch_related("item_responses")
    return rows.in_bulk(ids)
