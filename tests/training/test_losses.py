"""Losses against float64 numpy oracles written from the papers' formulas."""

import math

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the train extra is not installed")

from training import losses  # noqa: E402

pytestmark = pytest.mark.train

CHANCE = np.random.default_rng(7)
D = CHANCE.normal(scale=3, size=64)
P = CHANCE.uniform(0.5, 1, size=64)
M = CHANCE.uniform(0, 1, size=64)
BETA = 0.1


def log_sigmoid(x):
    return -np.log1p(np.exp(-x))


def tensor(values):
    return torch.tensor(values, dtype=torch.float32)


ORACLES = {
    "Bradley-Terry": (lambda d: losses.preference_nll(d), lambda d: -log_sigmoid(d)),
    "soft label": (
        lambda d: losses.preference_nll(d, tensor(P)),
        lambda d: -P * log_sigmoid(d) - (1 - P) * log_sigmoid(-d),
    ),
    "margin": (
        lambda d: losses.preference_nll(d, margin=tensor(M)),
        lambda d: -log_sigmoid(d - M),
    ),
    "soft label and margin": (
        lambda d: losses.preference_nll(d, tensor(P), tensor(M)),
        lambda d: -P * log_sigmoid(d - M) - (1 - P) * log_sigmoid(M - d),
    ),
    "centering": (
        lambda d: losses.centering(d, tensor(M)),
        lambda d: (d + M) ** 2,
    ),
    "DPO": (lambda d: losses.dpo_loss(d), lambda d: -log_sigmoid(d)),
    "DPO, soft label": (
        lambda d: losses.dpo_loss(d, p_chosen=tensor(P)),
        lambda d: -P * log_sigmoid(d) - (1 - P) * log_sigmoid(-d),
    ),
    "DPO, of its four log-probabilities": (
        lambda d: losses.dpo_loss(
            losses.dpo_difference(d, tensor(P), tensor(M), tensor(-P), BETA)
        ),
        lambda d: -log_sigmoid(BETA * (d - M - P - P)),
    ),
    "cDPO": (
        lambda d: losses.dpo_loss(d, 0.2),
        lambda d: -0.8 * log_sigmoid(d) - 0.2 * log_sigmoid(-d),
    ),
    "IPO": (
        lambda d: losses.ipo_loss(d, 0.5),
        lambda d: (d / 0.5 - 1 / (2 * 0.5)) ** 2,
    ),
}


@pytest.mark.parametrize("name", ORACLES)
def test_a_loss_is_its_formula(name):
    ours, oracle = ORACLES[name]

    np.testing.assert_allclose(ours(tensor(D)).numpy(), oracle(D), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", ORACLES)
def test_a_gradient_is_the_slope_of_its_formula(name):
    ours, oracle = ORACLES[name]
    d = tensor(D).requires_grad_()

    ours(d).sum().backward()

    step = 1e-5
    slope = (oracle(D + step) - oracle(D - step)) / (2 * step)
    np.testing.assert_allclose(d.grad.numpy(), slope, rtol=1e-3, atol=1e-5)


def test_figures_worked_out_by_hand():
    one = tensor([1.0])

    assert losses.preference_nll(0 * one).item() == pytest.approx(math.log(2))
    assert losses.preference_nll(one).item() == pytest.approx(0.3132617)
    assert losses.preference_nll(one, margin=one).item() == pytest.approx(math.log(2))
    # p = 1/2 punishes any difference: -(log s(1) + log s(-1)) / 2
    assert losses.preference_nll(one, one / 2).item() == pytest.approx(0.8132617)
    assert losses.centering(one, 2 * one).item() == 9
    # d / beta = 10, target 1 / (2 beta) = 5
    assert losses.ipo_loss(one, BETA).item() == pytest.approx(25)
    assert losses.dpo_difference(-one, -3 * one, -2 * one, -2 * one, BETA).item() == (
        pytest.approx(0.2)
    )


def test_label_smoothing_is_not_ignored():
    """TRL ignores it for the sigmoid loss, and says nothing."""
    d = tensor([0.7])

    assert losses.dpo_loss(d, 0.3).item() != losses.dpo_loss(d).item()
    assert losses.dpo_loss(d, 0.3).item() == pytest.approx(
        losses.preference_nll(d, tensor([0.7])).item()
    )


def test_k_wise_is_the_mean_over_prompts_of_the_means_over_comparisons():
    loss = tensor([1.0, 2.0, 3.0, 10.0])
    group = torch.tensor([0, 0, 0, 1])

    assert losses.k_wise(loss, group).item() == pytest.approx((2.0 + 10.0) / 2)


def test_weights_of_k_wise_are_divided_by_counts():
    """By its own weights, a prompt with one comparison would never know what it weighs."""
    loss = tensor([1.0, 2.0, 3.0, 10.0])
    group = torch.tensor([0, 0, 0, 1])
    weight = tensor([1.0, 0.0, 3.0, 0.5])
    assert losses.k_wise(loss, group, weight).item() == pytest.approx((10 / 3 + 5) / 2)
    weight = tensor([1.0, 1.0, 1.0, 0.0])
    assert losses.k_wise(loss, group, weight).item() == pytest.approx((2 + 0) / 2)


def test_k_wise_with_one_comparison_a_prompt_is_the_plain_mean():
    loss = tensor(np.abs(D))

    assert losses.k_wise(loss, torch.arange(len(D))).item() == pytest.approx(
        losses.weighted_mean(loss).item(), rel=1e-6
    )


def test_weights_weigh():
    assert losses.weighted_mean(tensor([1.0, 4.0]), tensor([3.0, 1.0])).item() == 3.5
    assert losses.weighted_mean(tensor([4.0]), tensor([0.25])).item() == 1.0
    assert losses.weighted_mean(tensor([1.0, 4.0]), tensor([0.0, 0.0])).item() == 0


@pytest.mark.parametrize(
    ("first", "second"), [((4, 1), (4,)), ((4,), (4, 1)), ((4,), (3,)), ((4, 1), (4, 1))]
)
def test_shapes_that_would_broadcast_are_refused(first, second):
    assert losses.preference_nll(torch.zeros(4), torch.ones(4)).shape == (4,)

    with pytest.raises(ValueError, match="shape"):
        losses.preference_nll(torch.zeros(first), torch.ones(second))
