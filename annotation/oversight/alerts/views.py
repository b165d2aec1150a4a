"""A project's alerts: what is watched, how it stands, and what went off."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from annotation.oversight.alerts import services
from annotation.oversight.alerts.forms import AlertsForm
from annotation.oversight.alerts.words import sentence
from annotation.oversight.models import AlertKind, AlertTurn
from annotation.projects.permissions import project_for

SHOWN_TURNS = 25


@require_http_methods(["GET", "HEAD", "POST"])
def edit_alerts(request, slug):
    project = project_for(request.user, slug, "manage")
    form = AlertsForm(request.POST or None, project=project)
    if request.method == "POST" and form.is_valid():
        services.set_alerts(
            project=project,
            wanted=form.wanted,
            actor=request.user,
            base_url=request.build_absolute_uri("/").rstrip("/"),
        )
        messages.success(request, _("Saved. What is watched is measured every five minutes."))
        return redirect("oversight:edit-alerts", slug)
    context = {
        "project": project,
        "tab": "overview",
        "form": form,
        "rows": [_with_words(row) for row in form.rows],
        "turns": _turns(project),
        "leads": sum(one.leads for one in form.candidates),
    }
    status = 422 if form.errors else 200
    return render(request, "oversight/alerts.html", context, status=status)


def _with_words(row: dict) -> dict:
    alert = row["alert"]
    if alert is not None and alert.is_on and alert.value is not None:
        row["words"] = sentence(alert.kind, alert.value, alert.threshold)
    return row


def _turns(project) -> list[dict]:
    turns = AlertTurn.objects.filter(alert__project=project).select_related("alert")
    return [
        {
            "turn": turn,
            "label": AlertKind(turn.alert.kind).label,
            "words": sentence(turn.alert.kind, turn.value, turn.threshold),
        }
        for turn in turns.order_by("-id")[:SHOWN_TURNS]
    ]
