"""PPO as a process and as a loop: it pleases its reward, goes on where it stopped, and tells."""

import json
import signal
from collections import Counter

import pytest

torch = pytest.importorskip("torch", reason="needs the train extra")

from safetensors.torch import load_file  # noqa: E402

from tests.training import toy  # noqa: E402
from training import options, policy, rl_loop, rollouts, tiny  # noqa: E402
from training.data import Dataset, Demonstration  # noqa: E402
from training.events import Journal  # noqa: E402
from training.reward_model import RewardModel, Rewards  # noqa: E402
from training.rollouts import Prompt  # noqa: E402
from training.run import Run  # noqa: E402
from training.tokens import ChatTokeniser  # noqa: E402

SETTINGS = {
    "epochs": 2, "batch_size": 16, "minibatch": 8, "passes": 2, "max_new_tokens": 24,
    "learning_rate": 1e-3, "log_steps": 1, "eval_steps": 3, "save_steps": 2,
}  # fmt: skip


@pytest.fixture(scope="session")
def reward_folder(causal_reward):
    return causal_reward[0] / "1" / "model"


@pytest.fixture(scope="session")
def rl(world, dataset, policy_folder, reward_folder):
    """A finished PPO run of six updates."""
    run = toy.make_run(
        world / "rl", "rl", dataset, policy_folder, reward=reward_folder, max_steps=6, **SETTINGS
    )
    status, lines, record = toy.train(run)
    assert status == 0, toy.log(run)
    return run, lines, record


def metrics(lines, name):
    return [line[name] for line in lines if line["type"] == "metric" and name in line]


def test_before_the_first_step_the_policy_is_its_reference(rl):
    _, lines, _ = rl
    assert metrics(lines, "kl")[0] == pytest.approx(0, abs=1e-4)
    assert metrics(lines, "kl_k3")[0] == pytest.approx(0, abs=1e-6)


def test_it_pleases_the_reward_model_more_than_its_base_did(rl):
    _, lines, record = rl
    assert metrics(lines, "reward")[-1] > metrics(lines, "reward")[0]
    assert record["metrics"]["test_reward"] > record["baselines"]["base model"]["reward"]
    assert record["metrics"]["test_win_rate"]["value"] > 0.5
    assert record["counts"]["read"] == record["counts"]["kept"] == 68


def test_samples_are_told_while_it_trains(rl):
    _, lines, _ = rl
    samples = [line for line in lines if line["type"] == "sample"]
    assert {line["step"] for line in samples} == {0, 3}
    assert all(isinstance(line["text"], str) and line["prompt"] for line in samples)


def test_the_card_says_whose_win_rate_it_is(rl):
    run, _, _ = rl
    card = (run / "1" / "model" / "README.md").read_text()
    assert "Win rate, on the test split" in card
    assert "only fresh blind judgments show" in card
    assert json.loads((run / "1" / "model" / "manifest.json").read_text())["kind"] == "policy"


def test_a_run_that_was_killed_ends_with_the_weights_of_the_undisturbed_one(
    rl, world, dataset, policy_folder, reward_folder
):
    run = toy.make_run(
        world / "rl-killed", "rl", dataset, policy_folder, reward=reward_folder, max_steps=6,
        **SETTINGS,
    )  # fmt: skip
    process = toy.start(run)
    try:
        while not any(line["type"] == "checkpoint" for line in toy.journal(run)):
            assert process.poll() is None, toy.log(run)
        process.send_signal(signal.SIGKILL)
    finally:
        process.wait(timeout=60)
    status, lines, record = toy.train(run, token=2)
    assert status == 0, toy.log(run, 2)
    assert metrics(lines, "kl")[0] != 0, "it went on, it did not begin again"
    whole = load_file(rl[0] / "1" / "model" / "model.safetensors")
    again = load_file(run / "2" / "model" / "model.safetensors")
    assert all(torch.equal(whole[name], again[name]) for name in whole)
    assert record["metrics"] == rl[2]["metrics"]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"reward": None}, "rl needs a reward model"),
        ({"base": None}, "rl needs a base model"),
        ({"max_new_tokens": 4096}, "leaves no room"),
        ({"responses": 4}, "answers each prompt once"),
        ({"algorithm": "rloo", "responses": 1}, "2 or more"),
        ({"algorithm": "grpo", "batch_size": 10}, "multiple of the 4"),
    ],
)
def test_what_cannot_work_is_a_sentence(
    change, sentence, tmp_path, dataset, policy_folder, reward_folder
):
    base, judge = change.get("base", policy_folder), change.get("reward", reward_folder)
    more = {name: value for name, value in change.items() if name not in ("base", "reward")}
    run = toy.make_run(tmp_path / "run", "rl", dataset, base, reward=judge, **more)
    status, _, record = toy.train(run)
    assert status == 64
    assert sentence in record["error"]


