"""The own loop of PPO, RLOO, GRPO and best of n: sample, score, learn, again. One device.

Seed, update and weights alone decide what comes next, so a resumed run ends with the weights of
an undisturbed one.
"""

import contextlib
import random
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from training import checkpoint, policy, ppo, rollouts, states
from training.encoder_loop import schedule
from training.errors import Cancelled, ConfigError, RunError
from training.generate import Beat
from training.options import responses_to_a_prompt
from training.reward_model import RewardModel
from training.rollouts import Critic, Prompt, Responses, reads_alike
from training.run import Run
from training.vllm_sampler import VllmSampler, is_wanted

Figures = dict[str, float]
SHOWN = 3  # samples written to the journal at each evaluation


@dataclass
class Experience:
    """An update's responses and what held when they were sampled; all (rows, tokens)."""

    responses: Responses
    mask: Tensor
    logps: Tensor
    ref_logps: Tensor
    values: Tensor
    advantages: Tensor
    returns: Tensor

    def part(self, rows: list[int]) -> tuple[list[rollouts.Row], dict[str, Tensor]]:
        """Some rows, with their tensors as narrow as their longest response."""
        index = torch.tensor(rows, device=self.mask.device)
        width = int(self.mask[index].sum(1).max())
        names = ("mask", "logps", "ref_logps", "values", "advantages", "returns")
        tensors = {name: getattr(self, name)[index, :width] for name in names}
        return [self.responses.rows[at] for at in rows], tensors


