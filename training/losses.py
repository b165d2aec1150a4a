"""The losses, as pure tensor functions: each is a formula of a paper and nothing else.

All take per-comparison tensors of shape (batch,) and return per-comparison losses of the same
shape; who calls decides how to average. Policy log-probabilities are summed over a
response's tokens.
"""

import torch
import torch.nn.functional as F
from torch import Tensor


def preference_nll(
    difference: Tensor, p_chosen: Tensor | None = None, margin: Tensor | None = None
) -> Tensor:
    """Bradley-Terry: -p log s(d) - (1-p) log s(-d), with d = difference - margin; all (batch,).

    p None is 1: plain -log s(d), Bradley and Terry 1952; Ouyang et al. 2022, eq. 1. A margin is
    Touvron et al. 2023 (Llama 2), eq. 2. p is the share of votes for chosen, ties halved.
    """
    _same_shape(difference, p_chosen, margin)
    d = difference if margin is None else difference - margin
    if p_chosen is None:
        return -F.logsigmoid(d)
    return -p_chosen * F.logsigmoid(d) - (1 - p_chosen) * F.logsigmoid(-d)


def davidson_nll(difference: Tensor, is_tie: Tensor, log_nu: Tensor) -> Tensor:
    """-log P of what was said, where a tie is an outcome of its own; (batch,).

    P(first) : P(second) : P(tie) = e^(d/2) : e^(-d/2) : nu, which is Davidson 1970, eq. 2.3, with
    d the difference of rewards, first the chosen one. `is_tie` bool; `log_nu` a scalar, learned.
    """
    _same_shape(difference, is_tie)
    tie = log_nu.expand_as(difference)
    outcomes = torch.stack([difference / 2, -difference / 2, tie])
    return outcomes.logsumexp(0) - torch.where(is_tie, tie, difference / 2)


def centering(chosen: Tensor, rejected: Tensor) -> Tensor:
    """(r_chosen + r_rejected)^2, which keeps rewards around zero. Eisenstein et al. 2023."""
    _same_shape(chosen, rejected)
    return (chosen + rejected) ** 2


def k_wise(losses: Tensor, group: Tensor, weight: Tensor | None = None) -> Tensor:
    """Mean over a prompt's comparisons, then over prompts: a scalar.

    `group` (batch,) numbers the prompt of each comparison from 0, with none left out. Ten
    comparisons of one ranking are not ten times the evidence of one: Ouyang et al. 2022, section
    3.5. `weight` multiplies the losses; it has mean 1 over the training split, not over the batch
    (training.weights).
    """
    _same_shape(losses, group, weight)
    weighted = losses if weight is None else losses * weight
    prompts = int(group.max()) + 1
    total = losses.new_zeros(prompts).index_add(0, group, weighted)
    count = losses.new_zeros(prompts).index_add(0, group, torch.ones_like(losses))
    return (total / count).mean()


def weighted_mean(losses: Tensor, weight: Tensor | None = None) -> Tensor:
    """Mean of (batch,) losses times (batch,) weights: a scalar.

    Divided by the count and not by the weights, which have mean 1 over the training split
    (training.weights): else a batch of one would not know its weight, and batches would weigh
    alike whatever is in them.
    """
    _same_shape(losses, weight)
    return (losses if weight is None else losses * weight).mean()


def dpo_difference(
    chosen: Tensor, rejected: Tensor, ref_chosen: Tensor, ref_rejected: Tensor, beta: float
) -> Tensor:
    """beta * (log pi(y_w)/ref(y_w) - log pi(y_l)/ref(y_l)): the implicit reward margin, (batch,).

    Rafailov et al. 2023, eq. 7 is the Bradley-Terry loss of this difference. Of means over tokens
    in place of sums it is length-normalised DPO: Lambert et al. 2024, eq. 6.
    """
    _same_shape(chosen, rejected, ref_chosen, ref_rejected)
    return beta * ((chosen - ref_chosen) - (rejected - ref_rejected))


def dpo_loss(
    difference: Tensor, label_smoothing: float = 0.0, p_chosen: Tensor | None = None
) -> Tensor:
    """-log s(d): Rafailov et al. 2023, eq. 7; (batch,).

    `label_smoothing` e gives Mitchell's conservative DPO, -(1-e) log s(d) - e log s(-d), which is
    soft labels with p = 1 - e for every row; `p_chosen` says p for each row instead.
    """
    if p_chosen is None and label_smoothing == 0:
        return preference_nll(difference)
    if p_chosen is None:
        p_chosen = torch.full_like(difference, 1 - label_smoothing)
    return preference_nll(difference, p_chosen)


def ipo_loss(difference: Tensor, beta: float) -> Tensor:
    """(d / beta - 1 / (2 beta))^2 on summed log-probabilities: Azar et al. 2023, eq. 17."""
    return (difference / beta - 1 / (2 * beta)) ** 2


def kto_reference_point(other: Tensor, ref_other: Tensor) -> Tensor:
    """max(0, mean of log pi(y'|x)/ref(y'|x)) over (batch,) mismatched pairs; no gradient.

    y' answers another prompt than x. Estimates KL(pi || ref) on the data's own responses:
    Ethayarajh et al. 2024, section 4.1.
    """
    _same_shape(other, ref_other)
    return (other - ref_other).mean().clamp(min=0).detach()


def kto_loss(
    log_ratio: Tensor,
    is_desirable: Tensor,
    reference_point: Tensor,
    beta: float,
    desirable_weight: float = 1.0,
    undesirable_weight: float = 1.0,
) -> Tensor:
    """l_D (1 - s(beta (r - z0))) where desirable, l_U (1 - s(beta (z0 - r))) where not; (batch,).

    r = log pi(y|x)/ref(y|x), is_desirable bool, z0 the scalar of `kto_reference_point`. It is
    lambda_y - v(x, y) of Ethayarajh et al. 2024, eq. 8.
    """
    _same_shape(log_ratio, is_desirable)
    gain = beta * (log_ratio - reference_point)
    return torch.where(
        is_desirable,
        desirable_weight * torch.sigmoid(-gain),
        undesirable_weight * torch.sigmoid(gain),
    )


def _same_shape(first: Tensor, *others: Tensor | None) -> None:
    # [B, 1] - [B] broadcasts to [B, B] without a word, and trains on nonsense.
    for other in others:
        if other is not None and other.shape != first.shape:
            raise ValueError(f"shapes {tuple(first.shape)} and {tuple(other.shape)} differ")
    if first.dim() != 1:
        raise ValueError(f"expected shape (batch,), got {tuple(first.shape)}")
