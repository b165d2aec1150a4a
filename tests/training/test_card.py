"""What a model's card says of the labels it learned from."""

import json

import pytest

pytest.importorskip("torch", reason="the train extra is not installed")

from training.card import describe_labels  # noqa: E402

pytestmark = pytest.mark.train


@pytest.mark.parametrize(
    ("policy", "counts", "said"),
    [
        ({}, {}, "majority, every vote counting the same"),
        (
            {"labels": "soft"},
            {"consensus": {"method": "Crowd-BT within items", "labelers": 1200, "flips": 3}},
            "soft, by Crowd-BT within items over 1,200 labelers",
        ),
        (
            {"labels": "majority"},
            {"settled": {"items": 7, "comparisons": 9, "flips": 2}},
            "majority, every vote counting the same; 7 items by a reviewer's verdict",
        ),
    ],
)
def test_the_method_behind_the_labels_is_named(tmp_path, policy, counts, said):
    (tmp_path / "manifest.json").write_text(json.dumps({"policy": policy, "counts": counts}))
    assert describe_labels({"path": str(tmp_path)}) == said


def test_a_run_without_a_dataset_has_no_labels():
    assert describe_labels(None) == "none"
