"""The tabs of a project's pages. A tab whose page does not exist, or which the person may not
open, is left out: no dead link."""

from dataclasses import dataclass

from django import template
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext, gettext_noop

from annotation.projects.permissions import roles_for

register = template.Library()

# Label, URL name, and the action a person needs to open it. A page says which one it is by the
# context variable `tab` (the label in lower case) where its own URL name does not.
TABS = [
    (gettext_noop("Overview"), "runs:show-project", "see_project"),
    (gettext_noop("Items"), "labeling:list-items", "see_items"),
    (gettext_noop("Import"), "labeling:import", "import"),
    (gettext_noop("Candidates"), "candidates:list-runs", "see_runs"),
    (gettext_noop("Rubric"), "projects:show-rubric", "judge"),
    (gettext_noop("Judging"), "projects:edit-judging", "manage"),
    (gettext_noop("People"), "projects:list-people", "see_project"),
    (gettext_noop("Agreement"), "quality:show-agreement", "see_agreement"),
    (gettext_noop("Review"), "labeling:list-reviews", "review"),
    (gettext_noop("Datasets"), "datasets:list-datasets", "see_datasets"),
    (gettext_noop("Training"), "runs:list-runs", "see_runs"),
    (gettext_noop("Audit"), "projects:list-events", "audit"),
]


@dataclass(frozen=True)
class Tab:
    label: str
    url: str
    is_current: bool


@register.inclusion_tag("_tabs.html", takes_context=True)
def project_tabs(context, project):
    """The tabs that this person's role may open (`project.role`, set by `project_for`)."""
    request = context.get("request")
    match = getattr(request, "resolver_match", None)
    here = match.view_name if match else ""
    current = context.get("tab") or next(
        (label.lower() for label, name, _ in TABS if name == here), None
    )
    role = getattr(project, "role", None)
    tabs = []
    for label, name, action in TABS:
        if role is not None and role not in roles_for(action):
            continue
        try:
            url = reverse(name, args=[project.slug])
        except NoReverseMatch:
            continue
        tabs.append(Tab(gettext(label), url, label.lower() == current))
    return {"tabs": tabs}
