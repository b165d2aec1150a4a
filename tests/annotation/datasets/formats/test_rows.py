"""The rows of each format: what they hold, and that each is of the columns it says."""

import json

import pytest

from annotation.core.errors import DomainError
from annotation.datasets.formats.catalogue import FORMATS, Format
from annotation.datasets.formats.columns import FLAG, INTEGER, NUMBER, TEXT
from annotation.datasets.formats.frozen import SPLITS, Frozen
from annotation.datasets.policy import Policy
from annotation.datasets.services import freeze_dataset
from annotation.labeling.imports.preference_rows import read_preference

pytestmark = pytest.mark.django_db

TYPES = {TEXT: str, INTEGER: int, NUMBER: float, FLAG: bool}
TABLES = [one for one in FORMATS.values() if isinstance(one, Format) and one.columns]


def rows_of(frozen, key):
    return [row for split in SPLITS for row in FORMATS[key].rows(frozen, split)]


def fits(value, kind):
    if value is None:
        return True
    if isinstance(kind, list):
        return isinstance(value, list) and all(fits(one, kind[0]) for one in value)
    if isinstance(kind, dict):
        return set(value) == set(kind) and all(fits(value[key], kind[key]) for key in kind)
    return type(value) is TYPES[kind]


@pytest.mark.parametrize("form", TABLES, ids=lambda form: form.key)
def test_every_row_has_every_column_and_its_type(frozen, form):
    rows = rows_of(frozen, form.key)
    assert len(rows) > 5
    assert [row for row in rows if not fits(row, form.columns)] == []


def test_a_preference_is_the_frozen_line_and_names_it(frozen):
    for split in SPLITS:
        lines = list(frozen.lines("preferences", split))
        rows = list(FORMATS["preference"].rows(frozen, split))
        assert len(rows) == len(lines) > 0
        for row, line in zip(rows, lines, strict=True):
            assert row.pop("id") == f"preferences.{split}/{line.number}"
            assert row == {key: line.row[key] for key in ("prompt", "chosen", "rejected")}


def test_an_implicit_prompt_begins_both_sides(frozen):
    both = zip(rows_of(frozen, "preference"), rows_of(frozen, "preference-implicit"), strict=True)
    for explicit, implicit in both:
        assert set(implicit) == {"id", "chosen", "rejected"}
        for side in ("chosen", "rejected"):
            assert implicit[side] == explicit["prompt"] + explicit[side]


def test_plain_texts_come_in_again_as_the_same_preference(frozen):
    for row, plain in zip(
        rows_of(frozen, "preference"), rows_of(frozen, "preference-standard"), strict=True
    ):
        line = {side: plain["prompt"] + plain[side] for side in ("chosen", "rejected")}
        read, better = read_preference(line, coerce_text=False)
        texts = [response["text"] for response in read["responses"]]
        assert read["prompt"] == row["prompt"]
        assert set(texts) == {row[side][0]["content"] for side in ("chosen", "rejected")}
        assert texts[better] == row["chosen"][0]["content"]


def test_soft_labels_hold_the_ties(frozen):
    rows = rows_of(frozen, "soft")
    ties = [row for row in rows if row["is_tie"]]
    assert len(ties) == sum(1 for split in SPLITS for _ in frozen.lines("ties", split)) > 0
    assert {row["p_chosen"] for row in ties} == {0.5}
    assert len(rows) - len(ties) == len(rows_of(frozen, "preference"))
    assert all(0.5 <= row["p_chosen"] <= 1 for row in rows if not row["is_tie"])


def test_the_pairs_of_a_group_are_its_comparisons(frozen):
    """By their places they say what the lines say by their texts."""
    said = {row["id"]: row for row in rows_of(frozen, "soft")}
    groups = rows_of(frozen, "kwise")
    found = {pair["id"]: (group, pair) for group in groups for pair in group["pairs"]}
    assert set(found) == set(said)
    assert max(len(group["responses"]) for group in groups) >= 3
    for name, (group, pair) in found.items():
        for side in ("chosen", "rejected"):
            text = group["responses"][pair[side]]["content"]
            assert text == said[name][side][0]["content"]
        assert pair["p_chosen"] == said[name]["p_chosen"]


