"""The project's judgments, read for freezing: one moment, in an order that no machine changes.

Prompts come by their hash, their items by external id, judgments by the labeler's handle. Database
ids never decide anything, so the same data in another database reads the same.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from heapq import merge
from itertools import groupby, islice
from operator import attrgetter, itemgetter

from django.db.models import F, OuterRef, Subquery
from django.db.models.functions import Collate

from annotation.datasets.comparisons import Ballot, Candidate
from annotation.datasets.policy import Policy
from annotation.labeling.models import Item, ItemResponse, Judgment
from annotation.projects.models import Membership
from annotation.prompts.models import Response

CHUNK = 500  # items whose responses and judgments are in memory at once


@dataclass(frozen=True)
class JudgmentRecord:
    """A counted judgment: its ballot, and what goes raw into rankings.jsonl."""

    handle: str
    revision: int
    ballot: Ballot
    ratings: dict
    rationale: str
    order: list[int]
    seconds: float | None
    rubric_version: int | None


@dataclass
class ItemRecord:
    """An item with whatever was judged about it; `dropped` counts judgments left out."""

    prompt_sha256: str
    messages: list[dict]
    external_id: str
    state: str
    pk: int
    candidates: list[Candidate] = field(default_factory=list)
    judgments: list[JudgmentRecord] = field(default_factory=list)
    dropped: dict[str, int] = field(default_factory=dict)

    @property
    def progress(self) -> str:
        """judged (with at least one judgment that counts), unjudged, or withdrawn."""
        if self.state == Item.State.WITHDRAWN:
            return "withdrawn"
        return "judged" if self.judgments else "unjudged"


@dataclass(frozen=True)
class DemonstrationRecord:
    """A response that a person or a good model wrote as an example to follow."""

    prompt_sha256: str
    messages: list[dict]
    text: str
    text_sha256: str


@dataclass
class PromptRecord:
    """Everything under one prompt: it goes to one split as a whole."""

    sha256: str
    messages: list[dict]
    items: list[ItemRecord] = field(default_factory=list)
    demonstrations: list[DemonstrationRecord] = field(default_factory=list)


def read_prompts(project, policy: Policy, below: str = "") -> Iterator[PromptRecord]:
    """All prompts in question, by hash. Call it inside `consistent_reads`: it reads piece by
    piece through server-side cursors, and the pieces must be of one moment.

    `below`, where given, ends before the first hash that is not less: a sample by hash.
    """
    streams = []
    if policy.demonstrations != "only":
        streams.append(_items(project, policy, below))
    if policy.demonstrations != "exclude":
        streams.append(_demonstrations(project, below))
    by_prompt = attrgetter("prompt_sha256")
    for sha256, records in groupby(merge(*streams, key=by_prompt), key=by_prompt):
        prompt = None
        for record in records:
            prompt = prompt or PromptRecord(sha256, record.messages)
            if isinstance(record, ItemRecord):
                prompt.items.append(record)
            else:
                prompt.demonstrations.append(record)
        yield prompt


def _bytewise(path):
    """An order by bytes, for a collation differs from machine to machine."""
    return Collate(F(path), "C")


def items_in_question(project, policy: Policy):
    items = Item.objects.filter(project=project)
    return items.filter(batch__in=policy.batches) if policy.batches else items


def _items(project, policy: Policy, below: str) -> Iterator[ItemRecord]:
    rows = (
        _sampled(items_in_question(project, policy), below)
        .order_by(_bytewise("prompt__sha256"), _bytewise("external_id"))
        .values_list("prompt__sha256", "prompt__messages", "external_id", "state", "pk")
        .iterator(chunk_size=CHUNK)
    )
    while chunk := list(islice(rows, CHUNK)):
        records = {row[-1]: ItemRecord(*row) for row in chunk}
        _add_candidates(records)
        _add_judgments(records, project, policy)
        yield from records.values()


def _add_candidates(records: dict[int, ItemRecord]) -> None:
    placed = ItemResponse.objects.filter(item__in=list(records)).order_by(_bytewise("key"))
    for item, key, text, position in placed.values_list(
        "item_id", "key", "response__text", "position"
    ):
        records[item].candidates.append(Candidate(key, text, position))


def _add_judgments(records: dict[int, ItemRecord], project, policy: Policy) -> None:
    """The current revision of each labeler; everything else is counted by its reason."""
    handle = Membership.objects.filter(project=project, user=OuterRef("labeler"))
    rows = (
        Judgment.objects.filter(item__in=list(records))
        .annotate(handle=Subquery(handle.values("handle")[:1]))
        .order_by("item_id", "labeler_id", "-revision")
        .values_list(
            "item_id",
            "labeler_id",
            "handle",
            "revision",
            "origin",
            "is_surplus",
            "ranks",
            "unacceptable",
            "strength",
            "ratings",
            "rationale",
            "order",
            "seconds",
            "rubric_version__number",
        )
    )
    for _, revisions in groupby(rows, key=itemgetter(0, 1)):
        current, *older = revisions
        item, _, handle, revision, origin, is_surplus, *said = current
        record = records[item]
        for _ in older:
            _count(record, "superseded")
        if record.state == Item.State.WITHDRAWN:
            _count(record, "item_withdrawn")
        elif policy.origins and origin not in policy.origins:
            _count(record, "other_origin")
        elif is_surplus and not policy.surplus:
            _count(record, "surplus")
        elif handle is None:
            _count(record, "labeler_without_handle")
        else:
            record.judgments.append(_judgment(record, handle, revision, *said))
    for record in records.values():
        record.judgments.sort(key=attrgetter("handle"))


def _judgment(
    record, handle, revision, ranks, bad, strength, ratings, rationale, order, seconds, rubric
) -> JudgmentRecord:
    name = f"{record.external_id}/{handle}/{revision}"
    return JudgmentRecord(
        handle=handle,
        revision=revision,
        ballot=Ballot(name, ranks, bad, strength),
        ratings=ratings,
        rationale=rationale,
        order=order,
        seconds=seconds,
        rubric_version=rubric,
    )


def _count(record: ItemRecord, reason: str) -> None:
    record.dropped[reason] = record.dropped.get(reason, 0) + 1


def _sampled(rows, below: str):
    return rows.filter(prompt__sha256__lt=below) if below else rows


def _demonstrations(project, below: str) -> Iterator[DemonstrationRecord]:
    written = Response.objects.filter(prompt__project=project, kind=Response.Kind.DEMONSTRATION)
    rows = (
        _sampled(written, below)
        .order_by(_bytewise("prompt__sha256"), _bytewise("text_sha256"))
        .values_list("prompt__sha256", "prompt__messages", "text", "text_sha256")
        .iterator(chunk_size=CHUNK)
    )
    for row in rows:
        yield DemonstrationRecord(*row)
