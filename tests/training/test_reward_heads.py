"""Reward models that say more: ties as outcomes, criteria, ensembles, calibration."""

import json

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the train extra is not installed")

from tests.training import toy  # noqa: E402
from tests.training.test_resume import encoder  # noqa: E402, F401 - a random BERT, a fixture
from training import criteria, evaluate, heads, losses  # noqa: E402
from training.data import Comparison, Dataset  # noqa: E402
from training.errors import ConfigError, DataError  # noqa: E402
from training.reward_model import RewardModel  # noqa: E402

pytestmark = pytest.mark.train
CHANCE = np.random.default_rng(11)
D = CHANCE.normal(scale=2, size=24)
TIE = CHANCE.random(24) > 0.6


def davidson(difference, log_nu):
    """Davidson 1970 in worths: P(tie) = nu sqrt(a b) / (a + b + nu sqrt(a b))."""
    first, second, nu = np.exp(difference), 1.0, np.exp(log_nu)
    both = first + second + nu * np.sqrt(first * second)
    return -np.log(np.where(TIE, nu * np.sqrt(first * second), first) / both)


def test_ties_as_an_outcome_are_davidsons_and_so_are_both_slopes():
    difference = torch.tensor(D, requires_grad=True)
    log_nu = torch.tensor(-0.4, dtype=torch.float64, requires_grad=True)

    found = losses.davidson_nll(difference, torch.tensor(TIE), log_nu)
    found.sum().backward()

    np.testing.assert_allclose(found.detach().numpy(), davidson(D, -0.4), atol=1e-12)
    step = 1e-6
    slope = (davidson(D + step, -0.4) - davidson(D - step, -0.4)) / (2 * step)
    np.testing.assert_allclose(difference.grad.numpy(), slope, atol=1e-7)
    in_nu = (davidson(D, -0.4 + step).sum() - davidson(D, -0.4 - step).sum()) / (2 * step)
    assert float(log_nu.grad) == pytest.approx(in_nu, abs=1e-6)


def test_without_ties_davidsons_loss_is_bradley_and_terrys():
    difference = torch.tensor(D)
    never = torch.zeros(24, dtype=torch.bool)

    found = losses.davidson_nll(difference, never, torch.tensor(-60.0, dtype=torch.float64))

    np.testing.assert_allclose(
        found.numpy(), losses.preference_nll(difference).numpy(), atol=1e-12
    )


def test_a_temperature_finds_back_what_was_divided_away():
    honest = CHANCE.normal(scale=1.5, size=4000)
    won = CHANCE.random(4000) < 1 / (1 + np.exp(-honest))
    difference = np.where(won, honest, -honest)
    ones = np.ones(4000)

    too_sure = evaluate.fit_temperature(3 * difference, ones)

    assert too_sure == pytest.approx(3, rel=0.1)
    after = evaluate.calibrate(3 * difference, ones, too_sure)
    assert after["error_after"] < 0.4 * after["error_before"]
    assert after["log_loss_after"] < after["log_loss_before"]
    # The order of any two responses stays: accuracy cannot change.
    assert (np.sign(difference) == np.sign(3 * difference / too_sure)).all()


def test_one_head_is_what_it_always_was():
    chosen, rejected = torch.tensor(D)[:, None], torch.zeros(24, 1, dtype=torch.float64)
    labels = {"p_chosen": torch.ones(24), "boot": torch.ones(24, 1)}

    found = heads.comparison_losses(chosen, rejected, labels, 0.01)

    expected = losses.preference_nll(chosen[:, 0]) + 0.01 * chosen[:, 0] ** 2
    torch.testing.assert_close(found, expected)


def test_each_member_sees_its_own_sample_of_prompts_the_same_in_each_pass():
    plan = heads.Heads(members=4)
    drawn = np.array([plan.bootstrap(f"p{n}", seed=3) for n in range(4000)])

    assert drawn.mean() == pytest.approx(1, abs=0.05)  # Poisson(1) has mean and variance 1
    assert drawn.var() == pytest.approx(1, abs=0.06)
    assert np.corrcoef(drawn.T)[0, 1] == pytest.approx(0, abs=0.06)
    assert plan.bootstrap("p7", seed=3) == drawn[7].tolist()
    assert heads.Heads().bootstrap("p7", seed=3) == [1.0]


def test_a_reward_weighs_criteria_in_their_own_deviations_and_is_the_mean_of_its_members():
    plan = heads.Heads(("", "tone"), (1.0, 3.0), members=2)
    raw = torch.tensor(CHANCE.normal(size=(50, 4)) * [1, 100, 1, 0.01] + [5, 0, -2, 7])

    factor, shift = plan.combination(raw)
    members = plan.by_member(raw, factor, shift)

    z = ((raw - raw.mean(0)) / raw.std(0, correction=0)).numpy()
    expected = np.stack([(z[:, 0] + 3 * z[:, 1]) / 4, (z[:, 2] + 3 * z[:, 3]) / 4], 1)
    np.testing.assert_allclose(members.numpy(), expected, atol=1e-9)
    whole = ((raw - shift) * factor).sum(1)
    np.testing.assert_allclose(members.mean(1).numpy(), whole.numpy(), atol=1e-9)


