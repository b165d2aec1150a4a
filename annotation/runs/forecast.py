"""The estimate for one order: which model, which data, which machine; and whether it can fit."""

import shutil
from dataclasses import dataclass, field

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from annotation.core.errors import DomainError
from annotation.core.numbers import grouped, localised
from annotation.runs import estimate, shapes
from annotation.runs.models import TrainingRun
from annotation.runs.options import BY_KIND
from annotation.runs.presets import Machine, Preset

# A stage shorter than this was over before it could be timed.
LEAST_SECONDS = 2.0
# Above this share of a device the estimate, good to a factor of 1.5, is a warning.
FULL = 0.9


@dataclass(frozen=True)
class Forecast:
    """What an order will take. `machine` None: no worker has told yet what it has."""

    work: estimate.Work
    machine: Machine | None
    memory: estimate.Memory
    disk: int
    free_disk: int
    seconds: float | None = None
    basis: str = ""
    refusals: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def describe(self) -> dict:
        """For the API: bytes, seconds, and the sentences."""
        memory = self.memory
        return {
            "parameters": self.work.model.parameters,
            "steps": self.work.steps,
            "tokens": round(self.work.tokens),
            "memory_bytes": {
                "trained": memory.trained,
                "frozen": memory.frozen,
                "activations": memory.activations,
                "libraries": memory.libraries,
                "gathered": memory.gathered,
                "total": memory.total,
            },
            "device": str(self.machine.name) if self.machine else None,
            "device_bytes": self.machine.memory if self.machine else None,
            "disk_bytes": self.disk,
            "seconds": None if self.seconds is None else round(self.seconds, 1),
            "basis": self.basis,
            "refusals": self.refusals,
            "warnings": self.warnings,
        }

    def rows(self) -> list[tuple[str, str]]:
        """For a page or a terminal: what, and how much of it."""
        memory = self.memory
        parts = [
            (_("weights, gradients, optimiser"), memory.trained),
            (_("frozen models beside it"), memory.frozen),
            (_("activations, at most"), memory.activations),
            (_("libraries"), memory.libraries),
            (_("the whole model once more at the end"), memory.gathered),
        ]
        said = ", ".join(f"{name} {size(part)}" for name, part in parts if part)
        found = [
            (
                _("Model"),
                _("%(count)s parameters") % {"count": grouped(self.work.model.parameters)},
            ),
            (_("Steps"), grouped(self.work.steps)),
            (_("Memory of a device"), f"{size(memory.total)} ({said})"),
            (_("Disk"), size(self.disk)),
        ]
        if self.seconds is not None:
            found.append((_("Time"), f"{duration(self.seconds)}, {self.basis}"))
        return found


def forecast(
    *, project, kind, dataset, base, reward, options, preset: Preset | None
) -> Forecast | None:
    """The estimate; None where the base model's folder does not say how large it is."""
    work = work_of(kind=kind, dataset=dataset, base=base, reward=reward, options=options)
    if work is None:
        return None
    machine = preset.machine if preset else known_machine(project)
    memory = estimate.memory(work, is_gpu=bool(machine and machine.is_gpu))
    disk, free = estimate.disk(work), shutil.disk_usage(settings.DATA_DIR).free
    seconds, basis = _time(project, work, preset)
    found = Forecast(work, machine, memory, disk, free, seconds, basis)
    _judge(found, is_asked=preset is not None)
    return found


def _judge(found: Forecast, *, is_asked: bool) -> None:
    """Refuse what cannot fit where it was asked to, warn of the rest."""
    machine, memory = found.machine, found.memory
    if found.disk > found.free_disk:
        found.refusals.append(
            _("Checkpoints and model need %(need)s of disk, and %(free)s are free.")
            % {"need": size(found.disk), "free": size(found.free_disk)}
        )
    if machine is None:
        return
    numbers = {"name": machine.name, "has": size(machine.memory)}
    if memory.least > machine.memory:
        said = _(
            "It cannot fit: weights, gradients and optimiser alone need %(need)s of a device, "
            "%(name)s has %(has)s. Take a smaller model, more devices, or another preset."
        ) % {"need": size(memory.least), **numbers}
        (found.refusals if is_asked else found.warnings).append(said)
    elif memory.total > FULL * machine.memory:
        found.warnings.append(
            _(
                "It may not fit: up to %(need)s of a device, %(name)s has %(has)s. Lower "
                "batch_size (and raise accumulation) or max_length."
            )
            % {"need": size(memory.total), **numbers}
        )


