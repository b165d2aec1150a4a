"""Rules for what is marked and written beside the ranking: flags, errors, confidence, texts."""

import itertools
from collections.abc import Mapping

from django.utils.translation import gettext as _

from annotation.core.numbers import grouped
from annotation.core.text import clean
from annotation.labeling.verdict.model import Verdict, VerdictError

CONFIDENCES = range(1, 6)
MAX_HIGHLIGHTS = 200
MAX_NOTE = 2_000
MAX_WRITTEN = 200_000


def check_flags(verdict: Verdict, response_count: int, rubric) -> None:
    known = [flag["key"] for flag in rubric.flags] if rubric else []
    for key, values in verdict.flags.items():
        if key not in known:
            raise VerdictError(
                _("The rubric has no flag “%(key)s” (it has: %(known)s).")
                % {"key": key, "known": ", ".join(known) or "–"},
                field=f"flags.{key}",
            )
        if len(values) != response_count or not all(isinstance(v, bool) for v in values):
            raise VerdictError(_("A flag is set or not, per response."), field=f"flags.{key}")


def check_highlights(verdict: Verdict, rubric, texts: Mapping[int, str]) -> None:
    """Marked errors lie within the text, have a known label, and none is marked twice alike."""
    known = [label["key"] for label in rubric.error_labels] if rubric else []
    if len(verdict.highlights) > MAX_HIGHLIGHTS:
        raise VerdictError(
            _("At most %(count)d errors can be marked.") % {"count": MAX_HIGHLIGHTS},
            field="highlights",
        )
    for n, mark in enumerate(verdict.highlights):
        field = f"highlights[{n}]"
        if mark.label not in known:
            raise VerdictError(
                _("The rubric has no error label “%(key)s” (it has: %(known)s).")
                % {"key": mark.label, "known": ", ".join(known) or "–"},
                field=f"{field}.label",
            )
        length = len(texts.get(mark.position, ""))
        if not 0 <= mark.start < mark.end <= length:
            raise VerdictError(
                _("A marked error ends after it starts, within the %(count)s characters.")
                % {"count": grouped(length)},
                field=field,
            )
        clean(mark.note, field=f"{field}.note")
        if len(mark.note) > MAX_NOTE:
            raise VerdictError(
                _("A note has at most %(count)s characters.") % {"count": grouped(MAX_NOTE)},
                field=f"{field}.note",
            )
    for one, other in itertools.pairwise(sorted(verdict.highlights)):
        if one[:4] == other[:4]:
            raise VerdictError(_("The same words are marked twice alike."), field="highlights")


def check_confidence(verdict: Verdict, project, is_complete: bool) -> None:
    if verdict.confidence is not None and verdict.confidence not in CONFIDENCES:
        raise VerdictError(
            _("Confidence goes from 1 (a guess) to 5 (certain)."), field="confidence"
        )
    is_asked = project is not None and project.confidence == "required"
    if is_complete and is_asked and verdict.confidence is None:
        raise VerdictError(_("Say how sure you are."), field="confidence")


def check_written(verdict: Verdict, project, texts: Mapping[int, str], is_complete: bool) -> None:
    """Corrections change something; a demonstration is there when it is asked for."""
    for position, text in verdict.corrections.items():
        _check_text(text, "corrections", position)
        if project is not None and not project.allows_corrections:
            raise VerdictError(
                _("This project asks for no corrections."),
                field="corrections",
                positions=[position],
            )
    if verdict.demonstration:
        _check_text(verdict.demonstration, "demonstration")
    if project is None:
        return
    if verdict.demonstration and project.demonstration == "off":
        raise VerdictError(_("This project asks for no response of yours."), field="demonstration")
    is_missing = asks_demonstration(verdict, project) and not verdict.demonstration.strip()
    if is_complete and is_missing:
        raise VerdictError(_("Write the response that you would give."), field="demonstration")


def asks_demonstration(verdict: Verdict, project) -> bool:
    """Must the labeler write a response? Always, or when nothing shown is acceptable."""
    if project.demonstration == "fallback":
        return all(verdict.unacceptable)
    return project.demonstration == "always"


def _check_text(text: str, field: str, position: int | None = None) -> None:
    places = [] if position is None else [position]
    clean(text, field=field)
    if not text.strip():
        raise VerdictError(_("The text is empty."), field=field, positions=places)
    if len(text) > MAX_WRITTEN:
        raise VerdictError(
            _("The text has %(count)s characters; at most %(most)s fit.")
            % {"count": grouped(len(text)), "most": grouped(MAX_WRITTEN)},
            field=field,
            positions=places,
        )
