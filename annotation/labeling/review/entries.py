"""The queue's rows, kept up with the judgments.

A row is stale when the item's rows of judgments are not as many as it was computed from: they are
append-only, so a count tells every change. Finding the stale ones is one pass over an index;
computing is for those only, a chunk in memory at a time. It is done by a clock, and by the button
beside the queue; where there are many, by a job. Reading the queue writes nothing, and nothing of
it is on the judging path.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import connection, transaction
from django.db.models import Count, F, Q
from django.utils import timezone
from django.utils.translation import gettext_noop

from annotation.core import jobs
from annotation.core.models import Job
from annotation.labeling import tasks
from annotation.labeling.lately import with_last_change
from annotation.labeling.models import (
    Adjudication,
    Item,
    ItemReport,
    ItemReview,
    Judgment,
    ReviewSettings,
)
from annotation.labeling.review.audit_share import is_drawn, new_seed
from annotation.labeling.review.spread import order_spread, rating_spreads
from annotation.projects.models import Criterion, Project

CHUNK = 1_000
# Up to here computing takes about a second, so that the queue is never stale.
SMALL = 5_000
# A judgment tells its time before it can be seen: somebody else may count in between.
UNCOMMITTED = timedelta(minutes=5)
COMPUTED = (
    "judgment_rows",
    "labeler_count",
    "spread",
    "comparison_count",
    "rating_spreads",
    "flags",
    "has_unacceptable",
    "why",
    "computed_at",
)

# An index-only scan of the project's judgments, and a row of the queue beside each item.
STALE = """
SELECT counted.item_id
  FROM (SELECT item_id, count(*) AS judgment_rows
          FROM labeling_judgment WHERE project_id = %(project)s GROUP BY item_id) AS counted
  LEFT JOIN labeling_itemreview review ON review.item_id = counted.item_id
 WHERE review.item_id IS NULL OR review.judgment_rows <> counted.judgment_rows
 ORDER BY counted.item_id
"""


class Said(NamedTuple):
    """What is compared of a judgment."""

    pk: int
    item_id: int
    ranks: list
    unacceptable: list
    rest_below: bool
    ratings: dict
    flags: dict
    rubric_version_id: int | None


def settings_of(project) -> ReviewSettings:
    """The project's settings, made where there are none yet."""
    settings, _made = ReviewSettings.objects.get_or_create(
        project=project, defaults={"audit_seed": new_seed()}
    )
    return settings


def shown_settings(project) -> ReviewSettings:
    """The same to be read: where there are none yet, those that a project begins with, without
    the seed that is made with them."""
    return ReviewSettings.objects.filter(project=project).first() or ReviewSettings(
        project=project
    )


def work_judgments(**which):
    """The judgments that are compared: what labelers said last, as work. Gold items, tests and
    calibration have a known answer or a round of their own."""
    return Judgment.objects.current().work().filter(**which)


def is_behind(project) -> bool:
    """Did judgments or reports come in that the queue does not know of? Reads only, and no
    judgment."""
    changed_at = with_last_change(Project.objects).get(pk=project.pk).changed_at
    computed_at = shown_settings(project).computed_at
    is_older = changed_at is not None and (computed_at is None or computed_at < changed_at)
    return is_older or any(True for _item in _reported(project))


def is_being_computed(project) -> bool:
    return project.jobs.active().filter(kind=tasks.REVIEW_KIND).exists()


def bring_all_up_to_date() -> int:
    """Every project in which something moved; in how many something did."""
    return sum(_has_moved(project) for project in _perhaps_moved())


def _perhaps_moved():
    """Judged since their rows were counted, or reset, or reported on."""
    reset = ReviewSettings.objects.filter(judgment_rows=None).values("project")
    reported = Item.objects.filter(reports__in=ItemReport.objects.open(), review=None)
    has_changed = Q(changed_at__gt=F("review_settings__computed_at") - UNCOMMITTED) | Q(
        changed_at__isnull=False, review_settings__computed_at=None
    )
    return with_last_change(Project.objects).filter(
        has_changed | Q(pk__in=reset) | Q(pk__in=reported.values("project"))
    )


def _has_moved(project) -> bool:
    now, rows = timezone.now(), _row_count(project)
    if rows == (shown_settings(project).judgment_rows or 0) and not any(_reported(project)):
        _note(project, rows, now)
        return False
    bring_up_to_date(project)
    return True


def bring_up_to_date(project, actor=None) -> Job | None:
    """Compute what is stale: now where it is little, else by the job that comes back."""
    settings = settings_of(project)
    now, rows = timezone.now(), _row_count(project)
    stale = set(_reported(project))  # a reported item may be stale, too
    if rows != settings.judgment_rows:
        stale.update(stale_items(project))
    if len(stale) > SMALL:
        return request_refresh(project, actor)
    refresh(project, sorted(stale))
    _note(project, rows, now)
    return None


def request_refresh(project, actor=None) -> Job:
    job, _made = jobs.enqueue(
        kind=tasks.REVIEW_KIND, project=project, actor=actor, target=f"project:{project.pk}"
    )
    return job


