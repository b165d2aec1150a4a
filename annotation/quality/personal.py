"""What quality keeps of a person: their handle in computed reports."""

from annotation.core.erasing import Leaving
from annotation.projects.personal import handles_of
from annotation.quality.models import Report

BETWEEN = "|"  # two handles in the name of a pair


def erase(leaving: Leaving) -> None:
    """Call it before the handles are changed. The figures stay what they were."""
    for project_id, handle in handles_of(leaving.user).items():
        changed = []
        for report in Report.objects.filter(project=project_id, kind="agreement").iterator():
            if renamed(report.result, handle, leaving.pseudonym):
                changed.append(report)
        Report.objects.bulk_update(changed, ["result"], batch_size=100)
        leaving.counts["figures"] += len(changed)


def renamed(result: dict, handle: str, pseudonym: str) -> bool:
    """Put the pseudonym for the handle, where a report holds handles. True where it was there."""
    found = False
    for labeler in result.get("labelers", []):
        if labeler["handle"] == handle:
            labeler["handle"], found = pseudonym, True
    kappas = result.get("agreement", {}).get("pairs", {}).get("cohen_kappa", {})
    for name in list(kappas):
        if name.startswith(f"{handle}{BETWEEN}"):
            other = name.removeprefix(f"{handle}{BETWEEN}")
        elif name.endswith(f"{BETWEEN}{handle}"):
            other = name.removesuffix(f"{BETWEEN}{handle}")
        else:
            continue
        # In alphabetical order, as the report was written.
        kappas[BETWEEN.join(sorted([pseudonym, other]))] = kappas.pop(name)
        found = True
    return found
