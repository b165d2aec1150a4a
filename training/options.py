"""What a run may be told: a whitelist per kind, checked before anything is loaded.

There is no way to pass an option through to a library: each one here is read by name.
"""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from training.errors import ConfigError


@dataclass(frozen=True)
class Option:
    """One entry of the whitelist. `default` None means: chosen by the trainer, and reported."""

    name: str
    type: type[Any]
    default: Any
    help: str
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] | None = None

    def check(self, value: Any) -> Any:
        """The value in the option's own type, or a ConfigError that says what is wrong with it."""
        if value is None and self.default is None:
            return None
        if self.type is float and type(value) is int:
            value = float(value)
        # A bool is an int to Python; to a person who wrote `"epochs": true` it is a mistake.
        if type(value) is not self.type:
            raise ConfigError(f"option {self.name!r} must be {self.type.__name__}, got {value!r}")
        if self.type is float and not math.isfinite(value):
            raise ConfigError(f"option {self.name!r} must be a finite number")
        if self.low is not None and value < self.low:
            raise ConfigError(
                f"option {self.name!r} must be at least {self.low:.10g}, got {value!r}"
            )
        if self.high is not None and value > self.high:
            raise ConfigError(
                f"option {self.name!r} must be at most {self.high:.10g}, got {value!r}"
            )
        if self.choices is not None and value not in self.choices:
            raise ConfigError(
                f"option {self.name!r} must be one of {', '.join(self.choices)}, got {value!r}"
            )
        return value

    def describe(self) -> dict[str, Any]:
        return {**asdict(self), "type": self.type.__name__}


