"""How a person likes to work. Kept as JSON on the user, read without a further statement.

What is not there, or not understood any more, is the default: a preference never breaks a page.
"""

import json
from dataclasses import asdict, dataclass, field, fields

from django.utils.translation import gettext_lazy as _

from annotation.core.errors import DomainError
from annotation.core.harms import known_harms
from annotation.core.language import LANGUAGES

DENSITIES = {"compact": _("Compact"), "": _("Normal"), "roomy": _("Roomy")}
FACES = {"": _("Serif"), "sans": _("Sans serif")}
LAYOUTS = {
    "auto": _("As the window has room"),
    "grid": _("Grid"),
    "columns": _("Columns"),
    "stacked": _("Stacked"),
    "tiers": _("Tiers"),
}
MAX_BREAK_MINUTES = 240
_CHOICES = {
    "language": {"", *LANGUAGES},
    "density": DENSITIES,
    "reading": FACES,
    "layout": LAYOUTS,
}

# What a key does on the judging page, and the key that does it where nobody chose another. The
# digits are taken: they rank, and rate.
KEYS = {
    "next": (_("Next response"), "j"),
    "previous": (_("Previous response"), "k"),
    "down": (_("Move it down one place"), "J"),
    "up": (_("Move it up one place"), "K"),
    "rank_clear": (_("Clear its rank"), "0"),
    "tie": (_("Tie with the one ranked just above"), "="),
    "unacceptable": (_("Unacceptable"), "x"),
    "raw": (_("Rendered or raw text"), "m"),
    "diff": (_("Difference to the best-ranked"), "d"),
    "edit": (_("Correct the response"), "e"),
    "highlight": (_("Mark an error in it"), "h"),
    "flags": (_("Flags; then a number ticks one"), "f"),
    "both_good": (_("Of two: both good"), "g"),
    "both_bad": (_("Of two: both bad"), "b"),
    "rubric": (_("To the rubric and back; numbers rate there"), "r"),
    "not_applicable": (_("There: not applicable"), "n"),
    "confidence": (_("How sure you are; then a number"), "v"),
    "rationale": (_("To the rationale; back with Esc"), "c"),
    "skip": (_("Skip, then a number for the reason"), "s"),
    "undo": (_("Undo the last submit or skip, for a minute"), "z"),
    "pause": (_("Pause"), "p"),
    "keys": (_("The list of keys"), "?"),
}


@dataclass(frozen=True)
class Preferences:
    language: str = ""  # as the browser says
    density: str = ""
    reading: str = ""
    layout: str = "auto"
    has_keys: bool = True
    keys: dict[str, str] = field(default_factory=dict)  # only those that differ from KEYS
    advances: bool = True  # a rank leads on to the next response
    break_minutes: int = 50  # 0: no reminder
    avoids: list[str] = field(default_factory=list)

    @property
    def keys_json(self) -> str:
        return json.dumps(self.keys) if self.keys else ""

    @property
    def break_minutes_text(self) -> str:
        return str(self.break_minutes)


def preferences_of(user) -> Preferences:
    """Somebody's preferences; the defaults for whoever is not signed in."""
    kept = getattr(user, "preferences", None)
    if not isinstance(kept, dict):
        return Preferences()
    known = {field.name: kept[field.name] for field in fields(Preferences) if field.name in kept}
    return Preferences(**{name: value for name, value in known.items() if _is_valid(name, value)})


def _is_valid(name: str, value: object) -> bool:
    if name in ("has_keys", "advances"):
        return isinstance(value, bool)
    if name == "break_minutes":
        is_number = isinstance(value, int) and not isinstance(value, bool)
        return is_number and 0 <= value <= MAX_BREAK_MINUTES
    if name == "avoids":
        return isinstance(value, list) and value == known_harms(value)
    if name == "keys":
        return isinstance(value, dict) and not problem_with_keys(value)
    return isinstance(value, str) and value in _CHOICES[name]


def problem_with_keys(chosen: dict[str, str]) -> str:
    """What is wrong with these keys in the place of the usual ones, or nothing."""
    if set(chosen) - set(KEYS) or not all(isinstance(key, str) for key in chosen.values()):
        return str(_("There is no such action."))
    taken: dict[str, str] = {}
    for name, (label, usual) in KEYS.items():
        key = chosen.get(name, usual)
        if len(key) != 1 or not key.isprintable() or key.isspace() or key in "123456789":
            return str(
                _("“%(label)s” needs one letter or sign: the numbers 1 to 9 rank.")
                % {"label": label}
            )
        if key in taken:
            return str(
                _("“%(key)s” is for “%(one)s” and for “%(other)s”: choose another key for one.")
                % {"key": key, "one": taken[key], "other": label}
            )
        taken[key] = label
    return ""


def save_preferences(user, preferences: Preferences) -> None:
    """Keep them. DomainError for what cannot be one."""
    if problem := problem_with_keys(preferences.keys):
        raise DomainError(problem)
    values = asdict(preferences)
    values["keys"] = {name: key for name, key in preferences.keys.items() if key != KEYS[name][1]}
    values["avoids"] = known_harms(preferences.avoids)
    if wrong := [name for name, value in values.items() if not _is_valid(name, value)]:
        raise DomainError(_("“%(name)s” cannot be that.") % {"name": wrong[0]})
    user.preferences = values
    user.save(update_fields=["preferences"])
