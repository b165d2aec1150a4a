"""Setting alerts, measuring them, and telling who wants to know."""

import logging

from django.db import transaction
from django.utils import timezone
from django.utils.translation import override

from annotation.core import audit, jobs
from annotation.oversight import tasks
from annotation.oversight.alerts.measures import MEASURES
from annotation.oversight.alerts.recipients import candidates, recipients
from annotation.oversight.alerts.rules import next_state
from annotation.oversight.alerts.words import sentence
from annotation.oversight.models import Alert, AlertKind, AlertTurn, Delivery
from annotation.oversight.webhooks.sending import announce

logger = logging.getLogger(__name__)
State = Alert.State


@transaction.atomic
def set_alerts(*, project, wanted: dict[str, dict], actor, base_url: str = "") -> None:
    """`wanted`: kind → {"threshold", "by_mail"} and, where a lead chooses who gets the mail,
    "mail_to": ids of candidates. Kinds that are left out are switched off. What gets another limit
    is calm until it is measured again: a new limit is a new crossing."""
    changed: dict[str, object] = {}
    mail_to = {}
    able = {one.user.pk for one in candidates(project)}
    for alert in Alert.objects.select_for_update().filter(project=project, is_on=True):
        if alert.kind not in wanted:
            Alert.objects.filter(pk=alert.pk).update(is_on=False, state=State.CALM)
            changed[alert.kind] = "off"
    for kind, said in wanted.items():
        chosen = sorted(able & {int(pk) for pk in said.get("mail_to", ())})
        fields = {name: said[name] for name in ("threshold", "by_mail")}
        fields |= {"base_url": base_url, "changed_by": actor}
        alert, is_new = Alert.objects.select_for_update().get_or_create(
            project=project, kind=AlertKind(kind), defaults=fields
        )
        if not is_new and (not alert.is_on or alert.threshold != said["threshold"]):
            fields |= {"is_on": True, "state": State.CALM, "value": None, "checked_at": None}
        if is_new or "is_on" in fields:
            changed[alert.kind] = said["threshold"]
        Alert.objects.filter(pk=alert.pk).update(**fields)
        if chosen != sorted(alert.mail_to.values_list("pk", flat=True)):
            alert.mail_to.set(chosen)
            mail_to[alert.kind] = chosen
    if mail_to:
        changed["mail_to"] = mail_to
    audit.record("alerts.changed", actor=actor, project=project, target=project.slug, **changed)


def check_all() -> int:
    """Measure every alert that is on. What goes wrong in one stops no other. Returns how many."""
    count = 0
    watched = Alert.objects.filter(is_on=True, kind__in=MEASURES)
    for alert in watched.select_related("project").order_by("pk"):
        try:
            check(alert)
            count += 1
        except Exception:  # the next look tries again; the others must not wait for it
            logger.exception("alert %s could not be checked", alert.pk)
    return count


def check(alert: Alert) -> AlertTurn | None:
    """Measure one alert and tell of its turn, if it has one."""
    return _turn(alert, MEASURES[AlertKind(alert.kind)](alert.project, alert.threshold))


def tell(*, project, kind: AlertKind, value: float | None) -> AlertTurn | None:
    """What an app measured by itself that comes after this one. None where nobody watches it, or
    where it does not turn; the same value told twice is told to nobody twice."""
    alert = Alert.objects.filter(project=project, kind=kind, is_on=True).first()
    return None if alert is None else _turn(alert, value)


def _turn(alert: Alert, value: float | None) -> AlertTurn | None:
    """State and messages commit as one."""
    with transaction.atomic():
        held = (
            Alert.objects.select_for_update()
            .filter(pk=alert.pk, is_on=True, threshold=alert.threshold)
            .first()
        )
        if held is None:
            return None  # it was set anew meanwhile
        state = next_state(held.kind, held.state, value, held.threshold)
        kept = held.value if value is None and state == State.RAISED else value
        Alert.objects.filter(pk=held.pk).update(value=kept, state=state, checked_at=timezone.now())
        if state == held.state:
            return None
        turn = AlertTurn.objects.create(
            alert=held, is_raised=state == State.RAISED, value=value, threshold=held.threshold
        )
        _tell(turn)
    return turn


def _tell(turn: AlertTurn) -> None:
    alert, project = turn.alert, turn.alert.project
    with override("en"):  # programs read one language
        words = sentence(alert.kind, turn.value, turn.threshold)
    said = {"kind": alert.kind, "value": turn.value, "threshold": turn.threshold, "words": words}
    event = Delivery.Event.RAISED if turn.is_raised else Delivery.Event.CLEARED
    announce(project=project, kind=alert.kind, event=event, alert=said)
    if alert.by_mail and turn.is_raised:
        for user in recipients(alert):
            jobs.enqueue(
                kind=tasks.ALERT_MAIL_KIND,
                project=project,
                target=f"turn:{turn.pk}:user:{user.pk}",
                payload={"turn": turn.pk, "user": user.pk},
            )
