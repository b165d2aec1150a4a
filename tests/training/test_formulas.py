"""The shipped DPO trainer against Rafailov et al. 2023, eq. 7, in code that shares nothing.

The oracle runs each sequence alone, without padding or batch, through the full logits.
"""

import math
from types import SimpleNamespace

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the train extra is not installed")

from tests.training import toy  # noqa: E402
from training import policy, tiny  # noqa: E402
from training.alarms import Alarms  # noqa: E402
from training.data import Comparison, Counts  # noqa: E402
from training.options import read_options  # noqa: E402
from training.tokens import ChatTokeniser  # noqa: E402

pytestmark = pytest.mark.train
BETA = 0.1


@pytest.fixture(scope="module")
def tokenizer():
    texts = [toy.make_prompt(n) for n in range(50)] + list(toy.COURTEOUS + toy.CURT)
    return tiny.train_tokenizer(texts, 400)


@pytest.fixture(scope="module")
def models(tokenizer):
    return make_models(tokenizer)


def make_models(tokenizer):
    """A policy and the reference it has moved away from; always the same two."""
    options = {"hidden_size": 64, "layers": 2, "heads": 4}
    reference = tiny.make_model(tokenizer, options, 0).eval()
    moved = tiny.make_model(tokenizer, options, 0).eval()
    torch.manual_seed(1)
    with torch.no_grad():
        for parameter in moved.parameters():
            parameter += 0.01 * torch.randn_like(parameter)
    return moved, reference


@pytest.fixture(scope="module")
def pairs(tokenizer):
    rows = [
        Comparison(
            ({"role": "user", "content": toy.make_prompt(n) * (1 + n % 3)},),
            toy.COURTEOUS[n % 3].format(n=n),
            toy.CURT[n % 2].format(n=n),
            str(n),
            p_chosen=(1.0, 5 / 6, 2 / 3)[n % 3],
            weight=1.0 + n % 2,
        )
        for n in range(16)
    ]
    return ChatTokeniser(tokenizer, 400).pairs(rows, Counts(read=16))


def oracle_logp(model, prompt, response):
    """Sum over the response of log softmax(logits)[token], in float64 numpy."""
    with torch.no_grad():
        logits = model(input_ids=torch.tensor([prompt + response])).logits[0].double().numpy()
    total = 0.0
    for at, token in enumerate(response, start=len(prompt)):
        row = logits[at - 1]
        peak = row.max()
        total += row[token] - peak - math.log(np.exp(row - peak).sum())
    return total


def oracle_difference(models, pair, is_mean=False):
    moved, reference = models
    ratios = [
        (oracle_logp(moved, pair.prompt, side) - oracle_logp(reference, pair.prompt, side))
        / (len(side) if is_mean else 1)
        for side in (pair.chosen, pair.rejected)
    ]
    return BETA * (ratios[0] - ratios[1])


def make_trainer(models, tokenizer, pairs, tmp_path, total_steps=4, **options):
    from training import trainers

    moved, reference = models
    given = {"batch_size": 4, "use_weights": False, "beta": BETA, **options}
    run = SimpleNamespace(
        options=read_options("dpo", given),
        out=tmp_path,
        seed=1,
        folder=tmp_path,
        cancel_asked=False,
        alarms=Alarms("dpo"),
        journal=SimpleNamespace(progress=lambda *a, **k: None, metric=lambda *a, **k: None),
    )
    both = [(pair.prompt, pair.chosen) for pair in pairs]
    both += [(pair.prompt, pair.rejected) for pair in pairs]
    scores = policy.score_responses(
        reference,
        both,
        tokenizer.pad_token_id,
        lambda done, total: None,
        mean=run.options["length_normalised"],
    )
    frozen = None if run.options["precompute_reference"] else reference
    return trainers.dpo_trainer(
        run,
        moved,
        frozen,
        tokenizer,
        pairs,
        (scores[: len(pairs)], scores[len(pairs) :]),
        total_steps=total_steps,
        rate=1e-4,
        evaluate=lambda step: None,
        state={},
    )


def batch_losses(trainer):
    """The loss of each of the trainer's own batches, in the order its sampler wants."""
    trainer.model.eval()
    with torch.no_grad():
        return [
            float(trainer.compute_loss(trainer.model, batch))
            for batch in trainer.get_train_dataloader()
        ]


