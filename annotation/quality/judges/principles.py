"""A judge's principles: a versioned list of short texts, one of which is drawn for each question
(Bai et al. 2022, Constitutional AI)."""

import hashlib
from collections.abc import Sequence
from operator import attrgetter

from django.db import transaction
from django.utils.translation import gettext as _

from annotation.core import audit
from annotation.core.errors import DomainError
from annotation.core.text import clean
from annotation.quality.judges.models import MOST_PRINCIPLES, Judge, PrincipleList

LONGEST_PRINCIPLE = 1000


def current_list(judge: Judge) -> PrincipleList | None:
    """What the next run draws from."""
    return max(judge.principle_lists.all(), key=attrgetter("number"), default=None)


def principles_of(one: PrincipleList | None) -> list[str]:
    return one.principles if one else []


def draw(count: int, run: int, item: int, first: int, second: int) -> int | None:
    """Which of so many principles a question about these two responses gets, from 1: the same one
    each time and for both orders, so that they can be held against each other."""
    if not count:
        return None
    low, high = sorted((first, second))
    lot = hashlib.sha256(f"{run}:{item}:{low}:{high}".encode()).digest()
    return int.from_bytes(lot[:8], "big") % count + 1


def lines_of(text: str) -> list[str]:
    """One principle a line, as a form and a file give them."""
    return [line.strip() for line in text.splitlines() if line.strip()]


def checked(principles: Sequence[str]) -> list[str]:
    """Stripped, or a sentence naming the one that is wrong."""
    if len(principles) > MOST_PRINCIPLES:
        said = _("A judge has at most %(count)d principles: these are %(given)d.")
        raise DomainError(said % {"count": MOST_PRINCIPLES, "given": len(principles)})
    found: list[str] = []
    for number, text in enumerate(principles, start=1):
        text = clean(text, field="principles").strip()
        if not text or len(text) > LONGEST_PRINCIPLE:
            said = _("Principle %(number)d has %(given)d characters: 1 to %(most)d are possible.")
            told = {"number": number, "given": len(text), "most": LONGEST_PRINCIPLE}
            raise DomainError(said % told)
        if text in found:
            said = _("Principle %(number)d stands in the list already, as number %(other)d.")
            raise DomainError(said % {"number": number, "other": found.index(text) + 1})
        found.append(text)
    return found


def set_principles(*, judge: Judge, principles: Sequence[str], actor=None) -> PrincipleList | None:
    """From now on these. The next version, or none where nothing would change; what was said
    keeps the list that it was said by."""
    if judge.reward_model:
        raise DomainError(_("A reward model reads no principles."))
    wanted = checked(principles)
    with transaction.atomic():
        Judge.objects.select_for_update().get(pk=judge.pk)  # one number for each
        last = current_list(judge)
        if principles_of(last) == wanted:
            return None
        made = PrincipleList.objects.create(
            judge=judge,
            number=last.number + 1 if last else 1,
            principles=wanted,
            created_by=actor,
        )
        audit.record(
            "judge.principles_set",
            actor=actor,
            project=judge.project,
            target=f"judge:{judge.pk}",
            number=made.number,
            count=len(wanted),
        )
    return made
