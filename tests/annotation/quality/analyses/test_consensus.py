"""What the methods of a consensus say of crowds whose truth is known. No database."""

from dataclasses import replace

import numpy as np
import pytest

from annotation.quality.adaptive.beliefs import beliefs_of
from annotation.quality.analyses.consensus import certainty, compute, orders
from annotation.quality.analyses.consensus.methods import KEYS, outcomes_by_method
from annotation.quality.analyses.consensus.opinions import opinions_of
from annotation.quality.analyses.consensus.shares import share_by_item
from annotation.quality.figures import unheard
from annotation.quality.snapshot.gold import Gold
from annotation.quality.stats.crowd_consensus import crowd_chances, soften_chances
from annotation.quality.stats.labels import UNKNOWN, Labels
from tests.annotation.quality.snapshots import make_snapshot


def wide(rows):
    table = np.full((len(rows), 9), np.nan)
    for at, row in enumerate(rows):
        table[at, : len(row)] = row
    return table


def gold_of(judged=(), answers=()):
    """judged: (gold item, labeler's id, ranks); answers: ranks of each gold item."""
    rows = len(judged)
    return Gold(
        item_ids=np.arange(len(answers)) + 9000,
        labeler_id=np.array([who for _, who, _ in judged], dtype=np.int64),
        item=np.array([item for item, _, _ in judged], dtype=np.int64),
        ranks=wide([ranks for _, _, ranks in judged]),
        top=wide([[]] * rows),
        shown=np.full((rows, 9), -1, np.int8),
        seconds=np.full(rows, np.nan),
        at=np.zeros(rows),
        canonical=np.tile(np.arange(9), (len(answers), 1)),
        facts=None,  # no analysis of a consensus asks for it
        answer=wide(answers),
        answer_top=wide([[]] * len(answers)),
    )


def snapshot_of(item, labeler, ranks, **gold):
    return replace(make_snapshot(item, labeler, ranks), gold=gold_of(**gold))


def crowd(seed=5, n_items=240):
    """Three who are right nine times of ten, two who answer by a coin; the truth is known of the
    first forty, which are gold."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 2, n_items)
    right = rng.random((n_items, 5)) < np.array([0.9, 0.9, 0.9, 0.5, 0.5])
    said = np.where(right, truth[:, None], 1 - truth[:, None])
    ranks = np.stack([said + 1.0, 2.0 - said], axis=2)
    answers = np.stack([truth + 1.0, 2.0 - truth], axis=1)
    judged = [(i, who + 1, ranks[i, who]) for i in range(40) for who in range(5)]
    item, labeler = np.divmod(np.arange((n_items - 40) * 5), 5)
    work = ranks[40:].reshape(-1, 2)
    return snapshot_of(item, labeler, work, judged=judged, answers=list(answers[:40]))


def outcomes_of(snapshot):
    opinions = opinions_of(snapshot)
    found = {key: outcome for key, _name, outcome in outcomes_by_method(opinions)}
    return opinions, found


def test_methods_that_weigh_labelers_meet_more_of_the_known_answers():
    result = compute(crowd(), unheard)
    met = {row["key"]: row["gold"]["value"] for row in result["methods"]}
    assert list(met) == list(KEYS)
    assert result["extent"]["known"] == 40
    for key in ("one_coin", "dawid_skene", "crowd_bt"):
        assert met[key] > met["majority"]
    # Of two responses an order is what most say.
    assert met["borda"] == met["kemeny"] == met["schulze"] == met["majority"]
    for row in result["methods"]:
        assert row["gold"]["n"] == 40
        assert row["gold"]["ci"][0] < row["gold"]["value"] < row["gold"]["ci"][1]


def test_known_answers_are_asked_and_never_told():
    """Turned answers change what is met, and no outcome."""
    snapshot = crowd()
    turned = replace(snapshot, gold=replace(snapshot.gold, answer=3 - snapshot.gold.answer))
    opinions, before = outcomes_of(snapshot)
    other, after = outcomes_of(turned)
    assert (opinions.known[opinions.is_gold] + other.known[other.is_gold]).tolist() == [2] * 40
    for key in KEYS:
        assert before[key].tolist() == after[key].tolist()


def test_borda_and_the_others_part_on_saaris_profile():
    """Five have a > b > c, four b > c > a: a wins every duel, and b has the most points: the
    oldest quarrel of voting, Condorcet's against Borda (1785)."""
    ranks = [[1, 2, 3]] * 5 + [[3, 1, 2]] * 4
    opinions, found = outcomes_of(snapshot_of([0] * 9, range(9), ranks))
    pairs = list(zip(opinions.lower.tolist(), opinions.higher.tolist(), strict=True))
    assert pairs == [(0, 1), (0, 2), (1, 2)]
    # Points: a 10, b 13, c 4.
    assert found["borda"].tolist() == [2, 0, 0]
    assert found["kemeny"].tolist() == found["schulze"].tolist() == [0, 0, 0]
    assert found["majority"].tolist() == [0, 0, 0]


