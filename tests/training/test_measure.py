"""A reward model on a file, as a process of the contract: the figures of the benchmark."""

import json

import pytest

from tests.training import toy


def rows_of(path, *rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def row(chosen, rejected, subset="chat"):
    return {"prompt": "Late.", "chosen": chosen, "rejected": rejected, "subset": subset}


def test_it_leaves_the_figures_that_the_benchmark_gives(world, encoder_reward):
    from training.benchmark import judge, read_rows

    folder = encoder_reward[0] / "1" / "model"
    long = "word " * 3000
    path = rows_of(
        world / "bench.jsonl", row("So sorry about that.", "No."), row(long, "No.", "long")
    )
    run = toy.make_run(world / "measure", "measure", None, folder, rows=str(path))

    status, told, record = toy.train(run)

    assert status == 0, toy.log(run)
    found = json.loads((run / "1" / "figures.json").read_text())
    expected = judge(folder, read_rows(path))
    assert found["accuracy"] == pytest.approx(expected["accuracy"])
    assert set(found["subsets"]) == {"chat", "long"}
    assert (found["comparisons"], found["prompts"]) == (2, 1)
    assert found["unread"] == {"too long": 1}
    assert list(record["files"]) == ["figures.json"]
    assert record["counts"]["dropped"] == {"too long": 1}
    assert "score" in {line.get("stage") for line in told}


def test_a_bad_row_ends_it_by_line_and_field(world, encoder_reward):
    path = rows_of(world / "bad.jsonl", row("a", "b"), row("a", 7))
    folder = encoder_reward[0] / "1" / "model"
    run = toy.make_run(world / "measure-bad", "measure", None, folder, rows=str(path))
    status, _told, record = toy.train(run)
    assert status == 65
    assert "line 2: rejected must be a text" in record["error"]
