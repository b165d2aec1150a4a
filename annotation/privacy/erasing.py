"""Erase a person: who they were goes, what they judged stays under a pseudonym.

One transaction over every app that keeps something of a person. Twice is once.
"""

import secrets
from dataclasses import dataclass, field

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from annotation.accounts import personal as accounts
from annotation.accounts.models import User
from annotation.accounts.site_admins import hold_site_admins, keep_a_site_admin
from annotation.core import audit
from annotation.core import personal as core
from annotation.core.erasing import PREFIX, Leaving
from annotation.core.errors import DomainError
from annotation.labeling import personal as labeling
from annotation.privacy import copies, log
from annotation.privacy.models import Erasure, ErasureRequest
from annotation.privacy.provenance import Held, datasets_with, model_versions_from
from annotation.projects import personal as projects
from annotation.prompts import personal as prompts
from annotation.quality import personal as quality

# In this order: who is let go of first, what is pointed to after; names and handles last, for the
# steps before look for them.
STEPS = (
    labeling.erase,
    prompts.erase,
    quality.erase,
    copies.erase,
    core.erase,
    projects.erase,
    accounts.erase,
)


@dataclass(frozen=True)
class Preview:
    """What an erasure would do. `problem`: why it cannot be done now."""

    counts: dict[str, int] = field(default_factory=dict)
    held: list[Held] = field(default_factory=list)
    model_versions: list = field(default_factory=list)
    problem: str = ""


class _OnlyLooking(Exception):
    """Takes everything back."""


def erase_person(*, user, actor=None, removes_texts: bool = False, pseudonym: str = "") -> Erasure:
    """The erasure, which is the earlier one where that went as far. Conflict or DomainError says
    in a sentence why it cannot be done."""
    with transaction.atomic():
        user = _held(user)
        if done := erasure_of(user, with_texts=removes_texts):
            return done
        _refuse(user, actor)
        held = datasets_with(user)
        erasure = _write(
            user=user,
            actor=actor,
            pseudonym=pseudonym or _known_pseudonym(user) or _new_pseudonym(),
            removes_texts=removes_texts,
            datasets=[one.dataset.pk for one in held],
            model_versions=[one.pk for one in model_versions_from([one.dataset for one in held])],
        )
        counts = _take_steps(erasure)
        _close_requests(user)
        audit.record("person.erased", actor=actor, target=f"user:{user.pk}", **counts)
        transaction.on_commit(lambda: log.note(erasure))
    return erasure


def preview(*, user, removes_texts: bool = False) -> Preview:
    """What it would do, found by doing it and taking it back: no count is guessed."""
    held = datasets_with(user)
    models = model_versions_from([one.dataset for one in held])
    counts: dict[str, int] = {}
    problem = ""
    try:
        with transaction.atomic():
            user = _held(user)
            _refuse(user, None)
            erasure = _write(user=user, pseudonym=_new_pseudonym(), removes_texts=removes_texts)
            counts = _take_steps(erasure)
            raise _OnlyLooking
    except _OnlyLooking:
        pass
    except DomainError as error:
        problem = str(error)
    return Preview(counts, held, models, problem)


def _held(user) -> User:
    """Memberships first: whoever judges holds one, and wants the account's row at the end."""
    projects.hold(user)
    hold_site_admins()
    return User.objects.select_for_update().get(pk=user.pk)


def erasure_of(user, *, with_texts: bool = False) -> Erasure | None:
    """The last erasure of this person, one that removed the texts where that is asked for."""
    done = Erasure.objects.filter(user=user).order_by("-pk")
    return (done.filter(removes_texts=True) if with_texts else done).first()


def _refuse(user, actor) -> None:
    if user.kind != User.Kind.PERSON:
        raise DomainError(_("This is no person: there is nobody to erase."))
    projects.keep_leads(user)
    keep_a_site_admin(without=user)


def _write(**fields) -> Erasure:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_xact_id()::text::bigint")
        (transaction_id,) = cursor.fetchone()
    return Erasure.objects.create(transaction_id=transaction_id, **fields)


def _take_steps(erasure: Erasure) -> dict[str, int]:
    user = erasure.user
    handles = frozenset(name for name in projects.handles_of(user).values() if len(name) > 2)
    leaving = Leaving(
        user=user,
        pseudonym=erasure.pseudonym,
        removes_texts=erasure.removes_texts,
        names=accounts.names_of(user) | handles,
    )
    for step in STEPS:
        step(leaving)
    return {name: int(n) for name, n in leaving.counts.items() if n}


def _close_requests(user) -> None:
    asked = ErasureRequest.objects.filter(user=user, withdrawn_at=None, done_at=None)
    asked.update(done_at=timezone.now())


def _known_pseudonym(user) -> str:
    """Of an erasure before, whose texts are to go now."""
    before = erasure_of(user)
    return before.pseudonym if before else ""


def _new_pseudonym() -> str:
    """By chance: made of the person it could be made again."""
    return PREFIX + secrets.token_hex(4)
