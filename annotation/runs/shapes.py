"""How large a model is, read from its folder's config.json and headers: no weight is loaded."""

import json
import struct
from dataclasses import dataclass
from math import prod
from pathlib import Path

# Of the default encoder (all-MiniLM-L6-v2), which comes with the train extra.
ENCODER = (22_713_216, 384, 6, 30_522)
MAX_HEADER_BYTES = 100 << 20  # safetensors' own limit


@dataclass(frozen=True)
class Shape:
    """What memory and time depend on."""

    parameters: int
    hidden: int
    layers: int
    vocabulary: int
    is_encoder: bool = False
    # Of its linear layers but the head, which LoRA adapts and QLoRA quantizes: how many weights,
    # and the sum of what goes in and out, which is the size of an adapter of rank 1.
    linear: int = 0
    width: int = 0


def encoder() -> Shape:
    return Shape(*ENCODER, is_encoder=True)


def new_model(options) -> Shape:
    """The tiny Llama that sft starts without a base (training/tiny.py), by its options."""
    hidden, layers = options["hidden_size"], options["layers"]
    vocabulary = options["vocab_size"]
    inner = round(hidden * 8 / 3 / 32) * 32 or 32
    layer = 4 * hidden * hidden + 3 * hidden * inner + 2 * hidden
    return Shape(vocabulary * hidden + layers * layer + hidden, hidden, layers, vocabulary)


def of_folder(folder: Path) -> Shape | None:
    """Of a model folder; None where it does not say."""
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        weights = [one for path in folder.glob("*.safetensors") for one in _weights(path)]
        parameters = sum(prod(shape) for _, shape in weights)
        adapted = [shape for name, shape in weights if _is_adapted(name, shape)]
        hidden = config.get("hidden_size") or config["n_embd"]
        layers = config.get("num_hidden_layers") or config["n_layer"]
        shape = Shape(
            parameters,
            hidden,
            layers,
            config["vocab_size"],
            _is_encoder(config),
            linear=sum(map(prod, adapted)),
            width=sum(map(sum, adapted)),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError, struct.error):
        return None
    return shape if all(type(n) is int and n > 0 for n in (parameters, hidden, layers)) else None


def _is_encoder(config) -> bool:
    return config.get("model_type") in ("bert", "roberta", "distilbert", "deberta-v2", "mpnet")


def _is_adapted(name: str, shape: list[int]) -> bool:
    """Whether a weight belongs to a linear layer, not one of the two ends."""
    parts = set(name.split("."))
    ends = {"embed_tokens", "wte", "wpe", "embed_in", "lm_head", "embed_out", "score"}
    return len(shape) == 2 and not parts & ends


def _weights(path: Path) -> list[tuple[str, list[int]]]:
    """Names and shapes in a safetensors file: 8 bytes of length, then a JSON header."""
    with path.open("rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        if length > MAX_HEADER_BYTES:
            raise ValueError("no safetensors header")
        header = json.loads(file.read(length))
    return [(name, one["shape"]) for name, one in header.items() if name != "__metadata__"]
