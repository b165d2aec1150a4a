"""What an evaluation on harness tasks may be told; training/options.py keeps the same table."""

from django.utils.translation import gettext_lazy as _

from annotation.core.options import Option

TITLES = {
    "tasks": _("Tasks"),
    "seed": _("Seed"),
    "limit": _("Examples"),
    "few_shot": _("Shots"),
    "chat": _("As a conversation"),
    "batch_size": _("Requests together"),
    "max_length": _("Longest request"),
    "precision": _("Numeric precision"),
}
LM_EVAL = (
    Option(
        "limit", int, None, _("The first so many examples of each task; else all."), 1, 1_000_000
    ),
    Option(
        "few_shot",
        int,
        None,
        _("Solved examples shown before each one; else as the task says."),
        0,
        100,
    ),
    Option("chat", bool, True, _("Put each example into the model’s chat template.")),
    Option("batch_size", int, 8, _("Requests at a time."), 1, 4096),
    Option(
        "max_length",
        int,
        None,
        _("The longest request in tokens; else what the model can."),
        8,
        131072,
    ),
    Option(
        "precision", str, "auto", _("auto takes bf16 on a GPU."), choices=("auto", "fp32", "bf16")
    ),
)
