"""The project's judgments, read for freezing: one moment, in an order that no machine changes.

Prompts come by their hash, their items by external id, judgments by the labeler's handle. Database
ids never decide anything, so the same data in another database reads the same.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from heapq import merge
from itertools import groupby, islice
from operator import attrgetter, itemgetter

from django.db.models import Exists, F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce, Collate

from annotation.datasets.comparisons import Ballot, Candidate
from annotation.datasets.corrections import holds_mask
from annotation.datasets.opinions import Asked, judge_of, name_of, read_asked, read_said
from annotation.datasets.policy import NO_RUBRIC, Policy
from annotation.labeling.exports.reading import read_written
from annotation.labeling.exports.rows import PATHS, JudgedItem, RawJudgment, Written
from annotation.labeling.models import (
    Adjudication,
    Item,
    ItemResponse,
    Judgment,
    WrittenResponse,
)
from annotation.projects.models import Membership
from annotation.prompts.models import Prompt, Response

CHUNK = 500  # items whose responses and judgments are in memory at once


@dataclass(frozen=True)
class Naming:
    """How a project's items and labelers are called in what is read: as they are there or, where
    it is read beside others, behind `prefix` and by a name for each user. `project`: the slug
    that records are counted under."""

    project: str = ""
    prefix: str = ""
    people: Mapping[int, str] = field(default_factory=dict)

    def item(self, external_id: str) -> str:
        return f"{self.prefix}{external_id}"

    def labeler(self, user: int, handle: str) -> str:
        return self.people.get(user, handle)


AS_THERE = Naming()


@dataclass(frozen=True)
class JudgmentRecord:
    """A counted judgment: its ballot, and what goes raw into rankings.jsonl."""

    handle: str
    raw: RawJudgment
    ballot: Ballot
    written: list[Written] = field(default_factory=list)
    principle: str = ""  # that an AI judge judged by


@dataclass(frozen=True)
class ExampleRecord:
    """A text that was written to be imitated: with a judgment of an item, or elsewhere."""

    prompt_sha256: str
    messages: list[dict]
    text: str
    text_sha256: str
    source: str = "demonstration"
    item: str | None = None
    project: str = ""
    holds_mask: bool = False


@dataclass
class ItemRecord:
    """An item with whatever was judged about it; `dropped` counts judgments left out; `settled`:
    a reviewer's verdict, read where the policy has it stand for the item; `is_by_judge`: what
    counts of it is an AI judge's."""

    prompt_sha256: str
    messages: list[dict]
    external_id: str
    state: str
    pk: int
    candidates: list[Candidate] = field(default_factory=list)
    judgments: list[JudgmentRecord] = field(default_factory=list)
    dropped: dict[str, int] = field(default_factory=dict)
    settled: Ballot | None = None
    is_by_judge: bool = False
    project: str = ""

    @cached_property
    def as_judged(self) -> JudgedItem:
        """The item as a row of the export needs it."""
        placed = sorted(self.candidates, key=attrgetter("position"))
        texts = {candidate.position: candidate.text for candidate in placed}
        return JudgedItem(self.external_id, [candidate.key for candidate in placed], texts)

    @property
    def examples(self) -> list[ExampleRecord]:
        """What the labelers whose judgments count wrote."""
        originals = {candidate.position: candidate.text for candidate in self.candidates}
        return [
            ExampleRecord(
                self.prompt_sha256,
                self.messages,
                one.text,
                one.sha256,
                "demonstration" if one.position is None else "correction",
                self.external_id,
                self.project,
                one.position is not None and holds_mask(one.text, originals[one.position]),
            )
            for judgment in self.judgments
            for one in judgment.written
        ]

    @property
    def progress(self) -> str:
        """judged (with at least one judgment that counts), unjudged, or withdrawn."""
        if self.state == Item.State.WITHDRAWN:
            return "withdrawn"
        return "judged" if self.judgments else "unjudged"


@dataclass
class PromptRecord:
    """Everything under one prompt: it goes to one split as a whole."""

    sha256: str
    messages: list[dict]
    items: list[ItemRecord] = field(default_factory=list)
    demonstrations: list[ExampleRecord] = field(default_factory=list)

    def examples(self, policy: Policy) -> list[ExampleRecord]:
        """What was written to be imitated, as far as the policy takes it, by the texts' hashes."""
        if policy.demonstrations == "exclude":
            return []
        found = [*self.demonstrations, *(one for item in self.items for one in item.examples)]
        if policy.corrections == "exclude":
            found = [one for one in found if one.source != "correction"]
        return sorted(found, key=lambda one: (one.text_sha256, one.source, one.item or ""))


