"""LoRA: a few new weights beside frozen ones. Hu et al. 2021.

Checkpoints hold the adapter alone; what is published is the merged model, which everybody can
load, with the adapter beside it.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors.torch import save_file
from torch import Tensor

from training import quantize
from training.events import write_json

FOLDER = "adapter"
# Few weights that start from zero bear and need a higher rate than all of them do.
RATE = 10
SCALE = 2  # lora_alpha by the rank, where nothing else was asked for
CAUSAL, SCORING = "CAUSAL_LM", "SEQ_CLS"


def config_of(options: dict[str, Any], task: str) -> Any:
    """What peft wants to know, or None where all weights are trained."""
    if not options["lora_rank"]:
        return None
    from peft import LoraConfig

    alpha = options["lora_alpha"]
    return LoraConfig(
        r=options["lora_rank"],
        lora_alpha=SCALE * options["lora_rank"] if alpha is None else alpha,
        lora_dropout=0.0,  # preference losses compare two passes: dropout would be noise
        target_modules="all-linear",
        # A score head is new: it is trained whole, or the reward would be read off noise.
        modules_to_save=["score"] if task == SCORING else None,
        task_type=task,
    )


@dataclass(frozen=True)
class Adapter:
    """The weights that LoRA trained, taken from a model before they were merged into it."""

    tensors: dict[str, Tensor]
    config: dict[str, Any]

    def save(self, folder: Path) -> None:
        """As peft reads it, in a folder of its own."""
        place = folder / FOLDER
        place.mkdir()
        save_file(self.tensors, place / "adapter_model.safetensors")
        write_json(place / "adapter_config.json", self.config)


def is_adapted(model: Any) -> bool:
    return hasattr(model, "peft_config") and hasattr(model, "merge_and_unload")


def merge(model: Any) -> Adapter:
    """Merge the adapter of a peft model into the model it was made from, in place."""
    from peft import get_peft_model_state_dict

    tensors = {
        name: tensor.detach().cpu().contiguous().clone()
        for name, tensor in get_peft_model_state_dict(model).items()
    }
    config = model.peft_config["default"].to_dict()
    # Whose model it goes onto is said by the manifest, not by a path on this machine.
    config |= {"base_model_name_or_path": None, "inference_mode": True}
    if quantize.is_quantized(model):
        quantize.merge_in_place(model)
    else:
        model.merge_and_unload()
    return Adapter(tensors, {key: _plain(value) for key, value in sorted(config.items())})


def _plain(value: Any) -> Any:
    """Sets and enumerations as JSON has them."""
    if isinstance(value, set):
        return sorted(value)
    return getattr(value, "value", value)
