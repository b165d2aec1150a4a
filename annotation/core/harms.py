"""Kinds of harmful content that an item may be marked with, and a labeler keep away from."""

from collections.abc import Iterable

from django.utils.translation import gettext_lazy as _

HARMS = {
    "violence": _("Violence"),
    "sexual": _("Sexual content"),
    "self_harm": _("Self-harm"),
    "hate": _("Hate"),
    "harassment": _("Harassment"),
    "illegal": _("Illegal acts"),
    "disturbing": _("Disturbing content"),
    "medical": _("Medical detail"),
}


def known_harms(keys: object) -> list[str]:
    """Those of the keys that are kinds of ours, once each, in our order."""
    given = set(keys) if isinstance(keys, list | tuple | set | frozenset) else set()
    return [key for key in HARMS if key in given]


def labels_of(keys: Iterable[str]) -> list[str]:
    """The words for the keys; one that we no longer know is shown as it is."""
    return [str(HARMS.get(key, key)) for key in keys]
