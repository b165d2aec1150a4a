"""What a run that goes wrong looks like from outside, beyond a loss that is no number.

Pure: figures in, sentences out. Each alarm is told once an attempt. What a gamed reward looks like
in reinforcement learning stands beside its loop (training/rl_loop.py).
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

Told = tuple[str, str]  # name, sentence

CHECKS = 3  # evaluations in a row: one alone may be chance
RISE = 1.01  # a loss that moves less than this has not moved
# DPO lowers the chosen response's likelihood, too, and by that alone nothing is wrong; when it is
# the square of what it was, the policy no longer writes like its data (judgement, no theory).
COLLAPSE = 2.0
CHANCE_STEPS = 50  # before this many steps nobody is right yet


@dataclass
class Alarms:
    """The figures of one attempt so far, and what was told of them."""

    kind: str
    losses: dict[int, float] = field(default_factory=dict)
    checks: list[tuple[int, Mapping[str, float]]] = field(default_factory=list)
    told: set[str] = field(default_factory=set)

    def trained(self, step: int, loss: float) -> None:
        """The loss of the training rows at a step."""
        self.losses[step] = loss

    def checked(self, step: int, figures: Mapping[str, float], rows: int) -> list[Told]:
        """What is newly wrong, after an evaluation on `rows` held-out rows."""
        self.checks.append((step, dict(figures)))
        found = [*self._overfitting(), *self._collapse(), *self._chance(rows)]
        new = [one for one in found if one[0] not in self.told]
        self.told |= {name for name, _ in new}
        return new

    def _overfitting(self) -> list[Told]:
        """The held-out loss rises check after check while the training loss falls."""
        last = [(step, one["eval_loss"]) for step, one in self.checks if "eval_loss" in one]
        last = last[-CHECKS - 1 :]
        if len(last) <= CHECKS:
            return []
        values = [loss for _, loss in last]
        is_rising = all(after > before for before, after in zip(values, values[1:], strict=False))
        if not is_rising or values[-1] < RISE * values[0]:
            return []
        begun = last[0][0]
        before = [loss for step, loss in self.losses.items() if step <= begun]
        since = [loss for step, loss in self.losses.items() if step > begun]
        if not before or not since or since[-1] >= before[-1]:
            return []
        sentence = (
            f"the loss on held-out rows has risen {CHECKS} times in a row, from {values[0]:.3f} "
            f"to {values[-1]:.3f}, while it falls on the training rows: it learns them by heart. "
            "Fewer epochs, or a lower learning_rate"
        )
        return [("overfitting", sentence)]

    def _collapse(self) -> list[Told]:
        """DPO: both sides become unlikely, and the chosen one all but impossible."""
        name = "eval_logps/chosen"
        if self.kind != "dpo" or name not in self.checks[-1][1]:
            return []
        before, now = self.checks[0][1][name], self.checks[-1][1][name]
        if now >= COLLAPSE * before:  # both below 0
            return []
        sentence = (
            f"the log-likelihood of chosen responses fell from {before:.0f} to {now:.0f}: the "
            "policy forgets how to write them. A higher beta, or a lower learning_rate"
        )
        return [("chosen", sentence)]

    def _chance(self, rows: int) -> list[Told]:
        """A reward model that guesses: two evaluations in a row within two standard errors."""
        late = [one for step, one in self.checks if step >= CHANCE_STEPS][-2:]
        if self.kind != "reward" or len(late) < 2 or rows < 1:
            return []
        noise = 1 / math.sqrt(rows)  # two standard errors of a share of one half
        if any(one["eval_accuracy"] - 0.5 > noise for one in late):
            return []
        step, accuracy = self.checks[-1][0], late[-1]["eval_accuracy"]
        sentence = (
            f"after {step} steps {accuracy:.2f} of {rows} held-out comparisons are right: no "
            "better than a coin. Look at the judgments' agreement, or raise learning_rate"
        )
        return [("chance", sentence)]
