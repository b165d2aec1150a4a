"""What a run tells its journal, without any training."""

import json

import pytest

from training import events
from training.events import Journal
from training.run import Run


@pytest.mark.parametrize(
    ("is_held_out", "name"), [(True, "eval_loss"), (False, "train_eval_loss")]
)
def test_only_held_out_rows_are_told_as_an_evaluation(tmp_path, is_held_out, name):
    (tmp_path / "token").write_text("1\n")
    run = Run("reward", tmp_path, {"seed": 0}, "", {}, Journal(tmp_path, 1))

    run.tell_evaluation(5, None, {"eval_loss": 0.25}, is_held_out=is_held_out)
    run.journal._lines.close()

    line = json.loads((tmp_path / "1" / "metrics.jsonl").read_text())
    assert {key: line[key] for key in line.keys() - {"t", "token", "type", "step"}} == {name: 0.25}


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
