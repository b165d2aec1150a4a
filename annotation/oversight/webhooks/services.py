"""Adding webhooks and changing them; what they are sent is in sending.py."""

import secrets

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from annotation.core import audit, egress
from annotation.core.addresses import Refused
from annotation.core.errors import Conflict, DomainError
from annotation.core.sealed import seal
from annotation.oversight.models import AlertKind, Webhook

MOST_WEBHOOKS = 5  # of a project
SECRET_PREFIX = "whsec_"  # noqa: S105  a fixed prefix lets secret scanners find a leaked one


def add_webhook(*, project, url: str, wants, actor) -> tuple[Webhook, str]:
    """A new webhook and its secret, which nobody can read again."""
    _check(url)
    if project.webhooks.kept().count() >= MOST_WEBHOOKS:
        raise DomainError(
            _("A project has at most %(count)d webhooks.") % {"count": MOST_WEBHOOKS}
        )
    secret = new_secret()
    webhook = Webhook(project=project, url=url, wants=_kinds(wants), created_by=actor)
    webhook.sealed_secret = seal(secret, place=webhook.place)
    try:
        with transaction.atomic():
            webhook.save(force_insert=True)
            _record("webhook.added", webhook, actor, url=url, wants=webhook.wants)
    except IntegrityError as error:
        raise Conflict(_("The project has a webhook with this address already.")) from error
    return webhook, secret


@transaction.atomic
def change_webhook(*, webhook, wants, actor) -> None:
    """Tell it of these kinds of alerts from now on."""
    _write(webhook, "webhook.changed", actor, wants=_kinds(wants))


@transaction.atomic
def renew_secret(*, webhook, actor) -> str:
    """Another secret; what is sent from now on is signed with it."""
    secret = new_secret()
    _write(
        webhook, "webhook.secret_renewed", actor, sealed_secret=seal(secret, place=webhook.place)
    )
    return secret


@transaction.atomic
def switch_on(*, webhook, actor) -> None:
    """After it was switched off: failures up to now count no more."""
    _check(webhook.url)
    _write(webhook, "webhook.switched_on", actor, disabled_at=None, on_since=timezone.now())


@transaction.atomic
def remove_webhook(*, webhook, actor) -> None:
    """Nothing is sent to it any more, waiting messages included. Its secret is gone."""
    _write(webhook, "webhook.removed", actor, removed_at=timezone.now(), sealed_secret="")


def new_secret() -> str:
    return SECRET_PREFIX + secrets.token_urlsafe(32)


def _check(url: str) -> None:
    try:
        egress.check_url(url)
    except Refused as error:
        raise DomainError(_(str(error))) from error


def _kinds(wants) -> list[str]:
    unknown = set(wants) - set(AlertKind.values)
    if unknown:
        raise DomainError(_("There is no alert “%(name)s”.") % {"name": min(unknown)})
    return [kind for kind in AlertKind.values if kind in set(wants)]


def _write(webhook, kind, actor, **fields) -> None:
    if not Webhook.objects.kept().filter(pk=webhook.pk).update(**fields):
        raise Conflict(_("This webhook was removed meanwhile."))
    _record(kind, webhook, actor, **{name: fields[name] for name in fields if name == "wants"})


def _record(kind, webhook, actor, **details) -> None:
    audit.record(
        kind, actor=actor, project=webhook.project, target=f"webhook:{webhook.pk}", **details
    )
