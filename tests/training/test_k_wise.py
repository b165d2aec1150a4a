"""K-wise: all comparisons of a prompt from one forward of each response. PandaLM, all of it."""

import json
from collections import Counter

import pytest

torch = pytest.importorskip("torch", reason="the train extra is not installed")

from transformers import BertConfig, BertModel  # noqa: E402

from tests.data import shared  # noqa: E402
from training import encoder_loop, policy, reward_model  # noqa: E402
from training.data import Comparison, Counts  # noqa: E402
from training.options import read_options  # noqa: E402

pytestmark = pytest.mark.train


def pandalm():
    """The comparisons of PandaLM's test set by majority, without ties and without empty texts."""
    found = []
    for row in json.loads(shared("pandalm/testset-v1.json").read_text()):
        votes = Counter(row[f"annotator{n}"] for n in (1, 2, 3))
        first, second = str(row["response1"]), str(row["response2"])
        if votes[1] == votes[2] or votes[0] > max(votes[1], votes[2]):
            continue
        if not first.strip() or not second.strip():
            continue
        prompt = f"{row['instruction']}\n{row['input']}".strip()
        sides = (first, second) if votes[1] > votes[2] else (second, first)
        found.append(Comparison(({"role": "user", "content": prompt},), *sides, prompt))
    return found


@pytest.fixture(scope="module")
def reward():
    tokenizer = policy.load_tokenizer(reward_model.default_encoder())
    torch.manual_seed(0)
    shape = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}
    config = BertConfig(vocab_size=len(tokenizer), intermediate_size=64, **shape)
    network = reward_model.EncoderReward(BertModel(config, add_pooling_layer=False), "mean")
    torch.nn.init.normal_(network.head.weight)
    network.eval()
    tokeniser = reward_model.EncoderTokeniser(tokenizer, 512)
    return reward_model.RewardModel(network, tokeniser, {"mean": 0.0, "std": 1.0})


def test_the_loss_of_pandalm_k_wise_is_the_pairwise_one_for_two_fifths_of_the_forwards(reward):
    counts = Counts()
    scored = reward_model.ScoredComparisons(pandalm(), reward.tokeniser, counts)
    assert len(scored) == 842
    assert not counts.dropped.total()
    groups = scored.by_prompt()
    options = read_options("reward", {})
    forwards = Counter()
    name = ["k-wise"]
    count = reward.network.register_forward_hook(
        lambda _, inputs, output: forwards.update({name[0]: len(output)})
    )

    with torch.no_grad():
        for start in range(0, len(groups), 8):
            batch = groups[start : start + 8]
            name[0] = "k-wise"
            k_wise, _ = encoder_loop.forward(reward, scored, batch, options, False)
            name[0] = "pairwise"
            each = pairwise(reward, scored, [at for group in batch for at in group], options)

            assert float(k_wise) == pytest.approx(mean_of_means(each, batch), abs=1e-6)
    count.remove()

    assert forwards["pairwise"] == 2 * 842
    assert forwards["k-wise"] <= 0.45 * forwards["pairwise"]


def test_its_gradient_is_the_pairwise_one_too(reward):
    """On the three prompts of most comparisons: one forward of a response teaches what two do."""
    scored = reward_model.ScoredComparisons(pandalm(), reward.tokeniser, Counts())
    groups = sorted(scored.by_prompt(), key=len)[-3:]
    options = read_options("reward", {})
    weights = dict(reward.network.named_parameters())

    def slope(loss):
        found = torch.autograd.grad(loss, list(weights.values()), allow_unused=True)
        return {name: one for name, one in zip(weights, found, strict=True) if one is not None}

    k_wise, _ = encoder_loop.forward(reward, scored, groups, options, False)
    ours, theirs = slope(k_wise), None
    for group in groups:  # one at a time, and added up: no graph that K-wise builds
        part = slope(pairwise(reward, scored, group, options).mean() / len(groups))
        theirs = part if theirs is None else {name: theirs[name] + part[name] for name in part}

    assert ours.keys() == theirs.keys()
    assert max(float(one.abs().max()) for one in ours.values()) > 1e-2
    for name, one in ours.items():
        torch.testing.assert_close(one, theirs[name], atol=1e-5, rtol=1e-4, msg=name)


def mean_of_means(each, groups):
    """Over each prompt's comparisons, then over prompts; `each` in the order of the groups."""
    left = iter(each.tolist())
    means = [sum(next(left) for _ in group) / len(group) for group in groups]
    return sum(means) / len(means)


def pairwise(reward, scored, comparisons, options):
    """The loss of each comparison from two forwards of its own; (comparisons,)."""
    sides = [
        reward.network(reward.tokeniser.collate([scored.rows[side[at]] for at in comparisons]))[
            :, 0
        ]
        for side in (scored.chosen, scored.rejected)
    ]
    loss = -torch.nn.functional.logsigmoid(sides[0] - sides[1])
    return loss + options["centering"] * (sides[0] + sides[1]) ** 2
