"""The formulas of PPO, RLOO and GRPO, as pure tensor functions on padded batches.

Schulman et al. 2017 (clipped objective), Schulman et al. 2015 (GAE), Ziegler et al. 2019 and
Ouyang et al. 2022 (the KL penalty in the reward), Ahmadian et al. 2024 (RLOO), Shao et al. 2024
(GRPO). All tensors are (rows, tokens) of responses,
padded on the right; `mask` is 1 on real tokens, and what it masks changes nothing.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

# Below this variance a batch has nothing to tell apart, and whitening would blow up its noise.
LEAST_VARIANCE = 1e-6


def masked_mean(values: Tensor, mask: Tensor) -> Tensor:
    """Mean over real tokens: a scalar, 0 where there is none."""
    _same_shape(values, mask)
    return (values * mask).sum() / mask.sum().clamp(min=1)


def masked_variance(values: Tensor, mask: Tensor) -> Tensor:
    """Population variance over real tokens: a scalar."""
    return masked_mean((values - masked_mean(values, mask)) ** 2, mask)


def whiten(values: Tensor, mask: Tensor, *, keep_mean: bool) -> Tensor:
    """(v - mean) / std over real tokens, with the mean added again where it is to stay.

    Masked places become 0. A batch without variance is centred only.
    """
    mean, variance = masked_mean(values, mask), masked_variance(values, mask)
    scale = torch.rsqrt(variance) if float(variance) > LEAST_VARIANCE else 1.0
    whitened = (values - mean) * scale + (mean if keep_mean else 0.0)
    return whitened * mask


def kl_estimates(logps: Tensor, ref_logps: Tensor) -> tuple[Tensor, Tensor]:
    """k1 = log pi - log ref, and k3 = exp(-k1) - 1 + k1, per token in nats; any shape.

    Both estimate KL(pi || ref) from samples of pi; k3 is never negative. Schulman 2020,
    "Approximating KL divergence".
    """
    _same_shape(logps, ref_logps)
    k1 = logps - ref_logps
    return k1, torch.exp(-k1) - 1 + k1


def token_rewards(
    logps: Tensor, ref_logps: Tensor, scores: Tensor, mask: Tensor, beta: float
) -> Tensor:
    """-beta (log pi_old - log pi_ref) on each token, and the score (rows,) on the last real one.

    Ziegler et al. 2019, eq. 2, spread over tokens as in Ouyang et al. 2022.
    """
    _same_shape(logps, ref_logps, mask)
    if scores.shape != logps.shape[:1]:
        raise ValueError(f"expected scores of shape {tuple(logps.shape[:1])}")
    rewards = -beta * (logps - ref_logps) * mask
    last = mask.sum(1).long() - 1
    if bool((last < 0).any()):
        raise ValueError("a response without a token has no place for its score")
    return rewards.scatter_add(1, last[:, None], scores[:, None].to(rewards.dtype))


def advantages(
    rewards: Tensor, values: Tensor, mask: Tensor, *, gamma: float, lam: float
) -> tuple[Tensor, Tensor]:
    """Generalised advantages, and returns = advantages + values; the value after the end is 0.

    delta_t = r_t + gamma V_(t+1) - V_t, A_t = delta_t + gamma lambda A_(t+1): Schulman et al.
    2015, eq. 16.
    """
    _same_shape(rewards, values, mask)
    found = torch.zeros_like(values)
    following = torch.zeros_like(values[:, 0])
    next_value = torch.zeros_like(values[:, 0])
    for at in range(values.shape[1] - 1, -1, -1):
        real = mask[:, at]
        delta = rewards[:, at] + gamma * next_value - values[:, at]
        following = (delta + gamma * lam * following) * real
        next_value = values[:, at] * real
        found[:, at] = following
    return found, (found + values) * mask


def leave_one_out(rewards: Tensor) -> Tensor:
    """Each reward less the mean of the others to the same prompt; (prompts, responses) both.

    Ahmadian et al. 2024, eq. 8: REINFORCE whose baseline needs no critic.
    """
    count = _responses_of(rewards)
    return (rewards - rewards.mean(1, keepdim=True)) * count / (count - 1)


def best_of_group(rewards: Tensor, may_win: Tensor) -> Tensor:
    """1 for the best response to each prompt, 0 for the others; (prompts, responses) both.

    `may_win` bool; a prompt none of whose responses may win has no 1. Of equal ones the first
    wins. Rejection sampling: Touvron et al. 2023 (Llama 2), section 3.2.3; Dong et al. 2023.
    """
    _same_shape(rewards, may_win)
    able = torch.where(may_win, rewards, torch.full_like(rewards, -torch.inf))
    best = torch.zeros_like(rewards).scatter(1, able.argmax(1, keepdim=True), 1.0)
    return best * may_win


def within_group(rewards: Tensor) -> Tensor:
    """(r - mean) / std of the responses to the same prompt; (prompts, responses) both.

    Shao et al. 2024, section 4.1.2. 0 where all are alike: nothing can be learned there.
    """
    _responses_of(rewards)
    spread = rewards.var(1, correction=0, keepdim=True)
    scale = torch.where(spread > LEAST_VARIANCE, torch.rsqrt(spread.clamp(min=1e-12)), 0.0)
    return (rewards - rewards.mean(1, keepdim=True)) * scale


def _responses_of(rewards: Tensor) -> int:
    if rewards.dim() != 2 or rewards.shape[1] < 2:
        raise ValueError(f"expected (prompts, 2 or more responses), got {tuple(rewards.shape)}")
    return rewards.shape[1]


def response_means(values: Tensor, mask: Tensor) -> Tensor:
    """Mean over each response's own tokens, then over responses: a scalar."""
    _same_shape(values, mask)
    return ((values * mask).sum(1) / mask.sum(1).clamp(min=1)).mean()