def test_a_policy_is_no_reward_model(tmp_path, dataset, policy_folder):
    run = toy.make_run(tmp_path / "run", "rl", dataset, policy_folder, reward=policy_folder)
    status, _, record = toy.train(run)
    assert (status, record["status"]) == (64, "failed")
    assert "not published by a reward run" in record["error"]


class Wanting:
    """A reward made by hand: how large a share of a response one letter is."""

    def __init__(self, letter, constant=None):
        self.letter, self.constant = letter, constant
        self.seen = []  # the mean share of the letter in each update, whatever is paid for

    def judge(self, prompts, texts):
        shares = torch.tensor(
            [4 * Counter(text)[self.letter] / max(1, len(text)) for text in texts],
            dtype=torch.float64,
        )
        self.seen.append(float(shares.mean()))
        values = shares if self.constant is None else torch.full_like(shares, self.constant)
        return Rewards(values, torch.zeros_like(values), [""] * len(values))


def learn(folder, reward, updates=12, **given):
    """Train a new model of random weights for some updates; (loop, figures of each update)."""
    folder.mkdir()
    (folder / "token").write_text("1")
    torch.set_num_threads(1)
    read = options.read_options(
        "rl",
        {"batch_size": 32, "minibatch": 32, "max_new_tokens": 8, "learning_rate": 3e-3,
         "no_end_score": 0.0, "critic": "policy", "log_steps": 1, "save_steps": 10_000,
         "eval_steps": 10_000, **given},
    )  # fmt: skip
    run = Run("rl", folder, {"seed": 5}, "", read, Journal(folder, 1))
    text = [{"role": "user", "content": "abc abd eef"}]
    tokenizer = tiny.train_tokenizer(tiny.texts_of([Demonstration(tuple(text), "eee", "x")]), 300)
    size = {"hidden_size": 32, "layers": 1, "heads": 2}
    model = tiny.make_model(tokenizer, size, 1)
    ids = ChatTokeniser(tokenizer, 64).encode_prompt(tuple(text))
    loop = rl_loop.Learner(run, model, tokenizer, reward, read["learning_rate"])
    loop.train([Prompt(tuple(text), ids, "x")], updates, lambda step: {}, {}, None)
    run.journal._lines.close()
    lines = [
        json.loads(line) for line in (folder / "1" / "metrics.jsonl").read_text().splitlines()
    ]
    return loop, [line for line in lines if line["type"] == "metric"], lines


@pytest.fixture
def all_end(monkeypatch):
    """Scores for responses that were cut, too: a model of random weights hardly ever ends."""
    whole = rollouts.sample

    def sample(*given, **more):
        found = whole(*given, **more)
        found.ended.fill_(True)
        return found

    monkeypatch.setattr(rollouts, "sample", sample)


@pytest.mark.parametrize("algorithm", ["ppo", "rloo", "grpo"])
def test_a_reward_made_by_hand_is_learned(tmp_path, all_end, algorithm):
    loop, figures, _ = learn(tmp_path / "run", Wanting("e"), beta=0.0, algorithm=algorithm)
    assert (loop.critic is None) == (algorithm != "ppo")
    rewards = [one["reward"] for one in figures]
    assert sum(rewards[-3:]) / 3 > 2 * sum(rewards[:3]) / 3


@pytest.mark.parametrize("algorithm", ["rloo", "grpo"])
def test_where_all_are_paid_alike_nothing_changes_at_all(tmp_path, all_end, algorithm):
    same = Wanting("e", constant=1.0)
    loop, figures, _ = learn(tmp_path / "run", same, updates=2, beta=0.0, algorithm=algorithm)
    pairs = zip(loop.model.parameters(), loop.reference.parameters(), strict=True)
    assert all(torch.equal(ours, base) for ours, base in pairs)
    assert figures[-1]["kl"] == 0


