"""Setting what an hour costs."""

from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from annotation.core import audit
from annotation.oversight.models import MemberRate, Pay


@transaction.atomic
def set_pay(
    *,
    project,
    currency: str,
    hourly_rate: Decimal,
    cap_minutes: int,
    own_rates: dict[int, Decimal | None],
    actor,
) -> Pay:
    """From now on every period, past ones too, is reckoned with these. `own_rates`: by the ids of
    memberships of the project; None = the project's rate."""
    pay, _ = Pay.objects.update_or_create(
        project=project,
        defaults={
            "currency": currency,
            "hourly_rate": hourly_rate,
            "cap_minutes": cap_minutes,
            "changed_at": timezone.now(),
            "changed_by": actor,
        },
    )
    for membership in project.memberships.filter(pk__in=own_rates):
        rate = own_rates[membership.pk]
        if rate is None:
            MemberRate.objects.filter(membership=membership).delete()
        else:
            MemberRate.objects.update_or_create(
                membership=membership, defaults={"hourly_rate": rate}
            )
    audit.record(
        "pay.changed",
        actor=actor,
        project=project,
        target=project.slug,
        currency=currency,
        hourly_rate=str(hourly_rate),
        cap_minutes=cap_minutes,
        own_rates={str(pk): str(rate) for pk, rate in own_rates.items() if rate is not None},
    )
    return pay
