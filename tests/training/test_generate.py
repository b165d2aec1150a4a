"""Responses are sampled from the model's own distribution, whatever its folder recommends."""

import pytest

torch = pytest.importorskip("torch", reason="the train extra is not installed")

from transformers import GenerationConfig  # noqa: E402

from training import tiny  # noqa: E402
from training.generate import settings  # noqa: E402

pytestmark = pytest.mark.train


@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_what_the_models_folder_recommends_is_not_mixed_in(temperature):
    """A log-probability would be of another distribution than the one that was sampled from."""
    tokenizer = tiny.train_tokenizer(["hello world, this is it"] * 30, 300)
    model = tiny.make_model(tokenizer, {"hidden_size": 32, "layers": 1, "heads": 2}, 0).eval()
    ids = torch.tensor([[5, 6, 7]])
    options = {"temperature": temperature, "top_p": 1.0, "max_new_tokens": 12}

    def sample(**more):
        torch.manual_seed(0)
        more = more or {"generation_config": settings(options, tokenizer)}
        return model.generate(input_ids=ids, attention_mask=torch.ones_like(ids), **more).tolist()

    plain = sample()
    model.generation_config = GenerationConfig(
        repetition_penalty=5.0, no_repeat_ngram_size=1, min_p=0.9, top_k=1, do_sample=True,
        min_new_tokens=12, max_new_tokens=12,
    )  # fmt: skip
    assert sample() == plain
    assert sample(generation_config=model.generation_config) != plain, "it would matter"