def refresh_in_job(claim: jobs.Claim) -> dict:
    """The same as a job, which says how far it is."""
    project = claim.job.project
    now, rows = timezone.now(), _row_count(project)
    stale = stale_items(project)
    done = 0
    for chunk in _chunks(stale):
        claim.progress(done, len(stale), gettext_noop("Comparing judgments"))
        done += refresh(project, chunk)
    _note(project, rows, now)
    return {"items": done}


def stale_items(project) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(STALE, {"project": project.pk})
        return [item for (item,) in cursor.fetchall()]


def _row_count(project) -> int:
    return Judgment.objects.filter(project=project).count()


def _reported(project) -> Iterator[int]:
    """Items that somebody has reported and nobody has judged have a row, too."""
    found = Item.objects.filter(project=project, reports__resolved_at=None, review=None)
    return found.filter(reports__isnull=False).values_list("pk", flat=True).distinct().iterator()


def _note(project, rows: int, at: datetime) -> None:
    """`rows` were counted then: what came in since makes the queue stale again."""
    settings = ReviewSettings.objects.filter(project=project)
    settings.update(judgment_rows=rows, computed_at=at)


def mark_stale(project) -> None:
    """Everything is to be computed again, such as after a change of the settings."""
    ItemReview.objects.filter(project=project).update(judgment_rows=-1)
    ReviewSettings.objects.filter(project=project).update(judgment_rows=None, computed_at=None)


def refresh(project, items: Sequence[int]) -> int:
    """Compute the rows of these items. Safe to run twice, and beside itself."""
    settings = settings_of(project)
    scales = _Scales()
    for chunk in _chunks(items):
        with transaction.atomic():
            # Who decides about an item holds its row: see `services`.
            locked = ItemReview.objects.select_for_update().filter(item__in=chunk)
            held = {review.item_id: review for review in locked.order_by("item")}
            again = _judged_again(held.values())
            is_back = again | {
                item for item, review in held.items() if ItemReview.Why.BACK in review.why
            }
            rows = list(_computed(project, chunk, settings, scales, is_back))
            ItemReview.objects.bulk_create(
                rows, update_conflicts=True, unique_fields=["item"], update_fields=COMPUTED
            )
            ItemReview.objects.filter(item__in=again).update(outcome="")
    return len(items)


def _chunks(items: Sequence[int]) -> Iterator[Sequence[int]]:
    return (items[at : at + CHUNK] for at in range(0, len(items), CHUNK))


def _computed(project, items, settings, scales, is_back) -> Iterator[ItemReview]:
    counted = Judgment.objects.filter(item__in=items).values("item").annotate(rows=Count("*"))
    rows = dict(counted.values_list("item", "rows"))
    said = defaultdict(list)
    for values in work_judgments(item__in=items).values_list(*Said._fields).order_by("pk"):
        said[values[1]].append(Said._make(values))
    now = timezone.now()
    for item in items:
        judgments = said[item]
        spread = order_spread(judgments)
        yield ItemReview(
            item_id=item,
            project=project,
            judgment_rows=rows.get(item, 0),
            labeler_count=len(judgments),
            spread=spread.value,
            comparison_count=spread.count,
            rating_spreads=rating_spreads(
                [one.ratings for one in judgments],
                [scales.of(one.rubric_version_id) for one in judgments],
            ),
            flags=sorted({key for one in judgments for key, on in one.flags.items() if any(on)}),
            has_unacceptable=any(any(one.unacceptable) for one in judgments),
            why=list(_why(item, judgments, spread.value, settings, item in is_back)),
            computed_at=now,
        )


def _why(item, judgments, spread, settings, is_back) -> Iterator[str]:
    if spread and spread * 100 >= settings.spread_percent:
        yield ItemReview.Why.SPREAD
    if judgments and is_drawn(settings.audit_seed, item, settings.audit_percent):
        yield ItemReview.Why.AUDIT
    if is_back:
        yield ItemReview.Why.BACK


def _judged_again(held: Iterable[ItemReview]) -> set[int]:
    """Items that were approved or returned over other judgments than there are now. A settled
    verdict stands whatever comes in later."""
    open_again = (Adjudication.Outcome.APPROVED, Adjudication.Outcome.RETURNED)
    items = [review.item_id for review in held if review.outcome in open_again]
    if not items:
        return set()
    seen = dict(
        Adjudication.objects.filter(item__in=items)
        .current()
        .values_list("item_id", "judgment_ids")
    )
    now = defaultdict(set)
    for pk, item in work_judgments(item__in=items).values_list("pk", "item_id"):
        now[item].add(pk)
    return {item for item in items if set(seen.get(item, ())) != now[item]}


class _Scales:
    """{criterion: (bottom, top)} of each rubric version, read once."""

    def __init__(self):
        self.known: dict[int | None, dict[str, tuple[int, int]]] = {None: {}}

    def of(self, version: int | None) -> dict[str, tuple[int, int]]:
        if version not in self.known:
            criteria = Criterion.objects.filter(rubric_version=version)
            self.known[version] = {
                key: (bottom, top)
                for key, bottom, top in criteria.values_list("key", "scale_min", "scale_max")
            }
        return self.known[version]
