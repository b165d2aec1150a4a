"""Presets and estimates: what an order takes is told before it starts, everywhere the same."""

import io
import json
import struct
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.urls import reverse

from annotation.core.errors import DomainError
from annotation.runs import estimate, forecast, services, shapes
from annotation.runs import options as run_options
from annotation.runs.estimate import Work
from annotation.runs.models import TrainingRun
from annotation.runs.presets import BY_KEY, GB, PRESETS
from annotation.runs.shapes import Shape

HUGE = {"hidden_size": 4096, "layers": 96, "heads": 32, "vocab_size": 65536}
TINY = Shape(4_210_000, 256, 4, 4096)


def work(kind="dpo", model=TINY, rows=1000, tokens=200.0, reward=None, **options):
    defaults = {option.name: option.default for option in run_options.BY_KIND[kind]}
    return Work(kind, model, reward, defaults | options, rows, tokens)


def test_an_encoder_takes_whole_prompts_a_step():
    """76 comparisons of 13 prompts, 4 prompts a batch: 4 batches an epoch, and 4 epochs."""
    ordered = {option.name: option.default for option in run_options.BY_KIND["reward"]}
    known = Work("reward", shapes.encoder(), None, ordered, 76, 200.0, 13)
    assert (known.batch_size, known.epochs, known.steps) == (4, 4.0, 16)
    assert known.tokens == 76 * 4 * 200
    limited = Work("reward", shapes.encoder(), None, ordered | {"max_steps": 8}, 76, 200.0, 13)
    assert limited.steps == 8
    assert limited.tokens < known.tokens


@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.key)
@pytest.mark.parametrize("kind", list(run_options.BY_KIND))
def test_every_preset_is_made_of_options_that_exist(preset, kind):
    options = preset.options(kind)
    assert run_options.read(kind, options).items() <= options.items()
    assert preset.title
    assert preset.about


def test_sixteen_bytes_a_parameter_are_trained_and_four_stand_beside():
    sft = estimate.memory(work("sft", Shape(1_000_000_000, 2048, 16, 50_000)), is_gpu=True)
    assert sft.trained == 16 * GB
    assert sft.frozen == 0
    live = work(model=Shape(1_000_000_000, 2048, 16, 50_000), precompute_reference=False)
    assert estimate.memory(live, is_gpu=True).frozen == 4 * GB
    judge = Shape(500_000_000, 1024, 8, 50_000)
    ppo = work("rl", Shape(1_000_000_000, 2048, 16, 50_000), reward=judge)
    assert estimate.memory(ppo, is_gpu=True).trained == 32 * GB, "policy and critic"
    assert estimate.memory(ppo, is_gpu=True).frozen == 6 * GB, "reference and reward model"


LLAMA_8B = Shape(8_000_000_000, 4096, 32, 128_256, linear=6_979_321_856, width=2_621_440)


def test_an_adapter_is_trained_beside_a_frozen_base_and_in_four_bits_it_fits_where_it_did_not():
    def bytes_of(**options):
        return estimate.memory(work("sft", LLAMA_8B, lora_rank=16, **options), is_gpu=True)

    whole, quantized = bytes_of(), bytes_of(quantize="nf4")
    assert whole.trained == quantized.trained == 16 * 16 * 2_621_440
    assert whole.frozen == 32 * GB
    others = 8_000_000_000 - 6_979_321_856
    assert quantized.frozen == pytest.approx(4 * others + 6_979_321_856 * 4.127 / 8)
    assert quantized.least < 24 * GB < whole.least
    full = work("sft", LLAMA_8B)
    assert estimate.disk(work("sft", LLAMA_8B, lora_rank=16)) < estimate.disk(full) / 2


@pytest.mark.parametrize(
    ("sharding", "share"), [("none", 16), ("zero2", 4 + 12 / 8), ("zero3", 2), ("fsdp2", 2)]
)
def test_devices_divide_what_they_are_told_to(sharding, share):
    """Rajbhandari et al. 2020, figure 1."""
    found = estimate.memory(work("sft", LLAMA_8B, devices=8, sharding=sharding), is_gpu=True)
    assert found.trained == pytest.approx(share * 8 * GB)
    assert found.gathered == (0 if sharding == "none" else 32 * GB)
    assert found.total == found.trained + found.libraries + max(found.activations, found.gathered)


