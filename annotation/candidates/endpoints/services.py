"""Adding endpoints, changing them, and trying one."""

import math
import re
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from annotation.candidates import tasks
from annotation.candidates.models import Endpoint
from annotation.core import audit, egress, jobs
from annotation.core.addresses import Refused
from annotation.core.errors import Conflict, DomainError
from annotation.core.models import Job
from annotation.core.options import BadOption
from annotation.core.sealed import seal

MOST_ENDPOINTS = 50  # of a project
# What an Authorization header can carry. A line break in it would be another header.
KEY = re.compile(r"[!-~]{1,500}")
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
    with _once(), transaction.atomic():
        endpoint.save(force_insert=True)
        _record("endpoint.added", endpoint, actor, has_key=endpoint.has_key)
    return endpoint


def change_endpoint(*, endpoint: Endpoint, actor=None, **settings) -> None:
    """Change its settings. What a run under way has asked already stays as it was."""
    with _once(), transaction.atomic():
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
    job, created = jobs.enqueue(
        kind=tasks.TRY_KIND,
        project=endpoint.project,
        actor=actor,
        target=f"endpoint:{endpoint.pk}",
        payload={"endpoint": endpoint.pk},
    )
    if created:
        _record("endpoint.tried", endpoint, actor)
    return job


def last_trial(endpoint: Endpoint) -> Job | None:
    """The newest one. Its `result` says what came back: endpoints/trial.py."""
    tried = Job.objects.filter(
        project=endpoint.project_id, kind=tasks.TRY_KIND, target=f"endpoint:{endpoint.pk}"
    )
    return tried.order_by("-pk").first()


class _once:
    """A name that is taken is a sentence."""

    def __enter__(self):
        return self

    def __exit__(self, kind, error, _traceback):
        if isinstance(error, IntegrityError) and "endpoint_name_once" in str(error):
            raise Conflict(_("The project has an endpoint of this name already.")) from error


def _locked(endpoint: Endpoint) -> Endpoint:
    held = Endpoint.objects.kept().select_for_update().filter(pk=endpoint.pk).first()
    if held is None:
        raise Conflict(_("This endpoint was removed meanwhile."))
    return held


def _set(endpoint: Endpoint, settings: dict[str, Any]) -> None:
    """Take the settings over, checked; BadOption names the first that is wrong."""
    for name, value in settings.items():
        if name not in SETTINGS:
            raise BadOption(name, _("An endpoint has no setting “%(name)s”.") % {"name": name})
        setattr(endpoint, name, value.strip() if isinstance(value, str) else value)
    endpoint.base_url = _base_url(endpoint.base_url)
    for name in SETTINGS:
        _check(endpoint, name)
    if not CURRENCY.fullmatch(endpoint.currency):
        raise BadOption("currency", _("Write the currency in three letters, such as USD."))
    if (endpoint.price_in is None) != (endpoint.price_out is None):
        missing = "price_in" if endpoint.price_in is None else "price_out"
        raise BadOption(missing, _("Give both prices, or none."))


def _check(endpoint: Endpoint, name: str) -> None:
    field: Any = endpoint._meta.get_field(name)
    value = getattr(endpoint, name)
    if value is None and field.null:
        return
    if isinstance(value, float) and not math.isfinite(value):
        raise BadOption(name, _("Write a finite number."))
    try:
        setattr(endpoint, name, field.clean(value, endpoint))
    except ValidationError as error:
        raise BadOption(name, " ".join(error.messages)) from error


def _base_url(url: Any) -> str:
    """Without the part that the protocol adds, which many people copy with it."""
    base = str(url).removesuffix("/").removesuffix("/chat/completions").removesuffix("/")
    try:
        egress.check_url(base)
    except Refused as error:
        raise BadOption("base_url", _(str(error))) from error
    if "?" in base:
        raise BadOption("base_url", _("Write the address without a question mark."))
    return base


def _sealed(endpoint: Endpoint, key: str) -> str:
    key = key.strip()
    if key and not KEY.fullmatch(key):
        # Not quoted: whatever it is, it may be a secret.
        raise BadOption("key", _("A key is one word of at most 500 plain characters."))
    return seal(key, place=endpoint.place) if key else ""


def _record(kind: str, endpoint: Endpoint, actor, **details) -> None:
    audit.record(
        kind,
        actor=actor,
        project=endpoint.project,
        target=f"endpoint:{endpoint.pk}",
        name=endpoint.name,
        **details,
    )
