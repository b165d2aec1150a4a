"""From what a form says to the settings of a policy."""

from dataclasses import fields

from annotation.datasets import policy as rules
from annotation.datasets.policy import Policy


def settings_said(said: dict) -> dict:
    """The policy's settings by name; what was not asked or not answered is as usual."""
    names = said.get("without_labelers") or ""
    found = {
        **{name: said[name] for name in _SAME if said.get(name) not in (None, "", [])},
        "surplus": not said["drop_surplus"],
        "corrections": "exclude" if said.get("drop_corrections") else "include",
        "split": tuple(float(said[name]) / 100 for name in rules.SPLITS),
        "rubric_versions": tuple(int(number) for number in said.get("rubric_versions") or ()),
        "without_labelers": tuple(name for one in names.split(",") if (name := one.strip())),
    }
    if found.get("whose", "people") == "people":  # whichever stands beside it
        found.pop("judge", None)
    for name in rules.SHARES:
        if name in found:
            found[name] = float(found[name])
    return {name: tuple(v) if isinstance(v, list) else v for name, v in found.items()}


_SAME = {field.name for field in fields(Policy)} - {
    "surplus",
    "corrections",
    "split",
    "rubric_versions",
    "without_labelers",
    "signals_of",
}
