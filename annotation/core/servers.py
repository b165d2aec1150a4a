"""Other people's servers that a project keeps, such as endpoints and destinations: rows with a
name, an address, a sealed secret, a trial by a worker, and a day on which they were removed."""

import math
import re
from collections.abc import Iterable
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from annotation.core import egress, jobs
from annotation.core.addresses import Refused
from annotation.core.errors import Conflict
from annotation.core.forms import plain_sentence
from annotation.core.models import Job
from annotation.core.options import BadOption
from annotation.core.sealed import seal

# What an Authorization header can carry. A line break in it would be another header.
SECRET = re.compile(r"[!-~]{1,500}")


def sealed_secret(secret: str, *, place: str, field: str, wrong: str) -> str:
    """The secret, sealed; BadOption on the field with the sentence `wrong` where it cannot be
    one. It is not quoted: whatever it is, it may be a secret."""
    secret = secret.strip()
    if not SECRET.fullmatch(secret):
        raise BadOption(field, wrong)
    return seal(secret, place=place)


def check_columns(row: Any, names: Iterable[str]) -> None:
    """What the columns themselves allow, with their values cleaned; BadOption names the first that
    is wrong."""
    for name in names:
        field, value = row._meta.get_field(name), getattr(row, name)
        if value is None and field.null:
            continue
        if isinstance(value, float) and not math.isfinite(value):
            raise BadOption(name, _("Write a finite number."))
        try:
            setattr(row, name, field.clean(value, row))
        except ValidationError as error:
            said = [plain_sentence(one) or " ".join(one.messages) for one in error.error_list]
            raise BadOption(name, " ".join(said)) from error


def check_address(address: str, *, field: str) -> None:
    """One that may be asked, to which a path can be added."""
    try:
        egress.check_url(address)
    except Refused as error:
        raise BadOption(field, _(str(error))) from error
    if "?" in address:
        raise BadOption(field, _("Write the address without a question mark."))


def locked(row: Any, *, removed: str) -> Any:
    """The row as it is, locked; Conflict with the sentence where it was removed."""
    held = type(row).objects.kept().select_for_update().filter(pk=row.pk).first()
    if held is None:
        raise Conflict(removed)
    return held


def order_trial(row: Any, *, kind: str, noun: str, actor: Any) -> tuple[Job, bool]:
    """Have a worker ask it, for no page waits for somebody else's server: the job, and whether it
    is a new one."""
    return jobs.enqueue(
        kind=kind,
        project=row.project,
        actor=actor,
        target=f"{noun}:{row.pk}",
        payload={noun: row.pk},
    )


def last_trial(row: Any, *, kind: str, noun: str) -> Job | None:
    """The newest one."""
    tried = Job.objects.filter(project=row.project_id, kind=kind, target=f"{noun}:{row.pk}")
    return tried.order_by("-pk").first()