class Learner:
    """A policy, its frozen reference, the reward model that it is to please, and PPO's critic.

    The others have no critic: what a response is worth shows beside others to its prompt.
    """

    def __init__(self, run: Run, model: Any, tokenizer: Any, reward: RewardModel, rate: float):
        options = run.options
        self.run, self.model, self.tokenizer, self.reward = run, model, tokenizer, reward
        self.reference = deepcopy(model).eval().requires_grad_(False)
        torch.manual_seed(run.seed)
        self.algorithm = options["algorithm"]
        self.critic = self._critic() if self.algorithm == "ppo" else None
        self.bf16 = policy.use_bf16(options["precision"])
        self.rate = rate
        self.engine = self._engine() if is_wanted(options["sampler"]) else None
        self.control = ppo.KLControl(options["beta"], options["kl_target"])
        decay = options["weight_decay"]
        self.optimizers: states.Optimizers = {
            f"{name}_optimizer": torch.optim.AdamW(network.parameters(), rate, weight_decay=decay)
            for name, network in self.networks.items()
        }

    def _engine(self) -> VllmSampler:
        length = policy.length_limit(self.model, self.run.options["max_length"])
        folder = self.run.config["base"]["path"]
        return VllmSampler(folder, max_length=length, bf16=self.bf16, seed=self.run.seed)

    def _critic(self) -> Critic:
        wanted = self.run.options["critic"]
        judge = None
        if wanted != "policy" and reads_alike(self.reward, self.tokenizer):
            judge = self.reward
        elif wanted == "reward":
            raise ConfigError(
                "critic cannot be 'reward': this reward model reads other tokens than the policy, "
                "or has several heads"
            )
        self.run.outcome.settings["critic"] = "reward" if judge else "policy"
        return Critic(self.model, judge).to(policy.device())

    @property
    def networks(self) -> states.Networks:
        found: states.Networks = {"policy": self.model}
        if self.critic is not None:
            found["critic"] = self.critic
        return found

    def train(
        self,
        prompts: list[Prompt],
        total: int,
        evaluate: Callable[[int], Figures],
        state: dict[str, Any],
        resume: checkpoint.Checkpoint | None,
    ) -> None:
        """`total` updates, from a verified checkpoint where there is one; Cancelled once saved."""
        options, run = self.run.options, self.run
        step = 0
        if resume is not None:
            step = resume.step
            states.load(resume.folder, self.networks, self.optimizers)
            self.control.beta = state["beta"]
        while step < total:
            for optimizer in self.optimizers.values():
                for group in optimizer.param_groups:
                    group["lr"] = self.rate * schedule(step, 0, total)
            try:
                batch = chosen(prompts, options, run.seed, step)
                experience, figures = self.sample(batch, step, total)
            except Cancelled:  # nothing was learned of this update yet
                self._save(step, state)
                raise
            figures |= self.learn(experience, step, total)
            self.control.update(figures["kl"])
            step += 1
            if figures["reward"] != figures["reward"] or figures["loss"] != figures["loss"]:
                raise RunError(f"the loss is not a number at update {step}")
            if step % options["log_steps"] == 0 or step == total:
                run.journal.metric(step, total, **figures)
            self._warn(step, figures, state)
            if step % options["eval_steps"] == 0 and step < total and not run.cancel_asked:
                # A cancel is saved and obeyed below, like any cancel between two updates.
                with contextlib.suppress(Cancelled):
                    evaluate(step)
            if step % options["save_steps"] == 0 or step == total or run.cancel_asked:
                self._save(step, state)
            if run.cancel_asked:
                raise Cancelled("SIGTERM")

    def sample(self, prompts: list[Prompt], step: int, total: int) -> tuple[Experience, Figures]:
        """One response to each prompt, scored; what each token was worth."""
        options, pad = self.run.options, self.tokenizer.pad_token_id
        beat = Beat(self.run, step, total, "train")
        if self.engine is not None:
            self.engine.push(self.model)
        responses = rollouts.sample(
            self.run,
            self.model,
            self.tokenizer,
            prompts,
            seed=self.run.seed + step + 1,
            beat=beat,
            engine=self.engine,
        )
        scores = rollouts.score(self.run, self.reward, responses).to(policy.device())
        ended = responses.ended.to(policy.device())
        mask = rollouts.mask_of(responses.rows)
        logps, ref_logps, values = (torch.zeros_like(mask) for _ in range(3))
        entropy = torch.zeros_like(mask)
        size = options["minibatch"]
        with torch.no_grad():
            for start in range(0, len(responses.rows), size):
                self.run.tick("train", step, total)
                rows = responses.rows[start : start + size]
                place = slice(start, start + size), slice(int(rollouts.mask_of(rows).shape[1]))
                heat = options["temperature"]
                logps[place], entropy[place] = rollouts.measure(
                    self.model, rows, pad, heat, bf16=self.bf16
                )
                ref_logps[place], _ = rollouts.measure(
                    self.reference, rows, pad, heat, bf16=self.bf16
                )
                if self.critic is not None:
                    values[place] = rollouts.values_of(self.critic, rows, pad, bf16=self.bf16)
        k1, k3 = ppo.kl_estimates(logps, ref_logps)
        if self.critic is not None:
            gains, returns = self._by_critic(scores, logps, ref_logps, values, mask)
        else:
            gains, returns = self._by_others(scores, (k1 * mask).sum(1), ended, mask), values
        figures = {
            "reward": float(scores.mean()),
            "reward_std": float(scores.std(correction=0)),
            "kl": float((k1 * mask).sum(1).mean()),
            "kl_k3": float((k3 * mask).sum(1).mean()),
            "kl_coef": self.control.beta,
            "entropy": float(ppo.masked_mean(entropy, mask)),
            "completions/mean_length": float(responses.lengths.mean()),
            "completions/clipped_ratio": 1 - float(responses.ended.float().mean()),
        }
        if self.critic is not None:
            explained = ppo.explained_variance(values, returns, mask)
            figures["explained_variance"] = float(explained)
        return Experience(responses, mask, logps, ref_logps, values, gains, returns), figures

    def _by_critic(
        self, scores: Tensor, logps: Tensor, ref_logps: Tensor, values: Tensor, mask: Tensor
    ) -> tuple[Tensor, Tensor]:
        """PPO: whitened advantages, and returns for the critic; (rows, tokens) both."""
        options = self.run.options
        rewards = ppo.token_rewards(logps, ref_logps, scores, mask, self.control.beta)
        if options["whiten_rewards"]:
            rewards = ppo.whiten(rewards, mask, keep_mean=True)
        gains, returns = ppo.advantages(
            rewards, values, mask, gamma=options["gamma"], lam=options["gae_lambda"]
        )
        return ppo.whiten(gains, mask, keep_mean=False), returns

    def _by_others(self, scores: Tensor, kl: Tensor, ended: Tensor, mask: Tensor) -> Tensor:
        """RLOO, GRPO, best of n: one advantage for all tokens of a response; (rows, tokens)."""
        count = responses_to_a_prompt(self.run.options)
        if self.algorithm == "best_of":
            by_response = ppo.best_of_group(scores.view(-1, count), ended.view(-1, count))
        elif self.algorithm == "rloo":  # its KL is a part of the reward, GRPO's of the loss
            by_response = ppo.leave_one_out((scores - self.control.beta * kl).view(-1, count))
        else:
            by_response = ppo.within_group(scores.view(-1, count))
        return by_response.reshape(-1, 1) * mask

    def _policy_loss(self, logps: Tensor, old: dict[str, Tensor]) -> Tensor:
        """The clipped objective as each of the three papers averages it: a scalar."""
        mask, clip = old["mask"], self.run.options["clip"]
        if self.algorithm == "rloo":  # a response is one action
            ours, before = ((part * mask).sum(1, keepdim=True) for part in (logps, old["logps"]))
            return ppo.policy_losses(ours, before, old["advantages"][:, :1], clip).mean()
        if self.algorithm == "best_of":  # plain imitation of what is left in the batch
            return -ppo.masked_mean(logps, mask)
        losses = ppo.policy_losses(logps, old["logps"], old["advantages"], clip)
        if self.algorithm == "ppo":
            return ppo.masked_mean(losses, mask)
        _, k3 = ppo.kl_estimates(logps, old["ref_logps"])
        return ppo.response_means(losses + self.control.beta * k3, mask)

    def _rows_to_learn(self, experience: Experience) -> list[int]:
        """All of them; of best of n the best. None where no response ended by itself."""
        rows = list(range(len(experience.responses.rows)))
        if self.algorithm != "best_of":
            return rows
        return [at for at in rows if bool(experience.advantages[at].any())]

    def learn(self, experience: Experience, step: int, total: int) -> Figures:
        """Several passes over an update's responses, in minibatches; means of the losses."""
        options, pad = self.run.options, self.tokenizer.pad_token_id
        order = self._rows_to_learn(experience)
        chance = random.Random(f"{self.run.seed}/{step}")  # noqa: S311 - an order, no secret
        self.model.train()
        sums: dict[str, list[float]] = {}
        for _ in range(options["passes"]):
            chance.shuffle(order)
            for start in range(0, len(order), options["minibatch"]):
                # No cancel here: half an update is no state to go on from.
                self.run.journal.progress("train", step=step, total=total)
                rows, old = experience.part(order[start : start + options["minibatch"]])
                logps, _ = rollouts.measure(
                    self.model, rows, pad, options["temperature"], bf16=self.bf16
                )
                mask = old["mask"]
                actor = self._policy_loss(logps, old)
                value = torch.zeros_like(actor)
                if self.critic is not None:
                    values = rollouts.values_of(self.critic, rows, pad, bf16=self.bf16)
                    value = ppo.masked_mean(
                        ppo.value_losses(
                            values, old["values"], old["returns"], options["value_clip"]
                        ),
                        mask,
                    )
                (actor + options["value_weight"] * value).backward()
                norms = [
                    torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
                    for network in self.networks.values()
                ]
                for optimizer in self.optimizers.values():
                    optimizer.step()
                    optimizer.zero_grad()
                ratio = torch.exp(logps.detach() - old["logps"]) * mask
                for name, figure in {
                    "loss": actor,
                    "value_loss": value,
                    "clip_ratio": ppo.clipped_share(
                        logps.detach(), old["logps"], mask, options["clip"]
                    ),
                    "largest_ratio": ratio.max(),
                    "grad_norm": norms[0],
                }.items():
                    sums.setdefault(name, []).append(float(figure.detach()))
        if not sums:  # nothing ended by itself, so nothing was worth imitating
            return {"loss": 0.0}
        if self.critic is None:
            del sums["value_loss"]
        means = {name: sum(values) / len(values) for name, values in sums.items()}
        largest = max(sums["largest_ratio"])
        rate = self.optimizers["policy_optimizer"].param_groups[0]["lr"]
        return means | {"largest_ratio": largest, "learning_rate": rate}

    def show(self, responses: Responses, scores: Tensor, step: int) -> None:
        """A few of the responses, for whoever watches it learn."""
        for at in range(min(SHOWN, len(responses.texts))):
            self.run.journal.write(
                "sample",
                step=step,
                prompt=responses.prompts[at].messages[-1]["content"],
                text=responses.texts[at],
                reward=float(scores[at]),
            )

    def _save(self, step: int, state: dict[str, Any]) -> None:
        state["beta"] = self.control.beta
        states.save(self.run, step, self.networks, self.optimizers, state)

    def _warn(self, step: int, figures: Figures, state: dict[str, Any]) -> None:
        """Each alarm once a run: what a reward that is being gamed looks like from outside."""
        first = state.setdefault("first", figures)
        told = state.setdefault("told", [])
        for name, sentence in alarms(first, figures, self.run.options):
            if name not in told:
                told.append(name)
                self.run.journal.warning(f"update {step}: {sentence}", alarm=name)


