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
    import torch

    from training import policy
    from training.generate import Beat, read_response, settings

    prompts = list(dict.fromkeys(tuple(row.prompt) for row in rows))[:SHOWN]
    wanted = settings({"temperature": 0, "max_new_tokens": LONGEST}, tokenizer)
    was_training = model.training
    model.eval()
    for prompt in prompts:
        if len(prompt) > FULL:
            continue
        ids = torch.tensor([prompt], device=policy.device())
        with torch.no_grad(), policy.autocast(policy.use_bf16(run.options["precision"])):
            produced = model.generate(
                input_ids=ids,
                attention_mask=torch.ones_like(ids),
                generation_config=wanted,
                stopping_criteria=[Beat(run, 0, len(prompts), "evaluate")],
            )
        answer = read_response(tokenizer, produced[0, len(prompt) :].tolist())
        run.journal.write(
            "sample",
            step=step,
            prompt=tokenizer.decode(prompt, skip_special_tokens=True).strip(),
            text=answer["text"],
        )
    model.train(was_training)