def read_prompts(
    project, policy: Policy, below: str = "", naming: Naming = AS_THERE
) -> Iterator[PromptRecord]:
    """All prompts in question, by hash. Call it inside `consistent_reads`: it reads piece by
    piece through server-side cursors, and the pieces must be of one moment.

    `below`, where given, ends before the first hash that is not less: a sample by hash.
    """
    streams = [_items(project, policy, below, naming)]
    if policy.demonstrations != "exclude":
        streams.append(_demonstrations(project, below, naming))
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
    if policy.demonstrations == "only":
        written = WrittenResponse.objects.filter(judgment__item=OuterRef("pk"))
        items = items.filter(Exists(written))
    return items.filter(batch__in=policy.batches) if policy.batches else items


def has_corrections(project, policy: Policy) -> bool:
    """Is there a correction that counts?"""
    if (
        policy.whose == "ai_judge"
        or policy.corrections == "exclude"
        or policy.demonstrations == "only"
    ):
        return False
    return counted_judgments(project, policy).filter(written__position__isnull=False).exists()


def counted_judgments(project, policy: Policy):
    """Those that `read_prompts` counts, as a query."""
    judgments = Judgment.objects.current().filter(
        project=project,
        purpose__in=policy.purposes,
        item__in=items_in_question(project, policy).exclude(state=Item.State.WITHDRAWN),
    )
    if policy.origins:
        judgments = judgments.filter(origin__in=policy.origins)
    if not policy.surplus:
        judgments = judgments.filter(is_surplus=False)
    if policy.rubric_versions:
        numbered = judgments.annotate(rubric=Coalesce("rubric_version__number", NO_RUBRIC))
        judgments = numbered.filter(rubric__in=policy.rubric_versions)
    if policy.without_labelers:
        named = project.memberships.filter(handle__in=policy.without_labelers)
        judgments = judgments.exclude(labeler__in=named.values("user"))
    return judgments


def read_messages(project, policy: Policy, below: str = "") -> Iterator[tuple[str, list[dict]]]:
    """(hash, messages) of every prompt that `read_prompts` will give, in its order."""
    items = items_in_question(project, policy).values("prompt")
    prompts = Q(pk__in=items)
    if policy.demonstrations != "exclude":
        written = Response.objects.filter(
            prompt__project=project, kind=Response.Kind.DEMONSTRATION, written=None
        )
        prompts |= Q(pk__in=written.values("prompt"))
    found = Prompt.objects.filter(prompts, project=project)
    if below:
        found = found.filter(sha256__lt=below)
    ordered = found.order_by(_bytewise("sha256"))
    yield from ordered.values_list("sha256", "messages").iterator(chunk_size=CHUNK)


def _items(project, policy: Policy, below: str, naming: Naming) -> Iterator[ItemRecord]:
    judge = judge_of(project, policy)
    asked = read_asked(judge) if judge is not None else None
    rows = (
        _sampled(items_in_question(project, policy), below)
        .order_by(_bytewise("prompt__sha256"), _bytewise("external_id"))
        .values_list("prompt__sha256", "prompt__messages", "external_id", "state", "pk")
        .iterator(chunk_size=CHUNK)
    )
    while chunk := list(islice(rows, CHUNK)):
        records = {row[-1]: _item(naming, *row) for row in chunk}
        _add_candidates(records)
        if policy.whose != "ai_judge":
            _add_judgments(records, project, policy, naming)
        if policy.settled:
            _add_settled(records)
        if asked is not None:
            _add_opinions(records, asked, policy)
        yield from records.values()


def _item(naming: Naming, sha256, messages, external_id, state, pk) -> ItemRecord:
    name = naming.item(external_id)
    return ItemRecord(sha256, messages, name, state, pk, project=naming.project)


def _add_candidates(records: dict[int, ItemRecord]) -> None:
    placed = ItemResponse.objects.filter(item__in=list(records)).order_by(_bytewise("key"))
    for item, key, text, position, attachments in placed.values_list(
        "item_id", "key", "response__text", "position", "response__attachments"
    ):
        records[item].candidates.append(Candidate(key, text, position, tuple(attachments)))


