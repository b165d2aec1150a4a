"""Print how far a project's labelers agree."""

import json

from django.core.management.base import BaseCommand

from annotation.core.errors import NotFound
from annotation.projects.models import Project
from annotation.quality.services import compute_report
from annotation.quality.wording import (
    COEFFICIENTS,
    STRENGTHS,
    explain,
    format_interval,
    format_value,
    in_reading_order,
)

SCALES = {"raw": "Raw", "alpha_interval": "Alpha, interval", "icc": "ICC"}
HEADINGS = ("", "value", "95 % interval", "items", "judged twice", "ratings")


class Command(BaseCommand):
    help = (
        "Print how far the labelers of a project agree: over pairs of responses (raw agreement, "
        "Krippendorff's alpha, Fleiss', Conger's and Cohen's kappa, Gwet's AC1 and AC2, "
        "Brennan-Prediger), over whole rankings (Kendall's W, tau-b, tau-x, alpha of ranks), per "
        "criterion, per flag and on strength. As JSON also by week, rubric version, batch, key of "
        "the metadata and pair of generators. Where a number does not exist, the reason."
    )

    def add_arguments(self, parser):
        parser.add_argument("project", help="the project's short name, as in its address")
        parser.add_argument(
            "--json", action="store_true", help="JSON with full precision instead of a table"
        )

    def handle(self, *args, **options):
        project = Project.objects.filter(slug=options["project"]).first()
        if project is None:
            raise NotFound(f"There is no project “{options['project']}”.")
        report = compute_report(project=project)
        agreement = in_reading_order(report.result["agreement"])
        if options["json"]:
            self.stdout.write(json.dumps(agreement, indent=2, ensure_ascii=False, allow_nan=False))
            return
        rows = [HEADINGS, *(_row(name, estimate) for name, estimate in _lines(report, agreement))]
        widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS))]
        for row in rows:
            first, *rest = (
                cell.ljust(width) if column == 0 else cell.rjust(width)
                for column, (cell, width) in enumerate(zip(row, widths, strict=True))
            )
            self.stdout.write("  ".join([first, *rest]).rstrip())


def _lines(report, agreement):
    """(name, estimate) of every figure, in the order of the page."""
    for section in ("pairs", "rankings"):
        for key, estimate in agreement[section].items():
            if key != "cohen_kappa":
                yield str(COEFFICIENTS[key]), estimate
    for pair, estimate in agreement["pairs"]["cohen_kappa"].items():
        yield f"Cohen’s kappa, {pair.replace('|', ' and ')}", estimate
    for criterion in report.result["criteria"]:
        name, scale = criterion["key"], "nominal" if criterion["is_yes_no"] else "ordinal"
        yield f"Alpha, {scale}, of {name}", agreement["criteria"][name]
        for key, estimate in agreement["scales"][name].items():
            yield f"{SCALES[key]}, of {name}", estimate
    for key, estimate in (agreement["strength"] or {}).items():
        yield str(STRENGTHS[key]), estimate
    for flag in report.result["flags"]:
        for key, estimate in agreement["flags"][flag["key"]].items():
            yield f"{COEFFICIENTS[key]}, of the flag {flag['key']}", estimate


def _row(name, estimate):
    value = format_value(estimate["value"])
    if estimate["value"] is None:
        name = f"{name} ({explain(estimate['reason'])})"
    counts = (f"{estimate[key]:,}" for key in ("n_items", "n_pairable", "n_ratings"))
    return (name, value, format_interval(estimate["ci"]), *counts)
