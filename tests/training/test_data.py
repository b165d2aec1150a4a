"""What a trainer refuses to learn from, and that it counts all it leaves out."""

import json

import pytest

from training.data import Counts, Dataset, check_margins, drop_identical
from training.errors import ConfigError, DataError

from .toy import make_dataset


def load(tmp_path, edit=None):
    place = make_dataset(tmp_path / "dataset", train=6, dev=2, test=2, edit=edit)
    return Dataset(tmp_path / "dataset", place["hash"])


def rewrite(name, key, value):
    def edit(files):
        files[name][0][key] = value

    return edit


def test_a_sound_dataset_is_read_as_it_was_frozen(tmp_path):
    dataset = load(tmp_path)

    rows = dataset.comparisons("train")
    assert len(rows) == 12
    assert rows[0].prompt[0]["role"] == "user"
    assert rows[0].p_chosen in (1.0, 0.833)
    assert rows[0].margin == 0.667
    assert len(dataset.demonstrations("test")) == 4
    dataset.check_leaks()


def test_a_prompt_with_a_tools_answer_is_read_as_it_was_imported(tmp_path):
    prompt = [
        {"role": role, "content": f"the {role} says"}
        for role in ("system", "user", "assistant", "tool", "user")
    ]

    dataset = load(tmp_path, rewrite("preferences.train.jsonl", "prompt", prompt))

    assert list(dataset.comparisons("train")[0].prompt) == prompt


def test_a_prompt_in_two_splits_is_a_leak(tmp_path):
    def plant(files):
        files["preferences.test.jsonl"].append(dict(files["preferences.train.jsonl"][0]))

    dataset = load(tmp_path, plant)

    with pytest.raises(DataError, match="leak: 1 prompt"):
        dataset.check_leaks()


def test_a_leak_across_kinds_of_files_is_a_leak(tmp_path):
    def plant(files):
        files["sft.dev.jsonl"].append(dict(files["sft.train.jsonl"][0]))

    with pytest.raises(DataError, match="leak"):
        load(tmp_path, plant).check_leaks()


def test_a_leak_is_not_hidden_by_a_wrong_hash(tmp_path):
    def plant(files):
        row = files["preferences.train.jsonl"][0] | {"prompt_sha256": "another"}
        files["preferences.test.jsonl"].append(row)

    with pytest.raises(DataError, match="leak"):
        load(tmp_path, plant).check_leaks()


def test_mixed_margins_are_refused(tmp_path):
    rows = load(tmp_path).comparisons("train")
    check_margins(rows)
    check_margins(load(tmp_path / "b", lambda files: None).comparisons("train"))

    mixed = load(tmp_path / "c", rewrite("preferences.train.jsonl", "margin", None))

    with pytest.raises(DataError, match="mixed margins: 11 of 12"):
        check_margins(mixed.comparisons("train"))


def test_equal_sides_are_dropped_and_counted(tmp_path):
    def equal(files):
        row = files["preferences.train.jsonl"][0]
        row["rejected"] = row["chosen"]

    counts = Counts(read=12)
    kept = drop_identical(load(tmp_path, equal).comparisons("train"), counts)

    assert len(kept) == counts.kept == 11
    assert counts.describe()["dropped"] == {"identical responses": 1}


BAD_ROWS = {
    "a number as text": ("chosen", [{"role": "assistant", "content": 7}], "a text as content"),
    "a boolean as text": ("chosen", [{"role": "assistant", "content": True}], "text"),
    "a strange role": ("prompt", [{"role": "judge", "content": "x"}], "known role"),
    "a text as prompt": ("prompt", "hello", "list of messages"),
    "no prompt": ("prompt", [], "list of messages"),
    "two responses in one": ("rejected", [{"role": "assistant", "content": "x"}] * 2, "one"),
    "the user answers": ("chosen", [{"role": "user", "content": "x"}], "assistant's"),
    "a share above one": ("p_chosen", 1.2, "0 to 1"),
    "a boolean as share": ("p_chosen", True, "a number"),
    "a negative weight": ("weight", -1, "not negative"),
    "no prompt hash": ("prompt_sha256", "", "prompt_sha256"),
}


@pytest.mark.parametrize("name", BAD_ROWS)
def test_a_row_of_the_wrong_shape_is_refused_by_file_and_line(tmp_path, name):
    key, value, message = BAD_ROWS[name]
    dataset = load(tmp_path, rewrite("preferences.train.jsonl", key, value))

    with pytest.raises(DataError, match=message) as refused:
        dataset.comparisons("train")
    assert "preferences.train.jsonl line 1" in str(refused.value)


def test_a_changed_file_is_not_the_frozen_one(tmp_path):
    load(tmp_path)
    path = tmp_path / "dataset" / "preferences.train.jsonl"
    path.write_text(path.read_text().replace("lamp", "lump") + "\n")

    with pytest.raises(DataError, match=r"preferences\.train\.jsonl is missing or differs"):
        Dataset(tmp_path / "dataset")


def test_a_changed_manifest_is_not_the_frozen_one(tmp_path):
    load(tmp_path)
    path = tmp_path / "dataset" / "manifest.json"
    manifest = json.loads(path.read_text())
    path.write_text(json.dumps(manifest | {"policy": {"ties": "kept"}}))

    with pytest.raises(DataError, match="does not have the hash"):
        Dataset(tmp_path / "dataset")


def test_the_dataset_asked_for_is_the_dataset_read(tmp_path):
    load(tmp_path)

    with pytest.raises(DataError, match="not 0123"):
        Dataset(tmp_path / "dataset", "0123")
    with pytest.raises(ConfigError, match="no dataset at"):
        Dataset(tmp_path / "nowhere")


def test_two_percent_lost_pass_and_more_fail():
    counts = Counts(read=100)
    counts.dropped["too long"] = 2
    counts.check(allow_drops=False)

    counts.dropped["identical responses"] = 1

    with pytest.raises(DataError, match="3.0 % of 100 rows"):
        counts.check(allow_drops=False)
    counts.check(allow_drops=True)


def test_ties_left_out_on_purpose_are_no_loss():
    counts = Counts(read=100)
    counts.dropped["tie"] = 90
    counts.check(allow_drops=False)

    counts.dropped["too long"] = 1  # a tenth of what is left

    with pytest.raises(DataError, match="10.0 % of 10 rows"):
        counts.check(allow_drops=False)