def oracle_losses(trainer, models, pairs, loss):
    options = trainer.run.options
    order = list(trainer._get_train_sampler())
    values, weights = [], []
    # As a part of all that is weighed, whatever shares a batch with it.
    mean = np.mean([pair.source.weight for pair in pairs])
    for at in order:
        difference = oracle_difference(models, pairs[at], options["length_normalised"])
        values.append(loss(difference, pairs[at].source))
        weights.append(pairs[at].source.weight / mean if options["use_weights"] else 1.0)
    return (np.array(values) * weights).reshape(-1, options["batch_size"]).mean(1)


def log_sigmoid(x):
    return -math.log1p(math.exp(-x))


LOSSES = {
    "eq. 7": ({}, lambda d, row: -log_sigmoid(d)),
    "eq. 7, reference in every step": (
        {"precompute_reference": False},
        lambda d, row: -log_sigmoid(d),
    ),
    "cDPO": (
        {"label_smoothing": 0.3},
        lambda d, row: -0.7 * log_sigmoid(d) - 0.3 * log_sigmoid(-d),
    ),
    "soft labels": (
        {"soft_labels": True},
        lambda d, row: -row.p_chosen * log_sigmoid(d) - (1 - row.p_chosen) * log_sigmoid(-d),
    ),
    # The oracle's difference is at BETA.
    "length-normalised": (
        {"length_normalised": True, "beta": 5.0},
        lambda d, row: -log_sigmoid(5.0 / BETA * d),
    ),
    "weighted": ({"use_weights": True}, lambda d, row: -log_sigmoid(d)),
    "weighted, alone in its batch": (
        {"use_weights": True, "batch_size": 1},
        lambda d, row: -log_sigmoid(d),
    ),
    "IPO": ({"loss": "ipo"}, lambda d, row: (d / BETA - 1 / (2 * BETA)) ** 2),
}


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
@pytest.mark.parametrize("name", LOSSES)
def test_the_shipped_trainers_loss_is_the_papers(models, tokenizer, pairs, tmp_path, name):
    options, formula = LOSSES[name]
    trainer = make_trainer(models, tokenizer, pairs, tmp_path, **options)

    ours = batch_losses(trainer)

    expected = oracle_losses(trainer, models, pairs, formula)
    assert np.abs(expected - math.log(2)).min() > 1e-4, "the policy must have moved"
    np.testing.assert_allclose(ours, expected, rtol=1e-5 if "IPO" in name else 0, atol=1e-5)


