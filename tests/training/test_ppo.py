"""PPO's formulas: figures worked by hand, a float64 oracle in numpy, and finite differences."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

torch = pytest.importorskip("torch", reason="needs the train extra")

from training import ppo  # noqa: E402


def row(*values):
    return torch.tensor([values], dtype=torch.float64)


ONES = row(1, 1, 1)


@pytest.mark.parametrize(
    ("gamma", "lam", "advantage", "returns"),
    [
        (1.0, 0.95, (0.46575, 0.385, 0.3), (0.96575, 0.985, 1.0)),
        (0.9, 0.5, (0.11425, 0.165, 0.3), None),
    ],
)
def test_generalised_advantages_by_hand(gamma, lam, advantage, returns):
    found, back = ppo.advantages(row(0, 0, 1), row(0.5, 0.6, 0.7), ONES, gamma=gamma, lam=lam)
    assert found[0].tolist() == pytest.approx(advantage, abs=1e-12)
    if returns:
        assert back[0].tolist() == pytest.approx(returns, abs=1e-12)


@pytest.mark.parametrize(
    ("ratio", "advantage", "objective"),
    [(1.5, 1, 1.2), (1.5, -1, -1.5), (0.5, 1, 0.5), (0.5, -1, -0.8)],
)
def test_the_clipped_objective_by_hand(ratio, advantage, objective):
    old = row(-1.0)
    loss = ppo.policy_losses(old + np.log(ratio), old, row(advantage), 0.2)
    assert -float(loss) == pytest.approx(objective, abs=1e-12)


@pytest.mark.parametrize(("value", "returned", "loss"), [(1.0, 0.6, 0.08), (0.9, 2.0, 0.845)])
def test_the_clipped_value_loss_by_hand(value, returned, loss):
    found = ppo.value_losses(row(value), row(0.5), row(returned), 0.2)
    assert float(found) == pytest.approx(loss, abs=1e-12)


@pytest.mark.parametrize(("kl", "beta"), [(3, 0.196), (6, 0.2), (6.6, 0.202), (12, 0.204)])
def test_the_adaptive_coefficient_by_hand(kl, beta):
    control = ppo.KLControl(0.2, target=6.0)
    control.update(kl)
    assert control.beta == pytest.approx(beta, abs=1e-12)
    fixed = ppo.KLControl(0.2)
    fixed.update(kl)
    assert fixed.beta == 0.2


def test_whitening_keeps_the_mean_and_never_sees_what_is_masked():
    found = ppo.whiten(row(1, 2, 3, 100), row(1, 1, 1, 0), keep_mean=True)
    assert found[0].tolist() == pytest.approx([0.7752551, 2.0, 3.2247449, 0.0], abs=1e-7)
    centred = ppo.whiten(row(1, 2, 3, 100), row(1, 1, 1, 0), keep_mean=False)
    assert float(centred.sum()) == pytest.approx(0, abs=1e-12)


def test_a_batch_without_variance_is_not_blown_up():
    same = row(0.3, 0.3, 0.3 + 1e-9)
    assert ppo.whiten(same, ONES, keep_mean=True)[0].tolist() == pytest.approx([0.3] * 3, abs=1e-8)


def test_both_estimates_of_the_divergence_by_hand():
    k1, k3 = ppo.kl_estimates(torch.tensor(-1.0), torch.tensor(-1.5))
    assert (float(k1), float(k3)) == pytest.approx((0.5, 0.106531), abs=1e-6)


def test_both_estimates_agree_on_the_mean_over_all_tokens():
    """Over a whole vocabulary the means of k1 and k3 are KL(pi || ref), computed directly."""
    chance = np.random.default_rng(4)
    p, q = (v / v.sum() for v in chance.random((2, 50)) + 0.1)
    k1, k3 = ppo.kl_estimates(torch.tensor(np.log(p)), torch.tensor(np.log(q)))
    kl = float((p * np.log(p / q)).sum())
    assert float((torch.tensor(p) * k1).sum()) == pytest.approx(kl, abs=1e-12)
    assert float((torch.tensor(p) * k3).sum()) == pytest.approx(kl, abs=1e-12)


def test_the_score_stands_on_the_last_real_token():
    mask = torch.tensor([[1.0, 1, 0], [1, 1, 1]])
    logps, ref = torch.full((2, 3), -1.0), torch.full((2, 3), -1.5)
    found = ppo.token_rewards(logps, ref, torch.tensor([2.0, -1.0]), mask, beta=0.1)
    assert torch.allclose(found, torch.tensor([[-0.05, 1.95, 0], [-0.05, -0.05, -1.05]]))
    with pytest.raises(ValueError, match="without a token"):
        ppo.token_rewards(logps, ref, torch.zeros(2), torch.zeros(2, 3), beta=0.1)


def oracle(rewards, values, lengths, gamma, lam):
    """Advantages as the definition has them: a sum over all later deltas, row by row."""
    found = np.zeros_like(values)
    for at, n in enumerate(lengths):
        after = np.append(values[at, 1:n], 0.0)
        delta = rewards[at, :n] + gamma * after - values[at, :n]
        for t in range(n):
            found[at, t] = sum((gamma * lam) ** (s - t) * delta[s] for s in range(t, n))
    return found


@given(
    st.lists(st.integers(1, 7), min_size=1, max_size=5),
    st.floats(0, 1), st.floats(0, 1), st.integers(0, 2**32 - 1),
)  # fmt: skip
def test_advantages_are_the_sums_of_the_definition(lengths, gamma, lam, seed):
    chance = np.random.default_rng(seed)
    shape = len(lengths), max(lengths) + 2  # what is padded holds anything at all
    rewards, values = chance.normal(size=(2, *shape))
    mask = (np.arange(shape[1]) < np.array(lengths)[:, None]).astype(float)
    found, back = ppo.advantages(*map(torch.tensor, (rewards, values, mask)), gamma=gamma, lam=lam)
    expected = oracle(rewards, values, lengths, gamma, lam)
    assert np.allclose(found.numpy(), expected, atol=1e-10)
    assert np.allclose(back.numpy(), (expected + values) * mask, atol=1e-10)


@pytest.mark.parametrize("loss", ["policy", "value"])
def test_gradients_against_finite_differences(loss):
    chance = torch.Generator().manual_seed(3)
    old, other = (torch.randn(2, 4, generator=chance, dtype=torch.float64) for _ in range(2))
    at = (old + 0.15 * torch.randn(2, 4, generator=chance, dtype=torch.float64)).requires_grad_()

    def total(values):
        by_token = ppo.policy_losses if loss == "policy" else ppo.value_losses
        return by_token(values, old, other, 0.2).sum()

    assert torch.autograd.gradcheck(total, (at,), eps=1e-6, atol=1e-5)


def test_the_divergence_pulls_back_to_the_reference_and_its_slope_is_right():
    logps = torch.tensor([-1.0, -0.2, -3.0], dtype=torch.float64, requires_grad=True)
    ref = torch.tensor([-1.5, -0.2, -1.0], dtype=torch.float64)

    def k3(at):
        return ppo.kl_estimates(at, ref)[1].sum()

    assert torch.autograd.gradcheck(k3, (logps,), eps=1e-6, atol=1e-6)
    k3(logps).backward()
    # d k3 / d log pi = 1 - ref/pi: down where the policy is too sure, none where both agree
    expected = 1 - np.exp(ref.numpy() - logps.detach().numpy())
    assert logps.grad.tolist() == pytest.approx(expected.tolist(), abs=1e-12)


def test_before_the_first_update_the_ratio_is_one_and_the_gradient_the_policy_gradient():
    logps = row(-1.0, -2.0, -0.5).requires_grad_()
    advantage = row(0.3, -0.7, 1.1)
    ppo.policy_losses(logps, logps.detach(), advantage, 0.2).sum().backward()
    assert torch.allclose(logps.grad, -advantage)
    assert float(ppo.clipped_share(logps, logps.detach(), ONES, 0.2)) == 0


def test_a_response_beside_the_others_to_its_prompt_by_hand():
    rewards = torch.tensor([[1.0, 2.0, 3.0, 6.0], [5.0, 5.0, 5.0, 5.0]], dtype=torch.float64)
    # 1 - (2 + 3 + 6) / 3, and so on
    others = [-8 / 3, -4 / 3, 0, 4]
    assert ppo.leave_one_out(rewards)[0].tolist() == pytest.approx(others, abs=1e-12)
    deviation = np.std([1, 2, 3, 6])
    group = [(r - 3) / deviation for r in (1, 2, 3, 6)]
    assert ppo.within_group(rewards)[0].tolist() == pytest.approx(group, abs=1e-12)
    for found in (ppo.leave_one_out(rewards), ppo.within_group(rewards)):
        assert found[1].tolist() == [0, 0, 0, 0], "alike: nothing to learn"
    with pytest.raises(ValueError, match="2 or more"):
        ppo.leave_one_out(rewards[:, :1])


def test_the_best_response_that_ended_wins_and_the_first_of_equals():
    rewards = torch.tensor([[1.0, 3.0, 2.0], [5.0, 9.0, 5.0], [1.0, 2.0, 3.0]])
    ended = torch.tensor([[True, True, True], [True, False, True], [False] * 3])
    found = ppo.best_of_group(rewards, ended)
    assert found.tolist() == [[0, 1, 0], [1, 0, 0], [0, 0, 0]]


def test_a_mean_over_responses_weighs_each_of_them_once():
    values = torch.tensor([[4.0, 0.0, 0.0], [1.0, 2.0, 3.0]])
    mask = torch.tensor([[1.0, 0, 0], [1, 1, 1]])
    assert float(ppo.response_means(values, mask)) == pytest.approx(3.0)
    assert float(ppo.masked_mean(values, mask)) == pytest.approx(2.5)


def test_how_much_a_critic_explains():
    returns = row(1, 2, 4)
    assert float(ppo.explained_variance(returns, returns, ONES)) == pytest.approx(1)
    assert float(ppo.explained_variance(row(0, 0, 0), returns, ONES)) == pytest.approx(0)
    assert float(ppo.explained_variance(row(0, 0, 0), row(1, 1, 1), ONES)) == 0


def test_shapes_that_would_broadcast_are_refused():
    with pytest.raises(ValueError, match="differ"):
        ppo.policy_losses(torch.zeros(3, 1), torch.zeros(3, 2), torch.zeros(3, 2), 0.2)
    with pytest.raises(ValueError, match="scores"):
        ppo.token_rewards(*[torch.zeros(2, 3)] * 2, torch.zeros(3), torch.ones(2, 3), 0.1)
