"""The tabs of a project's pages. A tab whose page does not exist, or which the person may not
open, is left out: no dead link."""

from dataclasses import dataclass

from django import template
from django.urls import NoReverseMatch, reverse

register = template.Library()

# label, URL name, and the other URL names under it. A page may say its tab by the context
# variable `tab` (the label in lower case) instead.
TABS = [
    ("Overview", "projects:show-project"),
    ("Items", "labeling:list-items"),
    ("Import", "prompts:import-items"),
    ("Rubric", "projects:show-rubric"),
    ("People", "projects:list-people"),
    ("Agreement", "quality:show-agreement"),
    ("Datasets", "datasets:list-datasets"),
    ("Training", "runs:list-runs"),
    ("Audit", "projects:list-events"),
]


@dataclass(frozen=True)
class Tab:
    label: str
    url: str
    is_current: bool


@register.inclusion_tag("_tabs.html", takes_context=True)
def project_tabs(context, project):
    """`shown_tabs` in the context, where a view gives it, limits them to what a role may open."""
    request = context.get("request")
    match = getattr(request, "resolver_match", None)
    here = match.view_name if match else ""
    current = context.get("tab") or next(
        (label.lower() for label, name in TABS if name == here), None
    )
    shown = context.get("shown_tabs")
    tabs = []
    for label, name in TABS:
        if shown is not None and label.lower() not in shown:
            continue
        try:
            url = reverse(name, args=[project.slug])
        except NoReverseMatch:
            continue
        tabs.append(Tab(label, url, label.lower() == current))
    return {"tabs": tabs}
