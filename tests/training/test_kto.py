"""KTO: the paper's loss, labels from what a dataset holds, and a policy that learns from them."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the train extra is not installed")

from tests.training import toy  # noqa: E402
from tests.training.test_formulas import oracle_logp  # noqa: E402
from training import losses, policy, tiny, unpaired  # noqa: E402
from training.data import Counts, Dataset  # noqa: E402
from training.errors import ConfigError, DataError  # noqa: E402
from training.options import read_options  # noqa: E402
from training.tokens import ChatTokeniser  # noqa: E402

pytestmark = pytest.mark.train
CHANCE = np.random.default_rng(5)
RATIO = CHANCE.normal(scale=20, size=32)
GOOD = CHANCE.random(32) > 0.4
BETA, POINT, WEIGHTS = 0.1, 3.0, (1.0, 1.33)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def oracle(ratio):
    """Ethayarajh et al. 2024, eq. 8: lambda_y - v(x, y), in the paper's own order of things."""
    value_good = WEIGHTS[0] * sigmoid(BETA * (ratio - POINT))
    value_bad = WEIGHTS[1] * sigmoid(BETA * (POINT - ratio))
    return np.where(GOOD, WEIGHTS[0] - value_good, WEIGHTS[1] - value_bad)


def ours(ratio):
    return losses.kto_loss(ratio, torch.tensor(GOOD), torch.tensor(POINT), BETA, *WEIGHTS)


def test_the_loss_is_the_papers_and_so_is_its_slope():
    ratio = torch.tensor(RATIO, requires_grad=True)

    found = ours(ratio)
    found.sum().backward()

    np.testing.assert_allclose(found.detach().numpy(), oracle(RATIO), atol=1e-12)
    step = 1e-6
    slope = (oracle(RATIO + step) - oracle(RATIO - step)) / (2 * step)
    np.testing.assert_allclose(ratio.grad.numpy(), slope, atol=1e-8)
    assert (np.sign(ratio.grad.numpy()) == np.where(GOOD, -1, 1)).all()


def test_the_reference_point_is_a_mean_never_below_zero_and_not_learned():
    strange = torch.tensor([-10.0, -20.0], requires_grad=True)

    above = losses.kto_reference_point(strange, torch.tensor([-14.0, -22.0]))
    below = losses.kto_reference_point(strange, torch.tensor([-1.0, -2.0]))

    assert (float(above), float(below)) == (3.0, 0.0)
    assert not above.requires_grad


def world_of(tmp_path, edit=None):
    place = toy.make_dataset(tmp_path / "dataset", train=6, dev=2, test=2, edit=edit)
    return Dataset(tmp_path / "dataset", place["hash"])


def options(**given):
    return read_options("kto", given)


def read(dataset, **given):
    counts = Counts(by_design=unpaired.BY_DESIGN)
    rows = unpaired.read_unpaired(dataset, "train", options(**given), counts)
    return rows, counts


def test_chosen_is_good_rejected_is_bad_and_both_is_contested(tmp_path):
    def contest(files):
        rows = files["preferences.train.jsonl"]
        first = rows[0]
        rows.append(first | {"chosen": first["rejected"], "rejected": toy.say("Never.")})
        rows.append(first | {"weight": 0.5, "rejected": toy.say("Worst.")})

    dataset = world_of(tmp_path, contest)
    rows, counts = read(dataset)

    first = dataset.comparisons("train")[0]
    said = {row.response: row for row in rows if row.prompt_sha256 == first.prompt_sha256}
    assert first.rejected not in said
    assert said[first.chosen].is_desirable
    assert said[first.chosen].weight == pytest.approx(0.75)
    assert not said["Never."].is_desirable
    assert counts.dropped == {"contested": 1}
    assert counts.kept == len(rows) == len({(r.prompt_sha256, r.response) for r in rows})


def judged(files, **said):
    """Three judgments of the first item: what each says stands under its name, by judgment."""
    first = files["preferences.train.jsonl"][0]
    files["rankings.jsonl"] = [
        {
            "item": first["item"],
            "labeler": f"w{n}",
            "ranking": [["g0"], ["b0"]],
            "split": "train",
            "prompt_sha256": first["prompt_sha256"],
            **{name: values[n] for name, values in said.items()},
        }
        for n in range(3)
    ]
    first |= {"chosen_id": "g0", "rejected_id": "b0"}


def test_most_of_the_judgments_decide_about_the_floor(tmp_path):
    below = [["b0"], ["b0", "x9"], []]
    dataset = world_of(tmp_path, lambda files: judged(files, unacceptable=below))
    rows, counts = read(dataset, labels="floor")

    first = dataset.comparisons("train")[0]
    assert {r.response: r.is_desirable for r in rows} == {
        first.chosen: True,
        first.rejected: False,
    }
    assert counts.dropped == {"text not in the dataset": 1}


