"""From the judgments of a project to the lines of a dataset, in one pass with flat memory."""

from annotation.core.database import consistent_reads
from annotation.datasets.best import best_response
from annotation.datasets.comparisons import Drop, compare_item
from annotation.datasets.policy import Policy
from annotation.datasets.rows import best_row, comparison_row, demonstration_row, ranking_row
from annotation.datasets.source import ItemRecord, PromptRecord, read_prompts
from annotation.datasets.split import split_key, split_of
from annotation.datasets.tally import Counts


class Nowhere:
    """Takes the lines of a preview: only their counts are wanted."""

    def write(self, name: str, make_row, *parts) -> None:
        pass


def build(project, policy: Policy, sink=None, *, below: str = "") -> Counts:
    """Write every line of the dataset to `sink` and count. One snapshot, read-only. `below`
    takes only prompts whose hash is less."""
    builder = _Builder(policy, sink or Nowhere())
    with consistent_reads():
        for prompt in read_prompts(project, policy, below):
            builder.add_prompt(prompt)
    builder.counts.check()
    return builder.counts


class _Builder:
    def __init__(self, policy, sink):
        self.policy, self.sink = policy, sink
        self.counts = Counts()

    def add_prompt(self, prompt: PromptRecord) -> None:
        key = split_key(prompt.messages)
        split = split_of(key, shares=self.policy.split, salt=self.policy.salt)
        written = [self._add_item(item, split) for item in prompt.items]
        written.append(self._add_demonstrations(prompt, split))
        if any(written):
            self.counts.prompts[split] += 1

    def _add_item(self, item: ItemRecord, split: str) -> bool:
        counts, policy = self.counts, self.policy
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
        is_written = False
        for outcome in compare_item(item.candidates, ballots, policy):
            counts.pairs += 1
            if isinstance(outcome, Drop):
                counts.dropped_pairs[outcome.reason] += 1
                continue
            kind = "ties" if outcome.is_tie else "preferences"
            self._write(kind, split, comparison_row, item, outcome)
            is_written = True
        return self._add_best(item, ballots, split) or is_written

    def _add_best(self, item, ballots, split) -> bool:
        self.counts.sft_candidates += 1
        best = best_response(item.candidates, ballots, self.policy)
        if isinstance(best, str):
            self.counts.dropped_sft[best] += 1
            return False
        self.counts.sft_sources["best"] += 1
        self._write("sft", split, best_row, item, best)
        return True

    def _add_demonstrations(self, prompt, split) -> bool:
        seen = set()
        for demonstration in prompt.demonstrations:
            self.counts.sft_candidates += 1
            if self.policy.drop_empty and not demonstration.text.strip():
                self.counts.dropped_sft["empty_demonstration"] += 1
            elif demonstration.text_sha256 in seen:
                self.counts.dropped_sft["repeated_demonstration"] += 1
            else:
                seen.add(demonstration.text_sha256)
                self.counts.sft_sources["demonstration"] += 1
                self._write("sft", split, demonstration_row, demonstration)
        return bool(seen)

    def _write(self, kind, split, make_row, *parts):
        self.counts.rows[kind][split] += 1
        self.sink.write(f"{kind}.{split}.jsonl", make_row, *parts)
