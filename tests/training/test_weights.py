"""What a comparison weighs reaches the model, however many share its batch or its prompt."""

import math
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the train extra is not installed")

from tests.training import toy  # noqa: E402
from tests.training.test_k_wise import pairwise, reward  # noqa: E402, F401
from training import encoder_loop, heads, reward_model, tiny, weights  # noqa: E402
from training.data import Comparison, Counts  # noqa: E402
from training.errors import DataError  # noqa: E402
from training.options import read_options  # noqa: E402

pytestmark = pytest.mark.train
OPTIONS = read_options("reward", {"batch_size": 1})
# By prompt, what each of its comparisons weighs.
RELIABLE = ((1.0,), (0.2,), (0.9, 0.4, 0.4), (0.1,))


def comparisons(by_prompt):
    """Comparisons of unlike responses, those of a prompt in a row."""
    found = []
    for number, weighing in enumerate(by_prompt):
        text = toy.make_prompt(number)
        found += [
            Comparison(
                ({"role": "user", "content": text},),
                toy.COURTEOUS[at].format(n=number),
                toy.CURT[at].format(n=number),
                toy.prompt_hash(text),
                weight=weight,
            )
            for at, weight in enumerate(weighing)
        ]
    return found


def test_weights_have_mean_one_over_the_split():
    assert weights.of_rows([0.2, 0.4, 0.6], OPTIONS) == pytest.approx([0.5, 1.0, 1.5])
    off = OPTIONS | {"use_weights": False}
    assert weights.of_rows([0.2, 0.4, 0.6], off) == [1.0, 1.0, 1.0]
    rows = comparisons(RELIABLE)
    assert weights.of_groups(rows, [[0], [1], [2, 3, 4], [5]], off, is_shared=True) == [1.0] * 6


def test_data_that_weighs_nothing_teaches_nothing_and_is_refused():
    with pytest.raises(DataError, match="weighs nothing"):
        weights.of_rows([0.0, 0.0], OPTIONS)


def k_wise_in_batches(reward, scored, size, *, is_shared=False):  # noqa: F811
    """What a pass over the split says in batches of `size` prompts: the mean over the batches."""
    groups = scored.by_prompt()
    counted = weights.of_groups(scored.comparisons, groups, OPTIONS, is_shared=is_shared)
    batches = [groups[at : at + size] for at in range(0, len(groups), size)]
    with torch.no_grad():
        found = [
            encoder_loop.forward(reward, scored, batch, OPTIONS, False, counted=counted)[0]
            for batch in batches
        ]
    return float(torch.stack(found).mean())


def read(reward, by_prompt):  # noqa: F811
    scored = reward_model.ScoredComparisons(comparisons(by_prompt), reward.tokeniser, Counts())
    with torch.no_grad():
        each = pairwise(reward, scored, range(len(scored)), OPTIONS).tolist()
    assert len({round(one, 4) for one in each}) == len(each) == sum(map(len, by_prompt))
    left = iter(each)
    return scored, [[next(left) for _ in weighing] for weighing in by_prompt]


@pytest.mark.parametrize("size", [1, 2, 4])
def test_k_wise_weighs_a_prompt_by_what_its_comparisons_weigh(reward, size):  # noqa: F811
    """Whatever the batches: the mean of its weighted losses, as a part of all that is weighed."""
    scored, each = read(reward, RELIABLE)
    parts = [
        sum(weight * loss for weight, loss in zip(weighing, said, strict=True)) / len(said)
        for weighing, said in zip(RELIABLE, each, strict=True)
    ]
    whole = sum(sum(weighing) / len(weighing) for weighing in RELIABLE)
    found = k_wise_in_batches(reward, scored, size)
    assert found == pytest.approx(sum(parts) / whole, abs=1e-6)
    plain = sum(sum(said) / len(said) for said in each) / len(each)
    assert abs(found - plain) > 1e-3, "the weights must matter"


def test_k_wise_does_not_share_a_weight_that_the_dataset_has_shared(reward):  # noqa: F811
    """A prompt whose three comparisons share the weight of one is worth one that has one."""
    scored, each = read(reward, ((1.0,), (1.0,), (1 / 3, 1 / 3, 1 / 3), (1.0,)))
    plain = sum(sum(said) / len(said) for said in each) / len(each)
    assert k_wise_in_batches(reward, scored, 2, is_shared=True) == pytest.approx(plain, abs=1e-6)
    assert abs(k_wise_in_batches(reward, scored, 2) - plain) > 1e-4


