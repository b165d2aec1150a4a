"""Rewards of stored responses: the ones that the model gives in memory, a line for each."""

import json

import pytest

from tests.training import toy
from training.errors import DataError
from training.score import read_lines


def rows_of(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(path)


def asked(name, response):
    return {"id": name, "prompt": [{"role": "user", "content": "Late."}], "response": response}


def test_each_response_gets_the_reward_that_the_model_gives(world, encoder_reward):
    from training.reward_model import RewardModel

    folder = encoder_reward[0] / "1" / "model"
    texts = ["I am so sorry about that. Kind regards.", "No.", "word " * 3000]
    rows = [asked(str(n), text) for n, text in enumerate(texts)]
    path = rows_of(world / "asked.jsonl", rows)
    run = toy.make_run(world / "score", "score", None, folder, rows=path)

    status, _lines, record = toy.train(run)

    assert status == 0, toy.log(run)
    written = [json.loads(x) for x in (run / "1" / "scores.jsonl").read_text().splitlines()]
    assert [row["id"] for row in written] == ["0", "1", "2"]
    model = RewardModel.load(folder)
    expected = model.score([row["prompt"] for row in rows[:2]], texts[:2]).tolist()
    assert [row["score"] for row in written[:2]] == pytest.approx(expected, abs=1e-5)
    assert written[2]["score"] is None, "it is longer than the model reads, and nothing is cut"
    assert record["counts"]["dropped"] == {"too long": 1}
    assert list(record["files"]) == ["scores.jsonl"]


def test_a_policy_is_no_reward_model(world, policy_folder):
    path = rows_of(world / "asked-policy.jsonl", [asked("1", "Yes.")])
    run = toy.make_run(world / "score-policy", "score", None, policy_folder, rows=path)
    status, _lines, record = toy.train(run)
    assert status != 0
    assert "not published by a reward run" in record["error"]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([asked("1", "a"), asked("1", "b")], "line 2: the id '1' appeared before"),
        ([{"prompt": []}], "line 1 needs an id"),
        ([{**asked("1", "a"), "response": 5}], "line 1: response must be a text"),
        ([], "no responses"),
    ],
)
def test_a_bad_line_is_named(tmp_path, rows, said):
    with pytest.raises(DataError, match=said):
        read_lines(rows_of(tmp_path / "rows.jsonl", rows))
