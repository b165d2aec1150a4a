"""What every page of figures has in common: its place in the row of pages, and its states."""

from collections.abc import Callable
from dataclasses import dataclass

from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from annotation.projects.permissions import may
from annotation.quality import services
from annotation.quality.analyses import ANALYSES
from annotation.quality.models import Report


@dataclass(frozen=True)
class Page:
    """kind: the analysis it shows; heading: its name in the row, and its title while it has no
    figures."""

    kind: str
    heading: str | Promise
    url_name: str

    @property
    def right(self) -> str:
        return ANALYSES[self.kind].right


# In the order of the row.
PAGES = {
    "agreement": Page("agreement", _("Agreement"), "quality:show-agreement"),
    "leaderboard": Page("abilities", _("Leaderboard"), "quality:show-leaderboard"),
    "consensus": Page("consensus", _("Consensus"), "quality:show-consensus"),
    "labelers": Page("labelers", _("Labelers"), "quality:show-labelers"),
    "adaptive": Page("adaptive", _("Adaptive work"), "quality:show-adaptive"),
    "bias": Page("bias", _("Bias"), "quality:show-bias"),
    "prompts": Page("prompts", _("Prompts"), "quality:show-prompts"),
    "report": Page("agreement", _("Report"), "quality:show-report"),
}
# Where a computation may have been asked for, besides.
ELSEWHERE = {"rubric-history": "quality:show-rubric-history"}


def way_back(key: str, slug: str) -> str:
    """The address of the page that asked for a computation."""
    names = {key: page.url_name for key, page in PAGES.items()} | ELSEWHERE
    return reverse(names.get(key, "quality:show-agreement"), args=[slug])


def row_of_pages(user, project) -> list[tuple]:
    """(key, heading, address) for `_agreement_nav.html`, of pages that they may see. Whoever sees
    one of them may see what models say, which has no analysis behind it."""
    rights = {right: may(user, right, project) for right in {one.right for one in PAGES.values()}}
    found = [
        (key, page.heading, reverse(page.url_name, args=[project.slug]))
        for key, page in PAGES.items()
        if rights[page.right]
    ]
    return [
        *found,
        ("judges", _("AI judges"), reverse("quality:list-judges", args=[project.slug])),
    ]


def show_figures(
    request, project, key: str, template: str, present: Callable[[Report], object], **context
):
    """The page of an analysis, once the view found out that it may be seen. present: a report to
    what the template shows as `page`, with the `finding` that is its title."""
    page = PAGES[key]
    report = services.latest_report(project, page.kind)
    context |= {
        "project": project,
        "tab": "agreement",
        "here": key,
        "pages": row_of_pages(request.user, project),
        "heading": page.heading,
        "report": report,
        "page": report and present(report),
        "job": services.last_job(project),
        "is_stale": report is not None and services.is_stale(report),
        "has_judgments": report is not None or project.judgments.exists(),
        "may_compute": may(request.user, "compute", project),
    }
    return render(request, template, context)
