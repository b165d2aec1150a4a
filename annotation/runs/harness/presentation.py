"""Harness figures as people read them: a page's rows and the regression table's."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from annotation.core.charts.scales import span
from annotation.core.intervals import difference_interval, wilson_interval
from annotation.core.numbers import grouped, localised
from annotation.runs import presentation, words
from annotation.runs.harness.options import LM_EVAL, TITLES
from annotation.runs.models import HarnessEvaluation, HarnessFigure, ModelVersion
from annotation.runs.registry.table import Cell, Line

Z95 = 1.959963984540054
MOST_LINES = 40
# On a page or a card; the API has all of an order.
MOST_ROWS = 200
NEWEST = 5


@dataclass(frozen=True)
class Row:
    """A figure, for a page."""

    task: str
    is_part: bool
    metric: str
    value: str
    interval: str
    stderr: str
    examples: str
    shots: str
    version: str
    better: str


def number(value: float) -> str:
    """Shares with three digits; a perplexity may have any size."""
    return presentation.number(value) if abs(value) < 100 else words.significant(value)


def name_of(figure: HarnessFigure) -> str:
    plain = figure.filter in ("", "none")
    return figure.metric if plain else f"{figure.metric} ({figure.filter})"


def ends(figure: HarnessFigure) -> tuple[float, float, float] | None:
    """(value, low, high) at 95 %. None where no standard error says so; one of 0, where every
    example came out alike, says nothing either."""
    if not figure.stderr:
        return None
    if _is_share(figure):
        count = figure.example_count
        low, high = wilson_interval(figure.value * count, count) or (0.0, 1.0)
        return figure.value, low, high
    half = Z95 * figure.stderr
    return figure.value, figure.value - half, figure.value + half


def _is_share(figure: HarnessFigure) -> bool:
    """Whether each example was right or wrong: then the harness's standard error is the one of
    noughts and ones, √(p (1 − p) / (n − 1)), and Wilson's interval stays between 0 and 1."""
    share, count = figure.value, figure.example_count
    if not 0 < share < 1 or count < 2:
        return False
    return math.isclose(figure.stderr, math.sqrt(share * (1 - share) / (count - 1)), rel_tol=1e-6)


def rows(figures: Iterable[HarnessFigure]) -> list[Row]:
    return [_row(figure) for figure in figures]


def _row(figure: HarnessFigure) -> Row:
    known = ends(figure)
    better = {True: _("higher is better"), False: _("lower is better"), None: ""}
    return Row(
        figure.task,
        figure.is_part,
        name_of(figure),
        number(figure.value),
        span(number(known[1]), number(known[2])) if known else "",
        "" if figure.stderr is None else number(figure.stderr),
        grouped(figure.example_count),
        "" if figure.few_shot is None else grouped(figure.few_shot),
        figure.task_version,
        better[figure.is_higher_better],
    )


def settings_of(evaluation: HarnessEvaluation) -> list[tuple[str, str, str]]:
    """(option, what it is called, value): what it was told, the given and the defaults; a dash is
    what task or model say."""
    told = [("tasks", ", ".join(evaluation.tasks)), ("seed", str(evaluation.seed))]
    for option in LM_EVAL:
        value = evaluation.options.get(option.name, option.default)
        told.append((option.name, presentation.number(value) if value is not None else "–"))
    return [(name, str(TITLES[name]), said) for name, said in told]


def newest_of(version: ModelVersion) -> list[HarnessEvaluation]:
    """The last orders of a policy, whatever came of them."""
    if version.kind != ModelVersion.Kind.POLICY:
        return []
    return list(version.harness_evaluations.select_related("job").order_by("-pk")[:NEWEST])


def newest_figures(
    versions: Sequence[ModelVersion], most: int
) -> dict[tuple[int, tuple], HarnessFigure]:
    """By version and (task, metric, filter) the newest figure of what was ordered by name; of the
    first `most` names."""
    found = HarnessFigure.objects.filter(
        evaluation__version__in=[version.pk for version in versions], is_part=False
    )
    named = ("task", "metric", "filter")
    keys = set(found.order_by(*named).values_list(*named).distinct()[:most])
    each = ("evaluation__version_id", *named)
    newest = found.filter(task__in={task for task, *_more in keys})
    newest = newest.order_by(*each, "-evaluation_id").distinct(*each).select_related("evaluation")
    by_name = (
        ((one.evaluation.version_id, (one.task, one.metric, one.filter)), one) for one in newest
    )
    return {place: figure for place, figure in by_name if place[1] in keys}


def rows_of(version: ModelVersion) -> list[Row]:
    """The newest figure of each task and metric of a policy."""
    if version.kind != ModelVersion.Kind.POLICY:
        return []
    return rows(figure for _key, figure in sorted(_by_name(newest_figures([version], MOST_ROWS))))


def _by_name(figures):
    return [((key, figure.pk), figure) for (_version, key), figure in figures.items()]


def lines_of(versions: Sequence[ModelVersion]) -> list[Line]:
    """For the regression table: each metric, and how it differs from the version before."""
    figures = newest_figures(versions, MOST_LINES)
    keys = sorted({key for _version, key in figures})
    return [_line(key, versions, figures) for key in keys]


def _line(key, versions, figures) -> Line:
    cells: list[Cell] = []
    before: HarnessFigure | None = None
    name = key[0]
    for version in versions:
        figure = figures.get((version.pk, key))
        if figure is None:
            cells.append(Cell())
            continue
        cells.append(_cell(figure, before))
        before, name = figure, f"{figure.task}, {name_of(figure)}"
    return Line(name, cells)


def _cell(figure: HarnessFigure, before: HarnessFigure | None) -> Cell:
    now = ends(figure)
    shown = number(figure.value), span(number(now[1]), number(now[2])) if now else ""
    if before is None:
        return Cell(*shown)
    if differs := what_differs(figure, before):
        return Cell(*shown, note=differs)
    gain = figure.value - before.value
    then = ends(before)
    if now is None or then is None:
        return Cell(*shown, note=_("%(gain)s, no interval") % {"gain": signed(gain)})
    low, high = difference_interval(now, then)
    said = _("%(gain)s (%(interval)s)")
    note = said % {"gain": signed(gain), "interval": span(signed(low), signed(high))}
    return Cell(*shown, trend=_trend(figure, low, high), note=note)


def _trend(figure: HarnessFigure, low: float, high: float) -> str:
    """Better or worse where the whole interval of the difference lies on one side of 0."""
    if figure.is_higher_better is None or low <= 0 <= high:
        return ""
    return "up" if (low > 0) == figure.is_higher_better else "down"


def signed(value: float) -> str:
    digits = f"{value:+.3f}" if abs(value) < 100 else f"{value:+.4g}"
    return localised(digits.replace("-", "−"))


def what_differs(figure: HarnessFigure, before: HarnessFigure) -> str:
    """Why two figures of one name are not to be held against each other, or nothing."""
    if figure.task_version != before.task_version:
        said = _("version %(now)s of the task, %(then)s before: no difference told")
        now, then = (one.task_version or "–" for one in (figure, before))
        return said % {"now": now, "then": then}
    if figure.examples != before.examples:
        return _("other examples than before: no difference told")
    if _setting(figure) != _setting(before):
        return _("asked in another way than before: no difference told")
    return ""


def _setting(figure: HarnessFigure) -> tuple:
    """What changes an answer besides the model. The seed draws the shots."""
    evaluation, options = figure.evaluation, figure.evaluation.options
    shots = figure.few_shot
    asked = options.get("chat", True), options.get("max_length")
    return shots, *asked, evaluation.seed if shots else None, evaluation.harness
