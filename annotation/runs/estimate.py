"""What a training will take, before it starts: memory, time, disk. Pure: numbers in and out.

Memory of a device, in bytes, is the sum of
- weights 4 N, gradients 4 N, AdamW's two moments 8 N: 16 N for N parameters that are trained (fp32
  weights under bf16 autocast; the same 16 N as the mixed precision of Rajbhandari et al. 2020,
  ZeRO, section 3.1), divided among devices as section 5 there says (zero2: gradients and moments;
  zero3 and fsdp2: weights too), and 4 N of the whole model once more, where it was divided, when
  it is put together at the end;
- with LoRA only the adapter is trained, of rank times in plus out a linear layer (Hu et al. 2021,
  section 4.1), and the base model stands beside it at 4 bytes; QLoRA keeps its linear layers in
  4.127 bits a weight (Dettmers et al. 2023, section 3: 4, and constants quantized in their turn);
- 4 bytes a parameter of each model that stands beside it frozen: DPO's reference where it is not
  scored beforehand, RL's reference and reward model; and 16 a parameter of PPO's critic;
- activations 34 s b h L at 16 bit, twice that at 32 (Korthikanti et al. 2022, equation 2, without
  its quadratic term, which scaled-dot-product attention never stores), for b sequences of s
  tokens, hidden size h and L layers; s is max_length, which few batches reach: an upper estimate;
- logits of s b positions in fp32, three times (logits, their log-softmax, its gradient);
- what the libraries hold: measured on a CPU 0.5 GB of imports, and about as much again that the
  allocator keeps; with a CUDA context 1.5 GB.

Time is FLOPs over speed: 6 N a trained token, 2 N a token that only goes forward (Kaplan et al.
2020, section 2.1). The speed is what the newest run of the kind reached here by this very formula,
so that what the formula gets wrong cancels; else the machine's, as its maker states it, times the
share of it that training reaches.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from annotation.runs.presets import GB, Machine
from annotation.runs.shapes import Shape

TRAINED_BYTES = 16  # a parameter
FROZEN_BYTES = 4
NF4_BYTES = 4.127 / 8
LIBRARY_BYTES = {True: 3 * GB // 2, False: 9 * GB // 10}
# A line of a dataset names ids and hashes beside its texts: measured 3 to 4 bytes of it a token.
BYTES_A_TOKEN = 3.5
CHECKPOINTS_ON_DISK = 3  # two are kept, and for a moment the third is there
CHECKPOINT_BYTES = 12
DEFAULT_LENGTH = 512


@dataclass(frozen=True)
class Work:
    """One training as numbers. `sequences` go through the model for a row, `rows` in an epoch."""

    kind: str
    model: Shape
    reward: Shape | None
    options: Mapping[str, Any]
    rows: int
    row_tokens: float
    # How many prompts the rows are of; 0 where the dataset does not say.
    prompts: int = 0

    @property
    def rank(self) -> int:
        return self.options.get("lora_rank") or 0

    @property
    def trained(self) -> int:
        """Parameters that learn: all of the model's, or an adapter's."""
        return self.rank * self.model.width if self.rank else self.model.parameters

    @property
    def devices(self) -> int:
        return self.options.get("devices") or 1

    @property
    def sequences(self) -> int:
        return 2 if self.kind in ("reward", "dpo") else 1

    @property
    def length(self) -> int:
        return self.options.get("max_length") or DEFAULT_LENGTH

    @property
    def batch_size(self) -> int:
        return self.options.get("batch_size") or (4 if self.model.is_encoder else 8)

    @property
    def batch(self) -> int:
        """Sequences on a device at once."""
        if self.kind == "rl":
            return self.options["minibatch"]
        # An encoder's batch is whole prompts, with some responses each.
        return self.batch_size * (4 if self.model.is_encoder else self.sequences)

    @property
    def epochs(self) -> float:
        return self.options.get("epochs") or (4.0 if self.model.is_encoder else 1.0)

    @property
    def rows_a_step(self) -> float:
        if self.kind == "rl":
            each = 1 if self.options["algorithm"] == "ppo" else 4  # as in training.options
            return max(1, self.batch_size // (self.options.get("responses") or each))
        at_once = self.batch_size * self.options.get("accumulation", 1) * self.devices
        if self.model.is_encoder and self.prompts:  # whole prompts, with all their comparisons
            return at_once * self.rows / self.prompts
        return at_once

    @property
    def steps(self) -> int:
        each = self.rows / self.rows_a_step
        if self.model.is_encoder:  # the last batch of an epoch may be a small one
            each = math.ceil(round(each, 6))
        steps = max(1, round(each * self.epochs))
        return min(steps, self.options.get("max_steps") or steps)

    @property
    def tokens(self) -> float:
        """Tokens that are trained on, of prompts and responses, at most max_length each."""
        if self.kind == "rl":
            prompt = min(self.row_tokens, self.length)
            sampled = self.steps * self.options["batch_size"]
            return sampled * (prompt + self.options["max_new_tokens"]) * self.options["passes"]
        rows = self.rows * self.epochs
        if limit := self.options.get("max_steps"):
            rows = min(rows, limit * self.rows_a_step)
        return rows * min(self.row_tokens, self.sequences * self.length)

    @property
    def flops(self) -> float:
        """Floating point operations from the first step to the last."""
        size = self.model.parameters
        # With LoRA no gradient of a frozen weight is needed: forward, and backward through it.
        total = (4.0 if self.rank else 6.0) * size * self.tokens
        if self.kind == "dpo":  # the reference, once or in every step
            times = 1 if self.options.get("precompute_reference", True) else self.epochs
            total += 2.0 * size * self.rows * self.row_tokens * times
        if self.kind == "rl":
            sampled = self.tokens / self.options["passes"]
            critic = 2 if self.options["algorithm"] == "ppo" else 1
            judge = self.reward.parameters if self.reward else 0
            # Sampled, measured by policy and reference, scored; then trained with the critic.
            total = 6.0 * size * critic * self.tokens + (3 * 2.0 * size + 2.0 * judge) * sampled
        return total


@dataclass(frozen=True)
class Memory:
    """Bytes on one device."""

    trained: int  # weights, gradients, moments, after sharding
    frozen: int
    activations: int
    libraries: int
    gathered: int = 0  # weights that were sharded, put together again at the end

    @property
    def least(self) -> int:
        """What no smaller batch can change."""
        return self.trained + self.frozen + self.libraries + self.gathered

    @property
    def total(self) -> int:
        # They are put together when the last batch is gone.
        return self.least + max(0, self.activations - self.gathered)


def memory(work: Work, *, is_gpu: bool) -> Memory:
    size, options = work.model.parameters, work.options
    trained = work.trained * TRAINED_BYTES
    shared = {"zero2": 12, "zero3": 16, "fsdp2": 16}.get(options.get("sharding", "none"), 0)
    trained -= size * shared * (work.devices - 1) // work.devices
    gathered = FROZEN_BYTES * size if shared else 0
    frozen = _frozen_base(work) if work.rank else 0
    if work.kind == "dpo" and not options.get("precompute_reference", True):
        frozen += size * FROZEN_BYTES
    if work.kind == "rl":
        frozen += size * FROZEN_BYTES
        frozen += work.reward.parameters * FROZEN_BYTES if work.reward else 0
        if options["algorithm"] == "ppo":
            trained += size * TRAINED_BYTES
    is_half = options.get("precision") == "bf16" or (
        is_gpu and options.get("precision", "auto") == "auto"
    )
    places = work.batch * work.length
    activations = (34 if is_half else 68) * places * work.model.hidden * work.model.layers
    if not work.model.is_encoder and work.kind != "reward":
        activations += 3 * 4 * places * work.model.vocabulary
    return Memory(trained, frozen, activations, LIBRARY_BYTES[is_gpu], gathered)


def _frozen_base(work: Work) -> int:
    """Bytes of the model that an adapter is trained beside."""
    size, linear = work.model.parameters, work.model.linear
    if work.options.get("quantize", "none") == "none":
        return size * FROZEN_BYTES
    return (size - linear) * FROZEN_BYTES + round(linear * NF4_BYTES)


def disk(work: Work) -> int:
    """Bytes: two checkpoints and one being written, and the published model."""
    size = work.trained * (2 if work.kind == "rl" else 1)
    return CHECKPOINTS_ON_DISK * CHECKPOINT_BYTES * size + 4 * work.model.parameters


def seconds(work: Work, *, speed: float) -> float:
    """From the first step to the last, at so many floating point operations a second in all."""
    return work.flops / speed


def stated_speed(machine: Machine) -> float:
    return machine.devices * machine.speed * machine.utilisation