def plain_steps(start, reference, pairs, order, steps):
    """DPO as a beginner writes it: full logits, one sequence at a time, AdamW, a linear rate."""
    optimizer = torch.optim.AdamW(start.parameters(), lr=1e-4, weight_decay=0.0)

    def logp(model, prompt, response):
        logits = model(input_ids=torch.tensor([prompt + response])).logits[0, :-1]
        places = torch.arange(len(prompt) - 1, len(prompt) + len(response) - 1)
        return logits.log_softmax(-1)[places, torch.tensor(response)].sum()

    values = []
    for step in range(steps):
        total = 0.0
        batch = [pairs[at] for at in order[step * 4 : step * 4 + 4]]
        for pair in batch:
            with torch.no_grad():
                theirs = [logp(reference, pair.prompt, s) for s in (pair.chosen, pair.rejected)]
            mine = [logp(start, pair.prompt, s) for s in (pair.chosen, pair.rejected)]
            margin = BETA * ((mine[0] - theirs[0]) - (mine[1] - theirs[1]))
            total = total - torch.log(torch.sigmoid(margin)) / len(batch)
        for group in optimizer.param_groups:
            group["lr"] = 1e-4 * (steps - step) / steps
        optimizer.zero_grad()
        total.backward()
        torch.nn.utils.clip_grad_norm_(start.parameters(), 1.0)
        optimizer.step()
        values.append(float(total.detach()))
    return values


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
def test_fifteen_steps_of_the_shipped_trainer_are_those_of_a_plain_loop(
    tokenizer, pairs, tmp_path
):
    """Losses to 1e-4 and, after all of it, log-probabilities."""
    # Not copies: TRL binds a forward of its own to a model, which a copy would share.
    shipped, reference = make_models(tokenizer)
    plain, _ = make_models(tokenizer)
    trainer = make_trainer(
        (shipped, reference),
        tokenizer,
        pairs,
        tmp_path,
        total_steps=15,
        warmup=0.0,
        epochs=4.0,
        log_steps=1,
    )
    trainer.args.save_strategy = "no"
    order = []
    sampler = trainer._get_train_sampler()
    for epoch in range(4):
        sampler.set_epoch(epoch)
        order += list(sampler)
    logged = []
    trainer.run.journal.metric = lambda step, total, **values: logged.append(values["loss"])

    trainer.train()

    expected = plain_steps(plain, reference, pairs, order, 15)
    first, third = np.mean(expected[:4]), np.mean(expected[8:12])  # each a pass over all pairs
    assert third < first - 0.01, "it must have learned something"
    np.testing.assert_allclose(logged, expected, atol=1e-4)
    for pair in pairs[:4]:
        ours, theirs = (oracle_logp(m, pair.prompt, pair.chosen) for m in (shipped, plain))
        assert ours == pytest.approx(theirs, abs=1e-2)


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
def test_batches_that_are_accumulated_weigh_as_one_batch_would(tokenizer, pairs, tmp_path):
    given = {"use_weights": True, "warmup": 0.0, "log_steps": 1}
    models = make_models(tokenizer)
    split = {"batch_size": 1, "accumulation": 4}
    trainer = make_trainer(models, tokenizer, pairs, tmp_path, total_steps=1, **split, **given)
    trainer.args.save_strategy = "no"
    order = list(trainer._get_train_sampler())[:4]
    mean = np.mean([pair.source.weight for pair in pairs])
    expected = np.mean(
        [
            -log_sigmoid(oracle_difference(models, pairs[at])) * pairs[at].source.weight / mean
            for at in order
        ]
    )
    logged = []
    trainer.run.journal.metric = lambda step, total, **values: logged.append(values["loss"])

    trainer.train()

    assert logged == [pytest.approx(expected, abs=1e-4)]


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
def test_the_trainer_meets_its_buckets_in_a_new_order_each_epoch(
    models, tokenizer, pairs, tmp_path
):
    loader = make_trainer(models, tokenizer, pairs, tmp_path).get_train_dataloader()
    orders = []
    for epoch in (0, 1, 0):
        loader.set_epoch(epoch)
        orders.append([batch["ref_chosen"].tolist() for batch in loader])

    assert orders[0] != orders[1]
    assert orders[0] == orders[2]
    flat = [sorted(sum(order, [])) for order in orders]
    assert flat[0] == flat[1]


def test_sequence_log_probabilities_do_not_feel_padding_or_the_short_head(
    models, tokenizer, pairs
):
    moved, _ = models
    rows = [(pair.prompt, pair.chosen) for pair in pairs]
    assert policy.has_plain_head(moved)

    scores = policy.score_responses(moved, rows, tokenizer.pad_token_id, lambda *done: None)

    expected = [oracle_logp(moved, *row) for row in rows]
    assert min(expected) < -100
    np.testing.assert_allclose(scores.numpy(), expected, atol=1e-3)


def test_a_model_that_scales_its_logits_takes_the_long_way(tokenizer):
    from transformers import Gemma2Config, Gemma2ForCausalLM

    torch.manual_seed(0)
    model = Gemma2ForCausalLM(
        Gemma2Config(
            vocab_size=len(tokenizer),
            hidden_size=32,
            intermediate_size=64,
            num_hidden_layers=2,
            num_attention_heads=2,
            num_key_value_heads=2,
            head_dim=16,
            final_logit_softcapping=0.05,
            max_position_embeddings=256,
        )
    ).eval()
    row = (tokenizer.encode("My lamp is late."), tokenizer.encode("Sorry."))

    assert not policy.has_plain_head(model)
    scores = policy.score_responses(model, [row], tokenizer.pad_token_id, lambda *done: None)
    assert float(scores[0]) == pytest.approx(oracle_logp(model, *row), abs=1e-4)
