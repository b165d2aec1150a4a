"""What a webhook is sent: signed, tried again for hours, and switched off where nobody answers.

Receivers check `Concord-Signature`: "v1=" and the hexadecimal HMAC-SHA256, under the webhook's
secret, of the timestamp, a dot, and the body's bytes. docs/overview.md has code for it.
"""

import hashlib
import hmac
import time
from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from annotation.core import audit, egress, jobs
from annotation.core.addresses import Refused
from annotation.core.errors import DomainError
from annotation.core.sealed import CannotOpen, unseal
from annotation.core.strict_json import canonical
from annotation.oversight import tasks
from annotation.oversight.models import Delivery, Webhook

# After an attempt that failed, until the next one. As many as there are, then it is over.
PAUSES = [60, 300, 1800, 2 * 3600, 6 * 3600]
SECONDS = 20.0
MOST_BYTES = 64 * 1024  # of an answer of which the status is all we want
FAILURES_UNTIL_OFF = 5

NOT_SUCCESS = gettext_noop("The receiver did not answer with a status from 200 to 299.")
SWITCHED_OFF = gettext_noop("The webhook was switched off or removed before this was sent.")

State = Delivery.State


def announce(*, project, kind: str, event: str, alert: dict) -> int:
    """Tell every webhook of the project that wants alerts of this kind. Returns how many."""
    told = Webhook.objects.on().filter(project=project, wants__contains=[kind])
    return len([send(webhook=webhook, event=event, alert=alert) for webhook in told])


def send_test(*, webhook, actor) -> Delivery:
    """One message that says nothing but that it arrived: tried once, and counted by nobody."""
    waiting = webhook.deliveries.filter(event=Delivery.Event.TEST, state=State.WAITING).first()
    return waiting or send(webhook=webhook, event=Delivery.Event.TEST, actor=actor)


@transaction.atomic
def send(*, webhook, event, alert=None, actor=None) -> Delivery:
    """Write a message down and queue its sending."""
    project = webhook.project
    delivery = Delivery(webhook=webhook, event=event)
    body = {
        "id": str(delivery.key),
        "event": delivery.event,
        "at": timezone.now().isoformat(timespec="seconds"),
        "project": {"slug": project.slug, "name": project.name},
        "alert": alert,
    }
    delivery.body = canonical(body).decode()
    delivery.save(force_insert=True)
    jobs.enqueue(
        kind=tasks.DELIVERY_KIND,
        project=project,
        actor=actor,
        target=f"delivery:{delivery.pk}",
        payload={"delivery": delivery.pk},
    )
    return delivery


def signature(secret: str, timestamp: int, body: bytes) -> str:
    """What `Concord-Signature` says."""
    digest = hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256)
    return f"v1={digest.hexdigest()}"


def deliver(claim: jobs.Claim) -> dict | None:
    """One attempt, as a job: its end or the pause until the next one."""
    delivery = Delivery.objects.select_related("webhook__project").get(
        pk=claim.job.payload["delivery"]
    )
    if delivery.state != State.WAITING:
        return None
    status, error, is_hopeless = attempt(delivery)
    is_last = (
        is_hopeless or delivery.event == Delivery.Event.TEST or claim.job.attempts > len(PAUSES)
    )
    pause = None if is_last or not error else PAUSES[claim.job.attempts - 1]
    with transaction.atomic():
        claim.fence()
        _keep(delivery, claim, status, error, pause)
        if error and is_last:
            _switch_off_if_it_never_works(delivery)
    if not error:
        return {"status": status}
    if delivery.event == Delivery.Event.TEST:
        return {"error": error}  # that was the question: nothing of the project failed
    if is_last:
        claim.fail(error)
    else:
        claim.defer(pause, is_attempt=True)
    return None


def attempt(delivery) -> tuple[int | None, str, bool]:
    """Send it. (status, what went wrong or "", whether another try is pointless)."""
    webhook = delivery.webhook
    if webhook.removed_at or (webhook.disabled_at and delivery.event != Delivery.Event.TEST):
        return None, SWITCHED_OFF, True
    body, timestamp = delivery.body.encode(), int(time.time())
    try:
        secret = unseal(webhook.sealed_secret, place=webhook.place)
        answer = egress.send(
            webhook.url,
            method="POST",
            body=body,
            headers={
                "Content-Type": "application/json",
                "Concord-Event": delivery.event,
                "Concord-Delivery": str(delivery.key),
                "Concord-Timestamp": str(timestamp),
                "Concord-Signature": signature(secret, timestamp, body),
            },
            seconds=SECONDS,
            most_bytes=MOST_BYTES,
        )
    except DomainError as error:
        is_hopeless = isinstance(error, (Refused, CannotOpen))
        return None, str(error), is_hopeless and not isinstance(error, egress.Unresolved)
    return answer.status, "" if answer.is_success else NOT_SUCCESS, False


def _keep(delivery, claim, status, error, pause) -> None:
    now = timezone.now()
    state = State.WAITING if pause is not None else State.FAILED if error else State.DELIVERED
    Delivery.objects.filter(pk=delivery.pk).update(
        state=state,
        attempt_count=claim.job.attempts,
        status=status,
        error=error,
        tried_at=now,
        next_at=now + timedelta(seconds=pause) if pause is not None else None,
    )


def _switch_off_if_it_never_works(delivery) -> None:
    """The last ones all failed for good: stop, and let a person look."""
    webhook = Webhook.objects.select_for_update().get(pk=delivery.webhook_id)
    if webhook.disabled_at or webhook.removed_at:
        return
    ended = webhook.deliveries.exclude(state=State.WAITING).exclude(event=Delivery.Event.TEST)
    last = ended.filter(created_at__gte=webhook.on_since).order_by("-id")[:FAILURES_UNTIL_OFF]
    states = [one.state for one in last]
    if len(states) == FAILURES_UNTIL_OFF and set(states) == {State.FAILED}:
        Webhook.objects.filter(pk=webhook.pk).update(disabled_at=timezone.now())
        audit.record(
            "webhook.switched_off",
            project=webhook.project,
            target=f"webhook:{webhook.pk}",
            failures=FAILURES_UNTIL_OFF,
        )