@pytest.mark.parametrize("text", ["helpful", "=2", "helpful=x", "a=1, a=2", "a=nan", "a=0"])
def test_weights_that_say_nothing_are_refused(text):
    assert criteria.parse_weights(" helpful=2, tone = -0.5 ") == {"helpful": 2.0, "tone": -0.5}
    assert criteria.parse_weights("") == {}
    with pytest.raises(ConfigError, match="'criteria'"):
        criteria.parse_weights(text)


def rate(files):
    """Ratings beside the comparisons: `brief` prefers the curt reply, which the ranking does not;
    `fog` says nothing of any."""
    files["rankings.jsonl"] = [
        {
            "item": row["item"],
            "labeler": f"w{labeler}",
            "ranking": [],
            "split": split,
            "prompt_sha256": row["prompt_sha256"],
            "ratings": {
                "brief": {row["chosen_id"]: 2, row["rejected_id"]: 4 - labeler // 2},
                "fog": {row["chosen_id"]: 3, row["rejected_id"]: 3},
            },
        }
        for split in ("train", "dev", "test")
        for row in files[f"preferences.{split}.jsonl"]
        for labeler in range(3)
    ]


def test_ratings_of_one_labeler_make_a_comparison_and_those_of_several_its_share(tmp_path):
    def uneven(files):
        rate(files)
        for row in files["rankings.jsonl"]:
            if row["labeler"] == "w2":
                first, second = row["ratings"]["brief"].values()
                names = list(row["ratings"]["brief"])
                row["ratings"]["brief"] = {names[0]: second, names[1]: first - 1}

    place = toy.make_dataset(tmp_path / "dataset", train=6, dev=1, test=1, edit=uneven)
    dataset = Dataset(tmp_path / "dataset", place["hash"])

    rows = criteria.by_criterion(dataset, "train", "brief")

    texts = {one.rejected for one in dataset.comparisons("train")}
    assert {one.chosen for one in rows} <= texts, "the other way round than the ranking"
    assert {round(one.p_chosen, 3) for one in rows} == {0.667}
    assert {one.criterion for one in rows} == {"brief"}
    with pytest.raises(DataError, match="rated apart on 'fog'"):
        criteria.read_criteria(dataset, ("train",), ["fog"])


def train_encoder(tmp_path, base, **options):
    def edit(files):
        rate(files)

    dataset = toy.make_dataset(tmp_path / "dataset", train=32, dev=8, test=12, edit=edit)
    wanted = {"epochs": 6, "learning_rate": 3e-3, "max_length": 256, "log_steps": 8}
    run = toy.make_run(tmp_path / "run", "reward", dataset, base, **wanted, **options)
    status, _, record = toy.train(run)
    assert status == 0, toy.log(run)
    return RewardModel.load(run / "1" / "model"), record, run


def test_heads_for_criteria_and_members_are_trained_published_and_say_how_sure_they_are(
    tmp_path, encoder  # noqa: F811
):  # fmt: skip
    reward, record, run = train_encoder(
        tmp_path, encoder, members=3, criteria="brief=0.5", overall_weight=2.0
    )

    metrics = record["metrics"]
    assert metrics["accuracy"]["value"] > 0.9
    assert metrics["criteria"]["brief"] > 0.9, "its own head learned the opposite of the ranking"
    assert metrics["ensemble"]["deviation"] > 0
    assert metrics["calibration"]["temperature"] > 0
    assert reward.heads.count == 6
    prompt = ({"role": "user", "content": toy.make_prompt(4)},)
    texts = [toy.COURTEOUS[0], toy.CURT[0], "zzz qqq xx jj"]
    scores, deviation = reward.score_with_deviation([prompt] * 3, texts)
    assert torch.equal(reward.score([prompt] * 3, texts), scores)
    assert float(scores[0]) > float(scores[1])
    assert (deviation > 0).all()
    assert 0.5 < float(reward.chance(scores[0], scores[1])) < 1
    assert "ensemble" in (run / "1" / "model" / "README.md").read_text()


def test_davidsons_ties_are_learned_where_soft_labels_are_off(tmp_path, encoder):  # noqa: F811
    _, record, run = train_encoder(tmp_path, encoder, soft_labels=False)

    spec = json.loads((run / "1" / "model" / "reward.json").read_text())
    assert record["counts"]["dropped"] == {"tie": 2}, "those of dev and test alone"
    assert record["metrics"]["accuracy"]["value"] > 0.9
    assert spec["log_nu"] < 0, "fewer ties than wins"


def test_a_causal_reward_model_has_heads_too(world, dataset, policy_folder):
    run = toy.make_run(
        world / "causal-heads", "reward", dataset, policy_folder,
        batch_size=8, max_steps=12, members=2,
    )  # fmt: skip

    status, _, record = toy.train(run)

    assert status == 0, toy.log(run)
    reward = RewardModel.load(run / "1" / "model")
    assert reward.network.model.config.num_labels == 2
    assert record["metrics"]["accuracy"]["value"] > 0.9
    assert {"accuracy_sure", "accuracy_unsure"} <= record["metrics"]["ensemble"].keys()


def test_a_comparison_knows_which_heads_it_teaches():
    plan = heads.Heads(("", "tone"), (1.0, 1.0), members=2)
    one = Comparison((), "a", "b", "p", criterion="tone")

    assert heads.labels_of(one, plan, seed=1)["columns"] == [1, 3]
