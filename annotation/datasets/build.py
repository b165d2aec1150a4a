"""From the judgments of a project to the lines of a dataset, in one pass with flat memory."""

from collections.abc import Callable
from functools import partial

from annotation.core.database import consistent_reads
from annotation.datasets.best import best_response, settled_best
from annotation.datasets.comparisons import SETTLED, Belief, Drop, compare_item
from annotation.datasets.consensus import read_consensus
from annotation.datasets.corrections import SOURCE, compare_corrections
from annotation.datasets.policy import Policy
from annotation.datasets.rows import best_row, comparison_row, example_row, ranking_row
from annotation.datasets.source import (
    ItemRecord,
    PromptRecord,
    has_corrections,
    read_prompts,
)
from annotation.datasets.split import split_key, split_of
from annotation.datasets.tally import Counts


class Nowhere:
    """Takes the lines of a preview: only their counts are wanted."""

    def write(self, name: str, make_row, *parts) -> None:
        pass


def build(project, policy: Policy, sink=None, *, below: str = "") -> Counts:
    """Write every line of the dataset to `sink` and count. One snapshot, read-only. `below`
    takes only prompts whose hash is less."""
    with consistent_reads():
        says_source = policy.settled or has_corrections(project, policy)
        consensus = read_consensus(read_prompts(project, policy, below), policy)
        builder = _Builder(policy, sink or Nowhere(), says_source, consensus)
        for prompt in read_prompts(project, policy, below):
            builder.add_prompt(prompt)
    builder.counts.check()
    return builder.counts


class _Builder:
    def __init__(self, policy, sink, says_source, consensus):
        self.policy, self.sink, self.says_source = policy, sink, says_source
        self.consensus = consensus
        self.counts = Counts()
        self.counts.has_settled = policy.settled
        if consensus is not None:
            self.counts.consensus = {"method": consensus.method, "labelers": consensus.labelers}

    def add_prompt(self, prompt: PromptRecord) -> None:
        key = split_key(prompt.messages)
        split = split_of(key, shares=self.policy.split, salt=self.policy.salt)
        items = [] if self.policy.demonstrations == "only" else prompt.items
        written = [self._add_item(item, split) for item in items]
        written.append(self._add_examples(prompt, split))
        if any(written):
            self.counts.prompts[split] += 1

    def _add_item(self, item: ItemRecord, split: str) -> bool:
        counts, policy = self.counts, self.policy
        counts.settled["items"] += item.settled is not None and item.progress == "judged"
        counts.items["all"] += 1
        counts.items[item.progress] += 1
        counts.judgments["all"] += len(item.judgments) + sum(item.dropped.values())
        counts.judgments["counted"] += len(item.judgments)
        counts.dropped_judgments.update(item.dropped)
        if item.progress != "judged":
            return False
        for judgment in item.judgments:
            self.sink.write("rankings.jsonl", ranking_row, item, judgment, split)
        ballots = [judgment.ballot for judgment in item.judgments]
        written = {judgment.ballot.name: judgment.written for judgment in item.judgments}
        is_written = False
        for outcome in (
            *compare_item(item.candidates, ballots, policy, self._believed(item), item.settled),
            *compare_corrections(item.candidates, written, policy),
        ):
            counts.pairs += 1
            if isinstance(outcome, Drop):
                counts.dropped_pairs[outcome.reason] += 1
                continue
            kind = "ties" if outcome.is_tie else "preferences"
            counts.corrections += outcome.source == SOURCE
            if outcome.source == SETTLED:
                counts.settled["comparisons"] += 1
                counts.settled["flips"] += outcome.is_flip
            else:
                counts.flips += outcome.is_flip
            self._write(kind, split, comparison_row, item, outcome, self.says_source)
            is_written = True
        return self._add_best(item, ballots, split) or is_written

    def _believed(self, item: ItemRecord) -> Callable[[int], Belief | None]:
        if self.consensus is None:
            return lambda place: None
        return partial(self.consensus.of, item.external_id)

    def _add_best(self, item, ballots, split) -> bool:
        self.counts.sft_candidates += 1
        best = (
            best_response(item.candidates, ballots, self.policy)
            if item.settled is None
            else settled_best(item.candidates, item.settled, self.policy)
        )
        if isinstance(best, str):
            self.counts.dropped_sft[best] += 1
            return False
        self.counts.sft_sources["best"] += 1
        self._write("sft", split, best_row, item, best)
        return True

    def _add_examples(self, prompt, split) -> bool:
        seen = set()
        for example in prompt.examples(self.policy):
            self.counts.sft_candidates += 1
            if self.policy.drop_empty and not example.text.strip():
                self.counts.dropped_sft["empty_demonstration"] += 1
            elif example.text_sha256 in seen:
                self.counts.dropped_sft["repeated_demonstration"] += 1
            else:
                seen.add(example.text_sha256)
                self.counts.sft_sources[example.source] += 1
                self._write("sft", split, example_row, example)
        return bool(seen)

    def _write(self, kind, split, make_row, *parts):
        self.counts.rows[kind][split] += 1
        self.sink.write(f"{kind}.{split}.jsonl", make_row, *parts)
