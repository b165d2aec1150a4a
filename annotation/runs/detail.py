"""What the page of a run shows: its stages, warnings and figures, told by its events."""

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from annotation.core import jobs
from annotation.core.charts.whiskers import whisker
from annotation.core.numbers import grouped
from annotation.runs import curves, events, presentation, words
from annotation.runs.checkpoints.copies import newest_copy
from annotation.runs.models import RunEvent, TrainingRun
from annotation.runs.options import BY_KIND


@dataclass(frozen=True)
class Stage:
    title: str
    style: str  # done, now, failed or nothing
    detail: str


@dataclass(frozen=True)
class Setting:
    """An option of a run in words; `name` is the option's own."""

    name: str
    title: str
    value: str
    is_default: bool


def stages(run: TrainingRun, told: list[RunEvent]) -> list[Stage]:
    """The trainer's stages by what it told of the latest attempt. It may evaluate in between: what
    it reached farthest counts, and the last evaluation is the one after training."""
    begun: dict[str, RunEvent] = {}
    last: dict[str, RunEvent] = {}
    for event in told:
        stage = event.data.get("stage")
        if isinstance(stage, str):
            begun.setdefault(stage, event)
            last[stage] = event
    names = [name for name, _title in presentation.STAGES]
    reached = _reached(names, last)
    state = run.state
    if state == "failed":  # even one that said nothing failed somewhere
        reached = max(reached, 0)
    found = []
    for at, (name, title) in enumerate(presentation.STAGES):
        style = ""
        is_over = state == "done" or at < reached
        if is_over:
            style = "done"
        elif at == reached:
            style = {"running": "now", "failed": "failed"}.get(state, "done")
        detail = _detail(name, begun, last, names, at, is_over=is_over)
        found.append(Stage(str(title), style, detail))
    return found


def _reached(names, last) -> int:
    if "publish" in last:
        return names.index("publish")
    train, evaluate = last.get("train"), last.get("evaluate")
    if train is not None:
        total = train.data.get("total")
        is_over = train.step is not None and type(total) is int and 0 < total <= train.step
        if is_over and evaluate is not None and evaluate.line > train.line:
            return names.index("evaluate")
        return names.index("train")
    if evaluate is not None:  # the look before the first step
        return names.index("load models")
    return max((names.index(name) for name in last if name in names), default=-1)


def _detail(name, begun, last, names, at, *, is_over) -> str:
    event = last.get(name)
    if event is None:
        return ""
    total = event.data.get("total")
    if name == "train" and event.step is not None and type(total) is int and total:
        if is_over:  # the last sign of it may be a step before its end
            return ngettext("%(count)s step", "%(count)s steps", total) % {"count": grouped(total)}
        return _("step %(step)s of %(total)s") % {
            "step": grouped(event.step),
            "total": grouped(total),
        }
    if name in ("check data", "load models"):
        following = next((begun[n] for n in names[at + 1 :] if n in begun), None)
        if following is not None:
            seconds = (following.at - begun[name].at).total_seconds()
            return _("under 1 s") if seconds < 1 else f"{seconds:.0f} s"
    return ""


def whole_settings(run: TrainingRun) -> list[Setting]:
    """Every option with its value: those given first, then the defaults."""
    rows = [Setting("seed", words.option("seed"), str(run.seed), run.seed == 11)]
    chosen = run.report.get("settings") or {}
    for option in BY_KIND[run.kind]:
        value = run.options.get(option.name, option.default)
        text = presentation.option_value(option.name, value)
        if value is None and option.name in chosen:
            text = _("%(value)s, chosen") % {
                "value": presentation.option_value(option.name, chosen[option.name])
            }
        is_default = option.name not in run.options
        rows.append(Setting(option.name, words.option(option.name), text, is_default))
    return sorted(rows, key=lambda row: row.is_default)


@dataclass(frozen=True)
class Number:
    """The newest of a figure that the trainer told, in words; `name` is the trainer's own."""

    name: str
    title: str
    value: str
    step: str


def latest_numbers(newest) -> list[Number]:
    """Those of training first, then the evaluations', each in the order of the words."""
    return [
        Number(name, words.figure(name), words.measured(name, value), grouped(step))
        for name, (value, step) in sorted(newest.items(), key=lambda pair: words.place(pair[0]))
    ]


def newest_values(metrics) -> dict[str, float]:
    """The same as plain numbers, for the API."""
    return {name: value for name, (value, _step) in sorted(_newest(metrics).items())}


def _newest(metrics) -> dict[str, tuple[float, int]]:
    newest = {}
    for step, values in sorted(curves.latest_attempts(metrics).items()):
        newest |= {
            name: (value, step) for name, value in values.items() if name not in ("total", "epoch")
        }
    return newest


@dataclass(frozen=True)
class Sample:
    """A response that the policy gave while it was trained."""

    step: int
    prompt: str
    text: str
    reward: str


def samples(run: TrainingRun) -> list[Sample]:
    return [
        Sample(
            event.step,
            event.prompt or "",
            event.text or "",
            words.measured("reward", event.reward),
        )
        for event in events.samples(run)
    ]


def describe(run: TrainingRun) -> dict:
    """The context of the run's live part."""
    metrics, told = events.metrics(run), events.stages(run)
    has_begun = any(event.data.get("stage") == "train" for event in told)
    report = run.report if run.state == "done" else {}
    return {
        "run": run,
        "job": run.job,
        "stages": stages(run, told),
        "is_starting": run.state == "running" and not has_begun,
        "warnings": events.warnings(run),
        "curves": curves.curves(metrics),
        "samples": samples(run),
        "has_rewards": run.kind == TrainingRun.Kind.RL,
        "checkpoint_step": events.last_checkpoint(run),
        "copy": newest_copy(run),
        "numbers": latest_numbers(_newest(metrics)),
        "attempt": run.job.token if run.job else 0,
        "place": jobs.place_of(run.job) if run.state == "queued" and run.job else None,
        "figures": with_whiskers(
            presentation.accuracies(report.get("metrics"), report.get("baselines")),
            report.get("metrics"),
            report.get("baselines"),
        ),
        "verdict": presentation.verdict(report.get("metrics")),
        "counts": report.get("counts"),
        "initial": presentation.other_figures(report.get("initial")),
        "model_version": getattr(run, "model_version", None),
        "log": run.log_tail.rstrip(),
    }


def with_whiskers(figures, metrics, baselines):
    """Accuracy and its baseline, each with where it lies between 0 and 1."""
    entries = [(metrics or {}).get("accuracy"), (baselines or {}).get("length")]
    return [
        (
            figure,
            whisker(
                entry["value"],
                (entry.get("low"), entry.get("high")),
                name=figure.name,
            ),
        )
        for figure, entry in zip(figures, entries, strict=False)
    ]
