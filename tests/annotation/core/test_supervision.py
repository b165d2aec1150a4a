"""The files between supervisor and child: read as they grow, believed only when they verify."""

import hashlib
import json

import pytest

from annotation.core import hashing
from annotation.core.supervision import Damaged, LineReader, RunFolder, tail


def test_lines_are_read_once_and_only_when_they_are_whole(tmp_path):
    path = tmp_path / "metrics.jsonl"
    reader = LineReader(path)
    assert reader.read() == [], "no file yet"

    path.write_text('{"step": 1}\n{"step"')
    assert reader.read() == [(1, {"step": 1})]
    assert reader.read() == []

    with path.open("a") as file:
        file.write(': 2}\n{"step": 3}\n')
    assert reader.read() == [(2, {"step": 2}), (3, {"step": 3})]


@pytest.mark.parametrize("bad", ["{", '{"loss": NaN}', '{"loss": 1e999}', '"text"', "[" * 100_000])
def test_a_line_that_is_no_strict_json_is_passed_by_and_the_numbers_stay(tmp_path, bad):
    path = tmp_path / "metrics.jsonl"
    path.write_text(f'{{"a": 1}}\n{bad}\n{{"b": 2}}\n')
    assert LineReader(path).read() == [(1, {"a": 1}), (3, {"b": 2})]


def test_the_tail_of_a_log_is_storable_and_begins_with_a_line(tmp_path):
    path = tmp_path / "log.txt"
    path.write_bytes(b"first line\nsecond \x00 \xff line\n10%\r50%\r100%\nlast")
    assert tail(path) == "first line\nsecond � � line\n100%\nlast"
    assert tail(path, size=12) == "last"
    assert tail(tmp_path / "nothing") == ""


def test_what_a_library_writes_in_colour_is_plain_in_the_tail(tmp_path):
    path = tmp_path / "log.txt"
    path.write_bytes(b"\x1b[1mLOAD REPORT\x1b[0m of \x1b[38;5;208mscore\x1b[m: [1] is kept\n")
    assert tail(path) == "LOAD REPORT of score: [1] is kept\n"


@pytest.fixture
def folder(tmp_path):
    made = RunFolder(tmp_path / "7", run="7")
    made.prepare({"kind": "sft"}, token=1)
    return made


def write_report(folder, files, **fields):
    report = {"status": "done", "kind": "sft", "files": files} | fields
    (folder.attempt(1) / "run.json").write_text(json.dumps(report))


def sha(text):
    return hashlib.sha256(text.encode()).hexdigest()


def test_a_report_is_believed_when_every_file_has_its_content(folder):
    (folder.attempt(1) / "a").write_text("weights")
    write_report(folder, {"a": sha("weights")})
    assert folder.verified_report(1, kind="sft")["status"] == "done"


def test_whoever_checks_it_is_alive_between_the_pieces_of_a_large_file(folder, monkeypatch):
    monkeypatch.setattr(hashing, "PIECE", 3)
    (folder.attempt(1) / "a").write_text("weights")
    write_report(folder, {"a": sha("weights")})
    signs = []
    folder.verified_report(1, kind="sft", alive=lambda: signs.append(1))
    assert len(signs) == 3


@pytest.mark.parametrize(
    ("files", "fields", "reason"),
    [
        ({"a": sha("other")}, {}, "not what it wrote"),
        ({"b": sha("weights")}, {}, "missing"),
        ({"../../outside": sha("secret")}, {}, "missing"),
        ({"/etc/hostname": sha("")}, {}, "missing"),
        ({}, {}, "without any file"),
        (["a"], {}, "without any file"),
        ({"a": sha("weights")}, {"status": "cancelled"}, "without a complete run.json"),
        ({"a": sha("weights")}, {"kind": "dpo"}, "without a complete run.json"),
    ],
)
def test_any_other_report_is_damage(folder, tmp_path, files, fields, reason):
    (folder.attempt(1) / "a").write_text("weights")
    (tmp_path / "outside").write_text("secret")
    write_report(folder, files, **fields)
    with pytest.raises(Damaged, match=reason):
        folder.verified_report(1, kind="sft")


def test_a_link_out_of_the_folder_is_no_file_of_the_run(folder, tmp_path):
    (tmp_path / "outside").write_text("secret")
    (folder.attempt(1) / "a").symlink_to(tmp_path / "outside")
    write_report(folder, {"a": sha("secret")})
    with pytest.raises(Damaged, match="missing"):
        folder.verified_report(1, kind="sft")


def test_a_new_attempt_takes_the_token_and_keeps_the_configuration(folder):
    folder.prepare({"kind": "another"}, token=2)
    assert (folder.path / "token").read_text() == "2\n"
    assert json.loads((folder.path / "config.json").read_text()) == {"kind": "sft"}
    assert folder.attempt(1).is_dir()
    assert folder.attempt(2).is_dir()
