"""Is it an answer that can be asked for? Each broken rule a sentence and the field it is about."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from annotation.labeling.gold import rule
from annotation.labeling.verdict import VerdictError, check, verdict_from_choices
from annotation.labeling.verdict.model import NOT_APPLICABLE
from annotation.labeling.verdict.rules import asks_scale

MAX_EXPLANATION = 20_000


def check_answer(answer: rule.Answer, *, response_count: int, project, rubric) -> None:
    """Raise VerdictError where the answer does not fit the item, the project or its own tolerance.
    `rubric` is the version in force with its `criteria_list`, or None."""
    if len(answer.ranks) != response_count or len(answer.unacceptable) != response_count:
        raise VerdictError(
            _("The answer speaks of %(said)d responses, the item has %(there)d.")
            % {"said": len(answer.ranks), "there": response_count},
            field="ranking",
        )
    _check_verdict(answer, response_count, project, rubric)
    _check_says_something(answer)
    if asks_scale(project, response_count):
        _check_scale(answer, project)
    _check_tolerance(answer, project)
    _check_slack(answer, rubric)


def _check_verdict(answer, response_count, project, rubric) -> None:
    """The rules of every verdict. An answer may leave out what is not to be asked."""
    verdict = verdict_from_choices(
        {
            place: "x" if bad else rank
            for place, (rank, bad) in enumerate(
                zip(answer.ranks, answer.unacceptable, strict=True), start=1
            )
        },
        response_count=response_count,
        ratings={key: dict(enumerate(values, start=1)) for key, values in answer.ratings.items()},
    )
    try:
        check(
            verdict,
            response_count=response_count,
            rubric=rubric,
            project=project,
            is_complete=False,
        )
    except VerdictError as error:
        # Ratings alone are an answer, too.
        is_ranked = bool(rule.asked(answer))
        wrong = [one for one in (error, *error.also) if is_ranked or one.field != "ranking"]
        if wrong:
            raise wrong[0] from None


def _check_says_something(answer) -> None:
    rated = any(value is not None for values in answer.ratings.values() for value in values)
    if not rule.asked(answer) and not rated:
        raise VerdictError(_("The answer says nothing: rank the responses."), field="ranking")


def _check_scale(answer, project) -> None:
    """What nobody can enter on a scale for two is no answer to it."""
    if any(answer.unacceptable) != all(answer.unacceptable):
        raise VerdictError(
            _("On the scale of this project both responses are unacceptable, or none."),
            field="unacceptable",
        )
    if all(answer.unacceptable) and not project.has_both:
        raise VerdictError(_("This project does not ask for “both”."), field="unacceptable")
    has_tie = answer.ranks[0] is not None and answer.ranks[0] == answer.ranks[1]
    if has_tie and project.scale_points == 4 and not project.has_both:
        raise VerdictError(
            _("This project has no tie: one of the two responses is better."), field="ranking"
        )


def _check_tolerance(answer, project) -> None:
    checks = {rule.EXACT: _check_exact, rule.BEST: _check_best, rule.INVERSIONS: _check_inversions}
    if answer.tolerance not in checks:
        raise VerdictError(
            _("The tolerance is one of %(known)s.") % {"known": ", ".join(checks)},
            field="tolerance",
        )
    if project.ordering == project.Ordering.NONE and answer.tolerance != rule.EXACT:
        raise VerdictError(
            _("This project asks for no order: only an exact answer fits."), field="tolerance"
        )
    if answer.tolerance != rule.INVERSIONS and answer.max_inversions is not None:
        raise VerdictError(
            _("A number of pairs belongs to the tolerance that counts them."),
            field="max_inversions",
        )
    checks[answer.tolerance](answer)


def _check_exact(answer) -> None:
    """Whatever says something can be met exactly."""


def _check_best(answer) -> None:
    best, speaks_of = rule.best_of(answer, answer), rule.asked(answer)
    if not best and not all(answer.unacceptable):
        raise VerdictError(_("The answer names no best response."), field="tolerance")
    if best and len(best) == len(speaks_of):
        raise VerdictError(
            _("All responses of the answer are tied: every one of them is the best."),
            field="tolerance",
        )


def _check_inversions(answer) -> None:
    if answer.max_inversions is None or answer.max_inversions < 0:
        raise VerdictError(
            _("Say how many pairs may be the other way round: 0 or more."), field="max_inversions"
        )
    most = rule.most_inversions(answer)
    if not most:
        raise VerdictError(
            _("The answer orders no two responses: there is no pair to count."), field="tolerance"
        )
    if answer.max_inversions >= most:
        raise VerdictError(
            _(
                "With %(count)s pairs allowed every order would do: at most %(most)s can be the "
                "other way round."
            )
            % {"count": answer.max_inversions, "most": f"{most:g}"},
            field="max_inversions",
        )


def _check_slack(answer, rubric) -> None:
    if not isinstance(answer.rating_slack, int) or answer.rating_slack < 0:
        raise VerdictError(
            _("Say by how many points a rating may differ: 0 or more."), field="rating_slack"
        )
    for criterion in rubric.criteria_list if rubric else []:
        values = answer.ratings.get(criterion.key, ())
        is_rated = any(value is not None and value != NOT_APPLICABLE for value in values)
        points = criterion.points
        if is_rated and len(points) > 2 and answer.rating_slack >= len(points) - 1:
            raise VerdictError(
                _("With %(slack)d points of difference every rating of “%(label)s” would do.")
                % {"slack": answer.rating_slack, "label": criterion.label},
                field="rating_slack",
            )


def points_of(rubric) -> Mapping[str, Any]:
    """The points of each criterion, for `rule.outcome_of`; nothing was asked without a rubric."""
    return {one.key: one.points for one in rubric.criteria_list} if rubric else {}
