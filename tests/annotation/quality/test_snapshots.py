"""The snapshots that tests make by hand are whole: all of one goes into its hash."""

from tests.annotation.quality.snapshots import make_snapshot, snapshot_of


def test_a_snapshot_made_by_hand_has_everything_that_one_of_a_project_has():
    made = make_snapshot([0, 1], [0, 1], [[1, 2], [2, 1]])
    written = snapshot_of([["a", "b"], ["b", None]], [(0, [1, 2]), (1, [2, 1], [1, 0])])
    assert len({made.sha256, written.sha256}) == 2
    assert made.sha256 == make_snapshot([0, 1], [0, 1], [[1, 2], [2, 1]]).sha256
    assert len(made.gold.item_ids) == len(made.repeats.item) == 0
