"""What options and figures of a training are called and measured in. The trainers' own names stay
the ones to type, and to look up; pages show them beside, or when asked."""

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from annotation.core.numbers import grouped, localised

ORDER = {
    "dataset": gettext_lazy("Dataset"),
    "base": gettext_lazy("Start from"),
    "reward": gettext_lazy("Reward model"),
    "seed": gettext_lazy("Seed"),
}
OPTIONS = {
    "epochs": gettext_lazy("Passes over the data"),
    "max_steps": gettext_lazy("Steps at most"),
    "learning_rate": gettext_lazy("Learning rate"),
    "batch_size": gettext_lazy("Batch size"),
    "accumulation": gettext_lazy("Batches a step"),
    "max_length": gettext_lazy("Longest text"),
    "warmup": gettext_lazy("Warm-up"),
    "weight_decay": gettext_lazy("Weight decay"),
    "save_steps": gettext_lazy("Checkpoint every"),
    "eval_steps": gettext_lazy("Evaluation every"),
    "log_steps": gettext_lazy("Point of the curves every"),
    "eval_rows": gettext_lazy("Rows of an evaluation"),
    "allow_drops": gettext_lazy("Go on in spite of unusable rows"),
    "precision": gettext_lazy("Numeric precision"),
    "devices": gettext_lazy("Devices"),
    "sharding": gettext_lazy("Divided among devices"),
    "lora_rank": gettext_lazy("LoRA rank"),
    "lora_alpha": gettext_lazy("LoRA scale"),
    "quantize": gettext_lazy("Weights in 4 bits"),
    "hidden_size": gettext_lazy("New model: width"),
    "layers": gettext_lazy("New model: layers"),
    "heads": gettext_lazy("New model: attention heads"),
    "vocab_size": gettext_lazy("New model: vocabulary"),
    "soft_labels": gettext_lazy("Shares of votes"),
    "use_ties": gettext_lazy("Ties"),
    "use_weights": gettext_lazy("Weights of the dataset"),
    "use_margin": gettext_lazy("Margins of the dataset"),
    "centering": gettext_lazy("Centring of rewards"),
    "pooling": gettext_lazy("Pooling"),
    "members": gettext_lazy("Heads of the ensemble"),
    "criteria": gettext_lazy("Criteria"),
    "overall_weight": gettext_lazy("Weight of the ranking"),
    "beta": gettext_lazy("Hold to the base model (β)"),
    "loss": gettext_lazy("Loss"),
    "length_normalised": gettext_lazy("Means over tokens"),
    "label_smoothing": gettext_lazy("Flipped judgments"),
    "precompute_reference": gettext_lazy("Base model scored once"),
    "labels": gettext_lazy("What is good"),
    "criterion": gettext_lazy("Criterion"),
    "threshold": gettext_lazy("Good from this rating on"),
    "desirable_weight": gettext_lazy("Weight of good responses"),
    "undesirable_weight": gettext_lazy("Weight of bad responses"),
    "algorithm": gettext_lazy("Algorithm"),
    "responses": gettext_lazy("Responses to a prompt"),
    "minibatch": gettext_lazy("Responses a step"),
    "passes": gettext_lazy("Passes over an update"),
    "max_new_tokens": gettext_lazy("Longest response"),
    "temperature": gettext_lazy("Temperature"),
    "sampler": gettext_lazy("Sampler"),
    "kl_target": gettext_lazy("Wanted distance from the base model"),
    "gamma": gettext_lazy("Discount (γ)"),
    "gae_lambda": gettext_lazy("Trust in rewards (λ)"),
    "clip": gettext_lazy("Clipping of ratios"),
    "critic": gettext_lazy("Start of the critic"),
    "value_clip": gettext_lazy("Clipping of values"),
    "value_weight": gettext_lazy("Weight of the critic’s loss"),
    "whiten_rewards": gettext_lazy("Whitened rewards"),
    "no_end_score": gettext_lazy("Reward without an end"),
}


def option(name: str) -> str:
    """What an option, or another line of the order, is called."""
    return str(OPTIONS.get(name) or ORDER.get(name) or name)


STEPS = ("save_steps", "eval_steps", "log_steps")
# Units of other options, after their values.
UNITS = {
    "max_length": gettext_lazy("tokens"),
    "max_new_tokens": gettext_lazy("tokens"),
    "kl_target": gettext_lazy("nats a response"),
}


def fixed(value: float, digits: int = 3) -> str:
    """So many digits after the point, and no zero that is negative."""
    text = f"{value:,.{digits}f}"
    if not any(sign in text for sign in "123456789"):
        text = text.lstrip("-")
    return localised(text.replace("-", "−"))


def tenths(value: float) -> str:
    return fixed(value, 1)


def significant(value: float) -> str:
    """Three digits that count, for numbers of any size: 0.0693, 1,250, 2e-05."""
    if abs(value) >= 999.5:  # three digits would round it to 1e+03
        return fixed(value, 0)
    return localised(f"{value:.3g}".replace("e-0", "e-").replace("-", "−"))


def whole(value: float) -> str:
    return grouped(round(value))


@dataclass(frozen=True)
class Wording:
    """A figure of the trainers: what it is called, how it is written, its unit."""

    title: str | Promise
    written: Callable[[float], str] = fixed
    unit: str | Promise = ""