def test_a_split_is_a_tie_by_every_method():
    opinions, found = outcomes_of(snapshot_of([0, 0], [0, 1], [[1, 2], [2, 1]]))
    assert {key: outcome.tolist() for key, outcome in found.items()} == {key: [1] for key in KEYS}


def test_only_so_many_subsets_are_looked_at(monkeypatch):
    item = np.repeat(np.arange(6), 2)
    snapshot = snapshot_of(item, np.tile([0, 1], 6), np.tile([1.0, 2.0, 3.0], (12, 1)))
    monkeypatch.setattr(orders, "MOST_SUBSETS", 4 * 2**3)
    opinions, found = outcomes_of(snapshot)
    asked = found["kemeny"] != UNKNOWN
    assert len(np.unique(opinions.item[asked])) == 4
    assert asked.sum() == 4 * 3
    result = compute(snapshot, unheard)
    alike = {(pair["one"], pair["other"]): pair for pair in result["agreement"]}
    assert alike["majority", "kemeny"]["n"] == 12
    assert alike["majority", "one_coin"]["n"] == 18


def test_comparisons_of_one_item_are_worth_less_than_as_many_items():
    hits = np.repeat([True, True, True, False], 6)
    alone = share_by_item(hits, np.arange(24))
    together = share_by_item(hits, np.repeat(np.arange(4), 6))
    assert alone["value"] == together["value"] == 0.75
    width = [one["ci"][1] - one["ci"][0] for one in (alone, together)]
    assert width[1] > 1.5 * width[0]
    # Four items all alike: the interval is that of 4 of 4, by Wilson from 0.5101 on.
    assert share_by_item(np.ones(24, bool), np.repeat(np.arange(4), 6))["ci"] == pytest.approx(
        [0.5101, 1.0], abs=1e-4
    )
    assert share_by_item(hits[:0], np.zeros(0))["reason"] == "no_pairable"


def test_the_least_sure_items_come_first_and_are_bounded(monkeypatch):
    monkeypatch.setattr(certainty, "MOST_LISTED", 5)
    snapshot = crowd()
    found = certainty.certainty_of(snapshot, beliefs_of(snapshot))
    listed = [row["sure"] for row in found["items"]]
    assert listed == sorted(listed)
    assert len(listed) == 5
    assert listed[-1] < certainty.SURE
    sure = found["sure"]
    assert sure["n"] == 200 == sum(one["items"] for one in found["bins"])
    above = sum(one["items"] for one in found["bins"] if one["from"] >= certainty.SURE)
    assert sure["value"] * 200 == above
    assert [row["judgments"] for row in found["by_judgments"]] == [5]


def test_nothing_judged_has_reasons_and_no_numbers():
    result = compute(snapshot_of(np.zeros(0, int), np.zeros(0, int), np.zeros((0, 2))), unheard)
    assert result["certainty"]["sure"] == {"value": None, "ci": None, "n": 0, "reason": "no_data"}
    assert {row["gold"]["reason"] for row in result["methods"]} == {"no_gold"}
    assert {pair["reason"] for pair in result["agreement"]} == {"no_pairable"}


def test_crowd_bt_of_one_vote_and_of_none():
    labels = Labels.of([0], [0], [0], n_items=2, n_labelers=1, n_categories=3)
    chance = crowd_chances(labels, [7, 8], [0, 0], [1, 1])
    soft = soften_chances(chance, np.array([1, 0]))
    assert soft.sign.tolist() == [-1, 0]
    assert 0.5 < soft.p_chosen[0] < 0.9
    assert np.isnan(soft.p_chosen[1])
    p = soft.p_chosen[0]
    assert soft.weight[0] == pytest.approx(
        1 + (p * np.log(p) + (1 - p) * np.log(1 - p)) / np.log(2)
    )