@pytest.mark.parametrize(
    ("key", "model"),
    [
        ("gpu-24-qlora", LLAMA_8B),
        ("gpu-8", Shape(13_000_000_000, 5120, 40, 32_000)),
    ],
)
@pytest.mark.parametrize("kind", ["sft", "reward", "dpo", "kto"])
def test_a_preset_keeps_what_it_promises(key, model, kind):
    preset = BY_KEY[key]
    found = estimate.memory(work(kind, model, **preset.options(kind)), is_gpu=True)
    assert found.total < preset.machine.memory


@pytest.mark.parametrize(
    ("order", "measured"),
    [
        # Peak resident memory of a 4.21 M Llama, one thread, fp32 (training on a CPU, measured).
        (work("sft", batch_size=16, max_length=256), 1_743e6),
        (work("dpo", batch_size=4, max_length=192, precompute_reference=False), 1_175e6),
    ],
)
def test_the_memory_estimate_is_within_a_factor_of_what_was_measured(order, measured):
    assert measured / 1.6 < estimate.memory(order, is_gpu=False).total < measured * 1.6


def test_time_is_six_operations_a_parameter_and_trained_token():
    order = work("sft", Shape(1_000_000, 64, 2, 400), rows=100, tokens=50.0, epochs=2.0)
    assert order.tokens == 100 * 2 * 50
    assert order.flops == 6 * 1_000_000 * 10_000
    assert estimate.seconds(order, speed=6e9) == pytest.approx(10)
    scored = work("dpo", Shape(1_000_000, 64, 2, 400), rows=100, tokens=50.0)
    assert scored.flops == 6e6 * 5000 + 2e6 * 5000, "the reference goes forward once"


def test_a_limit_on_steps_limits_tokens_too():
    assert work("sft", rows=10_000, max_steps=3, batch_size=4).tokens == 3 * 4 * 200
    assert work("sft", rows=10_000, max_steps=3, batch_size=4).steps == 3


@pytest.mark.parametrize(
    ("algorithm", "each"), [("ppo", 1), ("rloo", 4), ("grpo", 4), ("best_of", 4)]
)
def test_an_update_takes_as_many_prompts_as_its_algorithm_asks_responses_to(algorithm, each):
    order = work("rl", rows=1600, batch_size=64, algorithm=algorithm, epochs=1.0)
    assert order.steps == 1600 * each / 64
    assert order.steps == work("rl", rows=1600, batch_size=64, responses=each, epochs=1.0).steps


def test_the_size_of_a_model_is_read_from_its_headers(tmp_path):
    header = json.dumps(
        {"__metadata__": {}, "a": {"shape": [10, 4]}, "b": {"shape": [4]}, "c": {"shape": []}}
    ).encode()
    (tmp_path / "model.safetensors").write_bytes(struct.pack("<Q", len(header)) + header)
    assert shapes.of_folder(tmp_path) is None, "no config.json"
    config = {"hidden_size": 4, "num_hidden_layers": 1, "vocab_size": 10, "model_type": "llama"}
    (tmp_path / "config.json").write_text(json.dumps(config))
    assert shapes.of_folder(tmp_path) == Shape(45, 4, 1, 10, linear=40, width=14)
    (tmp_path / "model.safetensors").write_bytes(b"weights")
    assert shapes.of_folder(tmp_path) is None


def test_the_size_of_a_new_model_is_the_trainers():
    """2.0 M with the default options, as training/tiny.py says."""
    defaults = {option.name: option.default for option in run_options.BY_KIND["sft"]}
    assert shapes.new_model(defaults).parameters == pytest.approx(2.0e6, rel=0.05)


pytestmark_db = pytest.mark.django_db


@pytest.fixture
def site(client, world):
    client.force_login(world.engineer)
    return client


@pytestmark_db
def test_a_preset_fills_what_is_not_given(world):
    run = world.start("sft", preset="smoke", options={"batch_size": 2})
    assert (run.options["max_steps"], run.options["batch_size"]) == (3, 2)
    with pytest.raises(DomainError, match="no preset “big”: choose smoke, cpu"):
        world.start("sft", preset="big")


@pytestmark_db
def test_what_cannot_fit_on_the_chosen_machine_is_refused_and_queues_nothing(world):
    with pytest.raises(DomainError, match="It cannot fit: .* one 80 GB GPU has 80.0 GB"):
        world.start("sft", preset="gpu-80", options=HUGE)
    assert not TrainingRun.objects.exists()


