"""How a card calls options and figures, and how it writes their values."""

from typing import Any

# Where the name with its underscores opened is not what a reader would call it.
TITLES = {
    "accumulation": "batches a step",
    "allow_drops": "went on in spite of unusable rows",
    "bf16": "computed in bf16",
    "beta": "hold to the base model (β)",
    "clip": "clipping of ratios",
    "ended": "responses that end by themselves",
    "epochs": "passes over the data",
    "gae_lambda": "trust in rewards (λ)",
    "gamma": "discount (γ)",
    "kl": "distance from the base model, nats a response",
    "kl_k3": "distance from the base model, estimate k3",
    "kl_target": "wanted distance from the base model, nats a response",
    "length_normalised": "means over tokens",
    "logps/chosen": "log-probability of chosen responses",
    "logps/rejected": "log-probability of rejected responses",
    "lora_alpha": "LoRA scale",
    "lora_rank": "LoRA rank",
    "margin": "mean margin",
    "max_length": "longest text, in tokens",
    "max_new_tokens": "longest response, in tokens",
    "max_steps": "steps at most",
    "mean": "mean reward, taken off",
    "mean_token_accuracy": "tokens predicted",
    "members": "heads of the ensemble",
    "quantize": "weights in 4 bits",
    "regret": "loss in its weights' shares",
    "rewards/accuracies": "accuracy",
    "rewards/chosen": "reward of chosen responses",
    "rewards/margins": "mean margin",
    "rewards/rejected": "reward of rejected responses",
    "sharding": "divided among devices",
    "soft_labels": "learned from shares of votes",
    "std": "deviation of rewards, divided by",
    "steps": "steps taken",
    "token_accuracy": "tokens predicted",
    "use_margin": "margins of the dataset used",
    "use_ties": "ties learned from",
    "use_weights": "weights of the dataset used",
}
# What a figure is of, by the beginning of its name; the longer one first.
PARTS = (
    ("train_eval_", ", on training rows"),
    ("eval_", ", held out"),
    ("train_", ", on training rows"),
    ("dev_", ", on the dev split"),
    ("test_", ", on the test split"),
)


def title(name: str, *, is_figure: bool = False) -> str:
    """`eval_log_loss` as "Log loss, held out". The first letter is made large, no other small."""
    after = ""
    if is_figure and name not in TITLES:
        start, after = next((part for part in PARTS if name.startswith(part[0])), ("", ""))
        name = name.removeprefix(start)
    said = TITLES.get(name) or name.replace("_", " ").replace("/", ", ")
    return f"{said[:1].upper()}{said[1:]}{after}"


def value(given: Any) -> str:
    """A setting: yes or no, counts in groups, numbers by the four digits that count."""
    if isinstance(given, bool):
        return "yes" if given else "no"
    if isinstance(given, int):
        return f"{given:,}"
    if isinstance(given, float):
        return f"{given:,.0f}" if abs(given) >= 9999.5 else f"{given:.4g}"
    if isinstance(given, list | tuple):
        return ", ".join(map(value, given))
    return str(given)


def is_told(given: Any) -> bool:
    """Whether there is anything to tell: what nobody set says nothing."""
    return given is not None and given != "" and given != []


def figure(given: Any) -> str:
    """A number with its interval, where it has one; counts in groups, others to three places."""
    if given is None:
        return "not measured"
    if isinstance(given, dict):
        said = figure(given["value"])
        if given.get("low") is not None:
            said += f" ({given['low']:.3f} to {given['high']:.3f})"
        return said
    if isinstance(given, float):
        said = f"{given:,.3f}"
        return said if any(digit in said for digit in "123456789") else said.lstrip("-")
    return value(given)
