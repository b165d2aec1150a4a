"""What a training may be told, per kind. The trainers keep the same table (training/options.py);
tests/contract compares the two, for neither side may import the other."""

import math

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from annotation.core.options import BadOption, Option, read_options

# More than any training takes, and small enough for every library and column on the way.
MAX_STEPS = 10_000_000
COMMON = (
    Option("epochs", float, 1.0, _("Passes over the training split."), 0.01, 1000),
    Option(
        "max_steps",
        int,
        None,
        _("Stop after this many steps, whatever the epochs say."),
        1,
        MAX_STEPS,
    ),
    Option(
        "learning_rate",
        float,
        None,
        _("The highest rate; else chosen by kind and size."),
        0.0,
        1.0,
    ),
    Option("batch_size", int, 8, _("Rows in a step."), 1, 4096),
    Option("accumulation", int, 1, _("Batches added up to one step."), 1, 1024),
    Option(
        "max_length",
        int,
        None,
        _("Tokens of prompt and response together; else 512, or what the model can."),
        8,
        131072,
    ),
    Option("warmup", float, 0.05, _("Share of the steps in which the rate rises."), 0.0, 1.0),
    Option("weight_decay", float, 0.0, _("AdamW’s weight decay."), 0.0, 1.0),
    Option("save_steps", int, 100, _("Steps between two checkpoints."), 1, MAX_STEPS),
    Option(
        "eval_steps", int, 50, _("Steps between two evaluations on the dev split."), 1, MAX_STEPS
    ),
    Option("log_steps", int, 5, _("Steps between two points of the curves."), 1, MAX_STEPS),
    Option(
        "eval_rows",
        int,
        500,
        _("At most so many rows of the dev split in an evaluation."),
        1,
        1_000_000,
    ),
    Option("allow_drops", bool, False, _("Go on although over 2 % of the rows cannot be used.")),
    Option(
        "precision", str, "auto", _("auto takes bf16 on a GPU."), choices=("auto", "fp32", "bf16")
    ),
    Option(
        "devices", int, 1, _("Processes of one machine, each with a device of its own."), 1, 64
    ),
    Option(
        "sharding",
        str,
        "none",
        _(
            "What the devices divide among them: nothing; gradients and optimiser (zero2); "
            "weights too (fsdp2, zero3)."
        ),
        choices=("none", "fsdp2", "zero2", "zero3"),
    ),
)
LORA = (
    Option(
        "lora_rank", int, 0, _("LoRA: the rank of the adapter; 0 trains all weights."), 0, 1024
    ),
    Option("lora_alpha", float, None, _("LoRA: its scale; else twice the rank."), 1e-3, 10000.0),
    Option(
        "quantize", str, "none", _("QLoRA: the frozen weights in 4 bits."), choices=("none", "nf4")
    ),
)
SFT = (
    *(option for option in COMMON if option.name not in ("epochs", "batch_size")),
    Option("epochs", float, 3.0, _("Passes over the training split."), 0.01, 1000),
    Option("batch_size", int, 32, _("Demonstrations in a step."), 1, 4096),
    *LORA,
    Option("hidden_size", int, 192, _("New model: its width."), 16, 4096),
    Option("layers", int, 4, _("New model: its depth."), 1, 96),
    Option("heads", int, 6, _("New model: attention heads."), 1, 128),
    Option("vocab_size", int, 1024, _("New model: entries of its vocabulary."), 300, 65536),
)
REWARD = (
    *(option for option in COMMON if option.name not in ("epochs", "batch_size")),
    Option(
        "epochs",
        float,
        None,
        _("Passes over the training split; else 4 for an encoder, 1 for others."),
        0.01,
        1000,
    ),
    Option(
        "batch_size",
        int,
        None,
        _("Encoder: prompts in a step (4); others: comparisons (8)."),
        1,
        4096,
    ),
    Option("soft_labels", bool, True, _("Learn the shares of votes, not only the majority.")),
    Option(
        "use_ties",
        bool,
        True,
        _("Learn from ties too; without soft labels as an outcome of their own (Davidson)."),
    ),
    Option("use_weights", bool, True, _("Weigh each comparison as the dataset says.")),
    Option("use_margin", bool, False, _("Ask for a gap of at least the comparison’s margin.")),
    Option("centering", float, 0.01, _("How strongly rewards are drawn to 0."), 0.0, 10.0),
    Option("pooling", str, "mean", _("Encoder: which vector is scored."), choices=("mean", "cls")),
    Option(
        "members",
        int,
        1,
        _("Ensemble: heads that each see their own sample of prompts; they say how sure it is."),
        1,
        16,
    ),
    Option(
        "criteria",
        str,
        "",
        _("Criteria with a head each and their weights, such as helpful=2, tone=0.5."),
    ),
    Option(
        "overall_weight", float, 1.0, _("With criteria: the weight of the ranking."), 0.0, 1000.0
    ),
    *LORA,
)
DPO = (
    *COMMON,
    Option("beta", float, 0.1, _("How dear it is to leave the base model."), 1e-4, 100.0),
    Option("loss", str, "sigmoid", _("sigmoid is DPO, ipo is IPO."), choices=("sigmoid", "ipo")),
    Option(
        "length_normalised",
        bool,
        False,
        _("Compare means over tokens, not sums: length counts for nothing. Wants a beta near 5."),
    ),
    Option(
        "label_smoothing", float, 0.0, _("Assumed share of flipped judgments (cDPO)."), 0.0, 0.4999
    ),
    Option("soft_labels", bool, False, _("Use the shares of votes in place of label_smoothing.")),
    Option("use_weights", bool, True, _("Weigh each comparison as the dataset says.")),
    Option("precompute_reference", bool, True, _("Score the base model once, not in every step.")),
    *LORA,
)
KTO = (
    *(option for option in COMMON if option.name != "batch_size"),
    Option("batch_size", int, 16, _("Responses in a step."), 2, 4096),
    Option("beta", float, 0.1, _("How dear it is to leave the base model."), 1e-4, 100.0),
    Option(
        "labels",
        str,
        "comparisons",
        _("What makes a response good: its comparisons, the unacceptable floor, or a rating."),
        choices=("comparisons", "floor", "rating"),
    ),
    Option("criterion", str, "", _("For labels by rating: the key of the criterion.")),
    Option(
        "threshold",
        float,
        None,
        _("For labels by rating: from this rating on a response is good."),
        -1000,
        1000,
    ),
    Option(
        "desirable_weight",
        float,
        None,
        _("How much a good response counts; else both sides count alike."),
        1e-3,
        1000.0,
    ),
    Option(
        "undesirable_weight",
        float,
        None,
        _("How much a bad response counts; else both sides count alike."),
        1e-3,
        1000.0,
    ),
    Option("use_weights", bool, True, _("Weigh each response as its comparisons are weighed.")),
    *LORA,
)
NOT_RL = ("batch_size", "accumulation", "warmup", "devices", "sharding")
RL = (
    *(option for option in COMMON if option.name not in NOT_RL),
    Option(
        "algorithm",
        str,
        "ppo",
        _(
            "ppo has a critic; rloo and grpo compare responses to the same prompt; best_of "
            "imitates the best of them (rejection sampling)."
        ),
        choices=("ppo", "rloo", "grpo", "best_of"),
    ),
    Option("batch_size", int, 64, _("Responses in an update."), 2, 65536),
    Option(
        "responses", int, None, _("Responses to a prompt; else 1 for ppo, 4 for others."), 1, 64
    ),
    Option("minibatch", int, 16, _("Responses in a step of the optimisers."), 1, 4096),
    Option("passes", int, 4, _("Times an update goes over its responses."), 1, 100),
    Option("max_new_tokens", int, 48, _("The longest response, in tokens."), 1, 32768),
    Option("temperature", float, 1.0, _("Of sampling its own responses."), 0.01, 10.0),
    Option(
        "sampler",
        str,
        "transformers",
        _("What samples its responses: vllm where it is installed, on a GPU."),
        choices=("transformers", "vllm"),
    ),
    Option("beta", float, 0.05, _("How dear it is to leave the base model."), 0.0, 100.0),
    Option(
        "kl_target",
        float,
        None,
        _("How far it may go from the base model, in nats a response: beta follows."),
        0.01,
        1000.0,
    ),
    Option("gamma", float, 1.0, _("The discount from token to token."), 0.0, 1.0),
    Option("gae_lambda", float, 0.95, _("0 trusts the critic, 1 the rewards."), 0.0, 1.0),
    Option("clip", float, 0.2, _("How far a ratio may move in one update."), 1e-3, 1.0),
    Option(
        "critic",
        str,
        "auto",
        _("What the critic starts from; auto: the reward model, where it reads the same tokens."),
        choices=("auto", "reward", "policy"),
    ),
    Option("value_clip", float, 0.2, _("How far a value may move in one update."), 1e-3, 100.0),
    Option("value_weight", float, 0.1, _("The weight of the critic’s loss."), 1e-4, 100.0),
    Option("whiten_rewards", bool, False, _("Divide an update’s rewards by their deviation.")),
    Option(
        "no_end_score",
        float,
        -1.0,
        _("The reward of a response that does not end by itself."),
        -100.0,
        100.0,
    ),
)
BY_KIND = {"sft": SFT, "reward": REWARD, "dpo": DPO, "kto": KTO, "rl": RL}
# What the start form shows first; the rest is folded.
FIRST = (
    "algorithm",
    "labels",
    "epochs",
    "max_steps",
    "learning_rate",
    "batch_size",
    "beta",
    "kl_target",
)