@pytestmark_db
def test_a_full_disk_is_refused_before_the_start(world, monkeypatch):
    class Full:
        free = 1_000_000

    monkeypatch.setattr(forecast.shutil, "disk_usage", lambda place: Full)
    with pytest.raises(DomainError, match="need .* of disk, and 1 MB are free"):
        world.start("sft")
    assert not TrainingRun.objects.exists()


@pytestmark_db
def test_time_comes_from_an_earlier_run_and_else_from_the_machine(world):
    order = {"project": world.project, "kind": "sft", "dataset": world.dataset}
    assert services.estimate_run(**order).seconds is None, "nothing is known yet"
    stated = services.estimate_run(**order, preset="cpu")
    assert "its maker states for a CPU with 16 GB" in stated.basis

    run = world.train()
    last = run.events.filter(type="metric").last()
    last.at += timedelta(seconds=60)
    last.save()
    measured = services.estimate_run(**order)
    assert f"run {run.pk}" in measured.basis
    assert measured.seconds == pytest.approx(60, abs=2), "the same order takes as long again"
    twice = services.estimate_run(**order, options={"epochs": 6})
    assert twice.seconds == pytest.approx(2 * measured.seconds)


@pytestmark_db
def test_the_workers_own_machine_warns_and_does_not_forbid(world):
    run = world.train()
    machine = {"device": "cpu", "memory": 2 * GB, "peak_memory": GB}
    TrainingRun.objects.filter(pk=run.pk).update(report={"machine": machine})
    found = services.estimate_run(
        project=world.project, kind="sft", dataset=world.dataset, options=HUGE | {"layers": 1}
    )
    assert found.refusals == []
    assert "It cannot fit" in found.warnings[0]
    assert "the worker’s CPU has 2.0 GB" in found.warnings[0]


@pytestmark_db
def test_the_page_fills_estimates_and_refuses_without_losing_what_was_typed(site, world):
    page = reverse("runs:start-run", args=[world.project.slug])
    order = {"kind": "sft", "dataset": world.dataset.pk, "seed": "7", "name": "Kettle"}
    filled = site.post(page, order | {"preset": "smoke", "fill": "1"})
    assert filled.status_code == 200
    form = filled.context["form"]
    assert (form["option_max_steps"].value(), form["name"].value()) == ("3", "Kettle")
    values = {field.html_name: field.value() or "" for field in form}

    told = site.post(page, values | {"kind": "sft", "estimate": "1"}).content.decode()
    assert "parameters" in told
    assert "activations, at most" in told
    assert not TrainingRun.objects.exists()

    huge = {f"option_{name}": value for name, value in HUGE.items()}
    refused = site.post(page, values | huge | {"kind": "sft", "preset": "gpu-24"})
    assert refused.status_code == 422
    assert "It cannot fit" in refused.content.decode()

    site.post(page, values | {"kind": "sft"})
    assert TrainingRun.objects.get().options["max_steps"] == 3


@pytestmark_db
def test_a_field_changed_back_to_its_default_is_not_the_presets(site, world):
    page = reverse("runs:start-run", args=[world.project.slug])
    order = {"kind": "sft", "dataset": world.dataset.pk, "seed": "7", "preset": "smoke"}
    site.post(page, order | {"option_batch_size": "32", "option_max_steps": ""})
    options = TrainingRun.objects.get().options
    assert "max_steps" not in options
    assert "batch_size" not in options


@pytestmark_db
def test_the_api_and_the_command_tell_the_same(site, world):
    order = {"project": world.project.slug, "kind": "sft", "dataset": world.dataset.hash}
    answer = site.post(
        reverse("runs-api:estimate-run"),
        order | {"preset": "cpu"},
        content_type="application/json",
    )
    assert answer.status_code == 200
    told = answer.json()
    assert told["memory_bytes"]["trained"] == 16 * told["parameters"]
    assert told["device"] == "a CPU with 16 GB"

    out = io.StringIO()
    call_command("train", "sft", world.dataset.hash, "--preset", "cpu", "--estimate", stdout=out)
    assert f"{told['parameters']:,} parameters" in out.getvalue()
    assert not TrainingRun.objects.exists()