def policy_losses(logps: Tensor, old_logps: Tensor, advantage: Tensor, clip: float) -> Tensor:
    """max(-rho A, -clip(rho, 1 +- clip) A), rho = exp(log pi - log pi_old), per token.

    The negative of Schulman et al. 2017, eq. 7.
    """
    _same_shape(logps, old_logps, advantage)
    ratio = torch.exp(logps - old_logps)
    return torch.maximum(-ratio * advantage, -ratio.clamp(1 - clip, 1 + clip) * advantage)


def value_losses(values: Tensor, old_values: Tensor, returns: Tensor, clip: float) -> Tensor:
    """max((V - R)^2, (V_old + clip(V - V_old, +-clip) - R)^2) / 2, per token."""
    _same_shape(values, old_values, returns)
    near = old_values + (values - old_values).clamp(-clip, clip)
    return torch.maximum((values - returns) ** 2, (near - returns) ** 2) / 2


def clipped_share(logps: Tensor, old_logps: Tensor, mask: Tensor, clip: float) -> Tensor:
    """Share of real tokens whose ratio has left 1 +- clip: a scalar."""
    ratio = torch.exp(logps - old_logps)
    return masked_mean(((ratio - 1).abs() > clip).to(mask.dtype), mask)


def explained_variance(values: Tensor, returns: Tensor, mask: Tensor) -> Tensor:
    """1 - var(R - V) / var(R): 1 is a perfect critic, 0 one that knows the mean. A scalar."""
    spread = masked_variance(returns, mask)
    if float(spread) < LEAST_VARIANCE:
        return torch.zeros_like(spread)
    return 1 - masked_variance(returns - values, mask) / spread


@dataclass
class KLControl:
    """The coefficient of the KL penalty: fixed, or moved towards a target in nats a response.

    beta <- beta (1 + 0.1 clip(KL / target - 1, +-0.2)), once an update: Ziegler et al. 2019,
    section 2.2, at the rate of their published code.
    """

    beta: float
    target: float | None = None  # None: fixed

    def update(self, kl: float) -> None:
        if self.target is not None:
            error = min(max(kl / self.target - 1, -0.2), 0.2)
            self.beta *= 1 + 0.1 * error


def _same_shape(first: Tensor, *others: Tensor) -> None:
    # [B, 1] - [B] broadcasts to [B, B] without a word, and trains on nonsense.
    for other in others:
        if other.shape != first.shape:
            raise ValueError(f"shapes {tuple(first.shape)} and {tuple(other.shape)} differ")
