"""From the judgments of a project to the lines of a dataset, in passes with flat memory."""

from annotation.core.database import consistent_reads
from annotation.datasets.best import best_response, settled_best
from annotation.datasets.comparisons import PERSONAL, Drop
from annotation.datasets.consensus import read_consensus
from annotation.datasets.groups import read_groups
from annotation.datasets.personal import PersonalData
from annotation.datasets.policy import Policy
from annotation.datasets.rows import (
    best_row,
    comparison_row,
    example_row,
    ranking_row,
    tie_row,
)
from annotation.datasets.rules import Rules, survey
from annotation.datasets.sharing import Placed
from annotation.datasets.source import (
    ItemRecord,
    PromptRecord,
    has_corrections,
    read_messages,
    read_prompts,
)
from annotation.datasets.tally import Counts


class Nowhere:
    """Takes the lines of a preview: only their counts are wanted."""

    def write(self, name: str, make_row, *parts) -> None:
        pass


def build(project, policy: Policy, sink=None, *, below: str = "") -> Counts:
    """Write every line of the dataset to `sink` and count. One snapshot, read-only. `below`
    takes only prompts whose hash is less.

    What no prompt knows by itself is found out first, each by a pass of its own: what labelers are
    worth, which prompts are near, how often the longer response wins.
    """
    with consistent_reads():
        says_source = policy.settled or has_corrections(project, policy)
        consensus = read_consensus(read_prompts(project, policy, below), policy)
        groups = read_groups(read_messages(project, policy, below), policy)
        rules = Rules(policy, consensus, groups)
        balance = survey(read_prompts(project, policy, below), rules)
        builder = _Builder(rules.with_balance(balance), sink or Nowhere(), says_source)
        for prompt in read_prompts(project, policy, below):
            builder.add_prompt(prompt)
    builder.finish()
    builder.counts.check()
    return builder.counts


class _Builder:
    def __init__(self, rules: Rules, sink, says_source: bool):
        self.rules, self.policy = rules, rules.policy
        self.sink, self.says_source = sink, says_source
        self.counts = Counts(rules.policy)
        self.splits: dict[str, str] = {}  # of the prompts with rows, where near ones are counted
        if rules.consensus is not None:
            self.counts.consensus = {
                "method": rules.consensus.method,
                "labelers": rules.consensus.labelers,
            }

    def add_prompt(self, prompt: PromptRecord) -> None:
        split = self.rules.split_of(prompt)
        items = [] if self.policy.demonstrations == "only" else prompt.items
        for item in items:
            self._count_item(item)
        judged = [item for item in items if item.progress == "judged"]
        for item in judged:
            for judgment in item.judgments:
                self.sink.write("rankings.jsonl", ranking_row, item, judgment, split)
        written = [self._add_pairs(prompt, judged, split)]
        private = PersonalData(prompt.messages) if self.policy.drop_personal else None
        written += [self._add_best(item, split, private) for item in judged]
        written.append(self._add_examples(prompt, split, private))
        if any(written):
            self.counts.prompts[split] += 1
            if self.rules.groups is not None:
                self.splits[prompt.sha256] = split

    def finish(self) -> None:
        if self.rules.groups is not None:
            self.counts.near = self.rules.groups.across(self.splits)
        if self.rules.balance is not None:
            self.counts.length_before = self.rules.balance.before

    def _count_item(self, item: ItemRecord) -> None:
        counts = self.counts
        counts.settled["items"] += item.settled is not None and item.progress == "judged"
        counts.items["all"] += 1
        counts.items[item.progress] += 1
        counts.judgments["all"] += len(item.judgments) + sum(item.dropped.values())
        counts.judgments["counted"] += len(item.judgments)
        counts.dropped_judgments.update(item.dropped)

    def _add_pairs(self, prompt: PromptRecord, judged: list[ItemRecord], split: str) -> bool:
        is_written = False
        for placed in self.rules.outcomes(prompt, judged, split):
            outcome = placed.outcome
            self.counts.add_outcome(outcome)
            if not isinstance(outcome, Drop):
                kind = self.rules.kind_of(outcome, split)
                self.counts.soft_ties += outcome.is_tie and kind == "preferences"
                make_row = tie_row if kind == "ties" else comparison_row
                self._write(kind, split, make_row, placed.item, outcome, self._says(placed))
                is_written = True
        return is_written

    def _says(self, placed: Placed) -> dict:
        """What lines say beyond the comparison itself: all lines of a dataset, or none."""
        source = {"source": placed.outcome.source} if self.says_source else {}
        return source | ({"ranking": placed.ranking} if self.policy.name_rankings else {})

    def _add_best(self, item: ItemRecord, split: str, private: PersonalData | None) -> bool:
        self.counts.sft_candidates += 1
        ballots = [judgment.ballot for judgment in item.judgments]
        best = (
            best_response(item.candidates, ballots, self.policy)
            if item.settled is None
            else settled_best(item.candidates, item.settled, self.policy)
        )
        if not isinstance(best, str) and private is not None and private.is_in(best.text):
            best = PERSONAL
        if isinstance(best, str):
            self.counts.dropped_sft[best] += 1
            return False
        self.counts.sft_sources["best"] += 1
        self._write("sft", split, best_row, item, best)
        return True

    def _add_examples(self, prompt, split, private: PersonalData | None) -> bool:
        seen = set()
        for example in prompt.examples(self.policy):
            self.counts.sft_candidates += 1
            if self.policy.drop_empty and not example.text.strip():
                self.counts.dropped_sft["empty_demonstration"] += 1
            elif private is not None and private.is_in(example.text):
                self.counts.dropped_sft[PERSONAL] += 1
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