def test_a_rating_makes_a_response_good_from_the_threshold_on(tmp_path):
    given = [
        {"tone": {"g0": 5, "b0": 4}},
        {"tone": {"g0": 4, "b0": 3}},
        {"tone": {"g0": 1, "b0": "na"}, "length": {"b0": 5}},
    ]
    dataset = world_of(tmp_path, lambda files: judged(files, ratings=given))

    rows, counts = read(dataset, labels="rating", criterion="tone", threshold=4.0)

    assert [row.is_desirable for row in rows] == [True]
    assert counts.dropped == {"contested": 1}, "one of two ratings of b0 reaches 4"


def test_labels_and_their_options_belong_together():
    assert options(labels="rating", criterion="tone", threshold=3.0)["criterion"] == "tone"
    with pytest.raises(ConfigError, match="need a criterion and a threshold"):
        options(labels="rating", criterion="tone")
    with pytest.raises(ConfigError, match="are for labels by rating"):
        options(threshold=3.0)


def row_of(prompt, is_desirable):
    return unpaired.Unpaired((), "x", prompt, is_desirable)


def test_the_rarer_side_weighs_more_unless_told_otherwise():
    rows = [row_of("a", True), row_of("b", True), row_of("c", True), row_of("d", False)]

    assert unpaired.balance(rows, options()) == (1.0, 3.0)
    assert unpaired.balance(rows, options(undesirable_weight=1.0)) == (1.0, 1.0)
    with pytest.raises(DataError, match="3 desirable and 0 undesirable"):
        unpaired.balance(rows[:3], options())


def test_a_mismatched_response_answers_another_prompt():
    prompts = [f"p{n // 3}" for n in range(30)]

    found = unpaired.mismatch(prompts, seed=1)

    assert all(prompts[other] != prompt for prompt, other in zip(prompts, found, strict=True))
    assert len(set(found)) > 25, "nearly a permutation"
    assert found == unpaired.mismatch(prompts, seed=1) != unpaired.mismatch(prompts, seed=2)


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
def test_the_shipped_trainers_loss_is_the_papers(tmp_path):
    """Sequence by sequence, unpadded, in float64, with nothing shared but the ids."""
    from training import trainers

    dataset = world_of(tmp_path)
    rows, counts = read(dataset)
    tokenizer = tiny.train_tokenizer(tiny.texts_of(dataset.demonstrations("train")), 400)
    shape = {"hidden_size": 64, "layers": 2, "heads": 4}
    reference, moved = (tiny.make_model(tokenizer, shape, 0).eval() for _ in range(2))
    torch.manual_seed(1)
    with torch.no_grad():
        for parameter in moved.parameters():
            parameter += 0.02 * torch.randn_like(parameter)
    rows = [replace(row, weight=(0.5, 1.0, 3.0)[at % 3]) for at, row in enumerate(rows)]
    ids = unpaired.tokenise(rows, ChatTokeniser(tokenizer, 400), counts, seed=1)
    scores = [
        policy.score_responses(reference, side, tokenizer.pad_token_id, lambda *done: None)
        for side in ([(r.prompt, r.response) for r in ids], [r.other for r in ids])
    ]
    run = SimpleNamespace(options=options(batch_size=8), out=tmp_path, seed=1, folder=tmp_path)
    steps = {"total_steps": 3, "rate": 1e-4, "evaluate": lambda step: None, "state": {}}
    trainer = trainers.kto_trainer(run, moved, tokenizer, ids, scores, (1.0, 1.5), **steps)
    trainer.model.eval()
    with torch.no_grad():
        found = [float(trainer.compute_loss(moved, b)) for b in trainer.get_train_dataloader()]

    order = list(trainer._get_train_sampler())
    expected, points = [], []
    for start in range(0, len(order), 8):
        batch = [ids[at] for at in order[start : start + 8]]

        def ratio(prompt, response):
            return oracle_logp(moved, prompt, response) - oracle_logp(reference, prompt, response)

        points.append(max(0.0, np.mean([ratio(*row.other) for row in batch])))
        signs = [1 if row.source.is_desirable else -1 for row in batch]
        gains = [
            BETA * sign * (ratio(row.prompt, row.response) - points[-1])
            for sign, row in zip(signs, batch, strict=True)
        ]
        scale = np.where(np.array(signs) > 0, 1.0, 1.5)
        scale *= [row.source.weight / np.mean([one.source.weight for one in ids]) for row in batch]
        expected.append(float((scale * (1 - sigmoid(np.array(gains)))).mean()))
    assert len(set(found)) == len(found) > 2
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_kto_starts_at_half_the_weight_and_learns_the_preference(kto):
    _, lines, record = kto
    first = next(line for line in lines if line["type"] == "metric")

    assert first["step"] == 0
    assert first["eval_regret"] == pytest.approx(0.5, abs=1e-4)
    assert first["eval_kl"] == pytest.approx(0, abs=1e-4)
    assert record["metrics"]["accuracy"]["value"] >= 0.95
    assert record["settings"]["undesirable_weight"] > record["settings"]["desirable_weight"] == 1
    assert [line["kl"] for line in lines if "kl" in line][-1] >= 0
    assert any("rewards/margins" in name for line in lines for name in line)
