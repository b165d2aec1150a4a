"""Groups of labelers by what they say about themselves: nobody is told of singly."""

import itertools
import json
from datetime import timedelta

import numpy as np
import pytest
from django.utils import timezone

from annotation.accounts.self_description.services import describe_oneself, forget_description
from annotation.quality.fairness.coarse import coarse_slices
from annotation.quality.fairness.measures import figures_of_labelers
from annotation.quality.fairness.publishing import latest_slices, publish_slices
from annotation.quality.models import Report
from tests.annotation.quality.analyses.planted import pairs
from tests.annotation.quality.snapshots import make_snapshot
from tests.factories import make_project, make_user


def figures(seed=1, sizes=(20, 20), shift=0.2):
    value = np.random.default_rng(seed).normal(0.6, 0.05, sum(sizes))
    value[: sizes[0]] -= shift
    answers = [name for name, size in zip("abcdef", sizes, strict=False) for _ in range(size)]
    return value, answers


def test_a_group_that_judges_differently_is_told_in_steps_of_ten_points():
    value, answers = figures()
    found = coarse_slices({"agreement": value}, {"language": answers}, k=5)
    first, second = found["groups"]
    assert (first["answer"], first["at_least"]) == ("a", 20)
    assert first["measures"]["agreement"] == {"value": -0.2, "within": None, "reason": None}
    assert second["measures"]["agreement"]["value"] == 0.2
    assert found["hidden"] == []


def test_where_nothing_differs_only_a_bound_is_told():
    value, answers = figures(shift=0.0)
    for group in coarse_slices({"agreement": value}, {"language": answers}, k=5)["groups"]:
        told = {"value": None, "within": 0.1, "reason": "not_told"}
        assert group["measures"]["agreement"] == told


@pytest.mark.parametrize("small", [1, 2, 3, 4])
def test_a_group_below_k_is_nowhere_not_even_by_subtraction(small):
    value, answers = figures(sizes=(12, 9, 7, small))
    found = coarse_slices({"agreement": value}, {"country": answers}, k=5)
    shown = {group["answer"] for group in found["groups"]}
    assert shown == {"a", "b"}  # the next smallest goes with it
    assert found["hidden"] == ["country"]
    assert '"d"' not in json.dumps(found)
    assert len(answers) - sum(12 if name == "a" else 9 for name in shown) >= 5


def test_the_second_of_two_groups_goes_with_the_first():
    """One shown group against a hidden one of four would be the four, seen from behind."""
    value, answers = figures(sizes=(20, 4))
    assert coarse_slices({"agreement": value}, {"gender": answers}, k=5)["groups"] == []


def test_whoever_knows_each_labelers_figure_cannot_tell_who_is_in_the_group():
    """All choices of five of twelve that lead to what is published are mostly many."""
    rng = np.random.default_rng(3)
    known = {name: rng.normal(0.6, 0.1, 12) for name in ("agreement", "longer", "first")}

    def published(members):
        answers = ["a" if labeler in members else "b" for labeler in range(12)]
        return json.dumps(coarse_slices(known, {"age": answers}, k=5))

    told = [published(set(members)) for members in itertools.combinations(range(12), 5)]
    assert np.median([told.count(one) for one in told]) > 100


def test_the_joined_figures_leave_out_who_lacks_one_of_them():
    snapshot = make_snapshot(**pairs(2, n_items=100, n_labelers=4, per_item=3))
    found = figures_of_labelers(snapshot)
    assert set(found) == {"agreement", "longer", "first", "bad"}
    assert all(np.isfinite(values).all() for values in found.values())
    few = make_snapshot(**pairs(2, n_items=5, n_labelers=4, per_item=3))
    assert all(np.isnan(values).all() for values in figures_of_labelers(few).values())
    unknown = pairs(2, n_items=100, n_labelers=4, per_item=3) | {"shown": None}
    assert "first" not in figures_of_labelers(make_snapshot(**unknown))


@pytest.fixture
def people(db):
    return [make_user() for _ in range(32)]


def describe(people, answers):
    for user, answer in zip(people, answers, strict=True):
        describe_oneself(user=user, answers={"gender": answer})


def snapshot_of(people):
    made = pairs(4, n_items=300, n_labelers=len(people), per_item=4)
    return make_snapshot(**made, labeler_ids=[user.pk for user in people])


def later(days):
    Report.objects.filter(kind="fairness").update(
        computed_at=timezone.now() - timedelta(days=days)
    )


def test_groups_are_published_with_nobody_in_them(people):
    describe(people[:20], ["woman"] * 10 + ["man"] * 10)
    project = make_project()
    found = publish_slices(project, snapshot_of(people)).result
    assert [(g["answer"], g["at_least"]) for g in found["groups"]] == [("man", 10), ("woman", 10)]
    assert set(found["groups"][0]["measures"]) == {"agreement", "longer", "first", "bad"}
    assert set(found) == {"groups", "hidden", "reason", "k", "people", "counted"}
    text = json.dumps(found["groups"])
    assert not any(f'"{user.username}"' in text for user in people)
    assert found["hidden"] == []  # twelve did not answer: enough to hide in


def test_one_more_member_changes_nothing_that_is_seen(people):
    """Before the time is over the old figures stand; after it none are shown."""
    describe(people[:20], ["woman"] * 10 + ["man"] * 10)
    project = make_project()
    before = publish_slices(project, snapshot_of(people))
    assert before.result["groups"]
    describe(people[20:21], ["woman"])
    assert publish_slices(project, snapshot_of(people)) == before
    later(29)
    after = publish_slices(project, snapshot_of(people)).result
    assert (after["groups"], after["reason"]) == ([], "few_changed")
    describe(people[21:24], ["man"] * 3)
    assert publish_slices(project, snapshot_of(people)).result["reason"] == "few_changed"
    forget_description(user=people[0])
    assert publish_slices(project, snapshot_of(people)).result["reason"] == "few_changed"


def test_k_more_members_are_told_of_together(people):
    describe(people[:22], ["woman"] * 11 + ["man"] * 11)
    project = make_project()
    assert publish_slices(project, snapshot_of(people)).result["groups"]
    later(29)
    describe(people[22:32], ["woman"] * 5 + ["man"] * 5)
    found = publish_slices(project, snapshot_of(people)).result
    assert [g["at_least"] for g in found["groups"]] == [15, 15]
    assert Report.objects.filter(kind="fairness").count() == 1  # no history to compare with


def test_a_group_does_not_appear_on_the_day_when_its_last_member_comes(people):
    describe(people[:20], ["woman"] * 16 + ["man"] * 4)
    project = make_project()
    assert publish_slices(project, snapshot_of(people)).result["groups"] == []
    describe(people[20:21], ["man"])
    assert publish_slices(project, snapshot_of(people)).result["groups"] == []
    later(29)
    assert publish_slices(project, snapshot_of(people)).result["groups"]


def test_a_raised_k_takes_effect_at_once(people, settings):
    describe(people[:24], ["woman"] * 18 + ["man"] * 6)
    project = make_project()
    assert publish_slices(project, snapshot_of(people)).result["groups"]
    settings.FAIRNESS_K = 7
    assert publish_slices(project, snapshot_of(people)).result["groups"] == []
    assert latest_slices(project).result["k"] == 7


def test_nobody_who_described_themself_leaves_nothing(people):
    found = publish_slices(make_project(), snapshot_of(people)).result
    assert (found["groups"], found["reason"]) == ([], "too_few_described")
    empty = make_snapshot([], [], np.zeros((0, 2)))
    assert publish_slices(make_project(), empty).result["people"] == 0
