"""What the page of a run shows: its stages, warnings and figures, told by its events."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from annotation.core import jobs
from annotation.core.charts import whisker
from annotation.runs import curves, presentation
from annotation.runs.models import RunEvent, TrainingRun
from annotation.runs.options import BY_KIND

MAX_SAMPLES = 24  # of what it writes: the newest looks at a few prompts
TIMELINE = ("start", "progress", "checkpoint", "artifact")


@dataclass(frozen=True)
class Stage:
    title: str
    style: str  # done, now, failed or nothing
    detail: str


@dataclass(frozen=True)
class Setting:
    name: str
    value: str
    is_default: bool


def stages(run: TrainingRun, events: list[RunEvent]) -> list[Stage]:
    """The trainer's stages in the latest attempt. It may evaluate in between: what it reached
    farthest counts, and the last evaluation is the one after training."""
    token = max((event.token for event in events), default=0)
    begun: dict[str, RunEvent] = {}
    last: dict[str, RunEvent] = {}
    for event in events:
        stage = event.data.get("stage")
        if event.token == token and event.type == "progress" and isinstance(stage, str):
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
        if state == "done" or at < reached:
            style = "done"
        elif at == reached:
            style = {"running": "now", "failed": "failed"}.get(state, "done")
        found.append(Stage(str(title), style, _detail(name, begun, last, names, at)))
    return found


def _reached(names, last) -> int:
    if "publish" in last:
        return names.index("publish")
    train, evaluate = last.get("train"), last.get("evaluate")
    if train is not None:
        is_over = train.step is not None and train.step >= train.data.get("total", 0) > 0
        if is_over and evaluate is not None and evaluate.line > train.line:
            return names.index("evaluate")
        return names.index("train")
    if evaluate is not None:  # the look before the first step
        return names.index("load models")
    return max((names.index(name) for name in last if name in names), default=-1)


def _detail(name, begun, last, names, at) -> str:
    event = last.get(name)
    if event is None:
        return ""
    if name == "train" and event.step is not None and event.data.get("total"):
        return _("step %(step)s of %(total)s") % {"step": event.step, "total": event.data["total"]}
    if name in ("check data", "load models"):
        following = next((begun[n] for n in names[at + 1 :] if n in begun), None)
        if following is not None:
            seconds = (following.at - begun[name].at).total_seconds()
            return _("under 1 s") if seconds < 1 else f"{seconds:.0f} s"
    return ""


def whole_settings(run: TrainingRun) -> list[Setting]:
    """Every option with its value: those given first, then the defaults."""
    rows = [Setting("seed", str(run.seed), run.seed == 11)]
    for option in BY_KIND[run.kind]:
        value = run.options.get(option.name, option.default)
        text = _("chosen by the trainer") if value is None else presentation.setting(value)
        rows.append(Setting(option.name, text, option.name not in run.options))
    return sorted(rows, key=lambda row: row.is_default)


def latest_numbers(events) -> list[tuple[str, str, int]]:
    """(name, value, step) of the newest of each number the trainer told."""
    return [
        (name, presentation.significant(value), step)
        for name, (value, step) in sorted(_newest(events).items())
    ]


def newest_values(events) -> dict[str, float]:
    """The same as plain numbers, for the API."""
    return {name: value for name, (value, _) in sorted(_newest(events).items())}


def _newest(events) -> dict[str, tuple[float, int]]:
    newest = {}
    for step, values in sorted(curves.latest_attempts(events).items()):
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


def samples(events: list[RunEvent]) -> list[Sample]:
    """The newest of what it wrote, newest first; a step that was repeated is shown once."""
    latest: dict[tuple, RunEvent] = {}
    for event in sorted(events, key=lambda e: (e.token, e.line)):
        if event.type == "sample" and event.step is not None:
            latest[event.step, str(event.data.get("prompt", ""))] = event
    found = sorted(latest.values(), key=lambda e: (-e.step, e.line))
    return [
        Sample(
            event.step,
            str(event.data.get("prompt", "")),
            str(event.data.get("text", "")),
            presentation.significant(event.data.get("reward")),
        )
        for event in found[:MAX_SAMPLES]
    ]


def describe(run: TrainingRun) -> dict:
    """The context of the run's live part."""
    metrics = list(run.events.filter(type="metric"))
    others = list(run.events.exclude(type="metric"))
    is_starting = run.state == "running" and not any(
        event.type == "progress" and event.data.get("stage") == "train" for event in others
    )
    report = run.report if run.state == "done" else {}
    return {
        "run": run,
        "job": run.job,
        "stages": stages(run, [event for event in others if event.type in TIMELINE]),
        "is_starting": is_starting,
        "warnings": [e.data.get("message", "") for e in others if e.type == "warning"],
        "curves": curves.curves(metrics),
        "samples": samples(others),
        "has_rewards": run.kind == TrainingRun.Kind.RL,
        "checkpoint_step": _last_checkpoint(run, others),
        "numbers": latest_numbers(metrics),
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


def _last_checkpoint(run, events) -> int | None:
    """What a resumed run would go on from; nothing after a good end: none is left."""
    if run.state == "done":
        return None
    saved = [event for event in events if event.type == "checkpoint" and event.step is not None]
    return max((event.step for event in saved), default=None)


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
