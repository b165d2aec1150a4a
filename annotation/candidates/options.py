"""What a local generation may be told; training/options.py keeps the same table."""

from annotation.core.options import Option, read_options

GENERATE = (
    Option("n", int, 4, "Responses per prompt.", 1, 64),
    Option("max_new_tokens", int, 48, "The longest response, in tokens.", 1, 32768),
    Option(
        "max_length",
        int,
        None,
        "Prompt and response in tokens; else what the model can.",
        8,
        131072,
    ),
    Option("temperature", float, 1.0, "0 always takes the likeliest token.", 0.0, 10.0),
    Option("top_p", float, 1.0, "Nucleus: the smallest set with this probability.", 1e-6, 1.0),
    Option("batch_size", int, 64, "Responses sampled at a time.", 1, 4096),
    Option(
        "precision", str, "auto", "auto takes bf16 on a GPU.", choices=("auto", "fp32", "bf16")
    ),
)


def read(given) -> dict:
    return read_options(GENERATE, given, "generation")