def test_unpaired_says_each_response_once_and_leaves_out_the_middle(frozen):
    rows = rows_of(frozen, "unpaired")
    names = [(row["item"], row["response_id"]) for row in rows]
    assert len(names) == len(set(names))
    labels = {(row["item"], row["completion"][0]["content"]): row["label"] for row in rows}
    assert labels["x0", "Good 0."] is True
    assert labels["x0", "Bad 0."] is False
    # a above b above c: b wins once and loses once
    assert labels["x5", "Good 5."] is True
    assert ("x5", "Bad 5.") not in labels
    assert labels["x5", "Odd 5."] is False
    assert labels["x4", "Better 4."] is True


def test_sft_and_prompts(frozen):
    sft, chat = rows_of(frozen, "sft"), rows_of(frozen, "sft-messages")
    assert {row["source"] for row in sft} == {"best", "demonstration", "correction"}
    assert [row["prompt"] + row["completion"] for row in sft] == [r["messages"] for r in chat]
    prompts = rows_of(frozen, "prompts")
    texts = [row["prompt"][0]["content"] for row in prompts]
    assert sorted(texts) == sorted([f"Question {number}?" for number in range(12)] + ["How?"])


def test_judgments_keep_what_was_said(frozen):
    rows = rows_of(frozen, "judgments")
    assert len(rows) == 36
    raw = {f"rankings/{line.number}": line.row for line in frozen.lines("rankings")}
    for row in rows:
        said = raw[row["id"]]
        for key in ("item", "labeler", "revision", "ranking", "unacceptable", "order"):
            assert row[key] == said[key]
        assert {r["response"]: r["value"] for r in row["ratings"]} == {
            key: None if value == "na" else value
            for key, value in said["ratings"]["helpful"].items()
        }


def test_ratings_are_of_response_and_criterion_without_what_does_not_apply(frozen):
    rows = {(r["item"], r["response_id"]): r for r in rows_of(frozen, "ratings")}
    assert rows["x1", "a"]["mean"] == 4.0
    assert [one["labeler"] for one in rows["x1", "a"]["ratings"]] == ["ada", "ben", "eva"]
    assert ("x1", "b") in rows
    assert ("x1", "c") not in rows


def test_a_pseudonym_stands_wherever_the_handle_stood(frozen):
    hidden = Frozen(frozen.folder, {"ada": "one", "ben": "two", "eva": "three"}.__getitem__)
    for form in FORMATS.values():
        rows = rows_of(hidden, form.key) if isinstance(form, Format) else list(form.rows(hidden))
        text = json.dumps(rows)
        assert not any(f'"{handle}"' in text for handle in ("ada", "ben", "eva"))


def test_a_file_in_another_order_is_refused(frozen):
    path = frozen.folder / "preferences.train.jsonl"
    path.write_bytes(b"".join(reversed(path.read_bytes().splitlines(keepends=True))))
    with pytest.raises(DomainError, match="preferences.train.jsonl, line [23]: not in the order"):
        rows_of(frozen, "kwise")


def test_a_soft_tie_is_no_preference(project):
    """The frozen file has ties at a half among the comparisons: only a form with the share of the
    votes can say what they are."""
    policy = Policy(split=(1.0, 0.0, 0.0), ties="soft")
    frozen = Frozen(freeze_dataset(project=project, policy=policy).dataset.folder)
    lines = list(frozen.lines("preferences", "train"))
    even = {line.id for line in lines if line.row["p_chosen"] == 0.5}
    assert 0 < len(even) < len(lines)
    for key in ("preference", "preference-implicit", "preference-standard", "reward"):
        ids = [row["id"] for row in FORMATS[key].rows(frozen, "train")]
        assert ids == [line.id for line in lines if line.id not in even]
    assert {row["id"] for row in FORMATS["soft"].rows(frozen, "train") if row["is_tie"]} == even
    pairs = [pair for row in FORMATS["kwise"].rows(frozen, "train") for pair in row["pairs"]]
    assert {pair["id"] for pair in pairs if pair["is_tie"]} == even
