"""Datasets in which a reviewer's verdict stands for its item."""

import json
from uuid import uuid4

import pytest
from django.urls import reverse

from annotation.datasets.comparisons import BOTH_UNACCEPTABLE, Drop, compare_item
from annotation.datasets.policy import Policy, PolicyError
from annotation.datasets.services import freeze_dataset, preview
from annotation.datasets.verify import verify_dataset
from annotation.labeling.review.services import reopen
from annotation.projects.models import Membership
from tests.annotation.datasets.test_comparisons import A, B, C, ballots
from tests.annotation.datasets.test_consensus import make_crowd, rows_of
from tests.annotation.labeling.review.world import settle
from tests.factories import make_member

FIRST = Policy(settled=True)


def outcomes(verdict, *rankings, candidates=(A, B), **policy):
    (settled,) = ballots(verdict)
    said = Policy(settled=True, **policy)
    return list(compare_item(candidates, ballots(*rankings), said, settled=settled))


def test_a_verdict_stands_against_all_votes_and_they_stand_beside_it():
    (pair,) = outcomes([2, 1], [1, 2], [1, 2], min_votes=3)
    assert (pair.chosen, pair.rejected, pair.source) == (B, A, "settled")
    assert (pair.share, pair.weight, pair.votes, pair.is_flip) == (1.0, 1.0, 2, True)


def test_a_settled_tie_is_one():
    (pair,) = outcomes([1, 1], [1, 2], [1, 2])
    assert (pair.is_tie, pair.share, pair.margin, pair.is_flip) == (True, 0.5, 0.0, False)


def test_a_verdict_that_both_are_unacceptable_leaves_the_pair_out():
    assert outcomes(["x", "x"], [1, 2]) == [Drop(BOTH_UNACCEPTABLE)]
    (kept,) = outcomes(["x", "x"], [1, 2], drop_both_unacceptable=False)
    assert kept.is_tie


def test_of_what_the_verdict_leaves_open_the_votes_decide():
    pairs = outcomes([2, 1, None], [1, 2, 3], [1, 2, 3], candidates=(A, B, C))
    assert [(one.chosen, one.source) for one in pairs] == [
        (B, "settled"),
        (A, "ranking"),
        (B, "ranking"),
    ]


def test_a_policy_without_it_is_written_as_it_always_was():
    assert "settled" not in Policy().as_json()
    assert FIRST.as_json()["settled"] is True
    with pytest.raises(PolicyError, match="settled is true or false"):
        Policy(settled="yes")


@pytest.fixture
def crowd(db):
    project = make_crowd("crowd")
    project.reviewer = make_member(project, Membership.Role.REVIEWER)
    project.item = project.items.get(external_id="x03")  # everybody says One 3.
    settle(project.item, project.reviewer, 2, 1)
    return project


def test_only_a_policy_that_says_so_takes_the_verdict(crowd):
    plain = freeze_dataset(project=crowd, policy=Policy()).dataset
    first = freeze_dataset(project=crowd, policy=FIRST).dataset
    assert rows_of(plain)["x03"]["chosen"][0]["content"] == "One 3."
    assert "settled" not in plain.counts
    assert "source" not in rows_of(plain)["x03"]
    rows = rows_of(first)
    assert rows["x03"]["chosen"][0]["content"] == "Other 3."
    assert (rows["x03"]["p_chosen"], rows["x03"]["n_votes"]) == (1.0, 5)
    assert {row["source"] for row in rows.values()} == {"ranking", "settled"}
    assert first.counts["settled"] == {"items": 1, "comparisons": 1, "flips": 1}
    assert rows_of(first, "sft")["x03"]["completion"][0]["content"] == "Other 3."


def test_a_verdict_stands_before_a_consensus_and_is_no_flip_of_it(crowd):
    counts = preview(project=crowd, policy=Policy(consensus="one_coin"))
    first = preview(project=crowd, policy=Policy(consensus="one_coin", settled=True))
    assert first["consensus"] == counts["consensus"]
    assert first["settled"]["flips"] == 1


def test_a_decision_that_was_taken_back_stands_for_nothing(crowd):
    dataset = freeze_dataset(project=crowd, policy=FIRST).dataset
    assert verify_dataset(dataset).is_reproduced
    reopen(item=crowd.item, reviewer=crowd.reviewer, seen=1, key=uuid4())
    assert verify_dataset(dataset).differences
    again = freeze_dataset(project=crowd, policy=FIRST).dataset
    assert rows_of(again)["x03"]["source"] == "ranking"


def test_pages_and_report_say_how_the_outcomes_came_about(client, crowd):
    client.force_login(make_member(crowd, Membership.Role.LEAD))
    policy = Policy(consensus="crowd_bt", settled=True)
    dataset = freeze_dataset(project=crowd, policy=policy).dataset
    for name in ("datasets:show-dataset", "datasets:show-report"):
        page = client.get(reverse(name, args=["crowd", dataset.hash])).content.decode()
        assert "Crowd-BT within items, over 5 labelers" in page
        assert "1 item stands by a reviewer’s verdict: 1 pair, 1 of them against most votes." in (
            " ".join(page.split())
        )
        assert "by the reviewer’s verdict" in page
    report = reverse("datasets:show-report", args=["crowd", dataset.hash])
    told = json.loads(client.get(report, {"format": "json"}).content)["dataset"]
    assert told["policy"]["consensus"] == "crowd_bt"
    assert told["counts"]["settled"]["items"] == 1


def test_the_page_freezes_with_it(client, crowd):
    client.force_login(make_member(crowd, Membership.Role.LEAD))
    asked = {"labels": "majority", "min_votes": 1, "demonstrations": "include", "train": 80}
    asked |= {"dev": 0, "test": 20, "settled": "on"}
    client.post(reverse("datasets:new-dataset", args=["crowd"]), asked)
    assert crowd.datasets.get().policy["settled"] is True
