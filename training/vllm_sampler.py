"""Responses from vLLM in this process, the policy's weights pushed into it before each update.

vLLM is no dependency: it pins its own torch. As its documentation and TRL's use of it have it
(`LLM`, `SamplingParams`, prompts as token ids, `load_weights` on the model inside); never run on
a GPU yet.
"""

import os
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from typing import Any

from training.errors import ConfigError

MEMORY_SHARE = 0.3  # of the GPU, for vLLM; the rest is the training's
SEED_LIMIT = 2**31


def is_wanted(sampler: str) -> bool:
    """Whether vLLM is to sample. `vllm` without it is a ConfigError that says what to do."""
    if sampler != "vllm":
        return False
    if find_spec("vllm") is None:
        raise ConfigError(
            "sampler vllm needs vLLM, which is not installed: pip install vllm in an environment "
            "of the worker's own, or set sampler to transformers"
        )
    return True


class VllmSampler:
    """An engine beside the policy that it samples for."""

    def __init__(self, folder: str, *, max_length: int, bf16: bool, seed: int):
        # The model inside can be reached only where the engine is no process of its own.
        os.environ["VLLM_ENABLE_V1_MULTIPROCESSING"] = "0"
        os.environ["VLLM_NO_USAGE_STATS"] = "1"
        import vllm

        self.vllm = vllm
        self.engine = vllm.LLM(
            model=folder,
            max_model_len=max_length,
            gpu_memory_utilization=MEMORY_SHARE,
            dtype="bfloat16" if bf16 else "float32",
            seed=seed % SEED_LIMIT,
            trust_remote_code=False,
        )

    def push(self, model: Any) -> None:
        """Give it the policy's weights as they are now, and drop what it kept of the old."""
        inner = self.engine.llm_engine.model_executor.driver_worker.model_runner.model
        inner.load_weights((name, one.detach()) for name, one in model.named_parameters())
        self.engine.reset_prefix_cache()

    def sample(
        self,
        prompts: Sequence[list[int]],
        *,
        temperature: float,
        max_new_tokens: int,
        end: int,
        seed: int,
        tick: Callable[[], None],
        size: int = 256,
    ) -> list[list[int]]:
        """Response ids to each prompt, with the end token where it ended by itself."""
        found: list[list[int]] = []
        for start in range(0, len(prompts), size):
            tick()
            part = prompts[start : start + size]
            settings = [
                self.vllm.SamplingParams(
                    n=1,
                    temperature=temperature,
                    top_p=1.0,
                    top_k=-1,
                    max_tokens=max_new_tokens,
                    stop_token_ids=[end],
                    seed=(seed * 1_000_003 + start + at) % SEED_LIMIT,
                )
                for at in range(len(part))
            ]
            outputs = self.engine.generate(
                [{"prompt_token_ids": ids} for ids in part], settings, use_tqdm=False
            )
            found += [_ids(output.outputs[0], end) for output in outputs]
        return found


def _ids(output: Any, end: int) -> list[int]:
    ids = list(output.token_ids)
    if output.finish_reason == "stop" and (not ids or ids[-1] != end):
        ids.append(end)
    return ids
