"""RewardBench-format files: what is read, what is refused, and figures against hand-made ones."""

import json
import math

import numpy as np
import pytest

from training.benchmark import Row, calibration, measure, read_rows
from training.errors import DataError

GOOD = {"prompt": "Hello?", "chosen": "Hello.", "rejected": "No.", "subset": "chat"}


def written(tmp_path, *rows, name="bench.jsonl"):
    path = tmp_path / name
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_texts_and_messages_are_read_alike_from_lines_and_parquet(tmp_path):
    said = {
        "prompt": [{"role": "user", "content": "Hello?"}],
        "chosen": [
            {"role": "user", "content": "Hello?"},
            {"role": "assistant", "content": "Hello."},
        ],
        "rejected": [{"role": "assistant", "content": "No."}],
        "category": "chat",
    }
    first, second = read_rows(written(tmp_path, GOOD, said))
    assert first == second
    assert first == Row(({"role": "user", "content": "Hello?"},), "Hello.", "No.", "chat")
    pytest.importorskip("pyarrow", reason="the train extra is not installed")
    from pyarrow import Table, parquet

    parquet.write_table(Table.from_pylist([GOOD, GOOD]), tmp_path / "bench.parquet")
    assert read_rows(tmp_path / "bench.parquet") == [first, first]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"prompt": ""}, "line 2: prompt must be a text or a list"),
        ({"prompt": [{"role": "boss", "content": "x"}]}, "line 2: prompt has a message without"),
        ({"chosen": True}, "line 2: chosen must be a text"),
        ({"rejected": [{"role": "user", "content": "x"}]}, "line 2: rejected must be a text"),
        ({"rejected": "Hello."}, "line 2: chosen and rejected are the same"),
        ({"subset": 3}, "line 2: subset must be a text"),
    ],
)
def test_a_bad_row_is_named_by_line_and_field(tmp_path, change, sentence):
    assert len(read_rows(written(tmp_path, GOOD, GOOD))) == 2
    with pytest.raises(DataError, match=sentence):
        read_rows(written(tmp_path, GOOD, GOOD | change))


def test_what_is_no_file_of_rows_is_a_sentence(tmp_path):
    with pytest.raises(DataError, match="has no rows"):
        read_rows(written(tmp_path))
    (tmp_path / "broken.jsonl").write_text(json.dumps(GOOD) + "\n\n{oops\n")
    with pytest.raises(DataError, match="line 3 is not JSON"):
        read_rows(tmp_path / "broken.jsonl")


def rows_of(*subsets):
    """The chosen text is the longer one in every other row."""
    return [
        Row(({"role": "user", "content": f"{at}"},), "aa" if at % 2 else "a", "bbb" if at % 4 == 0
            else "b", name)
        for at, name in enumerate(subsets)
    ]  # fmt: skip


def test_accuracy_overall_by_subset_and_beside_length():
    rows = rows_of("chat", "chat", "chat", "code", "code", "code")
    found = measure(rows, np.array([1.0, 2.0, -1.0, 1.0, 0.0, np.nan]), [""] * 5 + ["too long"])
    # Right: 3; equal: half; the one that it could not read: wrong.
    assert found["accuracy"]["value"] == pytest.approx(3.5 / 6)
    assert found["accuracy"]["low"] < found["accuracy"]["value"] < found["accuracy"]["high"]
    assert found["unread"] == {"too long": 1}
    shares = {name: one["accuracy"]["value"] for name, one in found["subsets"].items()}
    assert shares == pytest.approx({"chat": 2 / 3, "code": 1.5 / 3})
    assert found["mean_of_subsets"] == pytest.approx((2 / 3 + 0.5) / 2)
    # Longer, shorter or equal: rows 1, 3, 5 longer; 0 and 4 shorter; 2 equal.
    assert found["length"]["value"] == pytest.approx(3.5 / 6)
    assert found["beats_length"]["value"] == pytest.approx(0.0)
    assert "subsets" not in measure(rows_of("", ""), np.array([1.0, 1.0]), ["", ""])


def test_rows_without_a_subset_stand_beside_a_subset_of_any_name():
    found = measure(rows_of("none", "none", ""), np.array([1.0, 1.0, -1.0]), [""] * 3)
    counts = {name: one["comparisons"] for name, one in found["subsets"].items()}
    assert counts == {"none": 2, "": 1}
    assert found["mean_of_subsets"] == pytest.approx(0.5)


def test_calibration_says_how_sure_and_how_often_right():
    found = calibration(np.array([0.1, -0.1, 3.0, 3.0, 3.0, -3.0]))
    low, high = found["bins"]
    assert (low["comparisons"], low["right"]) == (2, 0.5)
    assert (high["comparisons"], high["right"]) == (4, 0.75)
    assert high["sure"] == pytest.approx(1 / (1 + math.exp(-3)))
    gap = (2 * abs(low["sure"] - 0.5) + 4 * abs(high["sure"] - 0.75)) / 6
    assert found["error"] == pytest.approx(gap)
