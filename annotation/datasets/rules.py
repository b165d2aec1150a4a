"""All rules of a policy, one prompt at a time: which comparisons it gives, and on which side of
the split. Pure."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import partial

from annotation.datasets.comparisons import LENGTH_BALANCE, Belief, Comparison, Drop
from annotation.datasets.consensus import Consensus
from annotation.datasets.corrections import compare_corrections
from annotation.datasets.groups import Groups
from annotation.datasets.length_balance import Balance, Survey
from annotation.datasets.personal import PersonalData
from annotation.datasets.policy import Policy
from annotation.datasets.repeats import Repeats
from annotation.datasets.selection import rank_item
from annotation.datasets.sharing import Placed, cap, share_weight
from annotation.datasets.source import ItemRecord, PromptRecord
from annotation.datasets.split import split_key, split_of


@dataclass
class Rules:
    """For one pass over all prompts in their order: it remembers which pairs it has met."""

    policy: Policy
    consensus: Consensus | None = None
    groups: Groups | None = None
    balance: Balance | None = None
    repeats: Repeats = field(default_factory=Repeats)

    def with_balance(self, balance: Balance | None) -> "Rules":
        """The same rules for another pass."""
        return replace(self, balance=balance, repeats=Repeats())

    def split_of(self, prompt: PromptRecord) -> str:
        key = (
            self.groups.key_of(prompt.sha256)
            if self.groups is not None and self.policy.near_prompts == "together"
            else split_key(prompt.messages)
        )
        return split_of(key, shares=self.policy.split, salt=self.policy.salt)

    def kind_of(self, one: Comparison, split: str) -> str:
        """Soft ties teach among the comparisons; what is measured on stays decided."""
        is_soft = self.policy.ties == "soft" and split == "train"
        return "ties" if one.is_tie and not is_soft else "preferences"

    def outcomes(
        self, prompt: PromptRecord, judged: Iterable[ItemRecord], split: str
    ) -> list[Placed]:
        """What becomes of every pair of the prompt's judged items, in the order of the files."""
        placed = [one for item in judged for one in self._of_item(item)]
        if self.policy.drop_repeated:
            self.repeats.drop(split_key(prompt.messages), placed)
        if self.policy.drop_personal:
            PersonalData(prompt.messages).drop(placed)
        cap(placed, self.policy)
        if self.balance is not None:
            for one in placed:
                if isinstance(one.outcome, Comparison) and self.balance.leaves_out(split, one):
                    one.outcome = Drop(LENGTH_BALANCE)
        share_weight(placed, self.policy)
        if self.policy.ties == "soft" and split == "train":
            for one in placed:
                if isinstance(one.outcome, Comparison):
                    one.outcome = one.outcome.as_soft()
        return placed

    def _of_item(self, item: ItemRecord) -> Iterable[Placed]:
        ballots = [judgment.ballot for judgment in item.judgments]
        written = {judgment.ballot.name: judgment.written for judgment in item.judgments}
        name = item.external_id
        for one in rank_item(
            item.candidates, ballots, self.policy, self._believed(item), item.settled
        ):
            yield Placed(item, name, one.ranking or name, one.outcome)
        for outcome in compare_corrections(item.candidates, written, self.policy):
            yield Placed(item, name, name, outcome)

    def _believed(self, item: ItemRecord) -> Callable[[int], Belief | None]:
        if self.consensus is None:
            return lambda place: None
        return partial(self.consensus.of, item.external_id)


def survey(prompts: Iterable[PromptRecord], rules: Rules) -> Balance | None:
    """How often the longer response wins, before anything is left out for it; None where that is
    not asked."""
    policy = rules.policy
    if not policy.balance_length or policy.demonstrations == "only":
        return None
    found = Survey(policy.salt)
    for prompt in prompts:
        split = rules.split_of(prompt)
        judged = [item for item in prompt.items if item.progress == "judged"]
        for placed in rules.outcomes(prompt, judged, split):
            if isinstance(placed.outcome, Comparison):
                found.add(split, placed)
    return found.balance()
