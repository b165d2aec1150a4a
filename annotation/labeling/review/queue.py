"""Which items a reviewer is offered, in which order, and which one comes next."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

from django.db.models import Count, Exists, F, FloatField, Func, OuterRef, Q, QuerySet, Value
from django.utils.translation import gettext_lazy

from annotation.core.errors import DomainError
from annotation.core.strict_json import loads
from annotation.core.text import problem
from annotation.labeling.models import Item, ItemReport, ItemReview, Judgment

WAITING, ALL = "", "all"
STATES = {
    WAITING: gettext_lazy("Waiting"),
    "settled": gettext_lazy("Settled"),
    "returned": gettext_lazy("Returned"),
    "approved": gettext_lazy("Approved"),
    ALL: gettext_lazy("All that were judged"),
}
WHY = {
    "": gettext_lazy("Whatever the reason"),
    "spread": gettext_lazy("Disagreement"),
    "audit": gettext_lazy("Audit sample"),
    "back": gettext_lazy("Opened again"),
    "reported": gettext_lazy("Reported by labelers"),
}
UNACCEPTABLE = "-unacceptable"  # no key of a flag begins like that
FIELDS = ("state", "why", "criterion", "flag", "q", "metadata", "own")


@dataclass(frozen=True)
class Filter:
    """What somebody chose to see. Unknown values choose nothing."""

    state: str = WAITING
    why: str = ""
    criterion: str = ""  # by the spread of these ratings, in the place of the order's
    flag: str = ""
    q: str = ""
    metadata: str = ""
    own: str = ""  # "1": also what the reviewer has judged

    @classmethod
    def of(cls, data: Mapping[str, str]) -> "Filter":
        said = {name: data.get(name, "").strip()[:200] for name in FIELDS}
        said = {name: "" if problem(value) else value for name, value in said.items()}
        if said["state"] not in STATES:
            said["state"] = WAITING
        if said["why"] not in WHY:
            said["why"] = ""
        return cls(**said)

    @property
    def query(self) -> str:
        """As the end of an address: "state=all&q=prime", or nothing."""
        return urlencode({name: getattr(self, name) for name in FIELDS if getattr(self, name)})

    @property
    def narrows(self) -> bool:
        """Is something chosen beside the state and the order?"""
        return bool(self.why or self.flag or self.q or self.metadata)


@dataclass
class ReviewQueue:
    """A project's items as `chosen` filters and sorts them for `reviewer`."""

    project: object
    reviewer: object
    chosen: Filter = field(default_factory=Filter)

    def rows(self) -> QuerySet:
        rows = self._chosen_rows()
        if not self.chosen.own:
            rows = rows.exclude(item__in=self._own_items())
        rows = rows.select_related("item__prompt").annotate(is_reported=Exists(_OPEN_REPORTS))
        return rows.order_by(F("shown_spread").desc(nulls_last=True), "item")

    def left_out(self) -> int:
        """How many are not offered because the reviewer has judged them."""
        if self.chosen.own:
            return 0
        return self._chosen_rows().filter(item__in=self._own_items()).count()

    def next_after(self, review: ItemReview | None = None) -> ItemReview | None:
        """The first one; or the one behind `review`, and from the end the first again."""
        rows = self.rows()
        if review is None:
            return rows.first()
        rows = rows.exclude(item=review.item_id)
        here = self._spread_of(review)
        behind = Q(shown_spread=here, item__gt=review.item_id)
        if here is None:
            behind = Q(shown_spread=None, item__gt=review.item_id)
        else:
            behind |= Q(shown_spread__lt=here) | Q(shown_spread=None)
        return rows.filter(behind).first() or rows.first()

    def counts(self) -> dict[str, int]:
        """How many there are in each state, with no filter: {"": 12, "settled": 3, …}."""
        everything = ItemReview.objects.filter(project=self.project)
        decided = everything.exclude(outcome="").values("outcome").annotate(count=Count("*"))
        found = dict.fromkeys(STATES, 0) | dict(decided.values_list("outcome", "count"))
        found[ALL] = everything.filter(labeler_count__gt=0).count()
        found[WAITING] = _waiting(everything).count()
        return found

    def coming_count(self) -> int:
        """How many have a reason to be looked at, and wait for further judgments first."""
        undecided = ItemReview.objects.filter(
            project=self.project, outcome="", item__state=Item.State.OPEN
        ).exclude(why=[])
        return undecided.exclude(_IS_READY).exclude(Exists(_OPEN_REPORTS)).count()

    def _chosen_rows(self) -> QuerySet:
        chosen = self.chosen
        rows = ItemReview.objects.filter(project=self.project)
        rows = rows.annotate(shown_spread=_shown_spread(chosen.criterion))
        if chosen.state == WAITING:
            rows = rows.filter(outcome="") if chosen.narrows else _waiting(rows)
        elif chosen.state != ALL:
            rows = rows.filter(outcome=chosen.state)
        if chosen.criterion:
            rows = rows.filter(shown_spread__gt=0)
        if chosen.why == "reported":
            rows = rows.filter(Exists(_OPEN_REPORTS))
        elif chosen.why:
            rows = rows.filter(why__contains=[chosen.why])
        if chosen.flag == UNACCEPTABLE:
            rows = rows.filter(has_unacceptable=True)
        elif chosen.flag:
            rows = rows.filter(flags__contains=[chosen.flag])
        return _matching(rows, chosen)

    def _own_items(self) -> QuerySet:
        mine = Judgment.objects.filter(project=self.project, labeler=self.reviewer)
        return mine.values("item")

    def _spread_of(self, review) -> float | None:
        if not self.chosen.criterion:
            return review.spread
        return (review.rating_spreads.get(self.chosen.criterion) or [None])[0]


_OPEN_REPORTS = ItemReport.objects.open().filter(item=OuterRef("item"))


# Judged by all who are to judge it; or opened again by somebody, who is not to wait for others.
_IS_READY = Q(labeler_count__gte=F("item__overlap")) | Q(why__contains=[ItemReview.Why.BACK])


def _waiting(rows: QuerySet) -> QuerySet:
    """Undecided, with a reason to look, and ready; or reported."""
    is_judged = _IS_READY & ~Q(why=[])
    is_judged &= ~Q(item__state=Item.State.WITHDRAWN)
    return rows.filter(Q(outcome="") & (is_judged | Exists(_OPEN_REPORTS)))


class _FirstOf(Func):
    """The first number of a list by its key. Not Django's KeyTransform: that takes a criterion's
    key "1" for a place in an array."""

    template = "(%(expressions)s ->> 0)::float"
    arg_joiner = " -> "


def _shown_spread(criterion: str):
    if not criterion:
        return F("spread")
    return _FirstOf("rating_spreads", Value(criterion), output_field=FloatField())


def _matching(rows: QuerySet, chosen: Filter) -> QuerySet:
    if chosen.q:
        rows = rows.filter(
            Q(item__prompt__messages__icontains=chosen.q)
            | Q(item__external_id__startswith=chosen.q)
        )
    if chosen.metadata:
        name, _sign, value = chosen.metadata.partition("=")
        rows = rows.filter(
            Q(item__metadata__contains={name.strip(): value.strip()})
            | Q(item__metadata__contains={name.strip(): _as_json(value)})
        )
    return rows


def _as_json(value: str):
    """A number, true or null, where it is spelled like one; else the words themselves."""
    try:
        return loads(value)
    except DomainError:
        return value.strip()
