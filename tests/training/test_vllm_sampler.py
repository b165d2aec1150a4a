"""vLLM as a sampler, against a stand-in with the signatures of its documentation."""

import sys
from types import ModuleType, SimpleNamespace

import pytest

from training import vllm_sampler
from training.errors import ConfigError

END = 2


class Inner:
    def __init__(self):
        self.weights = {}

    def load_weights(self, weights):
        self.weights.update(weights)
        return set(self.weights)


class LLM:
    def __init__(self, model, *, max_model_len, gpu_memory_utilization, dtype, seed,
                 trust_remote_code):  # fmt: skip
        self.inner, self.resets = Inner(), 0
        runner = SimpleNamespace(model=self.inner)
        worker = SimpleNamespace(model_runner=runner)
        self.llm_engine = SimpleNamespace(model_executor=SimpleNamespace(driver_worker=worker))

    def reset_prefix_cache(self):
        self.resets += 1

    def generate(self, prompts, sampling_params=None, *, use_tqdm=True):
        """Each answers with its own first token: 7 never ends, 8 ends without saying so."""
        assert len(prompts) == len(sampling_params)
        outputs = []
        for prompt, asked in zip(prompts, sampling_params, strict=True):
            first = prompt["prompt_token_ids"][0]
            ids = [first] * asked.max_tokens if first == 7 else [first]
            if first not in (7, 8):
                ids.append(asked.stop_token_ids[0])
            reason = "length" if first == 7 else "stop"
            one = SimpleNamespace(token_ids=tuple(ids), finish_reason=reason)
            outputs.append(SimpleNamespace(outputs=[one]))
        return outputs


@pytest.fixture
def sampler(monkeypatch):
    module = ModuleType("vllm")
    module.LLM, module.SamplingParams = LLM, SimpleNamespace
    monkeypatch.setitem(sys.modules, "vllm", module)
    monkeypatch.setenv("VLLM_ENABLE_V1_MULTIPROCESSING", "1")
    monkeypatch.setenv("VLLM_NO_USAGE_STATS", "0")
    return vllm_sampler.VllmSampler("model", max_length=64, bf16=False, seed=3)


def test_responses_come_in_order_with_their_end(sampler):
    ticks = []
    found = sampler.sample(
        [[7, 1], [8], [9, 9]], temperature=0.7, max_new_tokens=3, end=END, seed=5,
        tick=lambda: ticks.append(1), size=2,
    )  # fmt: skip
    assert found == [[7, 7, 7], [8, END], [9, END]], "cut by length, told to have ended, ended"
    assert len(ticks) == 2, "between two batches it may be stopped"


def test_the_policys_own_weights_answer(sampler):
    torch = pytest.importorskip("torch", reason="the train extra is not installed")
    model = torch.nn.Linear(2, 1)
    sampler.push(model)
    inner = sampler.engine.inner.weights
    assert set(inner) == {"weight", "bias"}
    assert torch.equal(inner["weight"], model.weight)
    assert not inner["weight"].requires_grad
    assert sampler.engine.resets == 1


def test_without_it_only_who_asks_for_it_is_told(monkeypatch):
    monkeypatch.setattr(vllm_sampler, "find_spec", lambda name: None)
    assert not vllm_sampler.is_wanted("transformers")
    with pytest.raises(ConfigError, match="vLLM, which is not installed"):
        vllm_sampler.is_wanted("vllm")
    monkeypatch.setattr(vllm_sampler, "find_spec", lambda name: object())
    assert vllm_sampler.is_wanted("vllm")
