"""Alerts in sentences: on pages, in mails, and (in English) in messages to webhooks."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from annotation.core.numbers import grouped, localised
from annotation.oversight.models import AlertKind

SENTENCES = {
    AlertKind.AGREEMENT: gettext_noop("Raw agreement is %(value)s %%; the limit is %(limit)s %%."),
    AlertKind.ALPHA: gettext_noop("Krippendorff's alpha is %(value)s; the limit is %(limit)s."),
    AlertKind.GOLD: gettext_noop(
        "In the last 7 days %(value)s %% of the gold items were met; the limit is %(limit)s %%."
    ),
    AlertKind.QUEUE: gettext_noop("Items left to lend: %(value)s; the limit is %(limit)s."),
    AlertKind.IDLE: gettext_noop(
        "Hours since the last judgment: %(value)s; the limit is %(limit)s."
    ),
    AlertKind.STALE: gettext_noop(
        "On newer judgments the reward model is right surely at least %(value)s percentage points "
        "less often than at its training; the limit is %(limit)s."
    ),
}


def sentence(kind: str, value: float, threshold: float) -> str:
    words = {"value": _number(kind, value), "limit": _number(kind, threshold)}
    return _(SENTENCES[AlertKind(kind)]) % words


def _number(kind: str, value: float) -> str:
    if kind == AlertKind.ALPHA:
        return localised(f"{value:.2f}".replace("-", "−"))
    if kind in (AlertKind.QUEUE, AlertKind.IDLE):
        return grouped(int(value))
    return localised(f"{value:.1f}".removesuffix(".0"))
