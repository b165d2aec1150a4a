"""From the judgments of a project, or of several, to the lines of a dataset, in passes with flat
memory."""

from annotation.core.database import consistent_reads
from annotation.datasets.best import best_response, settled_best
from annotation.datasets.comparisons import MASKED, PERSONAL, Drop
from annotation.datasets.consensus import read_consensus
from annotation.datasets.groups import read_groups
from annotation.datasets.opinions import SOURCE as AI_JUDGE
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
from annotation.datasets.source import ExampleRecord, ItemRecord, PromptRecord
from annotation.datasets.sources import Sources
from annotation.datasets.tally import Counts


class Nowhere:
    """Takes the lines of a preview: only their counts are wanted."""

    def write(self, name: str, make_row, *parts) -> None:
        pass


def build(project, policy: Policy, sink=None, *, below: str = "") -> Counts:
    """Of one project: see `build_of`."""
    return build_of(Sources.of(project, (), policy), sink, below=below)


def build_of(sources: Sources, sink=None, *, below: str = "") -> Counts:
    """Write every line of the dataset to `sink` and count. One snapshot, read-only. `below`
    takes only prompts whose hash is less.

    What no prompt knows by itself is found out first, each by a pass of its own: what labelers are
    worth, which prompts are near, how often the longer response wins.
    """
    policy = sources.policy
    with consistent_reads():
        says_source = policy.settled or bool(policy.judge) or sources.have_corrections()
        consensus = read_consensus(sources.read_prompts(below), policy)
        groups = read_groups(sources.read_messages(below), policy)
        rules = Rules(policy, consensus, groups)
        balance = survey(sources.read_prompts(below), rules)
        slugs = [one.slug for one in sources.projects] if sources.are_several else []
        counts = Counts(policy, slugs)
        builder = _Builder(rules.with_balance(balance), counts, sink or Nowhere(), says_source)
        for prompt in sources.read_prompts(below):
            builder.add_prompt(prompt)
    builder.finish()
    builder.counts.check()
    return builder.counts


class _Builder:
    """Counts everything twice where there are several projects: in all, and for its own."""

    def __init__(self, rules: Rules, counts: Counts, sink, says_source: bool):
        self.rules, self.policy = rules, rules.policy
        self.sink, self.says_source = sink, says_source
        self.counts = counts
        self.splits: dict[str, str] = {}  # of the prompts with rows, where near ones are counted
        self.written_of: set[str] = set()  # projects with rows of the prompt at hand
        if rules.consensus is not None:
            self.counts.consensus = {
                "method": rules.consensus.method,
                "labelers": rules.consensus.labelers,
            }

    def add_prompt(self, prompt: PromptRecord) -> None:
        split = self.rules.split_of(prompt)
        self.written_of = set()
        items = [] if self.policy.demonstrations == "only" else prompt.items
        for item in items:
            self._count_item(item)
        judged = [item for item in items if item.progress == "judged"]
        for item in judged:
            for judgment in item.judgments:
                self.sink.write("rankings.jsonl", ranking_row, item, judgment, split)
        self._add_pairs(prompt, judged, split)
        private = PersonalData(prompt.messages) if self.policy.drop_personal else None
        for item in judged:
            self._add_best(item, split, private)
        self._add_examples(prompt, split, private)
        if self.written_of:
            self.counts.add_prompt(split, self.written_of)
            if self.rules.groups is not None:
                self.splits[prompt.sha256] = split

    def finish(self) -> None:
        if self.rules.groups is not None:
            self.counts.near = self.rules.groups.across(self.splits)
        if self.rules.balance is not None:
            self.counts.length_before = self.rules.balance.before

    def _count_item(self, item: ItemRecord) -> None:
        for counts in self.counts.of(item.project):
            counts.settled["items"] += item.settled is not None and item.progress == "judged"
            counts.items["all"] += 1
            counts.items[item.progress] += 1
            counts.judgments["all"] += len(item.judgments) + sum(item.dropped.values())
            counts.judgments["counted"] += len(item.judgments)
            counts.dropped_judgments.update(item.dropped)
            counts.by_judge["items"] += item.is_by_judge and item.progress == "judged"
            counts.labelers.update(judgment.handle for judgment in item.judgments)

    def _add_pairs(self, prompt: PromptRecord, judged: list[ItemRecord], split: str) -> None:
        for placed in self.rules.outcomes(prompt, judged, split):
            outcome = placed.outcome
            is_drop = isinstance(outcome, Drop)
            kind = "" if is_drop else self.rules.kind_of(outcome, split)
            for counts in self.counts.of(placed.item.project):
                counts.add_outcome(outcome)
                counts.by_judge["comparisons"] += placed.item.is_by_judge and not is_drop
                counts.soft_ties += kind == "preferences" and outcome.is_tie
            if not is_drop:
                make_row = tie_row if kind == "ties" else comparison_row
                self._write(kind, split, make_row, placed.item, outcome, self._says(placed))

    def _says(self, placed: Placed) -> dict:
        """What lines say beyond the comparison itself: all lines of a dataset, or none."""
        source = {"source": placed.outcome.source} if self.says_source else {}
        if placed.item.is_by_judge:
            source = _by_judge(placed)
        return source | ({"ranking": placed.ranking} if self.policy.name_rankings else {})

    def _add_best(self, item: ItemRecord, split: str, private: PersonalData | None) -> None:
        ballots = [judgment.ballot for judgment in item.judgments]
        best = (
            best_response(item.candidates, ballots, self.policy)
            if item.settled is None
            else settled_best(item.candidates, item.settled, self.policy)
        )
        if not isinstance(best, str) and private is not None and private.is_in(best.text):
            best = PERSONAL
        if isinstance(best, str):
            self._count_example(item, dropped=best)
        else:
            self._count_example(item, kept="best")
            self._write("sft", split, best_row, item, best)

    def _add_examples(self, prompt, split, private: PersonalData | None) -> None:
        seen = set()
        for example in prompt.examples(self.policy):
            if self.policy.drop_empty and not example.text.strip():
                self._count_example(example, dropped="empty_demonstration")
            elif example.holds_mask:
                self._count_example(example, dropped=MASKED)
            elif private is not None and private.is_in(example.text):
                self._count_example(example, dropped=PERSONAL)
            elif example.text_sha256 in seen:
                self._count_example(example, dropped="repeated_demonstration")
            else:
                seen.add(example.text_sha256)
                self._count_example(example, kept=example.source)
                self._write("sft", split, example_row, example)

    def _count_example(self, record: ItemRecord | ExampleRecord, *, kept="", dropped="") -> None:
        for counts in self.counts.of(record.project):
            counts.sft_candidates += 1
            if dropped:
                counts.dropped_sft[dropped] += 1
            else:
                counts.sft_sources[kept] += 1

    def _write(self, kind, split, make_row, record, *parts) -> None:
        """`record`: the item or the example that the line is of."""
        for counts in self.counts.of(record.project):
            counts.rows[kind][split] += 1
        self.written_of.add(record.project)
        self.sink.write(f"{kind}.{split}.jsonl", make_row, record, *parts)


def _by_judge(placed: Placed) -> dict:
    """Of a comparison that is a machine's: a pair has one opinion."""
    names = placed.outcome.ballots
    judged = next(one for one in placed.item.judgments if one.ballot.name in names)
    by = {"principle": judged.principle} if judged.principle else {}
    return {"source": AI_JUDGE, **by}