LENGTH_FACTOR = 1.4  # in either direction: a policy learns to be longer, or not to say anything
KL_LIMIT = 25.0  # nats a response, where no target was set


def alarms(first: Figures, now: Figures, options: dict[str, Any]) -> list[tuple[str, str]]:
    """What is wrong with an update, compared with the first one: (name, sentence)."""
    found = []
    limit = 4 * options["kl_target"] if options["kl_target"] else KL_LIMIT
    if now["kl"] > limit:
        found.append(("kl", f"{now['kl']:.1f} nats a response away from the base model"))
    before, length = first["completions/mean_length"], now["completions/mean_length"]
    if now["reward"] > first["reward"] and not (
        before / LENGTH_FACTOR <= length <= before * LENGTH_FACTOR
    ):
        found.append(
            (
                "length",
                f"the reward rises while responses go from {before:.0f} to {length:.0f} tokens: "
                "read some of them",
            )
        )
    if now["completions/clipped_ratio"] > 0.5 > first["completions/clipped_ratio"]:
        found.append(("endless", "more than half of the responses do not end by themselves"))
    if now["entropy"] < 0.1 * first["entropy"]:
        found.append(("entropy", "hardly any variety is left: the policy says the same always"))
    return found


def chosen(prompts: list[Prompt], options: dict[str, Any], seed: int, step: int) -> list[Prompt]:
    """The prompts of an update, each as often as it is answered, one beside the other.

    Each prompt once in a pass over all, in another order in each pass.
    """
    times = responses_to_a_prompt(options)
    size, count = options["batch_size"] // times, len(prompts)
    orders: dict[int, list[int]] = {}
    found = []
    for place in range(step * size, (step + 1) * size):
        epoch, at = divmod(place, count)
        if epoch not in orders:
            orders[epoch] = list(range(count))
            random.Random(f"{seed}/prompts/{epoch}").shuffle(orders[epoch])  # noqa: S311
        found += [prompts[orders[epoch][at]]] * times
    return found
