"""What the page of marks shows: how many of each kind by generator, and the marked texts."""

from collections import Counter
from dataclasses import dataclass
from functools import cached_property

from django.core.paginator import Page, Paginator
from django.db.models import Count, Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from annotation.candidates.marks.candidates import candidates_of
from annotation.candidates.marks.marking import marked_count, marking_of
from annotation.candidates.models import Marking, ResponseDecision, ResponseMark
from annotation.core.numbers import grouped
from annotation.labeling.responses.wording import detail_of
from annotation.prompts.models import Response

ON_A_PAGE = 25
# Around what is marked so much is shown, and so much where nothing has a place.
AROUND = 240
BEGINNING = 600
UNDECIDED = "open"
NOBODY = "0"  # the generator of those that have none


@dataclass(frozen=True)
class Filter:
    """As the page's address says it; what does not exist filters nothing."""

    kind: str = ""
    generator: str = ""
    decision: str = UNDECIDED

    @classmethod
    def of(cls, data) -> "Filter":
        kind, generator = data.get("kind", ""), data.get("generator", "")
        decision = data.get("decision", UNDECIDED)
        known = {"", UNDECIDED, *ResponseDecision.Choice.values}
        is_number = generator.isascii() and generator.isdigit() and len(generator) < 18
        return cls(
            kind if kind in ResponseMark.Kind.values else "",
            generator if is_number else "",
            decision if decision in known else UNDECIDED,
        )

    @property
    def query(self) -> str:
        return f"kind={self.kind}&generator={self.generator}&decision={self.decision}"


def filtered(project, chosen: Filter):
    """The responses that it lets through: marked ones, and those that were decided on."""
    marks = ResponseMark.objects.filter(response__prompt__project=project)
    if chosen.kind:
        marks = marks.filter(kind=chosen.kind)
    is_listed = Q(pk__in=marks.values("response"))
    if not chosen.kind:
        # Looked at anew it may be marked no longer: what was decided can still be taken back.
        is_listed |= Q(decision__isnull=False)
    found = candidates_of(project).filter(is_listed)
    if chosen.generator:
        found = found.filter(generator=int(chosen.generator) or None)
    if chosen.decision == UNDECIDED:
        found = found.filter(decision=None)
    elif chosen.decision:
        found = found.filter(decision__choice=chosen.decision)
    return found


@dataclass(frozen=True)
class Piece:
    """A run of text, marked or not."""

    text: str
    kind: str = ""
    label: str = ""


@dataclass(frozen=True)
class MarkedResponse:
    response: Response
    marks: list[ResponseMark]

    @cached_property
    def pieces(self) -> list[Piece]:
        return pieces_of(self.response.text, self.marks)

    @property
    def said(self) -> list[tuple[str, str]]:
        """(kind, what exactly), each once."""
        lines = {(mark.get_kind_display(), _said(mark)): None for mark in self.marks}
        return list(lines)

    @property
    def repeats(self) -> Response | None:
        return next((mark.other for mark in self.marks if mark.other_id), None)

    @property
    def decision(self) -> ResponseDecision | None:
        return getattr(self.response, "decision", None)


def _said(mark: ResponseMark) -> str:
    if mark.similarity is None:
        return detail_of(mark)
    return _("%(percent)d %% alike") % {"percent": int(100 * mark.similarity)}


def pieces_of(text: str, marks) -> list[Piece]:
    """The text in runs, its marked places apart; far from them it is left out."""
    placed = sorted(
        (mark for mark in marks if mark.start is not None and mark.end <= len(text)),
        key=lambda mark: (mark.start, mark.end),
    )
    if not placed:
        return [Piece(_shortened(text, 0, BEGINNING))] if text else []
    pieces, at = [], 0
    for mark in placed:
        if mark.start < at:
            continue  # lies in a place that is shown already
        begin = max(at, mark.start - AROUND)
        pieces.append(Piece(("… " if begin > at else "") + text[begin : mark.start]))
        label = f"{mark.get_kind_display()}: {detail_of(mark)}"
        pieces.append(Piece(text[mark.start : mark.end], mark.kind, label))
        at = mark.end
    pieces.append(Piece(_shortened(text, at, AROUND)))
    return [piece for piece in pieces if piece.text]


def _shortened(text: str, start: int, length: int) -> str:
    return text[start : start + length] + (" …" if len(text) > start + length else "")


@dataclass(frozen=True)
class MarksPage:
    project: object
    chosen: Filter
    settings: Marking
    page: Page

    @classmethod
    def of(cls, project, chosen: Filter, number=1) -> "MarksPage":
        found = filtered(project, chosen).select_related("generator", "prompt", "decision")
        page = Paginator(found.order_by("pk"), ON_A_PAGE).get_page(number)
        shown = list(page.object_list)
        by_response: dict[int, list[ResponseMark]] = {one.pk: [] for one in shown}
        for mark in ResponseMark.objects.filter(response__in=shown).select_related("other"):
            by_response[mark.response_id].append(mark)
        page.object_list = [MarkedResponse(one, by_response[one.pk]) for one in shown]
        return cls(project, chosen, marking_of(project), page)

    @cached_property
    def response_count(self) -> int:
        return candidates_of(self.project).count()

    @cached_property
    def new_count(self) -> int:
        """Responses that came in since somebody looked."""
        return candidates_of(self.project).filter(pk__gt=self.settings.newest).count()

    @property
    def finding(self) -> str:
        if not self.settings.marked_at:
            return _("Nobody has looked at these responses yet")
        marked = marked_count(self.project)
        if not marked:
            return _("Nothing is marked in %(count)s responses") % {
                "count": grouped(self.settings.response_count)
            }
        text = ngettext(
            "%(marked)s of %(count)s responses is marked",
            "%(marked)s of %(count)s responses are marked",
            marked,
        )
        return text % {
            "marked": grouped(marked),
            "count": grouped(self.settings.response_count),
        }

    @cached_property
    def table(self) -> list[dict]:
        """A row for each generator: responses of each kind, and in all."""
        responses = dict(
            candidates_of(self.project)
            .values_list("generator")
            .annotate(count=Count("pk"))
            .order_by()
        )
        counted: Counter = Counter()
        names = dict(self.project.generators.values_list("pk", "name"))
        marks = ResponseMark.objects.filter(response__prompt__project=self.project)
        for generator, kind, count in (
            marks.values_list("response__generator", "kind")
            .annotate(count=Count("response", distinct=True))
            .order_by()
        ):
            counted[generator, kind] = count
        return [
            {
                "pk": generator or NOBODY,
                "name": names.get(generator) or _("unknown generator"),
                "count": responses[generator],
                "cells": [
                    (kind.value, counted[generator, kind.value]) for kind in ResponseMark.Kind
                ],
            }
            for generator in sorted(responses, key=lambda one: names.get(one, ""))
        ]

    @property
    def totals(self) -> list[int]:
        columns = zip(*(row["cells"] for row in self.table), strict=True)
        return [sum(count for _kind, count in column) for column in columns]
