"""The rules that a verdict must keep, each broken one a sentence and the field it is about."""

import math
from collections.abc import Mapping

from django.utils.translation import gettext as _

from annotation.core.numbers import grouped
from annotation.core.text import clean
from annotation.labeling.verdict import marks
from annotation.labeling.verdict.model import NOT_APPLICABLE, STRENGTHS, Verdict, VerdictError
from annotation.labeling.verdict.scale import BOTH, SCALES
from annotation.labeling.verdict.tiers import dense

MAX_RATIONALE = 20_000


def check(
    verdict: Verdict,
    *,
    response_count: int,
    rubric=None,
    project=None,
    texts: Mapping[int, str] | None = None,
    is_complete=True,
) -> None:
    """Raise VerdictError where a rule is broken: the first one, and in `also` all others.

    `rubric` has the criteria, flags and error labels; `project` what is asked for. `texts` are the
    responses by position, wanted where something was marked in them or corrected. `is_complete`:
    everything that is asked for must be there (the judging page; a program or a file may leave
    some out).
    """
    criteria = {c.key: c for c in rubric.criteria_list} if rubric else {}
    texts = texts or {}
    rules = [
        (_check_ranks, verdict, response_count, project, is_complete),
        (_check_strength, verdict),
        (_check_scale, verdict, response_count, project, is_complete),
        (_check_ratings, verdict, response_count, criteria),
        *((_check_rated, verdict, response_count, c) for c in criteria.values() if is_complete),
        (marks.check_flags, verdict, response_count, rubric),
        (marks.check_highlights, verdict, rubric, texts),
        (marks.check_confidence, verdict, project, is_complete),
        (marks.check_written, verdict, project, texts, is_complete),
        (_check_floor, verdict, project),
        (_check_rationale, verdict, project, is_complete),
    ]
    broken = [error for rule, *given in rules if (error := _broken(rule, *given))]
    if broken:
        broken[0].also = broken[1:]
        raise broken[0]


def _broken(rule, *given) -> VerdictError | None:
    try:
        rule(*given)
    except VerdictError as error:
        return error
    return None


def _check_floor(verdict, project):
    has_floor = project is None or project.has_floor or verdict.both == "bad"
    if any(verdict.unacceptable) and not has_floor:
        raise VerdictError(_("This project has no “unacceptable”."), field="unacceptable")


def _check_rationale(verdict, project, is_complete):
    clean(verdict.rationale, field="rationale")
    if len(verdict.rationale) > MAX_RATIONALE:
        raise VerdictError(
            _("The rationale has %(count)s characters; at most %(most)s fit.")
            % {"count": grouped(len(verdict.rationale)), "most": grouped(MAX_RATIONALE)},
            field="rationale",
        )
    if verdict.recording and not (project is not None and project.allows_recording):
        raise VerdictError(_("This project takes no spoken rationale."), field="recording")
    is_asked = project is not None and project.rationale == "required"
    if is_complete and is_asked and not (verdict.rationale.strip() or verdict.recording):
        raise VerdictError(_("Say why you decided so."), field="rationale")


def asks_scale(project, response_count: int) -> bool:
    """Is the item judged on the scale? Items of other sizes than two are ranked instead."""
    return project.ordering == project.Ordering.SCALE and response_count == 2


def _check_ranks(verdict, response_count, project, is_complete):
    if len(verdict.ranks) != response_count or len(verdict.unacceptable) != response_count:
        raise VerdictError(
            _("The item has %(there)d responses, the ranking %(said)d.")
            % {"there": response_count, "said": len(verdict.ranks)},
            field="ranking",
        )
    if dense(verdict.ranks) != tuple(verdict.ranks):
        raise VerdictError(_("The tiers have gaps."), field="ranking")
    ordering = "full" if project is None else project.ordering
    if ordering == "none" or (project is not None and asks_scale(project, response_count)):
        return
    judged = [
        rank is not None or bad
        for rank, bad in zip(verdict.ranks, verdict.unacceptable, strict=True)
    ]
    missing = [position for position, done in enumerate(judged, start=1) if not done]
    if is_complete and missing and ordering != "partial":
        raise VerdictError(
            _("Some responses have no rank yet."), field="ranking", positions=missing
        )
    if not any(judged) and response_count:
        raise VerdictError(_("The ranking names no response."), field="ranking", positions=missing)
    if is_complete and missing and project.top_k:
        wanted = min(project.top_k, response_count - sum(verdict.unacceptable))
        if sum(rank is not None for rank in verdict.ranks) < wanted:
            raise VerdictError(
                _("Rank at least the best %(count)d.") % {"count": wanted},
                field="ranking",
                positions=missing[:1],
            )


