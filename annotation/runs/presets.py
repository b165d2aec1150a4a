"""Settings for the machine that a team has: a choice fills the options, each can be changed.

The speeds are the makers' for dense bf16 (fp32 on a CPU), and `utilisation` is the share of it
that training reaches: on GPUs as published for well-fed ones (Chowdhery et al. 2022, appendix B:
0.3 to 0.5; the lower end), on a CPU as measured with models of a few million parameters.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from annotation.core.errors import DomainError

GB = 1_000_000_000
GIB = 1 << 30


@dataclass(frozen=True)
class Machine:
    """What a run gets: `devices` of so much memory and speed each."""

    name: str | Promise
    devices: int
    memory: int  # bytes of one device; of a CPU the machine's
    speed: float  # floating point operations a second of one device
    utilisation: float
    is_gpu: bool = True


@dataclass(frozen=True)
class Preset:
    """A machine and the options that suit it, by kind of training; `every` goes to all kinds."""

    key: str
    title: str | Promise
    about: str | Promise
    machine: Machine
    every: Mapping[str, Any] = field(default_factory=dict)
    by_kind: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def options(self, kind: str) -> dict[str, Any]:
        return {**self.every, **self.by_kind.get(kind, {})}


QLORA = {"lora_rank": 16, "quantize": "nf4"}
LAPTOP = Machine(gettext_lazy("a CPU with 16 GB"), 1, 16 * GB, 60e9, 0.5, is_gpu=False)
# NVIDIA L4, A10 and RTX 4090 have 24 GB; the slowest of them, L4: 121 TFLOP/s.
GPU_24 = Machine(gettext_lazy("one 24 GB GPU"), 1, 24 * GB, 121e12, 0.3)
# NVIDIA A100 80 GB: 312 TFLOP/s; an H100 has three times as much.
GPU_80 = Machine(gettext_lazy("one 80 GB GPU"), 1, 80 * GB, 312e12, 0.35)
GPU_8 = Machine(gettext_lazy("eight 80 GB GPUs"), 8, 80 * GB, 312e12, 0.3)

PRESETS = (
    Preset(
        "smoke",
        gettext_lazy("Smoke test"),
        gettext_lazy("Three steps: does it run at all?"),
        LAPTOP,
        {"max_steps": 3, "max_length": 256, "log_steps": 1, "eval_rows": 8},
        {
            "sft": {"batch_size": 4},
            "reward": {"batch_size": 2},
            "dpo": {"batch_size": 2},
            "kto": {"batch_size": 4},
            "rl": {"batch_size": 8, "minibatch": 4, "max_new_tokens": 16},
        },
    ),
    Preset(
        "cpu",
        gettext_lazy("Laptop, CPU"),
        gettext_lazy("Small models in minutes, without a GPU."),
        LAPTOP,
        {"max_length": 384, "precision": "fp32"},
        {
            "sft": {"batch_size": 16},
            "dpo": {"batch_size": 8},
            "kto": {"batch_size": 8},
            "rl": {"batch_size": 32, "minibatch": 16},
        },
    ),
    Preset(
        "gpu-24",
        gettext_lazy("One 24 GB GPU"),
        gettext_lazy("All weights of a model of up to 1 billion parameters."),
        GPU_24,
        {"max_length": 1024},
        {
            "sft": {"batch_size": 4, "accumulation": 8},
            "reward": {"batch_size": 2, "accumulation": 8},
            "dpo": {"batch_size": 2, "accumulation": 16},
            "kto": {"batch_size": 4, "accumulation": 8},
            "rl": {"batch_size": 64, "minibatch": 2, "max_new_tokens": 256},
        },
    ),
    Preset(
        "gpu-24-qlora",
        gettext_lazy("One 24 GB GPU, QLoRA"),
        gettext_lazy("An adapter beside a model of up to 8 billion parameters in 4 bits."),
        GPU_24,
        {"max_length": 768},
        {
            "sft": {"batch_size": 1, "accumulation": 32, **QLORA},
            "reward": {"batch_size": 1, "accumulation": 16, **QLORA},
            "dpo": {"batch_size": 1, "accumulation": 32, **QLORA},
            "kto": {"batch_size": 2, "accumulation": 16, **QLORA},
            # Reinforcement learning trains all weights: a smaller model, as without QLoRA.
            "rl": {"batch_size": 64, "minibatch": 2, "max_new_tokens": 256},
        },
    ),
    Preset(
        "gpu-80",
        gettext_lazy("One 80 GB GPU"),
        gettext_lazy("All weights of a model of up to 3 billion parameters."),
        GPU_80,
        {"max_length": 2048},
        {
            "sft": {"batch_size": 8, "accumulation": 4},
            "reward": {"batch_size": 4, "accumulation": 8},
            "dpo": {"batch_size": 4, "accumulation": 8},
            "kto": {"batch_size": 8, "accumulation": 4},
            "rl": {"batch_size": 128, "minibatch": 4, "max_new_tokens": 512},
        },
    ),
    Preset(
        "gpu-8",
        gettext_lazy("Eight 80 GB GPUs"),
        gettext_lazy("All weights of a model of up to 13 billion parameters, divided by FSDP2."),
        GPU_8,
        {"max_length": 2048},
        {
            "sft": {"devices": 8, "sharding": "fsdp2", "batch_size": 2, "accumulation": 4},
            "reward": {"devices": 8, "sharding": "fsdp2", "batch_size": 1, "accumulation": 4},
            "dpo": {"devices": 8, "sharding": "fsdp2", "batch_size": 1, "accumulation": 4},
            "kto": {"devices": 8, "sharding": "fsdp2", "batch_size": 2, "accumulation": 4},
            "rl": {"batch_size": 128, "minibatch": 4, "max_new_tokens": 512},
        },
    ),
)
BY_KEY = {preset.key: preset for preset in PRESETS}


def find(key) -> Preset | None:
    """The preset of that name; None for none."""
    if key in (None, ""):
        return None
    if key not in BY_KEY:
        raise DomainError(
            _("There is no preset “%(name)s”: choose %(known)s.")
            % {"name": key, "known": ", ".join(BY_KEY)}
        )
    return BY_KEY[key]
