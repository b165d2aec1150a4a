"""What a scoring may be told; training/options.py keeps the same table."""

from annotation.core.options import Option

SCORE = (
    Option(
        "precision", str, "auto", "auto takes bf16 on a GPU.", choices=("auto", "fp32", "bf16")
    ),
)
