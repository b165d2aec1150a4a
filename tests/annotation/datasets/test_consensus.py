"""Datasets whose labelers are weighed by reliability: what the files say, and that they repeat."""

import json

import numpy as np
import pytest
from django.urls import reverse

from annotation.datasets.comparisons import Belief, Drop, compare_item
from annotation.datasets.consensus import Consensus, rounded
from annotation.datasets.policy import Policy, PolicyError
from annotation.datasets.services import freeze_dataset, preview
from annotation.datasets.verify import verify_dataset
from annotation.projects.models import Membership
from annotation.quality.stats.consensus import Consensus as Fitted
from annotation.quality.stats.consensus import soften
from tests.annotation.datasets.test_comparisons import A, B, ballots
from tests.annotation.datasets.world import make_world
from tests.factories import make_item, make_judgment, make_member, make_project, make_prompt

WEIGHED = Policy(consensus="one_coin")


def under(belief, *rankings, **policy):
    said = Policy(consensus="one_coin", **policy)
    (outcome,) = compare_item([A, B], ballots(*rankings), said, lambda place: belief)
    return outcome


def test_what_is_believed_holds_against_most_of_the_votes():
    pair = under(Belief(1, 0.8, False, 0.4), [1, 2], [1, 2], [2, 1])
    assert (pair.chosen, pair.rejected) == (B, A)
    assert pair.share == pytest.approx(0.8)
    assert (pair.weight, pair.votes, pair.is_flip) == (0.4, 3, True)


def test_what_nobody_voted_for_has_no_margin():
    pair = under(Belief(1, 0.8, False, 0.4), [1, 2], [1, 1])
    assert (pair.chosen, pair.margin, pair.is_flip) == (B, 0.0, True)


def test_a_likely_tie_is_one_under_majority_labels_alone():
    belief = Belief(1, 0.55, True, 0.2)
    assert under(belief, [1, 2]).is_tie
    assert under(belief, [1, 2], labels="soft").chosen == B


@pytest.mark.parametrize("labels", ["majority", "soft"])
def test_three_even_chances_are_a_tie_however_they_are_rounded(labels):
    third = Fitted.of(np.full((1, 3), 1 / 3), np.array([3]), method="a test")
    assert third.share.round(4)[0].sum() != 1  # rounded one by one they favour a side
    believed = Consensus({"x": 0}, rounded(soften(third)), third.category == 1, labelers=3)
    pair = under(believed.of("x", 0), [1, 2], [1, 1], [2, 1], labels=labels)
    assert (pair.is_tie, pair.share, pair.weight) == (True, 0.5, 0.0)


def test_a_lead_below_the_digits_that_are_written_is_none():
    share = np.array([[0.40001, 0.2, 0.39999], [0.4001, 0.2, 0.3999]])
    soft = rounded(soften(Fitted.of(share, np.array([5, 5]), method="a test")))
    assert soft.sign.tolist() == [0, -1]
    assert soft.p_chosen.tolist() == [0.5, 0.5001]


def test_uncertain_pairs_are_left_out_only_where_the_policy_says_so():
    belief = Belief(1, 0.55, False, 0.01)
    assert under(belief, [2, 1]).weight == 0.01
    assert under(belief, [2, 1], min_weight=0.05) == Drop("low_weight")


def test_a_policy_of_plain_votes_is_written_as_it_always_was():
    assert not {"consensus", "min_weight"} & Policy().as_json().keys()
    assert WEIGHED.as_json()["consensus"] == "one_coin"
    with pytest.raises(PolicyError, match="Plain votes have no weight"):
        Policy(min_weight=0.2)


def make_crowd(slug):
    """Five labelers on forty items; two of them answer by a coin of their own."""
    project = make_project(slug)
    people = {name: make_member(project, handle=name) for name in ("w1", "w2", "w3", "x1", "x2")}
    for number in range(40):
        prompt = make_prompt(project, f"Question {number}?")
        texts = (f"One {number}.", f"Other {number}.")
        item = make_item(project, texts, prompt=prompt, external_id=f"x{number:02d}")
        truth = [1, 2] if number % 2 else [2, 1]
        for name, labeler in people.items():
            wrong = name[0] == "x" and number % 5 < 3
            wrong |= name == f"w{number % 3 + 1}" and number % 4 == 0
            make_judgment(item, labeler, truth[::-1] if wrong else truth)
    return project


@pytest.fixture
def crowd(db):
    return make_crowd("crowd")


def rows_of(dataset, kind="preferences"):
    files = (dataset.folder / f"{kind}.{split}.jsonl" for split in ("train", "dev", "test"))
    return {
        row["item"]: row
        for file in files
        for row in map(json.loads, file.read_text().splitlines())
    }


