"""What a round does by default: small enough for two CPU cores and five minutes.

Chosen by trying (docs/decisions/600-the-demo-world.md): a wide model of two layers learns to
copy an order number sooner than a narrow one of four; a gentle DPO keeps sentences whole.
"""

from annotation.core.errors import DomainError

# How the policy is tuned once there are comparisons.
METHODS = ("dpo", "ppo", "rloo", "grpo")
DEFAULTS = {
    "method": "dpo",
    # All that is drawn is drawn from it and from the round's number.
    "seed": 11,
    # The number of a round of which all is taken that comes before the policy is tuned.
    "again": None,
    "demonstrations": 6_000,
    "prompts": 300,
    "replies": 4,
    "overlap": 3,
    "test_prompts": 100,
    "generate": {"max_new_tokens": 64, "batch_size": 400},
    # Both policies answer new customers at the same, lower temperature: as one would use them.
    "answer": {"temperature": 0.7},
    "sft": {
        "hidden_size": 192,
        "layers": 2,
        "heads": 6,
        "vocab_size": 1024,
        "batch_size": 16,
        "learning_rate": 3e-3,
        "epochs": 3.0,
        "eval_steps": 400,
        "save_steps": 400,
    },
    "reward": {"epochs": 1.0, "batch_size": 16, "eval_steps": 100},
    "dpo": {
        "epochs": 2.0,
        "batch_size": 16,
        "learning_rate": 1e-4,
        "beta": 0.1,
        "soft_labels": True,
        "eval_steps": 100,
    },
    # About ten updates: with more, the learned reward goes on rising and the quality falls.
    "rl": {
        "epochs": 4.0,
        "max_steps": 10,
        "batch_size": 64,
        "minibatch": 16,
        "learning_rate": 1e-4,
        "beta": 0.05,
        "max_new_tokens": 64,
        "log_steps": 1,
        "eval_steps": 5,
        "save_steps": 5,
        "eval_rows": 40,
    },
}


def read(given) -> dict:
    """The defaults with the given ones over them. Counts are whole numbers from 1."""
    options = {}
    for name in given:
        if name not in DEFAULTS:
            raise DomainError(f"A round has no option “{name}” (it has: {', '.join(DEFAULTS)}).")
    for name, default in DEFAULTS.items():
        value = given.get(name, default)
        if name == "method":
            if value not in METHODS:
                raise DomainError(f"method is one of {', '.join(METHODS)}.")
            options[name] = value
        elif name == "again" and value is None:
            options[name] = None
        elif isinstance(default, dict):
            options[name] = {**default, **value}
        elif type(value) is not int or value < 1:
            raise DomainError(f"{name} is a whole number from 1.")
        else:
            options[name] = value
    if options["method"] != "dpo":
        options["rl"]["algorithm"] = options["method"]
    if not 2 <= options["replies"] <= 9:
        raise DomainError("replies is from 2 to 9: an item has so many.")
    return options
