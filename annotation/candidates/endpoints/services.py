"""Adding endpoints, changing them, and trying one."""

import re
from functools import partial
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from annotation.candidates import tasks
from annotation.candidates.models import Endpoint
from annotation.core import audit, servers
from annotation.core.database import named_once
from annotation.core.errors import DomainError
from annotation.core.models import Job
from annotation.core.names import checked_name
from annotation.core.options import BadOption

MOST_ENDPOINTS = 50  # of a project
LONGEST_NAME, LONGEST_MODEL = 80, 200
CURRENCY = re.compile(r"[A-Z]{3}")
# What a person may set, with the columns' own limits.
SETTINGS = (
    "name",
    "base_url",
    "model",
    "concurrency",
    "timeout_seconds",
    "requests_per_minute",
    "tokens_per_minute",
    "price_in",
    "price_out",
    "currency",
)


def add_endpoint(*, project, actor=None, key: str = "", **settings) -> Endpoint:
    """A new endpoint; its key can be replaced and never be read again. `settings`: SETTINGS."""
    if project.endpoints.kept().count() >= MOST_ENDPOINTS:
        said = _("A project has at most %(count)d endpoints.")
        raise DomainError(said % {"count": MOST_ENDPOINTS})
    endpoint = Endpoint(project=project, created_by=actor)
    _set(endpoint, settings)
    endpoint.sealed_key = _sealed(endpoint, key)
    with _named_once():
        endpoint.save(force_insert=True)
        _record("endpoint.added", endpoint, actor, has_key=endpoint.has_key)
    return endpoint


def change_endpoint(*, endpoint: Endpoint, actor=None, **settings) -> None:
    """Change its settings. What a run under way has asked already stays as it was."""
    with _named_once():
        held = _locked(endpoint)
        origin = held.origin
        changed = sorted(name for name in settings if getattr(held, name, None) != settings[name])
        _set(held, settings)
        if held.sealed_key and held.origin != origin:
            raise BadOption(
                "base_url",
                _(
                    "The key was given for %(origin)s and is sent nowhere else. "
                    "Remove the key first, or add another endpoint."
                )
                % {"origin": origin},
            )
        held.save(update_fields=list(SETTINGS))
        _record("endpoint.changed", held, actor, fields=changed)
    endpoint.refresh_from_db()


@transaction.atomic
def replace_key(*, endpoint: Endpoint, key: str, actor=None) -> None:
    """Another key, or none where `key` is empty. The old one is gone."""
    held = _locked(endpoint)
    held.sealed_key = _sealed(held, key)
    held.save(update_fields=["sealed_key"])
    _record("endpoint.key_replaced", held, actor, has_key=held.has_key)
    endpoint.refresh_from_db()


@transaction.atomic
def remove_endpoint(*, endpoint: Endpoint, actor=None) -> None:
    """Nothing asks it any more, and its key is gone. What it wrote stays."""
    held = _locked(endpoint)
    held.sealed_key, held.removed_at = "", timezone.now()
    held.save(update_fields=["sealed_key", "removed_at"])
    _record("endpoint.removed", held, actor)


def request_trial(*, endpoint: Endpoint, actor=None) -> Job:
    """One small request, by a worker: no page waits for somebody else's server."""
    job, created = servers.order_trial(endpoint, kind=tasks.TRY_KIND, noun="endpoint", actor=actor)
    if created:
        _record("endpoint.tried", endpoint, actor)
    return job


def last_trial(endpoint: Endpoint) -> Job | None:
    """The newest one. Its `result` says what came back: endpoints/trial.py."""
    return servers.last_trial(endpoint, kind=tasks.TRY_KIND, noun="endpoint")


def _named_once():
    taken = _("The project has an endpoint of this name already.")
    return named_once("endpoint_name_once", taken)


def _locked(endpoint: Endpoint) -> Endpoint:
    return servers.locked(endpoint, removed=_("This endpoint was removed meanwhile."))


def _set(endpoint: Endpoint, settings: dict[str, Any]) -> None:
    """Take the settings over, checked; BadOption names the first that is wrong."""
    before = (endpoint.name, endpoint.model) if endpoint.pk else (None, None)
    for name, value in settings.items():
        if name not in SETTINGS:
            raise BadOption(name, _("An endpoint has no setting “%(name)s”.") % {"name": name})
        setattr(endpoint, name, value.strip() if isinstance(value, str) else value)
    if endpoint.name != before[0]:  # one that stays may be older than the rule
        wrong = partial(BadOption, "name")
        endpoint.name = checked_name(
            str(endpoint.name), label=_("Name"), longest=LONGEST_NAME, raises=wrong
        )
    if endpoint.model != before[1]:
        wrong = partial(BadOption, "model")
        endpoint.model = checked_name(
            str(endpoint.model),
            label=_("Model"),
            longest=LONGEST_MODEL,
            may_be_a_path=True,
            raises=wrong,
        )
    endpoint.base_url = _base_url(endpoint.base_url)
    servers.check_columns(endpoint, SETTINGS)
    if not CURRENCY.fullmatch(endpoint.currency):
        raise BadOption("currency", _("Write the currency in three letters, such as USD."))
    if (endpoint.price_in is None) != (endpoint.price_out is None):
        missing = "price_in" if endpoint.price_in is None else "price_out"
        raise BadOption(missing, _("Give both prices, or none."))


def _base_url(url: Any) -> str:
    """Without the part that the protocol adds, which many people copy with it."""
    base = str(url).removesuffix("/").removesuffix("/chat/completions").removesuffix("/")
    servers.check_address(base, field="base_url")
    return base


def _sealed(endpoint: Endpoint, key: str) -> str:
    if not key.strip():
        return ""  # some servers want none
    wrong = _("A key is one word of at most 500 plain characters.")
    return servers.sealed_secret(key, place=endpoint.place, field="key", wrong=wrong)


def _record(kind: str, endpoint: Endpoint, actor, **details) -> None:
    audit.record(
        kind,
        actor=actor,
        project=endpoint.project,
        target=f"endpoint:{endpoint.pk}",
        name=endpoint.name,
        **details,
    )