def test_a_constant_reward_teaches_no_letter(tmp_path, all_end):
    paid, unpaid = Wanting("e"), Wanting("e", constant=1.0)
    learn(tmp_path / "paid", paid, beta=0.0)
    learn(tmp_path / "unpaid", unpaid, beta=0.0)

    def gain(seen):
        return sum(seen[-3:]) / 3 - sum(seen[:3]) / 3

    assert abs(gain(unpaid.seen)) < gain(paid.seen) / 3


def test_a_dearer_divergence_stays_nearer_to_the_base(tmp_path, all_end):
    _, cheap, _ = learn(tmp_path / "cheap", Wanting("e"), beta=0.01)
    _, dear, _ = learn(tmp_path / "dear", Wanting("e"), beta=0.5)
    assert dear[-1]["kl"] < cheap[-1]["kl"]


def test_the_coefficient_follows_its_target(tmp_path, all_end):
    near = {"beta": 0.05, "kl_target": 0.01, "whiten_rewards": True}
    _, figures, _ = learn(tmp_path / "run", Wanting("e"), updates=6, **near)
    betas = [one["kl_coef"] for one in figures]
    assert betas[0] == 0.05
    assert betas[-1] > betas[1], "it is further away than the target, so it gets dearer"


def test_a_policy_that_runs_away_is_told_of_once_and_one_that_stays_is_not(tmp_path, all_end):
    """The planted case: nothing holds it to its base, and a letter is paid for."""
    free = {"updates": 6, "beta": 0.0, "kl_target": 0.01, "algorithm": "rloo"}

    def told(name, reward):
        lines = learn(tmp_path / name, reward, **free)[2]
        return [line["alarm"] for line in lines if line["type"] == "warning"]

    assert told("paid", Wanting("e")).count("kl") == 1
    constant = Wanting("e", constant=1.0)
    assert told("unpaid", constant) == []


def first(**changed):
    same = {"kl": 0.0, "reward": 0.0, "entropy": 2.0, "completions/mean_length": 20.0,
            "completions/clipped_ratio": 0.0}  # fmt: skip
    return same | changed


@pytest.mark.parametrize(
    ("now", "names"),
    [
        (first(reward=2.0, kl=5.0), []),
        (first(reward=2.0, **{"completions/mean_length": 29.0}), ["length"]),
        (first(reward=2.0, **{"completions/mean_length": 13.0}), ["length"]),
        (first(reward=-1.0, **{"completions/mean_length": 40.0}), []),
        (first(kl=30.0), ["kl"]),
        (first(entropy=0.1), ["entropy"]),
        (first(**{"completions/clipped_ratio": 0.6}), ["endless"]),
    ],
)
def test_what_gives_an_alarm(now, names):
    found = rl_loop.alarms(first(), now, {"kl_target": None})
    assert [name for name, _ in found] == names


@pytest.mark.parametrize(("algorithm", "times"), [("ppo", 1), ("rloo", 4)])
def test_each_prompt_comes_once_in_each_pass(algorithm, times):
    prompts = [Prompt((), [n], str(n)) for n in range(10)]
    given = {"batch_size": 4 * times, "algorithm": algorithm, "responses": None}
    seen = [
        prompt.sha256 for step in range(5) for prompt in rl_loop.chosen(prompts, given, 3, step)
    ]
    groups = [seen[at : at + times] for at in range(0, len(seen), times)]
    assert all(len(set(group)) == 1 for group in groups)
    seen = [group[0] for group in groups]
    assert sorted(seen[:10]) == sorted(seen[10:]) == [str(n) for n in range(10)]
    assert seen[:10] != seen[10:]