# More than any training takes, and small enough for every library and column on the way.
MAX_STEPS = 10_000_000
LEARNING_RATE = Option(
    "learning_rate", float, None, "peak learning rate; by default by kind and size", 0.0, 1.0
)
COMMON = (
    Option("epochs", float, 1.0, "passes over the training split", 0.01, 1000),
    Option(
        "max_steps", int, None, "stop after this many steps, whatever `epochs` says", 1, MAX_STEPS
    ),
    LEARNING_RATE,
    Option("batch_size", int, 8, "rows a step", 1, 4096),
    Option("accumulation", int, 1, "batches added up to one step", 1, 1024),
    Option(
        "max_length", int, None, "tokens of prompt and response; default 512 or less", 8, 131072
    ),
    Option("warmup", float, 0.05, "share of the steps in which the learning rate rises", 0.0, 1.0),
    Option("weight_decay", float, 0.0, "AdamW's weight decay", 0.0, 1.0),
    Option("save_steps", int, 100, "steps between checkpoints", 1, MAX_STEPS),
    Option("eval_steps", int, 50, "steps between evaluations on the dev split", 1, MAX_STEPS),
    Option("log_steps", int, 5, "steps between metric lines", 1, MAX_STEPS),
    Option("eval_rows", int, 500, "at most so many rows of dev in each evaluation", 1, 1_000_000),
    Option("allow_drops", bool, False, "go on although over 2 % of the rows cannot be used"),
    Option("precision", str, "auto", "auto: bf16 on a GPU", choices=("auto", "fp32", "bf16")),
    Option("devices", int, 1, "processes of one machine, each with a device of its own", 1, 64),
    Option(
        "sharding",
        str,
        "none",
        "what devices divide among them: nothing, the optimiser (zero2), all (fsdp2, zero3)",
        choices=("none", "fsdp2", "zero2", "zero3"),
    ),
)
LORA = (
    Option("lora_rank", int, 0, "LoRA: rank of the adapter; 0 trains all weights", 0, 1024),
    Option("lora_alpha", float, None, "LoRA: its scale; default twice the rank", 1e-3, 10000.0),
    Option(
        "quantize", str, "none", "QLoRA: the frozen weights in 4 bits", choices=("none", "nf4")
    ),
)
TINY = (
    Option("hidden_size", int, 192, "new model: width", 16, 4096),
    Option("layers", int, 4, "new model: depth", 1, 96),
    Option("heads", int, 6, "new model: attention heads", 1, 128),
    Option("vocab_size", int, 1024, "new model: entries of its byte-level BPE", 300, 65536),
)
SFT = (
    *(option for option in COMMON if option.name not in ("epochs", "batch_size")),
    Option("epochs", float, 3.0, "passes over the training split", 0.01, 1000),
    Option("batch_size", int, 32, "demonstrations a step", 1, 4096),
    *LORA,
    *TINY,
)
REWARD = (
    *(option for option in COMMON if option.name not in ("epochs", "batch_size")),
    Option("epochs", float, None, "passes; default 4 for an encoder, 1 for others", 0.01, 1000),
    Option(
        "batch_size", int, None, "encoder: prompts a step (4); others: comparisons (8)", 1, 4096
    ),
    Option("soft_labels", bool, True, "learn vote shares (p_chosen), not only the majority"),
    Option("use_ties", bool, True, "learn from ties too; without soft_labels by Davidson's model"),
    Option("use_weights", bool, True, "weigh each comparison by its `weight`"),
    Option("use_margin", bool, False, "ask for a reward gap of at least `margin`"),
    Option("centering", float, 0.01, "coefficient of (r_chosen + r_rejected)^2", 0.0, 10.0),
    Option("pooling", str, "mean", "encoder: which vector is scored", choices=("mean", "cls")),
    Option("members", int, 1, "ensemble: heads that each see their own sample of prompts", 1, 16),
    Option("criteria", str, "", "heads beside the ranking's, by weight: helpful=2, tone=0.5"),
    Option("overall_weight", float, 1.0, "criteria: weight of the ranking itself", 0.0, 1000.0),
    *LORA,
)
DPO = (
    *COMMON,
    Option("beta", float, 0.1, "how dear it is to leave the reference model", 1e-4, 100.0),
    Option("loss", str, "sigmoid", "Rafailov et al. or Azar et al.", choices=("sigmoid", "ipo")),
    Option(
        "length_normalised", bool, False, "means over tokens, not sums; wants a beta of about 5"
    ),
    Option("label_smoothing", float, 0.0, "cDPO: assumed share of flipped labels", 0.0, 0.4999),
    Option("soft_labels", bool, False, "use p_chosen instead of label_smoothing"),
    Option("use_weights", bool, True, "weigh each comparison by its `weight`"),
    Option("precompute_reference", bool, True, "score the reference once, not in every step"),
    *LORA,
)
KTO = (
    *(option for option in COMMON if option.name != "batch_size"),
    # The reference point is a mean over the batch: of one row it would be that row's own.
    Option("batch_size", int, 16, "responses a step", 2, 4096),
    Option("beta", float, 0.1, "how dear it is to leave the reference model", 1e-4, 100.0),
    Option(
        "labels",
        str,
        "comparisons",
        "what makes a response desirable: its comparisons, the floor, or a rating",
        choices=("comparisons", "floor", "rating"),
    ),
    Option("criterion", str, "", "labels by rating: key of the criterion"),
    Option("threshold", float, None, "labels by rating: from here on desirable", -1000, 1000),
    Option("desirable_weight", float, None, "default: balances both sides", 1e-3, 1000.0),
    Option("undesirable_weight", float, None, "default: balances both sides", 1e-3, 1000.0),
    Option("use_weights", bool, True, "weigh each response by its comparisons' `weight`"),
    *LORA,
)
NOT_RL = ("batch_size", "accumulation", "warmup", "devices", "sharding")
RL = (
    *(option for option in COMMON if option.name not in NOT_RL),
    Option(
        "algorithm",
        str,
        "ppo",
        "ppo has a critic, rloo and grpo compare responses, best_of imitates the best one",
        choices=("ppo", "rloo", "grpo", "best_of"),
    ),
    Option("batch_size", int, 64, "responses an update", 2, 65536),
    Option("responses", int, None, "responses to a prompt; default 1 for ppo, else 4", 1, 64),
    Option("minibatch", int, 16, "responses a step of the optimisers", 1, 4096),
    Option("passes", int, 4, "times an update goes over its responses", 1, 100),
    Option("max_new_tokens", int, 48, "longest response in tokens", 1, 32768),
    Option("temperature", float, 1.0, "of sampling, and of all log-probabilities", 0.01, 10.0),
    Option(
        "sampler",
        str,
        "transformers",
        "what samples its responses; vllm where it is installed, on a GPU",
        choices=("transformers", "vllm"),
    ),
    Option("beta", float, 0.05, "price of a nat away from the base model", 0.0, 100.0),
    Option("kl_target", float, None, "nats a response: beta follows; default fixed", 0.01, 1000.0),
    Option("gamma", float, 1.0, "discount from token to token", 0.0, 1.0),
    Option("gae_lambda", float, 0.95, "0 trusts the critic, 1 the rewards", 0.0, 1.0),
    Option("clip", float, 0.2, "how far a ratio may move in one update", 1e-3, 1.0),
    Option(
        "critic",
        str,
        "auto",
        "what the critic starts from; auto: the reward model, where it reads the same tokens",
        choices=("auto", "reward", "policy"),
    ),
    Option("value_clip", float, 0.2, "how far a value may move in one update", 1e-3, 100.0),
    Option("value_weight", float, 0.1, "weight of the critic's loss", 1e-4, 100.0),
    Option("whiten_rewards", bool, False, "divide an update's rewards by their deviation"),
    Option(
        "no_end_score", float, -1.0, "score of a response cut by max_new_tokens", -100.0, 100.0
    ),
)
GENERATE = (
    Option("prompts", str, "", "path of prompts.jsonl"),
    Option("n", int, 4, "responses per prompt", 1, 64),
    Option("max_new_tokens", int, 48, "longest response in tokens", 1, 32768),
    Option(
        "max_length",
        int,
        None,
        "prompt and response in tokens; default: the model's own",
        8,
        131072,
    ),
    Option("temperature", float, 1.0, "0 is greedy", 0.0, 10.0),
    Option("top_p", float, 1.0, "nucleus: smallest set with this probability", 1e-6, 1.0),
    Option("batch_size", int, 64, "responses sampled at a time", 1, 4096),
    Option("precision", str, "auto", "auto: bf16 on a GPU", choices=("auto", "fp32", "bf16")),
)
SCORE = (
    Option("rows", str, "", "path of responses.jsonl"),
    Option("precision", str, "auto", "auto: bf16 on a GPU", choices=("auto", "fp32", "bf16")),
)
MEASURE = (Option("rows", str, "", "path of a file of comparisons"),)
LM_EVAL = (
    Option("tasks", str, "", "names of tasks and groups: courtesy,letters"),
    Option("folders", str, "", "folders of task definitions: /a:/b"),
    Option(
        "limit", int, None, "the first so many examples of each task; default all", 1, 1_000_000
    ),
    Option("few_shot", int, None, "solved examples before each; default the task's own", 0, 100),
    Option("chat", bool, True, "put each example into the model's chat template"),
    Option("batch_size", int, 8, "requests at a time", 1, 4096),
    Option("max_length", int, None, "tokens of a request; default: the model's own", 8, 131072),
    Option("precision", str, "auto", "auto: bf16 on a GPU", choices=("auto", "fp32", "bf16")),
)
BY_KIND: dict[str, tuple[Option, ...]] = {
    "sft": SFT,
    "reward": REWARD,
    "dpo": DPO,
    "kto": KTO,
    "rl": RL,
    "generate": GENERATE,
    "score": SCORE,
    "measure": MEASURE,
    "lm_eval": LM_EVAL,
}


