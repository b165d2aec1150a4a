"""Labelers whom a policy leaves out by their signals: looked up once, then kept by handle."""

from dataclasses import replace

from django.utils.translation import gettext as _

from annotation.datasets.policy import Policy, PolicyError
from annotation.quality.models import Report
from annotation.quality.services import latest_report


def with_names(project, policy: Policy) -> Policy:
    """The policy with the handles of those it leaves out, where it leaves somebody out by signals
    and nobody looked yet. A frozen policy comes back as it is."""
    if not policy.asks_for_signals:
        return policy
    report = latest_report(project, "labelers")
    if report is None:
        raise PolicyError(
            _("Nobody’s signals were computed yet: open the labelers’ page and compute them."),
            field="without_findings" if policy.without_findings else "min_reliability",
        )
    found = found_by_signals(report, policy)
    handles = project.memberships.filter(user__in=found).exclude(handle="")
    names = {*policy.without_labelers, *handles.values_list("handle", flat=True)}
    return replace(policy, without_labelers=tuple(names), signals_of=report.input_sha256[:16])


def found_by_signals(report: Report, policy: Policy) -> set[int]:
    """Ids of the labelers whom the report warns of in such a way, or whose reliability is known
    and below the least. Of whom nothing is known, nothing is held against them."""
    kinds, least = set(policy.without_findings), policy.min_reliability
    found = set()
    for one in report.result["labelers"]:
        reliability = one["signals"]["reliability"]["value"]
        is_warned = not kinds.isdisjoint(finding["kind"] for finding in one["findings"])
        if is_warned or (reliability is not None and reliability < least):
            found.add(one["labeler"])
    return found
