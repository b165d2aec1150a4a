"""The lines of the regression table that evaluations fill: the newest win rate of each version."""

from collections.abc import Sequence

from django.utils.translation import gettext as _

from annotation.core.charts.scales import span
from annotation.runs.evaluation import stored
from annotation.runs.evaluation.presentation import outcome, percent
from annotation.runs.models import Evaluation, ModelVersion
from annotation.runs.registry.table import Cell, Line

TRENDS = {"better": "up", "worse": "down", "undecided": ""}


def win_rate_lines(versions: Sequence[ModelVersion]) -> list[Line]:
    """By people and by reward models, where any version of these has one."""
    found = Evaluation.objects.filter(new__in=[version.pk for version in versions])
    # The newest of each version and kind, however many there are of the others.
    rows = found.order_by("new", "kind", "-pk").distinct("new", "kind")
    rows = rows.select_related("project", "new", "old", "judge")
    newest = {(evaluation.kind, evaluation.new_id): evaluation for evaluation in rows}
    figures = stored.read_all(list(newest.values()))
    lines = []
    for kind, name in (
        (Evaluation.Kind.PEOPLE, _("Win rate, by people")),
        (Evaluation.Kind.REWARD, _("Win rate, by a reward model")),
    ):
        cells = [_cell(newest.get((kind, version.pk)), figures) for version in versions]
        if any(cell.value for cell in cells):
            lines.append(Line(name, cells))
    return lines


def _cell(evaluation: Evaluation | None, figures_of: dict[int, dict]) -> Cell:
    """An arrow by the interval that holds however often one looked, where people judged."""
    if evaluation is None:
        return Cell()
    figures = figures_of[evaluation.pk]
    rate, test = figures["win_rate"], figures["sequential"]
    if rate["value"] is None:
        return Cell()
    ends = test if evaluation.kind == Evaluation.Kind.PEOPLE else rate
    low, high = ends["low"], ends["high"]
    return Cell(
        percent(rate["value"]),
        span(percent(low), percent(high)),
        TRENDS[outcome(evaluation, figures)],
        _("against %(name)s") % {"name": evaluation.old.name},
    )
