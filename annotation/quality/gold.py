"""How well gold is met: of a project for its lead, of oneself only where no item can be told."""

from datetime import datetime, timedelta

from annotation.core.clock import last_midnight
from annotation.labeling.gold.results import Share, results, results_in, share_of
from annotation.projects.permissions import projects_where
from annotation.quality.stats.estimate import Estimate

# What labelers see of their own gold grows by so many judgments at a time.
STEP = 10


def gold_accuracy(project, since: datetime | None = None) -> Estimate | None:
    """The share of a project's gold judgments that meet the known answer, with Wilson's interval;
    None where there are none."""
    found = results(project, since=since)
    share = found.share
    if share.value is None:
        return None
    return Estimate(
        value=share.value,
        reason=None,
        n_items=len(found.by_gold),
        n_pairable=0,
        n_ratings=share.count,
        ci=share.interval,
        method="wilson",
    )


def own_gold(labeler) -> Share | None:
    """What a labeler may know of their own gold: up to this Monday, in whole tens, so that no
    single item can be told by what the figure does after it. None before the first ten."""
    found = results_in(projects_where(labeler, "judge"), labeler, until=this_monday())
    whole = len(found.rows) // STEP * STEP
    return share_of(found.rows[:whole]) if whole else None


def this_monday() -> datetime:
    midnight = last_midnight()
    return midnight - timedelta(days=midnight.weekday())