def _check_strength(verdict):
    if not verdict.strength:
        return
    gaps = max(verdict.tier_count - 1, 0)
    if len(verdict.strength) != gaps:
        raise VerdictError(
            _("strength has %(said)d values for %(gaps)d steps between tiers.")
            % {"said": len(verdict.strength), "gaps": gaps},
            field="strength",
        )
    for value in verdict.strength:
        if value is not None and (isinstance(value, bool) or value not in STRENGTHS):
            raise VerdictError(
                _("A strength is 1 (slightly), 2 (clearly) or 3 (far better)."), field="strength"
            )


def _check_scale(verdict, response_count, project, is_complete):
    is_answered = verdict.preference is not None or bool(verdict.both)
    if verdict.scale is None:
        if is_answered:
            raise VerdictError(_("A preference needs its scale."), field="preference")
        if is_complete and project is not None and asks_scale(project, response_count):
            raise VerdictError(_("Say which response is better."), field="preference")
        return
    if verdict.scale not in SCALES or response_count != 2:
        raise VerdictError(
            _("A scale has 4, 7 or 9 points and compares two responses."), field="preference"
        )
    if verdict.preference is not None and verdict.preference not in SCALES[verdict.scale]:
        raise VerdictError(
            _("%(value)s is not on the scale of %(points)d points.")
            % {"value": verdict.preference, "points": verdict.scale},
            field="preference",
        )
    if verdict.both and (verdict.both not in BOTH or verdict.preference is not None):
        raise VerdictError(
            _("“Both” is good or bad, and takes the place of a preference."), field="preference"
        )
    if not is_answered:
        raise VerdictError(_("Say which response is better."), field="preference")
    if project is not None and verdict.both and not project.has_both:
        raise VerdictError(_("This project does not ask for “both”."), field="preference")


def _check_ratings(verdict, response_count, criteria):
    for key, values in verdict.ratings.items():
        criterion = criteria.get(key)
        if criterion is None:
            raise VerdictError(
                _("The rubric has no criterion “%(key)s” (it has: %(known)s).")
                % {"key": key, "known": ", ".join(criteria) or "–"},
                field=f"ratings.{key}",
            )
        if len(values) != response_count:
            raise VerdictError(_("One rating per response is needed."), field=f"ratings.{key}")
        for value in values:
            if value is not None and not _is_on_scale(value, criterion):
                raise VerdictError(
                    _("“%(label)s” goes from %(low)d to %(high)d; %(value)s is not on it.")
                    % {
                        "label": criterion.label,
                        "low": criterion.scale_min,
                        "high": criterion.scale_max,
                        "value": repr(value),
                    },
                    field=f"ratings.{key}",
                )


def _check_rated(verdict, response_count, criterion):
    values = verdict.ratings.get(criterion.key, (None,) * response_count)
    missing = [place for place, value in enumerate(values, start=1) if value is None]
    if criterion.is_required and missing:
        raise VerdictError(
            _("Rate every response on “%(label)s”.") % {"label": criterion.label},
            field=f"ratings.{criterion.key}",
            positions=missing,
        )


def _is_on_scale(value, criterion) -> bool:
    if value == NOT_APPLICABLE:
        return criterion.allows_na
    return (
        isinstance(value, int)
        and not isinstance(value, bool)
        and criterion.scale_min <= value <= criterion.scale_max
    )


def check_seconds(seconds) -> float | None:
    """Seconds spent, finite and not negative, or None where nobody knows."""
    if seconds is None:
        return None
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        raise VerdictError(_("seconds must be a number."), field="seconds")
    if not math.isfinite(seconds) or not 0 <= seconds < 1e9:
        raise VerdictError(_("seconds must be from 0 to 1,000,000,000."), field="seconds")
    return float(seconds)
