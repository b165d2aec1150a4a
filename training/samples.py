"""What a policy writes while it is tuned, for whoever watches: the same prompts, always greedy.

Greedy, so that no dice are thrown: a run that shows samples ends with the weights of one that
does not.
"""

from collections.abc import Sequence
from typing import Any, Protocol

from training import ranks
from training.run import Run


class Prompted(Protocol):
    """Whatever has a prompt as ids."""

    @property
    def prompt(self) -> list[int]: ...


SHOWN = 3
LONGEST = 48  # tokens of a sample; more makes a look expensive on a CPU
FULL = 2048  # a prompt longer than this is not answered for show


def show(run: Run, model: Any, tokenizer: Any, rows: Sequence[Prompted], step: int) -> None:
    """Write the policy's answers to the first few different prompts of `rows` to the journal."""
    if not ranks.is_first() and not run.is_in_step:
        return
    from training import policy
    from training.generate import Beat, continued, read_response, settings

    prompts = list(dict.fromkeys(tuple(row.prompt) for row in rows))[:SHOWN]
    wanted = settings({"temperature": 0, "max_new_tokens": LONGEST}, tokenizer)
    bf16 = policy.use_bf16(run.options["precision"])
    was_training = model.training
    model.eval()
    for prompt in prompts:
        if len(prompt) > FULL:
            continue
        beat = Beat(run, 0, len(prompts), "evaluate")
        produced = continued(model, tokenizer, [list(prompt)], wanted, beat, bf16)
        answer = read_response(tokenizer, produced[0])
        run.journal.write(
            "sample",
            step=step,
            prompt=tokenizer.decode(prompt, skip_special_tokens=True).strip(),
            text=answer["text"],
        )
    model.train(was_training)