def read(kind: str, given) -> dict:
    """The given options of a kind, checked. Raises BadOption, which names the option."""
    options = read_options(BY_KIND[kind], given, kind)
    if options.get("quantize", "none") != "none" and not options.get("lora_rank"):
        said = gettext("QLoRA needs a lora_rank: weights in 4 bits are not trained.")
        raise BadOption("quantize", said)
    if options.get("sharding", "none") != "none":
        _check_sharding(options)
    if options.get("lora_alpha") is not None and not options.get("lora_rank"):
        raise BadOption("lora_alpha", gettext("lora_alpha needs a lora_rank."))
    by_rating = options.get("labels") == "rating"
    if by_rating and (not options.get("criterion") or options.get("threshold") is None):
        said = gettext("Labels by rating need a criterion and a threshold.")
        raise BadOption("labels", said)
    _check_criteria(options.get("criteria", ""))
    return options


def _check_criteria(text: str) -> None:
    """What the trainer would refuse (training/criteria.py). Whether somebody rated by a criterion
    only the judgments tell, for imported ones name criteria that no rubric has."""
    names = set()
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, equals, number = (side.strip() for side in part.partition("="))
        try:
            weight = float(number)
        except ValueError:
            weight = math.nan
        if not equals or not name or not math.isfinite(weight) or weight == 0:
            said = gettext(
                "criteria is written as helpful=2, tone=0.5, with weights that are not 0; "
                "“%(part)s” is not."
            )
            raise BadOption("criteria", said % {"part": part})
        if name in names:
            said = gettext("criteria names “%(name)s” twice.")
            raise BadOption("criteria", said % {"name": name})
        names.add(name)


def _check_sharding(options) -> None:
    """What cannot be divided among devices, or has nobody to be divided among."""
    name = options["sharding"]
    if options.get("devices", 1) < 2:
        said = gettext("%(name)s divides among devices: set devices to 2 or more.")
        raise BadOption("sharding", said % {"name": name})
    if options.get("lora_rank"):
        said = gettext("LoRA cannot be sharded: set sharding to none, or lora_rank to 0.")
        raise BadOption("sharding", said)
    if options.get("precompute_reference") is False:
        raise BadOption("sharding", gettext("Sharding needs precompute_reference."))
    if name.startswith("zero") and options.get("precision") == "fp32":
        said = gettext("%(name)s computes in bf16: set precision to auto or bf16.")
        raise BadOption("sharding", said % {"name": name})
