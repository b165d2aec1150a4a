"""Checkpoints exist whole or not at all."""

import json
import shutil

import pytest

from training import checkpoint


def save(run, token, step, config="c", content=b"weights"):
    folder = run / str(token) / "checkpoints" / f"step-{step}"

    def seal(staging):
        checkpoint.seal(staging, step=step, config=config, state={"initial": step})

    with checkpoint.staged(folder, before_rename=seal) as staging:
        (staging / "model.safetensors").write_bytes(content * 100)
        (staging / "state.json").write_text("{}")
    return folder


def newest(run, config="c"):
    return checkpoint.newest_verified(run, config)


def test_the_newest_is_found_over_all_attempts(tmp_path):
    save(tmp_path, 1, 20)
    save(tmp_path, 2, 30)
    wanted = save(tmp_path, 10, 30)
    save(tmp_path, 9, 4)

    found, damaged = newest(tmp_path)

    assert (found.folder, found.step, found.token) == (wanted, 30, 10)
    assert found.state == {"initial": 30}
    assert damaged == []


DAMAGE = {
    "truncated weights": lambda folder: (folder / "model.safetensors").write_bytes(b"weig"),
    "flipped bit": lambda folder: (folder / "model.safetensors").write_bytes(b"weightz" * 100),
    "missing file": lambda folder: (folder / "state.json").unlink(),
    "no manifest": lambda folder: (folder / checkpoint.MANIFEST).unlink(),
    "half a manifest": lambda folder: (folder / checkpoint.MANIFEST).write_text('{"step": 1'),
    "empty manifest": lambda folder: (folder / checkpoint.MANIFEST).write_text("{}"),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_checkpoint_is_passed_by(tmp_path, damage):
    older, newer = save(tmp_path, 1, 10), save(tmp_path, 1, 20)
    assert newest(tmp_path)[0].folder == newer

    DAMAGE[damage](newer)

    found, damaged = newest(tmp_path)
    assert found.folder == older
    assert damaged == [newer]


def test_a_save_that_dies_leaves_nothing_to_be_found(tmp_path):
    whole = save(tmp_path, 1, 10)
    target = tmp_path / "1" / "checkpoints" / "step-20"

    def die_half_way():
        with checkpoint.staged(target, before_rename=lambda folder: None) as staging:
            (staging / "model.safetensors").write_bytes(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        die_half_way()

    assert not target.exists()
    assert newest(tmp_path)[0].folder == whole


def test_whoever_watches_hears_of_a_large_save_and_of_the_look_at_it(tmp_path, monkeypatch):
    """Hashing 50 GB takes minutes, and a process that says nothing for ten of them is ended."""
    monkeypatch.setattr(checkpoint, "PIECE", 100)
    folder, signs = tmp_path / "1" / "checkpoints" / "step-20", []

    def alive():
        signs.append(1)

    def seal(staging):
        before = len(signs)
        checkpoint.seal(staging, step=20, config="c", state={}, alive=alive)
        assert len(signs) - before == 7, "while it is hashed"

    with checkpoint.staged(folder, before_rename=seal, alive=alive) as staging:
        (staging / "model.safetensors").write_bytes(bytes(700))
    assert len(signs) > 7, "and while it is written out"

    signs.clear()
    assert checkpoint.newest_verified(tmp_path, "c", alive)[0].folder == folder
    assert len(signs) == 7


def test_the_last_word_before_the_rename_can_stop_it(tmp_path):
    def refuse(folder):
        raise PermissionError("fenced")

    target = tmp_path / "1" / "model"
    with (
        pytest.raises(PermissionError),
        checkpoint.staged(target, before_rename=refuse) as staging,
    ):
        (staging / "a").write_text("a")

    assert not target.exists()


def test_a_checkpoint_of_another_configuration_does_not_count(tmp_path):
    save(tmp_path, 1, 10, config="other")

    assert newest(tmp_path, "c") == (None, [tmp_path / "1" / "checkpoints" / "step-10"])
    assert newest(tmp_path, "other")[0].step == 10


def test_saving_twice_replaces_the_first(tmp_path):
    save(tmp_path, 1, 10)
    folder = save(tmp_path, 1, 10, content=b"again")

    assert checkpoint.verify(folder, "c")
    assert (folder / "model.safetensors").read_bytes().startswith(b"again")


def test_pruning_keeps_the_newest_two_by_number(tmp_path):
    folders = [save(tmp_path, 1, step) for step in (5, 90, 100)]

    checkpoint.prune(folders[0].parent)

    assert [folder.exists() for folder in folders] == [False, True, True]


def test_strange_names_are_nobodys_checkpoint(tmp_path):
    save(tmp_path, 1, 10)
    for name in ("model", "7"):
        shutil.copytree(tmp_path / "1", tmp_path / "x" / name)
    (tmp_path / "notes").mkdir()

    assert newest(tmp_path)[0].step == 10


def test_a_full_disk_is_noticed_before_the_save(tmp_path):
    checkpoint.require_space(tmp_path, 1)

    with pytest.raises(OSError, match="needs"):
        checkpoint.require_space(tmp_path, 2**62)


def test_the_manifest_lists_size_and_hash_of_every_file(tmp_path):
    folder = save(tmp_path, 1, 10)
    manifest = json.loads((folder / checkpoint.MANIFEST).read_text())

    assert set(manifest["files"]) == {"model.safetensors", "state.json"}
    assert manifest["files"]["model.safetensors"]["bytes"] == 700
