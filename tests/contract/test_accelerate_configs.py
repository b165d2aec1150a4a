"""The launcher's configurations, read as accelerate reads them: nothing is started."""

import json
from types import SimpleNamespace

import pytest
import yaml

pytest.importorskip("accelerate", reason="the train extra is not installed")

from accelerate.commands.config.config_args import load_config_from_file  # noqa: E402
from accelerate.commands.launch import (  # noqa: E402
    _validate_launch_command,
    launch_command_parser,
)

from training import launch, options  # noqa: E402

SHARDINGS = next(one.choices for one in options.COMMON if one.name == "sharding")


def asked(tmp_path, **more):
    given = {"machines": 1, "machine_rank": 0, "rendezvous": "127.0.0.1:0"} | more
    return SimpleNamespace(run=tmp_path, token=3, **given)


def parsed(words):
    """accelerate's own reading of what it is told, with what it takes from the file."""
    assert words[1:3] == ["-m", "accelerate.commands.launch"]
    read, config, _ = _validate_launch_command(launch_command_parser().parse_args(words[3:]))
    return read, config


def test_every_sharding_has_its_file_and_no_file_is_left_over():
    assert sorted(path.stem for path in launch.CONFIGS.glob("*.yaml")) == sorted(SHARDINGS)


@pytest.mark.parametrize(
    ("sharding", "flag"),
    [("none", "multi_gpu"), ("fsdp2", "use_fsdp"), ("zero2", "use_deepspeed"),
     ("zero3", "use_deepspeed")],
)  # fmt: skip
def test_accelerate_reads_what_it_is_told(tmp_path, sharding, flag):
    on_two = asked(tmp_path, machines=2, machine_rank=1, rendezvous="10.0.0.1:29500")
    read, config = parsed(launch.command(on_two, "dpo", 8, sharding))
    flags = ("multi_gpu", "use_fsdp", "use_deepspeed", "cpu", "tpu")
    assert [name for name in flags if getattr(read, name)] == [flag]
    assert (read.num_processes, read.num_machines, read.machine_rank) == (16, 2, 1)
    assert (read.main_process_ip, int(read.main_process_port)) == ("10.0.0.1", 29500)
    assert (read.module, read.training_script) == (True, "training.train_dpo")
    assert read.training_script_args == [str(tmp_path), "3"]
    assert config.compute_environment == "LOCAL_MACHINE"
    assert (read.rdzv_backend, read.same_network) == ("static", True), "machine 0 is the address"


def test_the_processes_of_a_machine_divide_its_threads(tmp_path, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "32")
    for devices, threads in ((8, 4), (2, 16), (64, 1)):
        read, _ = parsed(launch.command(asked(tmp_path), "sft", devices, "none"))
        assert read.num_cpu_threads_per_process == threads


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("--machines 2 --machine-rank 2 --rendezvous 10.0.0.1:29500", "counts from 0"),
        ("--machines 0", "counts from 0"),
        ("--machines 2 --machine-rank 1", "give its address"),
        ("--machines 2 --rendezvous 10.0.0.1:0", "a free port"),
        ("--machines 2 --rendezvous 10.0.0.1", "is HOST:PORT"),
        ("--machines 2 --rendezvous :29500", "is HOST:PORT"),
        ("--machines 2 --rendezvous 10.0.0.1:port", "is HOST:PORT"),
    ],
)
def test_machines_that_could_not_meet_are_told_so_at_once(tmp_path, capsys, words, sentence):
    with pytest.raises(SystemExit) as ended:
        launch.main([str(tmp_path), "1", *words.split()])
    assert ended.value.code == 64
    assert sentence in capsys.readouterr().err
    good = "--machines 2 --machine-rank 1 --rendezvous 10.0.0.1:29500"
    launch.check_meeting(launch.parse([str(tmp_path), "1", *good.split()]))
    launch.check_meeting(launch.parse([str(tmp_path), "1"]))


def test_fsdp_is_the_second_one_and_leaves_no_weights_behind(tmp_path):
    read, _ = parsed(launch.command(asked(tmp_path), "sft", 2, "fsdp2"))
    assert str(read.fsdp_version) == "2"
    assert read.fsdp_state_dict_type == "FULL_STATE_DICT"
    assert str(read.fsdp_offload_params).lower() == "false"


@pytest.mark.parametrize("stage", [2, 3])
def test_deepspeeds_file_is_found_from_anywhere_and_is_of_its_stage(tmp_path, stage):
    read, config = parsed(launch.command(asked(tmp_path), "sft", 2, f"zero{stage}"))
    assert read.deepspeed_config_file.startswith("/")
    with open(read.deepspeed_config_file, encoding="utf-8") as file:
        said = json.load(file)
    assert said["zero_optimization"]["stage"] == stage
    assert said["torch_autocast"] == {"enabled": True, "dtype": "bfloat16"}
    # What stands in both files accelerate refuses when it starts.
    twice = {"zero_stage", "gradient_accumulation_steps", "gradient_clipping", "mixed_precision"}
    written = yaml.safe_load((launch.CONFIGS / f"zero{stage}.yaml").read_text())
    assert not twice & (set(written) | set(written["deepspeed_config"]))
    assert load_config_from_file(str(launch.CONFIGS / f"zero{stage}.yaml")).deepspeed_config


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"sharding": "fsdp2"}, "set devices to 2 or more"),
        ({"sharding": "zero3", "devices": 2, "lora_rank": 8}, "LoRA cannot be sharded"),
        ({"sharding": "zero2", "devices": 2, "precision": "fp32"}, "computes in bf16"),
        (
            {"sharding": "fsdp2", "devices": 2, "precompute_reference": False},
            "needs precompute_reference",
        ),
    ],
)
def test_what_cannot_be_sharded_is_a_sentence(change, sentence):
    from training.errors import ConfigError

    with pytest.raises(ConfigError, match=sentence):
        options.read_options("dpo", change)
    repaired = {"devices": 2, "sharding": change["sharding"]}
    assert options.read_options("dpo", repaired)["sharding"] == change["sharding"]


def test_without_deepspeed_the_launcher_says_what_to_do(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(launch, "find_spec", lambda name: None)
    monkeypatch.setattr(launch, "die_with_parent", lambda: None)
    config = {"kind": "sft", "options": {"devices": 2, "sharding": "zero3"}}
    (tmp_path / "config.json").write_text(json.dumps(config))
    with pytest.raises(SystemExit) as ended:
        launch.main([str(tmp_path), "1"])
    assert ended.value.code == 64
    assert "zero3 needs DeepSpeed, which is not installed" in capsys.readouterr().err
