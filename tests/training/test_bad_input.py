"""What a trainer is handed and cannot use: a status, and a sentence that names the cause."""

import errno
import json
import shutil

import pytest

from tests.training import toy
from training import checkpoint
from training.errors import ConfigError, of_machine


def test_a_full_disk_is_the_machines_and_says_how_much_is_missing(tmp_path):
    with pytest.raises(OSError) as caught:
        checkpoint.require_space(tmp_path, 2**62)
    cause = of_machine(caught.value)
    assert cause.exit_code == 71
    assert str(cause).startswith("the disk is full (OSError: [Errno 28] a checkpoint needs 4,611")


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "the disk is full"),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), "the disk is full"),
        (MemoryError(), "out of memory: lower batch_size"),
        (RuntimeError("CUDA out of memory. Tried to allocate 2 GiB"), "out of memory"),
        (
            RuntimeError("CUDA error: unspecified launch failure\nmore"),
            "the GPU failed or was lost",
        ),
        (RuntimeError("NCCL Error 2: unhandled system error"), "the GPU failed or was lost"),
    ],
)
def test_what_the_machine_says_becomes_a_sentence(error, sentence):
    cause = of_machine(error)
    assert str(cause).startswith(sentence)
    assert "\n" not in str(cause)


@pytest.mark.parametrize(
    "error", [RuntimeError("shape mismatch"), ValueError("out of memory"), OSError("no such file")]
)
def test_a_defect_stays_a_defect(error):
    assert of_machine(error) is None


def test_torch_itself_out_of_memory_is_recognised():
    torch = pytest.importorskip("torch", reason="the train extra is not installed")
    with pytest.raises(RuntimeError) as caught:
        torch.empty(2**60, dtype=torch.uint8)
    assert str(of_machine(caught.value)).startswith("out of memory")


def test_a_model_that_is_a_pickle_is_not_opened(tmp_path):
    from training.card import check_base

    (tmp_path / "pytorch_model.bin").write_bytes(b"\x80\x04cos\nsystem\n")
    config = {"kind": "dpo", "base": {"path": str(tmp_path)}}
    with pytest.raises(ConfigError, match=r"its weights are a pickle \(pytorch_model.bin\)"):
        check_base(config)
    (tmp_path / "pytorch_model.bin").unlink()
    with pytest.raises(ConfigError, match="it has no weights; only safetensors are read"):
        check_base(config)


@pytest.mark.train
class TestAsAProcess:
    """Through the entry point, on a base model that was made by one."""

    @pytest.fixture
    def base(self, policy_folder, tmp_path):
        """A copy of the policy to spoil, without the manifest that would give it away."""
        folder = tmp_path / "base"
        shutil.copytree(policy_folder, folder)
        (folder / "manifest.json").unlink()
        return folder

    def end(self, tmp_path, dataset, base, **options):
        run = toy.make_run(tmp_path / "run", "dpo", dataset, base, max_steps=1, **options)
        status, lines, record = toy.train(run)
        if status != 0:
            assert not (run / "1" / "model").exists(), "nothing half published"
        return status, lines, record

    def test_a_base_without_a_tokenizer(self, tmp_path, dataset, base):
        for path in base.glob("*token*"):
            path.unlink()
        status, _, record = self.end(tmp_path, dataset, base)
        assert status == 64
        assert "no usable tokenizer in the base model" in record["error"]
        assert record["cause"] == "ConfigError"

    def test_no_chat_template_and_pad_equal_to_eos_train_with_a_warning(
        self, tmp_path, dataset, base
    ):
        for path in base.glob("chat_template*"):
            path.unlink()
        place = base / "tokenizer_config.json"
        settings = json.loads(place.read_text())
        settings.pop("chat_template", None)
        settings["pad_token"] = settings["eos_token"]
        place.write_text(json.dumps(settings))
        status, lines, record = self.end(tmp_path, dataset, base)
        assert status == 0, record
        said = [line["message"] for line in lines if line["type"] == "warning"]
        assert any("no chat template: roles are written in words" in one for one in said)
        assert record["initial"]["eval_loss"] == pytest.approx(0.693147, abs=1e-4)

    @pytest.mark.parametrize("kind", ["dpo", "sft", "kto", "generate"])
    def test_what_the_chat_template_refuses_is_bad_data_and_no_defect(self, tmp_path, base, kind):
        """The template's own words, the prompt, and what to do."""

        def system(files):
            for rows in files.values():
                for row in rows:
                    row["prompt"] = [{"role": "system", "content": "Be brief."}, *row["prompt"]]

        template = base / "chat_template.jinja"
        refuses = (
            "{% if messages[0]['role'] == 'system' %}"
            "{{ raise_exception('System role not supported') }}{% endif %}"
        )
        template.write_text(refuses + template.read_text())
        data = toy.make_dataset(tmp_path / "data", train=4, dev=0, test=0, edit=system)
        options = {"max_steps": 1}
        if kind == "generate":
            asked = tmp_path / "prompts.jsonl"
            row = {"id": "p1", "prompt": [{"role": "system", "content": "Be brief."}]}
            row["prompt"].append({"role": "user", "content": "Late?"})
            asked.write_text(json.dumps(row) + "\n")
            data, options = None, {"prompts": str(asked), "max_new_tokens": 4, "n": 1}
        run = toy.make_run(tmp_path / "run", kind, data, base, **options)

        status, _, record = toy.train(run)

        assert status == 65, toy.log(run)
        assert "refused by the chat template" in record["error"]
        if kind == "generate":
            return
        assert "which says “System role not supported” of prompt_sha256 " in record["error"]
        assert "choose a base model whose chat template takes these prompts" in record["error"]
        assert "raise max_length" not in record["error"]

    def test_one_row_is_enough_to_train_and_only_ties_are_not(self, tmp_path, base):
        def one(files):
            for name in files:
                files[name] = files[name][:1] if name == "preferences.train.jsonl" else []

        single = toy.make_dataset(tmp_path / "one", train=4, edit=one)
        status, _, record = self.end(tmp_path / "a", single, base)
        assert status == 0, record
        assert record["counts"]["kept"] == 1
        assert record["metrics"] == {}, "nothing is held out, so nothing is claimed"

        def ties(files):
            for name in files:
                files[name] = files[name] if name.startswith("ties") else []

        even = toy.make_dataset(tmp_path / "ties", train=16, edit=ties)
        status, _, record = self.end(tmp_path / "b", even, base)
        assert status == 65
        assert "no comparisons to train on" in record["error"]
