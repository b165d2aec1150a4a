"""What a comparison of two generators is expected to teach, by their ids."""

from annotation.labeling.building.pairing import Pair, pair_of
from annotation.labeling.building.planning import Plan, plan_items
from annotation.labeling.building.policy import Policy
from annotation.quality.adaptive.field import fit_now
from annotation.quality.stats.next_comparison import information_gains


def gains_now(project) -> dict[Pair, float]:
    """p (1 - p) Var(difference) of every two generators, by the judgments there are; none of it
    where the project has no generators."""
    fit = fit_now(project)
    gains = information_gains(fit.ability, fit.covariance)
    return {
        pair_of(one, other): float(gains[first, second])
        for one, first in fit.place.items()
        for other, second in fit.place.items()
        if one < other
    }


def planned(project, policy: Policy) -> Plan:
    return plan_items(project, policy, gains=gains_now(project) if policy.is_adaptive else None)
