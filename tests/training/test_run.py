"""What a run tells its journal, without any training."""

import json

import pytest

from training import events, run
from training.errors import ConfigError, MachineError
from training.events import Journal
from training.run import Run, named


@pytest.mark.parametrize(
    ("is_held_out", "name"), [(True, "eval_loss"), (False, "train_eval_loss")]
)
def test_only_held_out_rows_are_told_as_an_evaluation(tmp_path, is_held_out, name):
    (tmp_path / "token").write_text("1\n")
    one = Run("reward", tmp_path, {"seed": 0}, "", {}, Journal(tmp_path, 1))

    one.tell_evaluation(5, None, {"eval_loss": 0.25}, is_held_out=is_held_out)
    one.journal._lines.close()

    line = json.loads((tmp_path / "1" / "metrics.jsonl").read_text())
    assert {key: line[key] for key in line.keys() - {"t", "token", "type", "step"}} == {name: 0.25}


def test_the_look_before_the_first_step_goes_by_the_same_names():
    assert named({"eval_loss": 0.7}, is_held_out=True) == {"eval_loss": 0.7}
    assert named({"eval_loss": 0.7}, is_held_out=False) == {"train_eval_loss": 0.7}


@pytest.mark.parametrize(("rank", "said"), [("0", 1), ("1", 0)])
def test_of_several_processes_one_says_what_is_wrong_with_the_order(
    monkeypatch, capsys, rank, said
):
    monkeypatch.setenv("RANK", rank)
    monkeypatch.setenv("WORLD_SIZE", "2")
    run._say(ConfigError("no such option"))
    run._say(MachineError("the disk is full"))
    told = capsys.readouterr().err
    assert told.count("ConfigError: no such option") == said
    assert told.count("the disk is full") == 1, "each tells of its own machine"


def test_a_defect_is_told_by_its_traceback_and_not_once_more(tmp_path, capsys):
    (tmp_path / "token").write_text("1\n")
    one = Run("reward", tmp_path, {"seed": 0}, "", {}, Journal(tmp_path, 1))
    assert run._end(one, run.RunError("ValueError: shape"), is_told=True) == 70
    one.journal._lines.close()
    assert capsys.readouterr().err == ""
    record = json.loads((tmp_path / "1" / "run.json").read_text())
    assert record["error"] == "ValueError: shape"


def test_a_sign_of_life_says_where_it_is_once_more(tmp_path, monkeypatch):
    monkeypatch.setattr(events, "PROGRESS_SECONDS", 0.0)
    (tmp_path / "token").write_text("1\n")
    journal = Journal(tmp_path, 1)
    journal.progress("train", step=5, total=9)
    journal.alive()
    journal._lines.close()

    lines = (tmp_path / "1" / "metrics.jsonl").read_text().splitlines()
    last = json.loads(lines[-1])
    assert (len(lines), last["type"], last["stage"]) == (2, "progress", "train")
    assert (last["step"], last["total"]) == (5, 9)
