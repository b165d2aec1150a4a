"""QLoRA: the frozen weights of a base model in 4 bits, an adapter trained beside them.

NF4 with constants that are quantized in their turn: Dettmers et al. 2023 (arXiv 2305.14314),
sections 3 and 4. What is published is a plain model again: the weights as 4 bits keep them, put
back into fp32, with the adapter merged. So it answers as the trained one did; the original
weights with the adapter would not, for the adapter has learned to live with the rounding.
"""

from importlib.util import find_spec
from typing import Any

from training.errors import ConfigError

LAYER = "Linear4bit"  # bitsandbytes' class, and peft's around it
# The ends of a model stay as they are: rounding there costs most, and a score head is trained.
KEPT = ("lm_head", "score")


def loading(quantize: str, *, bf16: bool) -> dict[str, Any]:
    """What `from_pretrained` is told besides; nothing where nothing is quantized."""
    if quantize == "none":
        return {}
    if find_spec("bitsandbytes") is None:
        raise ConfigError(
            f"quantize {quantize} needs bitsandbytes, which is not installed: pip install "
            "bitsandbytes on the worker, or set quantize to none"
        )
    import torch
    from transformers import BitsAndBytesConfig

    from training import policy

    if not has_device():
        raise ConfigError(f"quantize {quantize} needs a CUDA device: set quantize to none")
    config = BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type=quantize,
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=torch.bfloat16 if bf16 else torch.float32,
        llm_int8_skip_modules=list(KEPT),
    )
    return {"quantization_config": config, "device_map": {"": policy.device()}}


def has_device() -> bool:
    import torch

    return torch.cuda.is_available()


def is_quantized(model: Any) -> bool:
    return any(type(module).__name__ == LAYER for module in model.modules())


def merge_in_place(adapted: Any) -> None:
    """Make the base of a peft model plain, fp32, and as the trained one: each adapted layer
    becomes its weights as they were used, with the adapter's change; in place."""
    from peft.tuners.lora import LoraLayer
    from peft.utils.other import ModulesToSaveWrapper

    base = adapted.get_base_model()
    for name, module in list(base.named_modules()):
        if isinstance(module, LoraLayer):
            base.set_submodule(name, _linear(module))
        elif isinstance(module, ModulesToSaveWrapper):
            base.set_submodule(name, module.modules_to_save["default"])
    if is_quantized(base):
        raise RuntimeError("a layer was quantized and not adapted: it cannot be published")
    base.hf_quantizer.remove_quantization_config(base)
    base.requires_grad_(True)


def _linear(layer: Any) -> Any:
    """A plain layer that gives what an adapted one gives."""
    import torch
    from bitsandbytes.functional import dequantize_4bit

    frozen = layer.get_base_layer()
    if type(frozen).__name__ == LAYER:
        weight = dequantize_4bit(frozen.weight.data, frozen.weight.quant_state).float()
    else:
        weight = frozen.weight.data.float()
    weight = weight + layer.get_delta_weight("default").float()
    plain = torch.nn.Linear(weight.shape[1], weight.shape[0], bias=frozen.bias is not None)
    plain.weight = torch.nn.Parameter(weight)
    if frozen.bias is not None:
        plain.bias = torch.nn.Parameter(frozen.bias.data.float())
    return plain
