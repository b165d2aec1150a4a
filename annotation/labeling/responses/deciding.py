"""What a person decides on responses that are marked, and what follows for their items."""

from collections.abc import Iterable

from django.db import transaction
from django.utils.translation import gettext as _

from annotation.candidates.marks.candidates import candidates_of
from annotation.candidates.marks.found import EQUAL, IDENTITY, NEAR, PERSONAL
from annotation.candidates.marks.lock import lock_marking
from annotation.candidates.models import ResponseDecision, ResponseMark
from annotation.core import audit
from annotation.core.database import in_pieces
from annotation.core.errors import DomainError
from annotation.core.numbers import grouped
from annotation.labeling.prerender import request_rendering
from annotation.labeling.responses.leaving import put_back, take_out
from annotation.labeling.responses.masking import masked
from annotation.labeling.responses.places import Changed, show_as
from annotation.prompts.models import Response

Choice = ResponseDecision.Choice
# So many at once: their items are locked until all of it is done.
MOST = 5_000
PIECE = 500
# Marks whose places can be made unreadable: a name, an address.
MASKABLE = (IDENTITY, PERSONAL)


def decide(*, project, responses: Iterable[int], choice: str, actor) -> tuple[int, Changed]:
    """Decide the same on each of these responses. Those that it cannot be said of (nothing to
    mask, nothing to merge into) stay undecided. Returns how many it was, and what became of
    items."""
    if choice not in Choice.values:
        raise DomainError(_("There is no such decision."))
    wanted = sorted(set(responses))
    if len(wanted) > MOST:
        raise DomainError(
            _("At most %(most)s responses at once: choose fewer.") % {"most": grouped(MOST)}
        )
    known = set(candidates_of(project).filter(pk__in=wanted).values_list("pk", flat=True))
    if known != set(wanted):
        raise DomainError(_("A response belongs to another project."))
    count, done = 0, Changed()
    with transaction.atomic():
        lock_marking(project)  # nothing is built of them meanwhile, and no marks are made anew
        for piece in in_pieces(wanted, PIECE):
            rows = _decisions(piece, choice, actor)
            if not rows:
                continue
            count += len(rows)
            ResponseDecision.objects.bulk_create(
                rows,
                update_conflicts=True,
                unique_fields=["response"],
                update_fields=["choice", "masked_text", "merged_into", "decided_by", "decided_at"],
            )
            done += _follow(rows)
        if count:
            audit.record(
                "marking.decided",
                actor=actor,
                project=project,
                target=f"project:{project.pk}",
                choice=choice,
                count=count,
            )
    if done.shown or done.restored:
        request_rendering(project=project, actor=actor)
    return count, done


def _decisions(responses: list[int], choice: str, actor) -> list[ResponseDecision]:
    said = {"choice": choice, "decided_by": actor}
    if choice == Choice.MASKED:
        return [
            ResponseDecision(response_id=pk, masked_text=text, **said)
            for pk, text in masked_texts(responses).items()
        ]
    if choice == Choice.MERGED:
        repeats = ResponseMark.objects.filter(response__in=responses, kind__in=[EQUAL, NEAR])
        return [
            ResponseDecision(response_id=pk, merged_into_id=other, **said)
            for pk, other in sorted(dict(repeats.values_list("response", "other")).items())
        ]
    return [ResponseDecision(response_id=pk, **said) for pk in responses]


def masked_texts(responses: Iterable[int]) -> dict[int, str]:
    """Each of these responses that has something to mask, with it masked."""
    places: dict[int, list[tuple[int, int]]] = {}
    marks = ResponseMark.objects.filter(
        response__in=list(responses), kind__in=MASKABLE, start__isnull=False
    )
    for pk, start, end in marks.values_list("response", "start", "end"):
        places.setdefault(pk, []).append((start, end))
    texts = Response.objects.filter(pk__in=places).order_by("pk").values_list("pk", "text")
    return {pk: masked(text, places[pk]) for pk, text in texts}


def _follow(rows: list[ResponseDecision]) -> Changed:
    """What a decision means for items that exist. One taken back shows the text again, and puts
    the response back where a decision took it out."""
    texts = {row.response_id: row.masked_text for row in rows}
    done = show_as(texts)
    left = done.left  # the same items, counted once
    if rows[0].choice in (Choice.WITHHELD, Choice.MERGED):
        done += take_out(texts)
        done.left = left
    else:
        done += put_back(texts)
    return done