def work_of(*, kind, dataset, base, reward, options) -> estimate.Work | None:
    """An order as numbers."""
    values = {option.name: option.default for option in BY_KIND[kind]} | options
    if base is not None:
        model = shapes.of_folder(settings.DATA_DIR / base.artifact)
    else:
        model = shapes.encoder() if kind == "reward" else shapes.new_model(values)
    judge = shapes.of_folder(settings.DATA_DIR / reward.artifact) if reward else None
    if model is None:
        return None
    file = "sft.train.jsonl" if kind == "sft" else "preferences.train.jsonl"
    files = dataset.manifest.get("counts", {}).get("files", {})
    entry = files.get(file, {})
    rows = entry.get("rows") or 1
    tokens = entry.get("bytes", 0) / rows / estimate.BYTES_A_TOKEN or estimate.DEFAULT_LENGTH
    prompts = dataset.manifest.get("counts", {}).get("prompts", {}).get("train", 0)
    return estimate.Work(kind, model, judge, values, rows, tokens, prompts)


def known_machine(project) -> Machine | None:
    """What the newest training of the project ran on, by its own report."""
    report = (
        project.runs.filter(report__machine__memory__gt=0)
        .order_by("-pk")
        .values_list("report__machine", flat=True)
        .first()
    )
    if not isinstance(report, dict):
        return None
    name = str(report.get("device", ""))
    is_gpu = name != "cpu"
    said: str | Promise = name if is_gpu else _("the worker’s CPU")
    return Machine(said, 1, report["memory"], 0.0, 0.0, is_gpu=is_gpu)


def _time(project, work, preset: Preset | None) -> tuple[float | None, str]:
    """Seconds of training and where the speed is from; (None, "") where nothing is known."""
    known = known_machine(project)
    is_alike = preset is None or (known is not None and known.is_gpu == preset.machine.is_gpu)
    if is_alike and (measured := measured_speed(project, work.kind)):
        run, speed, tokens = measured
        said = _("at the speed of run %(number)s, %(speed)s tokens/s") % {
            "number": run.pk,
            "speed": grouped(round(tokens)),
        }
        return estimate.seconds(work, speed=speed), said
    if preset is None:
        return None, ""
    machine = preset.machine
    said = _("at %(share)s %% of the speed that its maker states for %(name)s, %(speed)s TFLOP/s")
    numbers = {
        "name": machine.name,
        "speed": localised(f"{machine.devices * machine.speed / 1e12:g}"),
        "share": round(100 * machine.utilisation),
    }
    return estimate.seconds(work, speed=estimate.stated_speed(machine)), said % numbers


def measured_speed(project, kind) -> tuple[TrainingRun, float, float] | None:
    """(run, floating point operations a second, tokens a second) of the newest run of the kind
    that trained in one go, by the same formula as the estimate."""
    runs = project.runs.filter(kind=kind, job__state="done", job__token=1)
    for run in runs.select_related("dataset", "base", "reward").order_by("-pk")[:3]:
        work = work_of(
            kind=kind, dataset=run.dataset, base=run.base, reward=run.reward, options=run.options
        )
        steps = run.events.filter(type="metric", step__gte=1).order_by("line")
        first, last = steps.first(), steps.last()
        begun = run.events.filter(type="progress", data__stage="train").order_by("line").first()
        if work is None or first is None or begun is None:
            continue
        took = (last.at - begun.at).total_seconds()
        if took >= LEAST_SECONDS:
            return run, work.flops / took, work.tokens / took
    return None


def refuse(found: Forecast | None) -> None:
    """Raise what makes the order impossible."""
    if found is not None and found.refusals:
        raise DomainError(" ".join(found.refusals))


def size(count: int) -> str:
    """Bytes for people: 1.2 GB."""
    if count >= 1e9:
        return localised(f"{count / 1e9:,.1f}") + " GB"
    return localised(f"{count / 1e6:,.0f}") + " MB"


def duration(seconds: float) -> str:
    """A rough time: nobody is helped by the seconds of an hour."""
    if seconds < 90:
        return _("about %(count)s s") % {"count": max(1, round(seconds))}
    if seconds < 5400:
        return _("about %(count)s minutes") % {"count": round(seconds / 60)}
    if seconds < 48 * 3600:
        return _("about %(count)s hours") % {"count": localised(f"{seconds / 3600:.1f}")}
    return _("about %(count)s days") % {"count": localised(f"{seconds / 86400:.1f}")}
