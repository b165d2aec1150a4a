"""Weights that the processes of a run divide among them: FSDP2, DeepSpeed's ZeRO-2 and ZeRO-3.

A process holds all weights twice: when it loads them, which is also when the reference is scored,
and when training is over and they are put together again. In between it holds its share, so what
a device must bear while it trains is the share of weights, gradients and moments. What is
published is the same folder as without sharding.

The libraries say through the environment which of them is at work, before anything is imported.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from training import checkpoint, ranks

WEIGHTS = "weights.safetensors"


def name() -> str:
    """none, fsdp2 or zero (of either stage): what accelerate's launcher told this process."""
    if os.environ.get("ACCELERATE_USE_FSDP", "false").lower() == "true":
        return "fsdp2"
    if os.environ.get("ACCELERATE_USE_DEEPSPEED", "false").lower() == "true":
        return "zero"
    return "none"


def is_on() -> bool:
    return name() != "none"


def whole(model: Any) -> dict[str, Any]:
    """All weights and buffers of a sharded model, each on the CPU of every process.

    Every process must call it, for each weight is gathered from all of them.
    """
    if name() == "fsdp2":
        from torch.distributed.tensor import DTensor

        return {
            key: (one.full_tensor() if isinstance(one, DTensor) else one).detach().cpu()
            for key, one in model.state_dict().items()
        }
    return _whole_of_zero(model)


def _whole_of_zero(model: Any) -> dict[str, Any]:
    import deepspeed

    found: dict[str, Any] = {}
    for key, one in model.named_parameters(remove_duplicate=False):
        with deepspeed.zero.GatheredParameters([one]):
            found[key] = one.detach().cpu().clone()
    kept = model.state_dict()
    return found | {key: kept[key].cpu() for key, _ in model.named_buffers() if key in kept}


def plain(model: Any, kind: type[Any]) -> Any:
    """A model of its own with the weights of a sharded one; `kind` is the class it had before.

    Every process must call it. From here on nobody waits for the others.
    """
    from training import policy

    weights = whole(model)
    if name() == "zero":
        from transformers.integrations.deepspeed import unset_hf_deepspeed_config

        unset_hf_deepspeed_config()  # or loading and sampling would go on waiting for all
    fresh = kind(model.config).to(dtype=next(iter(weights.values())).dtype)
    missing, unexpected = fresh.load_state_dict(weights, strict=False)
    # A tied head stands in the file once.
    tied = set(getattr(fresh, "all_tied_weights_keys", None) or ())
    if unexpected or set(missing) - tied:
        raise RuntimeError(f"weights were lost on the way: {missing[:3]} {unexpected[:3]}")
    if hasattr(fresh, "tie_weights"):
        fresh.tie_weights()
    return policy.disable_dropout(fresh).to(policy.device()).eval()


def save(
    trainer: Any, folder: Path, *, seal: Callable[[Path], None], is_first: bool | None = None
) -> None:
    """One checkpoint of all processes, staged by the first: weights by safetensors, moments as
    the library that shards them keeps them."""
    if ranks.is_first() if is_first is None else is_first:
        alive = trainer.run.journal.alive
        with checkpoint.staged(folder, before_rename=seal, alive=alive) as staging:
            ranks.wait()
            _write(trainer, staging)
            ranks.wait()
    else:
        ranks.wait()  # until the folder is there
        _write(trainer, checkpoint.staging_of(folder))
        ranks.wait()
    ranks.wait()


def _write(trainer: Any, staging: Path) -> None:
    """What one process gives to a checkpoint."""
    import torch
    from safetensors.torch import save_file

    weights = whole(trainer.model)
    if ranks.is_first():
        save_file({key: one.contiguous().clone() for key, one in weights.items()},
                  staging / WEIGHTS)  # fmt: skip
        trainer.state.save_to_json(str(staging / "trainer_state.json"))
    if name() == "fsdp2":
        from accelerate.utils import save_fsdp_optimizer

        plugin = trainer.accelerator.state.fsdp_plugin
        save_fsdp_optimizer(
            plugin, trainer.accelerator, trainer.optimizer, trainer.model, str(staging)
        )
        if ranks.is_first():
            torch.save(trainer.lr_scheduler.state_dict(), staging / "scheduler.pt")
    else:
        trainer._save_optimizer_and_scheduler(str(staging))
    trainer._save_rng_state(str(staging))


def load_weights(model: Any, folder: Path) -> None:
    """Put a checkpoint's weights into a model that FSDP2 has sharded."""
    from safetensors.torch import load_file
    from torch.distributed.checkpoint.state_dict import StateDictOptions, set_model_state_dict

    options = StateDictOptions(full_state_dict=True, broadcast_from_rank0=True)
    weights: dict[str, Any] = load_file(folder / WEIGHTS) if ranks.is_first() else {}
    set_model_state_dict(model, weights, options=options)
