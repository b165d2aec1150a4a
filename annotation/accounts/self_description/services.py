"""Write, read and erase what a person says about themself. Only the person's own page and own
export may call `own_description`; everybody else has `slices`."""

import random
from datetime import UTC, datetime

from django.db import connection, transaction

from annotation.accounts.models import SelfDescription, User
from annotation.accounts.self_description.answers import CONSENT_VERSION, FIELDS
from annotation.accounts.self_description.seal import close, closed_anew, names_of, opened
from annotation.core.errors import DomainError
from annotation.core.sealed import LOST, CannotOpen


def describe_oneself(*, user, answers: dict[str, str]) -> None:
    """Keep these answers in place of what there was. The person has just agreed to the text."""
    said = {name: value for name, value in answers.items() if value}
    for name, value in said.items():
        if name not in FIELDS or value not in FIELDS[name][1]:
            raise DomainError(f"{value!r} is no answer to {name!r}.")
    now = datetime.now(UTC).isoformat(timespec="seconds")
    said["consent"] = {"text": CONSENT_VERSION, "at": now}
    name = names_of(user.pk)[0]
    _rewrite(user, SelfDescription(name=name, envelope=close(said, name=name)))


def forget_description(*, user) -> bool:
    """Delete the answers. Returns whether there were any."""
    if not _rows(user).exists():
        return False
    _rewrite(user, None)
    return True


def own_description(user) -> dict | None:
    """What this person said, for themself: {"country": "DE", …, "consent": {"text", "at"}}."""
    row = _rows(user).first()
    return opened(row.envelope, name=row.name) if row else None


def reseal_descriptions(*, old_keys, is_dry_run: bool = False) -> tuple[int, int, int]:
    """Put every description under the present secret key, its name and its envelope. Returns how
    many were, how many needed nothing, and how many no key opens; those stay as they are."""
    names = {}
    for user_id in User.objects.values_list("pk", flat=True).iterator():
        present, *old = names_of(user_id, old_keys)
        names |= dict.fromkeys(old, present) | {present: present}
    with transaction.atomic():
        _lock()
        kept, moved, lost = [], [], 0
        for row in SelfDescription.objects.all():
            new_name = names.get(row.name)
            if new_name == row.name:
                kept.append(row)
                continue
            try:
                if new_name is None:
                    raise CannotOpen(LOST)
                envelope = closed_anew(
                    row.envelope, name=row.name, new_name=new_name, old_keys=old_keys
                )
            except CannotOpen:
                lost += 1
                kept.append(row)
            else:
                moved.append(SelfDescription(name=new_name, envelope=envelope))
        if moved and not is_dry_run:
            _replace_all(kept + moved)
    return len(moved), len(kept) - lost, lost


def _rows(user):
    return SelfDescription.objects.filter(name__in=names_of(user.pk))


def _rewrite(user, row: SelfDescription | None) -> None:
    """The whole table anew, in another order each time: rows in the order of their arrival, or of
    one transaction each, could be laid beside the sign-ins of that hour. It is a small table, and
    written a few times in a person's life."""
    with transaction.atomic():
        _lock()
        rows = list(SelfDescription.objects.exclude(name__in=names_of(user.pk)))
        _replace_all(rows + ([row] if row else []))


def _lock() -> None:
    with connection.cursor() as cursor:
        cursor.execute("LOCK TABLE accounts_selfdescription IN ACCESS EXCLUSIVE MODE")


def _replace_all(rows) -> None:
    random.SystemRandom().shuffle(rows)
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE accounts_selfdescription")
    SelfDescription.objects.bulk_create(rows)
