"""An order made from an earlier one: what it takes over, and what differs."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from annotation.core.errors import DomainError
from annotation.runs import presets, words
from annotation.runs.models import TrainingRun
from annotation.runs.options import BY_KIND
from annotation.runs.presentation import setting


@dataclass(frozen=True)
class Change:
    """A line of the order that is not as it was; `name` is an option, or dataset, base, reward
    or seed."""

    name: str
    was: str
    now: str

    @property
    def title(self) -> str:
        return words.option(self.name)


def order_like(run: TrainingRun, given: Mapping[str, Any]) -> dict[str, Any]:
    """The order of `run` again, with what is given in place of what was; options one by one.
    A preset that is given goes before the run's options, for it is asked for now."""
    kind = given.get("kind", run.kind)
    if kind != run.kind:
        raise DomainError(
            _("Run %(number)s is a training of the kind %(was)s: leave the kind out.")
            % {"number": run.pk, "was": run.kind}
        )
    order = {
        "kind": run.kind,
        "dataset": run.dataset,
        "base": run.base,
        "reward": run.reward,
        "seed": run.seed,
        **given,
    }
    preset = presets.find(given.get("preset"))
    of_machine = preset.options(run.kind) if preset else {}
    order["options"] = {**known_options(run), **of_machine, **(given.get("options") or {})}
    order.setdefault("name", free_name(run))
    return order


def known_options(run: TrainingRun) -> dict[str, Any]:
    """Its options, but for those that no longer exist."""
    known = {option.name for option in BY_KIND[run.kind]}
    return {name: value for name, value in run.options.items() if name in known}


def free_name(run: TrainingRun) -> str:
    """The name that a person gave it, as long as no model has it; else nothing, for a number."""
    if re.fullmatch(rf"{run.kind}-\d+", run.name):
        return ""
    if run.project.model_versions.filter(name=run.name).exists():
        return ""
    return run.name


def changes(before: TrainingRun, now: Mapping[str, Any]) -> list[Change]:
    """What differs between a run's order and another one of its kind, in the options' order."""
    pairs = [
        ("dataset", before.dataset.short_hash, now["dataset"].short_hash),
        ("base", _named(before.base), _named(now.get("base"))),
        ("reward", _named(before.reward), _named(now.get("reward"))),
        ("seed", str(before.seed), str(now["seed"])),
    ]
    for option in BY_KIND[before.kind]:
        was = before.options.get(option.name, option.default)
        is_now = now["options"].get(option.name, option.default)
        pairs.append((option.name, _value(was), _value(is_now)))
    return [Change(name, was, is_now) for name, was, is_now in pairs if was != is_now]


def changes_of(run: TrainingRun) -> list[Change]:
    """What differs from the run that it was ordered after; nothing where there was none."""
    if run.ordered_after is None:
        return []
    names = ("dataset", "base", "reward", "seed", "options")
    return changes(run.ordered_after, {name: getattr(run, name) for name in names})


def _named(version) -> str:
    return version.name if version else _("none")


def _value(value) -> str:
    if value in (None, ""):
        return _("chosen by the trainer") if value is None else _("none")
    return setting(value)
