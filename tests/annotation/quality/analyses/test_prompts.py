"""What divides people is found where it was planted."""

import json

import numpy as np

from annotation.quality.analyses.prompts import compute
from annotation.quality.figures import unheard
from tests.annotation.quality.snapshots import make_snapshot


def prompts_of(**columns):
    found = compute(make_snapshot(**columns), unheard)
    json.dumps(found, allow_nan=False)
    return found


def crowd(seed, *, n_items=160, n_labelers=10, per_item=8, tossed=0, two_ways=0.0):
    """Careful labelers. tossed: the first items are toss-ups; two_ways: share of items that the
    second half of the labelers sees the other way round."""
    rng = np.random.default_rng(seed)
    item = np.repeat(np.arange(n_items), per_item)
    labeler = np.argsort(rng.random((n_items, n_labelers)), axis=1)[:, :per_item].ravel()
    better = rng.integers(0, 2, n_items)
    turned = (rng.random(n_items) < two_ways)[item] & (labeler >= n_labelers // 2)
    says = np.where(rng.random(item.size) < 0.95, better[item] ^ turned, 1 - better[item])
    says = np.where(item < tossed, rng.integers(0, 2, item.size), says)
    ranks = np.where(says[:, None] == 0, [1.0, 2.0], [2.0, 1.0])
    return {"item": item, "labeler": labeler, "ranks": ranks}


def test_toss_ups_are_to_be_looked_at_first():
    found = prompts_of(**crowd(1, tossed=8))
    first = [row["item"] - 1000 for row in found["items"][:6]]
    assert all(item < 8 for item in first)
    top = found["items"][0]
    assert top["seen"] > top["expected"]
    assert top["p"] < 0.1
    assert sum(top["strip"]["first"]) + top["strip"]["shared"] == top["judgments"] == 8


def test_a_clean_project_has_nothing_proven():
    found = prompts_of(**crowd(2))
    assert found["extent"]["proven"] == 0
    assert found["readings"][0]["q"] > 0.05
    assert found["readings"][0]["items"] == []


def test_two_readings_are_told_with_their_items_and_without_names():
    columns = crowd(3, two_ways=0.4)
    found = prompts_of(**columns)["readings"][0]
    assert found["q"] < 0.05
    assert sorted(found["sides"]) == [5, 5]
    assert found["items"]
    for one in found["items"]:
        first, second = one["answers"]
        assert first[1] == second[1] == 0  # nobody tied
        assert (first[0] > first[2]) != (second[0] > second[2])
    assert "w00" not in json.dumps(found)


def test_a_criterion_read_in_two_ways_is_told_apart_from_the_ranking():
    columns = crowd(4)
    rng = np.random.default_rng(4)
    side = columns["labeler"] >= 5
    meant = rng.choice([1.0, 5.0], 160)[columns["item"]]
    columns["ratings"] = {
        "tone": np.stack([np.where(side, 6 - meant, meant), np.full(meant.size, np.nan)], axis=1),
        "depth": np.stack([meant, meant], axis=1) + rng.integers(-1, 2, (meant.size, 2)),
    }
    ranking, tone, depth = prompts_of(**columns)["readings"]
    assert (tone["key"], tone["label"], tone["scale"]) == ("tone", "Tone", [1.0, 5.0])
    assert tone["q"] < 0.05
    assert ranking["q"] > 0.05
    assert depth["q"] > 0.05


def test_the_facet_that_divides_is_told_against_the_others():
    columns = crowd(5, tossed=40)
    languages = ["de"] * 40 + ["en"] * 60 + ["fr"] * 56 + ["la"] * 4
    found = prompts_of(**columns | {"facets": {"language": languages}})["facets"]
    rows = {row["value"]: row for row in found}
    assert rows["de"]["q"] < 0.001
    assert rows["de"]["ci"][0] > 0.1
    assert rows["en"]["beyond"] < 0
    assert (rows["la"]["reason"], rows["la"]["seen"]) == ("too_few", None)


def test_prompts_of_many_items_are_told_together():
    columns = crowd(6, tossed=20)
    found = prompts_of(**columns | {"prompt": np.repeat(np.arange(8), 20)})
    assert [row["item"] for row in found["prompts"]][0] == 1000
    assert found["prompts"][0]["q"] < 0.001
    assert found["extent"]["prompts"] == 8
    assert prompts_of(**columns)["prompts"] == []


def test_ties_and_bad_ones_are_told_apart():
    ranks = np.ones((60, 2))
    ranks[30:, 1] = 2
    bad = np.zeros((60, 2), bool)
    bad[:10] = True  # both unacceptable: equal, and no tie
    item = np.repeat(np.arange(12), 5)
    found = prompts_of(item=item, labeler=np.tile(np.arange(5), 12), ranks=ranks, unacceptable=bad)
    assert [(row["item"], row["value"], row["n"]) for row in found["bad"]] == [
        (1000, 1.0, 5),
        (1001, 1.0, 5),
    ]
    assert [row["item"] for row in found["tied"]] == [1002, 1003, 1004, 1005]


def test_one_judgment_each_is_no_disagreement():
    found = prompts_of(
        item=np.arange(30), labeler=np.zeros(30), ranks=np.tile([1.0, 2.0], (30, 1))
    )
    assert found["extent"]["judged_twice"] == 0
    assert found["items"] == found["tied"] == found["bad"] == []
    assert prompts_of(item=[], labeler=[], ranks=np.zeros((0, 2)))["extent"]["items"] == 0
