"""After a change of the secret key: what an old one sealed, sealed under the present one.

Three kinds of places: columns of the type SealedField, the second factors that allauth keeps, and
self-descriptions, whose very names hang on the key.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from allauth.mfa.models import Authenticator
from django.apps import apps
from django.db import transaction

from annotation.accounts.adapters import SECOND_FACTOR
from annotation.accounts.self_description.services import reseal_descriptions
from annotation.core.sealed import CannotOpen, SealedField, resealed, seal

# Of allauth's data: the key of one-time codes, and what recovery codes are made from.
SEALED_DATA = ("secret", "seed")


@dataclass
class Count:
    """How it went in one column."""

    column: str
    resealed: int = 0
    present: int = 0  # under the present key already
    lost: int = 0  # no key opens it


def reseal_all(*, old_keys: Sequence[str], is_dry_run: bool = False) -> Iterator[Count]:
    """Safe at any time and any number of times: of a row that is changed meanwhile the change
    stays. With `is_dry_run` everything is opened, and nothing written."""
    for model in apps.get_models():
        for field in model._meta.local_fields:
            if isinstance(field, SealedField):
                yield _reseal_column(model, field, old_keys, is_dry_run)
    yield _reseal_second_factors(old_keys, is_dry_run)
    found = reseal_descriptions(old_keys=old_keys, is_dry_run=is_dry_run)
    yield Count("accounts_selfdescription.envelope", *found)


def _reseal_column(model, field, old_keys, is_dry_run) -> Count:
    count = Count(f"{model._meta.db_table}.{field.column}")
    for row in model._default_manager.exclude(**{field.attname: ""}).order_by("pk").iterator():
        before = getattr(row, field.attname)
        try:
            text = resealed(before, place=getattr(row, field.place_attribute), old_keys=old_keys)
        except CannotOpen:
            count.lost += 1
            continue
        if text is None:
            count.present += 1
            continue
        if not is_dry_run:
            same = model._default_manager.filter(pk=row.pk, **{field.attname: before})
            same.update(**{field.attname: text})
        count.resealed += 1
    return count


def _reseal_second_factors(old_keys, is_dry_run) -> Count:
    count = Count(SECOND_FACTOR)
    for pk in Authenticator.objects.order_by("pk").values_list("pk", flat=True):
        with transaction.atomic():
            row = Authenticator.objects.select_for_update().filter(pk=pk).first()
            names = [name for name in SEALED_DATA if row is not None and row.data.get(name)]
            for name in names:
                _reseal_data(row, name, old_keys, count)
            if names and not is_dry_run:
                row.save(update_fields=["data"])
    return count


def _reseal_data(row, name, old_keys, count) -> None:
    text = row.data[name]
    try:
        if ":" not in text:  # kept before secrets were sealed
            changed = seal(text, place=SECOND_FACTOR)
        else:
            changed = resealed(text, place=SECOND_FACTOR, old_keys=old_keys)
    except CannotOpen:
        count.lost += 1
        return
    if changed is None:
        count.present += 1
    else:
        row.data[name] = changed
        count.resealed += 1