def test_a_critic_begins_with_what_the_reward_model_knows(policy_folder, reward_folder, rl):
    """Its value of a whole response is the response's normalised reward."""
    tokenizer, model = policy.load_tokenizer(policy_folder), policy.load_policy(policy_folder)
    reward = RewardModel.load(reward_folder)
    assert rollouts.reads_alike(reward, tokenizer)
    assert rl[2]["settings"]["critic"] == "reward"
    critic = rollouts.Critic(model, reward)
    said = ({"role": "user", "content": "abc"},)
    prompt, response = reward.tokeniser.read(said, "a b c").row
    with torch.no_grad():
        ids = torch.tensor([prompt + response])
        value = critic.head(critic.body(input_ids=ids).last_hidden_state[0, -1])
    assert float(value) == pytest.approx(float(reward.score([said], ["a b c"])), abs=1e-5)
    assert all(weight.requires_grad for weight in critic.parameters())
    assert float(rollouts.Critic(model).head.weight.detach().abs().sum()) == 0


def test_a_reward_model_of_other_tokens_is_no_critic(
    world, dataset, policy_folder, encoder_reward
):
    folder = encoder_reward[0] / "1" / "model"
    assert not rollouts.reads_alike(RewardModel.load(folder), policy.load_tokenizer(policy_folder))
    run = toy.make_run(
        world / "rl-other", "rl", dataset, policy_folder, reward=folder, max_steps=1,
        critic="reward", **SETTINGS,
    )  # fmt: skip
    status, lines, _ = toy.train(run)
    assert status == 64, toy.log(run)
    assert "reads other tokens" in lines[-1]["message"]


def test_padding_changes_nothing(policy_folder, dataset):
    """Log-probabilities, entropies and values of a row are the same alone and beside a longer."""
    tokenizer, model = policy.load_tokenizer(policy_folder), policy.load_policy(policy_folder)
    critic = rollouts.Critic(model)
    torch.nn.init.normal_(critic.head.weight)
    short, long = ([5, 6, 7], [8, 9]), ([5, 6, 7, 8, 9, 10], [11, 12, 13, 14, 15])
    pad = tokenizer.pad_token_id
    with torch.no_grad():
        alone, _ = rollouts.measure(model, [short], pad, 0.7, bf16=False)
        both, entropy = rollouts.measure(model, [short, long], pad, 0.7, bf16=False)
        value = rollouts.values_of(critic, [short], pad, bf16=False)
        values = rollouts.values_of(critic, [short, long], pad, bf16=False)
    assert torch.allclose(alone[0], both[0, :2], atol=1e-5)
    assert torch.allclose(value[0], values[0, :2], atol=1e-5)
    assert both[0, 2:].tolist() == values[0, 2:].tolist() == [0, 0, 0]
    assert bool((entropy[1] > 0).all())


def test_the_prompts_of_a_dataset_come_once_each(dataset):
    from pathlib import Path

    prompts = Dataset(Path(dataset["path"])).prompts("dev")
    assert len(prompts) == 8 == len({sha for sha, _ in prompts})


def test_the_mean_log_probability_is_the_sum_over_the_tokens_with_the_end(policy_folder):
    """What length-normalised DPO compares."""
    model = policy.load_policy(policy_folder)
    rows = [([5, 6, 7], [8, 9]), ([5, 6], [11, 12, 13, 14])]
    batch = policy.collate(rows, 0)
    with torch.no_grad():
        total = policy.response_logps(model, batch)
        mean = policy.response_logps(model, batch, mean=True)
    assert torch.allclose(mean, total / torch.tensor([2.0, 4.0]))


def test_imitating_the_best_of_n_beats_its_base_and_is_told_beside_choosing_alone(
    world, dataset, policy_folder, reward_folder
):
    options = SETTINGS | {"batch_size": 96, "responses": 8, "learning_rate": 5e-4, "epochs": 20}
    options |= {"eval_steps": 30, "minibatch": 4, "max_steps": 6}
    run = toy.make_run(
        world / "best-of", "rl", dataset, policy_folder, reward=reward_folder,
        algorithm="best_of", **options,
    )  # fmt: skip
    status, lines, record = toy.train(run)
    assert status == 0, toy.log(run)
    base = record["baselines"]["base model"]["reward"]
    choosing = record["baselines"]["base model, best of 8"]
    assert choosing["reward"] > base + 0.5
    assert choosing["kl_bound"] == pytest.approx(1.204442, abs=1e-6)  # log 8 - 7/8
    rewards = metrics(lines, "reward")
    assert sum(rewards[-2:]) / 2 > rewards[0] + 0.1
    assert record["metrics"]["test_reward"] > base