TOKENS, NATS = gettext_lazy("tokens"), gettext_lazy("nats")
FIGURES = {
    "loss": Wording(gettext_lazy("Loss")),
    "log_loss": Wording(gettext_lazy("Log loss")),
    "accuracy": Wording(gettext_lazy("Accuracy")),
    "rewards/accuracies": Wording(gettext_lazy("Accuracy")),
    "token_accuracy": Wording(gettext_lazy("Tokens predicted")),
    "mean_token_accuracy": Wording(gettext_lazy("Tokens predicted")),
    "margin": Wording(gettext_lazy("Mean margin")),
    "rewards/margins": Wording(gettext_lazy("Mean margin")),
    "rewards/chosen": Wording(gettext_lazy("Reward of chosen responses")),
    "rewards/rejected": Wording(gettext_lazy("Reward of rejected responses")),
    "logps/chosen": Wording(gettext_lazy("Log-probability of chosen responses"), tenths, NATS),
    "logps/rejected": Wording(gettext_lazy("Log-probability of rejected responses"), tenths, NATS),
    "logits/chosen": Wording(gettext_lazy("Logits of chosen responses")),
    "logits/rejected": Wording(gettext_lazy("Logits of rejected responses")),
    "entropy": Wording(gettext_lazy("Entropy"), fixed, gettext_lazy("nats a token")),
    "grad_norm": Wording(gettext_lazy("Gradient norm"), significant),
    "learning_rate": Wording(gettext_lazy("Learning rate"), significant),
    "num_tokens": Wording(gettext_lazy("Tokens read"), whole),
    "tokens": Wording(gettext_lazy("Tokens"), whole),
    "min_reward": Wording(gettext_lazy("Lowest reward")),
    "mean_reward": Wording(gettext_lazy("Mean reward")),
    "max_reward": Wording(gettext_lazy("Highest reward")),
    "reward": Wording(gettext_lazy("Mean reward")),
    "reward_std": Wording(gettext_lazy("Deviation of rewards")),
    "kl": Wording(
        gettext_lazy("Distance from the base model"), fixed, gettext_lazy("nats a response")
    ),
    "kl_k3": Wording(
        gettext_lazy("Distance from the base model, estimate k3"),
        fixed,
        gettext_lazy("nats a response"),
    ),
    "kl_coef": Wording(gettext_lazy("Hold to the base model (β)"), significant),
    "kl_bound": Wording(gettext_lazy("Distance from the base model, at most"), fixed, NATS),
    "completions/mean_length": Wording(gettext_lazy("Length of responses"), tenths, TOKENS),
    "completions/clipped_ratio": Wording(gettext_lazy("Responses without an end")),
    "clip_ratio": Wording(gettext_lazy("Clipped tokens")),
    "largest_ratio": Wording(gettext_lazy("Largest ratio to the policy that sampled")),
    "value_loss": Wording(gettext_lazy("Loss of the critic")),
    "explained_variance": Wording(gettext_lazy("Returns that the critic foretells")),
    "length": Wording(gettext_lazy("Length of responses"), tenths, TOKENS),
    "ended": Wording(gettext_lazy("Responses that end by themselves")),
    "regret": Wording(gettext_lazy("Loss in its weights’ shares")),
    "win_rate": Wording(gettext_lazy("Win rate by the reward model")),
    "prompts": Wording(gettext_lazy("Prompts"), whole),
    "comparisons": Wording(gettext_lazy("Comparisons"), whole),
    "calibration_error": Wording(gettext_lazy("Calibration error")),
    "temperature": Wording(gettext_lazy("Temperature")),
    "error_before": Wording(gettext_lazy("calibration error before")),
    "error_after": Wording(gettext_lazy("calibration error after")),
    "log_loss_before": Wording(gettext_lazy("log loss before")),
    "log_loss_after": Wording(gettext_lazy("log loss after")),
    "accuracy_sure": Wording(gettext_lazy("accuracy where the heads agree most")),
    "accuracy_unsure": Wording(gettext_lazy("accuracy where they agree least")),
    "deviation": Wording(gettext_lazy("deviation between the heads")),
}
# What a figure is of, by the beginning of its name; the longer one first.
PARTS = (
    ("train_eval_", gettext_noop("%(figure)s, on training rows")),
    ("eval_", gettext_noop("%(figure)s, held out")),
    ("train_", gettext_noop("%(figure)s, on training rows")),
    ("dev_", gettext_noop("%(figure)s, on the dev split")),
    ("test_", gettext_noop("%(figure)s, on the test split")),
)
GROUPS = {
    "calibration": gettext_lazy("Calibration"),
    "ensemble": gettext_lazy("Ensemble"),
    "criteria": gettext_lazy("Criterion"),
}


def _find(name: str) -> tuple[Wording | None, str]:
    if name in FIGURES:
        return FIGURES[name], "%(figure)s"
    for start, words in PARTS:
        if name.startswith(start) and name.removeprefix(start) in FIGURES:
            return FIGURES[name.removeprefix(start)], _(words)
    return None, ""


def figure(name: str) -> str:
    """What a figure is called; the trainers' own name where nobody has named it."""
    known, words = _find(name)
    return words % {"figure": known.title} if known else name


def place(name: str) -> tuple[int, int, str]:
    """Where a figure stands among others: what it is of, then the order above."""
    part = next((n for n, (start, _w) in enumerate(PARTS, 1) if name.startswith(start)), 0)
    part = 0 if name in FIGURES else part
    bare = name.removeprefix(PARTS[part - 1][0]) if part else name
    order = list(FIGURES)
    return part, order.index(bare) if bare in FIGURES else len(order), name


def measured(name: str, value) -> str:
    """The value of a figure in its digits, with its unit."""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if value is None:
        return "—"
    if not isinstance(value, int | float):
        return str(value)
    known, _words = _find(name)
    if known is None:
        return grouped(value) if isinstance(value, int) else significant(value)
    return f"{known.written(value)} {known.unit}".rstrip()
