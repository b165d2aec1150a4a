"""Curves of a run, from the lines its trainer wrote."""

from collections.abc import Iterable
from dataclasses import dataclass

from annotation.core.charts import LineChart, Series, line_chart, plain
from annotation.runs.models import RunEvent

MAX_POINTS = 240  # what a chart of 560 px can show


@dataclass(frozen=True)
class Curve:
    """A panel of the page: a chart with what it is about."""

    key: str
    title: str
    note: str
    chart: LineChart


# Title, note, and its lines: what to call each and the trainers' names for it, first found first.
PANELS = (
    (
        "loss",
        "Loss",
        "lower is better",
        (
            ("training", ("loss",)),
            ("held out", ("eval_loss", "eval_log_loss")),
            # Without a dev split the trainers look at training rows, and say so.
            ("evaluated", ("train_eval_loss", "train_eval_log_loss")),
        ),
    ),
    (
        "accuracy",
        "Accuracy",
        "share of right decisions",
        (
            ("training", ("accuracy", "rewards/accuracies", "mean_token_accuracy")),
            ("held out", ("eval_accuracy", "eval_rewards/accuracies", "eval_token_accuracy")),
            (
                "evaluated",
                (
                    "train_eval_accuracy",
                    "train_eval_rewards/accuracies",
                    "train_eval_token_accuracy",
                ),
            ),
        ),
    ),
    (
        "margin",
        "Margin",
        "reward of chosen less reward of rejected",
        (
            ("training", ("margin", "rewards/margins")),
            ("held out", ("eval_margin", "eval_rewards/margins")),
            ("evaluated", ("train_eval_margin", "train_eval_rewards/margins")),
        ),
    ),
    ("grad_norm", "Gradient norm", "before clipping", (("norm", ("grad_norm",)),)),
)


def latest_attempts(events: Iterable[RunEvent]) -> dict[int, dict]:
    """Numbers by step. Where an attempt repeats a step of an earlier one, the later one counts."""
    steps: dict[int, dict] = {}
    for event in sorted(events, key=lambda e: (e.token, e.line)):
        if event.type == "metric" and event.step is not None:
            numbers = {
                name: value
                for name, value in event.data.items()
                if isinstance(value, int | float) and not isinstance(value, bool)
            }
            steps.setdefault(event.step, {}).update(numbers)
    return steps


def curves(events: Iterable[RunEvent]) -> list[Curve]:
    """The panels for which there is something to draw."""
    steps = latest_attempts(events)
    found = []
    for key, title, note, lines in PANELS:
        series = [Series(name, points) for name, keys in lines if (points := _points(steps, keys))]
        if not series:
            continue
        is_share = key == "accuracy"
        chart = line_chart(
            label=_finding(title, series),
            series=series,
            y_name=title,
            y_range=(0.0, 1.0) if is_share else None,
        )
        found.append(Curve(key, title, note, chart))
    return found


def _points(steps, keys) -> list[tuple[float, float]]:
    name = next((key for key in keys if any(key in values for values in steps.values())), None)
    points = [(float(step), float(v[name])) for step, v in sorted(steps.items()) if name in v]
    if len(points) <= MAX_POINTS:
        return points
    # Thinned evenly; the first and the last stay.
    last = len(points) - 1
    return [points[round(i * last / (MAX_POINTS - 1))] for i in range(MAX_POINTS)]


def _finding(title, series) -> str:
    """The curve in words, for who cannot see it."""
    one = series[0]
    first, last = one.points[0][1], one.points[-1][1]
    verb = "stays at" if first == last else "rises from" if last > first else "falls from"
    numbers = plain(last) if first == last else f"{plain(first)} to {plain(last)}"
    return f"{title}, {one.name}: {verb} {numbers} at step {one.points[-1][0]:.0f}"
