"""Curves of a run, from the lines its trainer wrote."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from annotation.core.charts.lines import LineChart, Series, line_chart
from annotation.core.charts.scales import plain
from annotation.runs.events import MAX_POINTS
from annotation.runs.models import RunEvent


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
        _("Loss"),
        _("lower is better"),
        (
            (_("training"), ("loss",)),
            (_("held out"), ("eval_loss", "eval_log_loss")),
            # Without a dev split the trainers look at training rows, and say so.
            (_("evaluated"), ("train_eval_loss", "train_eval_log_loss")),
        ),
    ),
    (
        "accuracy",
        _("Accuracy"),
        _("share of right decisions"),
        (
            (_("training"), ("accuracy", "rewards/accuracies", "mean_token_accuracy")),
            (_("held out"), ("eval_accuracy", "eval_rewards/accuracies", "eval_token_accuracy")),
            (
                _("evaluated"),
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
        _("Margin"),
        _("reward of chosen less reward of rejected"),
        (
            (_("training"), ("margin", "rewards/margins")),
            (_("held out"), ("eval_margin", "eval_rewards/margins")),
            (_("evaluated"), ("train_eval_margin", "train_eval_rewards/margins")),
        ),
    ),
    (
        "reward",
        _("Reward"),
        _("what the reward model gives, in its deviations"),
        (
            (_("training"), ("reward",)),
            (_("held out"), ("eval_reward",)),
            (_("evaluated"), ("train_eval_reward",)),
        ),
    ),
    (
        "kl",
        _("Distance from the base model"),
        _("KL in nats a response"),
        (
            (_("estimate k1"), ("kl",)),
            (_("estimate k3"), ("kl_k3",)),
            (_("held out"), ("eval_kl",)),
            (_("evaluated"), ("train_eval_kl",)),
        ),
    ),
    (
        "length",
        _("Length of responses"),
        _("tokens"),
        (
            (_("training"), ("completions/mean_length",)),
            (_("held out"), ("eval_length",)),
            (_("evaluated"), ("train_eval_length",)),
        ),
    ),
    (
        "clip",
        _("Clipped"),
        _("share of tokens whose ratio left the bounds, and of responses without an end"),
        ((_("tokens"), ("clip_ratio",)), (_("responses"), ("completions/clipped_ratio",))),
    ),
    ("entropy", _("Entropy"), _("nats a token"), ((_("entropy"), ("entropy",)),)),
    ("grad_norm", _("Gradient norm"), _("before clipping"), ((_("norm"), ("grad_norm",)),)),
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
        series = [
            Series(str(name), points) for name, keys in lines if (points := _points(steps, keys))
        ]
        if not series:
            continue
        is_share = key in ("accuracy", "clip")
        chart = line_chart(
            label=_finding(title, series),
            series=series,
            y_name=str(title),
            y_range=(0.0, 1.0) if is_share else None,
        )
        found.append(Curve(key, str(title), str(note), chart))
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
    if first == last:
        said = gettext("%(title)s, %(line)s: stays at %(last)s at step %(step)s")
    elif last > first:
        said = gettext("%(title)s, %(line)s: rises from %(first)s to %(last)s at step %(step)s")
    else:
        said = gettext("%(title)s, %(line)s: falls from %(first)s to %(last)s at step %(step)s")
    return said % {
        "title": title,
        "line": one.name,
        "first": plain(first),
        "last": plain(last),
        "step": f"{one.points[-1][0]:.0f}",
    }