def test_the_files_carry_chance_and_weight_and_the_manifest_the_method(crowd):
    dataset = freeze_dataset(project=crowd, policy=WEIGHED).dataset
    rows = rows_of(dataset)
    # What the reliable ones say holds against more, worse votes.
    expected = {f"x{n:02d}": f"One {n}." if n % 2 else f"Other {n}." for n in range(40)}
    assert {item: row["chosen"][0]["content"] for item, row in rows.items()} == expected
    said = dataset.manifest["counts"]["consensus"]
    plain = rows_of(freeze_dataset(project=crowd, policy=Policy()).dataset)
    flipped = sum(plain[item]["chosen"] != row["chosen"] for item, row in rows.items())
    assert said == {"method": "Dawid-Skene, one coin", "labelers": 5, "flips": flipped}
    assert flipped > 0
    for row in rows.values():
        assert 0.5 < row["p_chosen"] <= 1
        assert 0 <= row["weight"] <= 1
        assert row["weight"] == round(row["weight"], 4)
    # Who agrees with everybody is believed more than who does not.
    unanimous, split = rows["x03"], rows["x00"]
    assert unanimous["weight"] > split["weight"]


def test_the_same_judgments_give_the_same_numbers_in_another_order(db):
    one, other = (
        preview_hash(make_world(slug, seed=seed)) for slug, seed in (("one", 1), ("two", 2))
    )
    assert one == other


def preview_hash(project):
    return freeze_dataset(project=project, policy=WEIGHED).dataset.hash


def test_a_frozen_consensus_is_verified_against_the_database(crowd):
    dataset = freeze_dataset(project=crowd, policy=WEIGHED).dataset
    assert verify_dataset(dataset).is_reproduced
    make_judgment(crowd.items.first(), make_member(crowd, handle="late"), [1, 2])
    assert verify_dataset(dataset).differences


def test_leaving_out_by_weight_is_counted(crowd):
    policy = Policy(consensus="one_coin", min_weight=0.9)
    counts = preview(project=crowd, policy=policy)
    left_out = counts["dropped"]["low_weight"]
    assert 0 < left_out < 40
    assert counts["comparisons"]["kept"] == 40 - left_out
    assert "low_weight" not in preview(project=crowd, policy=Policy())["dropped"]


def test_the_page_previews_the_consensus(client, crowd):
    client.force_login(make_member(crowd, Membership.Role.LEAD))
    url = reverse("datasets:new-dataset", args=["crowd"])
    asked = {"labels": "majority", "min_votes": 1, "demonstrations": "include", "train": 80}
    asked |= {"dev": 0, "test": 20, "drop_empty": "on", "drop_equal": "on"}
    page = client.get(url, asked | {"consensus": "one_coin"}).content.decode()
    assert "Dawid-Skene, one coin, over 5 labelers" in page
    assert "Dawid-Skene, one coin, over" not in client.get(url, asked).content.decode()
    refused = client.get(url, asked | {"min_weight": "0.5"}).content.decode()
    assert "Plain votes have no weight" in refused


def test_crowd_bt_writes_chances_within_items_and_its_name(crowd):
    dataset = freeze_dataset(project=crowd, policy=Policy(consensus="crowd_bt")).dataset
    said = dataset.manifest["counts"]["consensus"]
    assert (said["method"], said["labelers"]) == ("Crowd-BT within items", 5)
    expected = {f"x{n:02d}": f"One {n}." if n % 2 else f"Other {n}." for n in range(40)}
    rows = rows_of(dataset)
    assert {item: row["chosen"][0]["content"] for item, row in rows.items()} == expected
    for row in rows.values():
        assert 0.5 < row["p_chosen"] < 1
        assert row["p_chosen"] == round(row["p_chosen"], 4)
        certain = row["p_chosen"] * np.log(row["p_chosen"])
        certain += (1 - row["p_chosen"]) * np.log(1 - row["p_chosen"])
        assert row["weight"] == pytest.approx(1 + certain / np.log(2), abs=2e-4)
    assert verify_dataset(dataset).is_reproduced


def test_crowd_bt_of_rankings_is_the_same_in_another_order(db):
    one, other = (
        freeze_dataset(
            project=make_world(slug, seed=seed), policy=Policy(consensus="crowd_bt")
        ).dataset.hash
        for slug, seed in (("one", 1), ("two", 2))
    )
    assert one == other


def test_a_link_proposes_a_consensus(client, crowd):
    client.force_login(make_member(crowd, Membership.Role.LEAD))
    url = reverse("datasets:new-dataset", args=["crowd"])
    page = client.get(url, {"consensus": "crowd_bt"}).content.decode()
    assert "Crowd-BT within items, over 5 labelers" in page
    assert 'value="crowd_bt" id="id_consensus_3" checked' in page
    assert "over 5 labelers" not in client.get(url, {"consensus": "nonsense"}).content.decode()