def responses_to_a_prompt(options: Mapping[str, Any]) -> int:
    """Of a run of reinforcement learning: as asked; else 1 for PPO, 4 for what compares them."""
    return options["responses"] or (1 if options["algorithm"] == "ppo" else 4)


def read_options(kind: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """All options of a kind, the given ones checked, the others at their defaults."""
    known = {option.name: option for option in BY_KIND[kind]}
    unknown = sorted(set(given) - set(known))
    if unknown:
        raise ConfigError(
            f"unknown option {', '.join(map(repr, unknown))} for {kind}; "
            f"known are {', '.join(sorted(known))}"
        )
    options = {
        name: option.check(given[name]) if name in given else option.default
        for name, option in known.items()
    }
    _check_together(options)
    return options


def _check_together(options: dict[str, Any]) -> None:
    """What options want of each other."""
    if options.get("quantize", "none") != "none" and not options["lora_rank"]:
        raise ConfigError("option 'quantize' needs a lora_rank: weights in 4 bits are not trained")
    if options.get("sharding", "none") != "none":
        _check_sharding(options)
    if options.get("lora_alpha") is not None and not options["lora_rank"]:
        raise ConfigError("option 'lora_alpha' needs a lora_rank")
    if options.get("lora_rank") and options.get("precompute_reference") is False:
        raise ConfigError("option 'lora_rank' needs precompute_reference")
    if "labels" in options:
        by_rating = options["labels"] == "rating"
        if by_rating and (not options["criterion"] or options["threshold"] is None):
            raise ConfigError("labels by rating need a criterion and a threshold")
        if not by_rating and (options["criterion"] or options["threshold"] is not None):
            raise ConfigError("criterion and threshold are for labels by rating")


def _check_sharding(options: dict[str, Any]) -> None:
    """What cannot be divided among devices, or has nobody to be divided among."""
    name = options["sharding"]
    if options["devices"] < 2:
        raise ConfigError(f"sharding {name} divides among devices: set devices to 2 or more")
    if options.get("lora_rank"):
        raise ConfigError(
            f"LoRA cannot be sharded ({name}): set sharding to none, or no lora_rank"
        )
    if options.get("precompute_reference") is False:
        raise ConfigError(f"sharding {name} needs precompute_reference")
    if name.startswith("zero") and options["precision"] == "fp32":
        raise ConfigError(f"sharding {name} computes in bf16: set precision to auto or bf16")
