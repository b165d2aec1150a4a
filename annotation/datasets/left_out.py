"""Labelers whom a policy leaves out by their signals: looked up once, then kept by handle."""

from dataclasses import replace

from django.utils.translation import gettext as _

from annotation.core.hashing import sha256_of_value
from annotation.datasets.policy import Policy, PolicyError
from annotation.datasets.sources import Sources, named_in
from annotation.quality.models import Report
from annotation.quality.services import latest_report


def with_names(sources: Sources) -> Sources:
    """The same with the handles of those whom the policy leaves out, where it leaves somebody out
    by signals and nobody looked yet. What is frozen comes back as it is. Signals are a project's:
    who stands out in one of several is left out there."""
    policy = sources.policy
    if not policy.asks_for_signals:
        return sources
    names, digests = set(policy.without_labelers), []
    for project in sources.projects:
        handles, digest = _found_in(project, policy)
        digests.append(digest)
        names |= {named_in(project, one) if sources.are_several else one for one in handles}
    looked_at = sha256_of_value(digests) if sources.are_several else digests[0]
    frozen = replace(policy, without_labelers=tuple(names), signals_of=looked_at[:16])
    return replace(sources, policy=frozen)


def _found_in(project, policy: Policy) -> tuple[set[str], str]:
    """Handles, and the digest of the figures that were looked at."""
    report = latest_report(project, "labelers")
    if report is None:
        raise PolicyError(
            _(
                "Nobody’s signals were computed yet in “%(project)s”: open its labelers’ page and "
                "compute them."
            )
            % {"project": project.name},
            field="without_findings" if policy.without_findings else "min_reliability",
        )
    found = found_by_signals(report, policy)
    handles = project.memberships.filter(user__in=found).exclude(handle="")
    return set(handles.values_list("handle", flat=True)), report.input_sha256


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