def _add_judgments(
    records: dict[int, ItemRecord], project, policy: Policy, naming: Naming
) -> None:
    """The current revision of each labeler; everything else is counted by its reason."""
    handle = Membership.objects.filter(project=project, user=OuterRef("labeler"))
    rows = (
        Judgment.objects.filter(item__in=list(records))
        .annotate(handle=Subquery(handle.values("handle")[:1]))
        .order_by("item_id", "labeler_id", "is_repeat", "-revision")
        .values_list("item_id", "labeler_id", "is_repeat", "handle", "pk", *PATHS)
    )
    counted: dict[int, JudgmentRecord] = {}
    for _, revisions in groupby(rows, key=itemgetter(0, 1, 2)):
        (item, labeler, _, handle, pk, *columns), *older = revisions
        record, raw = records[item], RawJudgment._make(columns)
        for _ in older:
            _count(record, "superseded")
        if reason := _reason_to_drop(record, raw, handle, policy):
            _count(record, reason)
        else:
            counted[pk] = _judgment(record, naming.labeler(labeler, handle), raw)
            record.judgments.append(counted[pk])
    for pk, written in read_written(counted).items():
        counted[pk].written.extend(written)
    for record in records.values():
        record.judgments.sort(key=attrgetter("handle"))


def _add_settled(records: dict[int, ItemRecord]) -> None:
    """Decisions that hold: one that was taken back, or followed by an approval, does not."""
    decided = Adjudication.objects.current().filter(item__in=list(records))
    for item, revision, *said in decided.filter(outcome=Adjudication.Outcome.SETTLED).values_list(
        "item_id", "revision", "ranks", "unacceptable", "strength", "rest_below"
    ):
        record = records[item]
        record.settled = Ballot(f"{record.external_id}/settled/{revision}", *said)


def _add_opinions(records: dict[int, ItemRecord], asked: Asked, policy: Policy) -> None:
    """Of the items of which no person's judgment counts, and none was settled."""
    open_ones = [pk for pk, one in records.items() if not one.judgments and one.settled is None]
    judge, name = asked.judge, name_of(asked.judge)
    for said in read_said(asked, open_ones, policy):
        record = records[said.item]
        is_gone = record.state == Item.State.WITHDRAWN
        if reason := "item_withdrawn" if is_gone else said.dropped:
            _count(record, reason)
            continue
        counted = _judgment(record, name, said.as_raw(judge, len(record.candidates)))
        record.judgments.append(replace(counted, principle=said.principle))
        record.is_by_judge = True


def _reason_to_drop(record: ItemRecord, raw: RawJudgment, handle, policy: Policy) -> str:
    if raw.is_retraction:
        return "retracted"
    if raw.purpose not in policy.purposes:
        return "not_work"
    if record.state == Item.State.WITHDRAWN:
        return "item_withdrawn"
    if policy.origins and raw.origin not in policy.origins:
        return "other_origin"
    if policy.rubric_versions and (raw.rubric_version or NO_RUBRIC) not in policy.rubric_versions:
        return "other_rubric"
    if raw.is_surplus and not policy.surplus:
        return "surplus"
    if handle is None:
        return "labeler_without_handle"
    return "labeler_left_out" if handle in policy.without_labelers else ""


def _judgment(record: ItemRecord, handle: str, raw: RawJudgment) -> JudgmentRecord:
    name = f"{record.external_id}/{handle}/{raw.revision}"
    ballot = Ballot(name, raw.ranks, raw.unacceptable, raw.strength, raw.rest_below)
    return JudgmentRecord(handle, raw, ballot)


def _count(record: ItemRecord, reason: str) -> None:
    record.dropped[reason] = record.dropped.get(reason, 0) + 1


def _sampled(rows, below: str):
    return rows.filter(prompt__sha256__lt=below) if below else rows


def _demonstrations(project, below: str, naming: Naming) -> Iterator[ExampleRecord]:
    """Those that were not written with a judgment: they count by themselves."""
    written = Response.objects.filter(
        prompt__project=project, kind=Response.Kind.DEMONSTRATION, written=None
    )
    rows = (
        _sampled(written, below)
        .order_by(_bytewise("prompt__sha256"), _bytewise("text_sha256"))
        .values_list("prompt__sha256", "prompt__messages", "text", "text_sha256")
        .iterator(chunk_size=CHUNK)
    )
    for row in rows:
        yield ExampleRecord(*row, project=naming.project)