def causal_reward_trainer(tmp_path, rows, **given):
    """A reward trainer over rows on a tiny untrained model, and what each row's sides score."""
    from transformers import LlamaConfig, LlamaForSequenceClassification

    from training import trainers

    texts = [one.prompt[0]["content"] for one in rows] + [*toy.COURTEOUS, *toy.CURT]
    tokenizer = tiny.train_tokenizer(texts, 300)
    torch.manual_seed(0)
    model = LlamaForSequenceClassification(
        LlamaConfig(
            vocab_size=len(tokenizer),
            hidden_size=32,
            intermediate_size=64,
            num_hidden_layers=1,
            num_attention_heads=2,
            pad_token_id=tokenizer.pad_token_id,
            num_labels=1,
        )
    )
    torch.nn.init.normal_(model.score.weight)
    tokeniser = reward_model.CausalTokeniser(tokenizer, 200)
    scored = reward_model.ScoredComparisons(rows, tokeniser, Counts())
    run = SimpleNamespace(
        options=read_options("reward", {"epochs": 1.0, "centering": 0.0, **given}),
        out=tmp_path, seed=1, folder=tmp_path,
    )  # fmt: skip
    steps = {"total_steps": 4, "rate": 1e-4, "evaluate": lambda step: None, "state": {}}
    trainer = trainers.reward_trainer(run, model, tokenizer, scored, heads.Heads(), **steps)
    trainer.model.eval()
    with torch.no_grad():
        raw = reward_model.CausalReward(model)
        alone = [float(raw(tokeniser.collate([row]))) for row in scored.rows]
    return trainer, [
        (alone[a], alone[b]) for a, b in zip(scored.chosen, scored.rejected, strict=True)
    ]


def mean_loss(trainer):
    with torch.no_grad():
        found = [
            float(trainer.compute_loss(trainer.model, b)) for b in trainer.get_train_dataloader()
        ]
    return sum(found) / len(found)


def log_sigmoid(x):
    return -math.log1p(math.exp(-x))


def by_share(p, d):
    return -p * log_sigmoid(d) - (1 - p) * log_sigmoid(-d)


REWARD_LOSSES = {
    "majority": ({"soft_labels": False}, lambda row, a, b: -log_sigmoid(a - b)),
    "vote shares": ({}, lambda row, a, b: by_share(row.p_chosen, a - b)),
    "margin": (
        {"soft_labels": False, "use_margin": True},
        lambda row, a, b: -log_sigmoid(a - b - row.margin),
    ),
    "vote shares and margin": (
        {"use_margin": True},
        lambda row, a, b: by_share(row.p_chosen, a - b - row.margin),
    ),
    "centred": (
        {"centering": 0.3},
        lambda row, a, b: by_share(row.p_chosen, a - b) + 0.3 * (a + b) ** 2,
    ),
}


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
@pytest.mark.parametrize("name", REWARD_LOSSES)
def test_the_shipped_reward_trainers_loss_is_its_formula(tmp_path, name):
    """In math of its own, from what each response scores alone, without padding or batch."""
    options, formula = REWARD_LOSSES[name]
    shares = zip(
        comparisons(((1.0,),) * 4), (1.0, 0.9, 0.75, 0.6), (0.3, 0.1, 1.0, 0.5), strict=True
    )
    rows = [replace(row, p_chosen=p, margin=margin) for row, p, margin in shares]
    given = {"batch_size": 2, "use_weights": False, **options}

    trainer, sides = causal_reward_trainer(tmp_path, rows, **given)

    expected = [formula(row, *side) for row, side in zip(rows, sides, strict=True)]
    assert np.std(expected) > 1e-3
    assert mean_loss(trainer) == pytest.approx(float(np.mean(expected)), rel=1e-6, abs=1e-5)


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
@pytest.mark.parametrize("size", [1, 2])
def test_a_causal_reward_model_learns_by_weight_in_batches_of_any_size(tmp_path, size):
    rows = comparisons(((1.0,), (0.2,), (0.9,), (0.1,)))
    trainer, sides = causal_reward_trainer(tmp_path, rows, batch_size=size)
    each = [-log_sigmoid(chosen - rejected) for chosen, rejected in sides]
    weighed = sum(one.weight * loss for one, loss in zip(rows, each, strict=True))
    expected = weighed / sum(one.weight for one in rows)
    assert mean_loss(trainer) == pytest.approx(expected, abs=1e-5)
    assert abs(float(np.mean(each)) - expected) > 1e-3, "the weights must matter"
