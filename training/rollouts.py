"""Responses sampled from a policy on its way, with all that PPO wants to know of each token."""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from training import policy
from training.data import Messages
from training.generate import Beat, continued, settings
from training.reward_model import CausalReward, RewardModel
from training.run import Run
from training.tokens import Row
from training.vllm_sampler import VllmSampler


@dataclass(frozen=True)
class Prompt:
    """A prompt as messages, for a reward model, and as the policy's own ids."""

    messages: Messages
    ids: list[int]
    sha256: str


@dataclass(frozen=True)
class Responses:
    """One response to each prompt."""

    prompts: list[Prompt]
    rows: list[Row]
    texts: list[str]
    ended: Tensor  # (rows,) bool: whether the policy stopped by itself

    @property
    def lengths(self) -> Tensor:
        """Response tokens with the end token; (rows,) float32."""
        return torch.tensor([len(response) for _, response in self.rows], dtype=torch.float32)


class Critic(nn.Module):
    """Values of states: a body under a scalar head.

    From a policy: its body, copied, and a head that starts at zero and knows nothing. From a
    reward model that reads the same tokens: its body and head, so that the first values are
    guesses at normalised rewards already (Stiennon et al. 2020, appendix G.1; Ouyang et al. 2022,
    appendix C.4).
    """

    def __init__(self, model: Any, reward: RewardModel | None = None):
        super().__init__()
        if reward is None:
            self.body = deepcopy(model.base_model)
            self.head = nn.Linear(model.config.hidden_size, 1)
            nn.init.zeros_(self.head.weight)
            nn.init.zeros_(self.head.bias)
            return
        judge: Any = reward.network.model
        mean, std = reward.spec["mean"], reward.spec["std"]
        self.body = deepcopy(judge.base_model).requires_grad_(True)
        self.head = nn.Linear(judge.config.hidden_size, 1)
        with torch.no_grad():
            self.head.weight.copy_(judge.score.weight / std)
            bias = 0.0 if judge.score.bias is None else judge.score.bias
            self.head.bias.copy_((bias - mean) / std)

    def forward(self, batch: dict[str, Tensor]) -> Tensor:
        """V before each response token of a batch of `policy.collate`; (response tokens,)."""
        hidden = self.body(
            input_ids=batch["input_ids"], attention_mask=batch["attention_mask"], use_cache=False
        ).last_hidden_state
        mask = batch["response_mask"][:, 1:].bool()
        return self.head(hidden[:, :-1][mask]).squeeze(-1).float()


def reads_alike(reward: RewardModel, tokenizer: Any) -> bool:
    """Whether a critic can start from the reward model: one head, and the same tokens."""
    own, network = reward.tokeniser.tokenizer, reward.network
    model: Any = network.model if isinstance(network, CausalReward) else None
    return (
        model is not None
        and model.score.out_features == 1
        and own.get_vocab() == tokenizer.get_vocab()
        and own.chat_template == tokenizer.chat_template
    )


def sample(
    run: Run,
    model: Any,
    tokenizer: Any,
    prompts: Sequence[Prompt],
    *,
    seed: int,
    beat: Beat,
    size: int = 256,
    engine: VllmSampler | None = None,
) -> Responses:
    """One response to each prompt at the run's temperature; the seed alone decides them. `engine`
    has the model's weights already, and samples in its place."""
    if engine is not None:
        produced = engine.sample(
            [prompt.ids for prompt in prompts],
            temperature=run.options["temperature"],
            max_new_tokens=run.options["max_new_tokens"],
            end=tokenizer.eos_token_id,
            seed=seed,
            tick=lambda: run.tick(beat.stage, beat.done, beat.total),
            size=size,
        )
        pairs = zip(prompts, produced, strict=True)
        return _responses(prompts, [(prompt.ids, ids) for prompt, ids in pairs], tokenizer)
    was_training = model.training
    model.eval()
    rows: list[Row] = []
    wanted = settings({**run.options, "top_p": 1.0}, tokenizer)
    bf16 = policy.use_bf16(run.options["precision"])
    for number, start in enumerate(range(0, len(prompts), size)):
        batch = prompts[start : start + size]
        torch.manual_seed((seed * 1_000_003 + number) % 2**63)
        produced = continued(
            model, tokenizer, [prompt.ids for prompt in batch], wanted, beat, bf16
        )
        for prompt, response in zip(batch, produced, strict=True):
            rows.append((prompt.ids, up_to_end(response, tokenizer.eos_token_id)))
    model.train(was_training)
    return _responses(prompts, rows, tokenizer)


def _responses(prompts: Sequence[Prompt], rows: list[Row], tokenizer: Any) -> Responses:
    end = tokenizer.eos_token_id
    return Responses(
        prompts=list(prompts),
        rows=rows,
        texts=[tokenizer.decode(response, skip_special_tokens=True) for _, response in rows],
        ended=torch.tensor([response[-1] == end for _, response in rows]),
    )


def up_to_end(ids: list[int], end: int) -> list[int]:
    """Ids up to and with the first end token; padding behind it is no part of a response."""
    return ids[: ids.index(end) + 1] if end in ids else ids


def score(run: Run, reward: RewardModel, responses: Responses) -> Tensor:
    """Normalised rewards; (rows,) float32. What did not end, or cannot be read by the reward
    model, has the run's `no_end_score`: what was cut must never pay, nor what spells the end of
    its turn to be read as another conversation."""
    ended = [at for at, has_ended in enumerate(responses.ended.tolist()) if has_ended]
    scores = torch.full((len(responses.rows),), run.options["no_end_score"])
    found = reward.judge(
        [responses.prompts[at].messages for at in ended], [responses.texts[at] for at in ended]
    )
    # Of no response at all, torch would make it float32.
    is_read = torch.tensor([not fault for fault in found.faults], dtype=torch.bool)
    scores[ended] = torch.where(is_read, found.values.float(), run.options["no_end_score"])
    return scores


def measure(
    model: Any, rows: Sequence[Row], pad_token_id: int, temperature: float, *, bf16: bool
) -> tuple[Tensor, Tensor]:
    """log p of each response token at the sampling temperature, and the entropy there.

    Both (rows, tokens), 0 where there is no token, on the model's device; gradients flow.
    """
    batch = policy.to_device(policy.collate(rows, pad_token_id))
    logits, targets, _ = policy.response_logits(model, batch, bf16=bf16)
    logs = torch.log_softmax(logits / temperature, dim=-1)
    chosen = logs.gather(-1, targets[:, None]).squeeze(-1)
    entropy = -(logs.exp() * logs).sum(-1)
    mask = mask_of(rows)
    return spread(chosen, mask), spread(entropy, mask)


def values_of(critic: Critic, rows: Sequence[Row], pad_token_id: int, *, bf16: bool) -> Tensor:
    """The critic's values before each response token; (rows, tokens), 0 where there is none."""
    batch = policy.to_device(policy.collate(rows, pad_token_id))
    with policy.autocast(bf16):
        values = critic(batch)
    return spread(values, mask_of(rows))


def mask_of(rows: Sequence[Row]) -> Tensor:
    """1 on response tokens, (rows, tokens of the longest response), float32."""
    lengths = torch.tensor([len(response) for _, response in rows])
    mask = torch.arange(int(lengths.max())) < lengths[:, None]
    return mask.float().to(policy.device())


def spread(flat: Tensor, mask: Tensor) -> Tensor:
    """Values of response tokens, in the order of their rows, as (rows, tokens)."""
    return torch.zeros_like(mask).masked_scatter(mask.bool(), flat)
