"""What a stage says of itself: kept as a text with its values, read in anybody's language.

The row keeps the English sentence beside them: that one is the record.
"""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from annotation.core.numbers import grouped, localised
from annotation.demo.evaluation import say_rate


def say(text: str, values: Mapping[str, Any]) -> str:
    """`text`, marked by `gettext_noop`, with its values as people write them."""
    return _(text) % {name: _shown(value) for name, value in values.items()}


def say_row(row: Mapping[str, Any]) -> str:
    """What a stage's row says; the English sentence where it has nothing else."""
    if "text" in row:
        return say(row["text"], row["values"])
    return row.get("detail", "")


def _shown(value: Any) -> str:
    """Counts, shares with two digits, win rates, and names as they are."""
    if isinstance(value, Mapping):
        return say_rate(value)
    if value is None:
        return _("no figure")
    if isinstance(value, float):
        return localised(f"{value:.2f}")
    return grouped(value) if isinstance(value, int) else str(value)
