"""Datasets of what an AI judge said: never by accident, and never without saying so."""

from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from annotation.core.errors import DomainError
from annotation.datasets import services, source
from annotation.datasets.card import card_of
from annotation.datasets.diff import compare
from annotation.datasets.drop_table import drop_table
from annotation.datasets.formats.catalogue import FORMATS
from annotation.datasets.formats.frozen import Frozen
from annotation.datasets.opinions import SOURCE
from annotation.datasets.policy import Policy, PolicyError
from annotation.datasets.verify import verify_dataset
from annotation.labeling.models import Item
from annotation.projects.models import Membership
from annotation.quality.judges.models import Judge, JudgeRun
from annotation.quality.judges.principles import set_principles
from annotation.runs.lineage import sources_of
from tests.annotation.datasets.world import make_world
from tests.factories import make_item, make_judgment, make_member, make_opinion, make_project

# Of this world since before a judge could count.
PINNED = "609967a21427e3b76982ec252411dbecd30883c33a5762a2a9d36c7c640df7cd"
NONE_SPLIT = (1.0, 0.0, 0.0)
ALONE = {"whose": "ai_judge", "judge": "kind", "split": NONE_SPLIT}
FORM = next(iter(FORMATS.values()))
FIRST = {**ALONE, "whose": "people_first"}


def test_a_policy_of_people_is_written_as_it_always_was():
    said = Policy().as_json()
    assert not {"whose", "judge", "contradictions"} & said.keys()
    assert len(said) == 12
    assert Policy(contradictions="tie") == Policy()  # says nothing without a judge


@pytest.mark.parametrize(
    ("given", "field", "said"),
    [
        ({"whose": "ai_judge"}, "judge", "Name the AI judge"),
        ({"judge": "kind"}, "judge", "only people’s judgments count"),
        ({**FIRST, "consensus": "dawid_skene"}, "consensus", "no labeler to be weighed"),
        ({**FIRST, "labels": "each"}, "labels", "one opinion of a pair"),
        ({**ALONE, "min_reliability": 0.5}, "min_reliability", "leave it as usual"),
        ({**ALONE, "settled": True}, "settled", "leave it as usual"),
        ({**ALONE, "whose": "robots"}, "whose", "is one of"),
    ],
)
def test_what_makes_no_sense_with_a_judge_is_refused(given, field, said):
    with pytest.raises(PolicyError, match=said) as caught:
        Policy(**given)
    assert caught.value.field == field


pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    return make_project("shop")


@pytest.fixture
def judge(project):
    endpoint = project.endpoints.create(name="e", base_url="http://e.example", model="m-1")
    judge = Judge.objects.create(project=project, endpoint=endpoint, name="kind")
    set_principles(judge=judge, principles=["Be honest.", "Be brief."])
    return judge


def run_of(judge, *items):
    return JudgeRun.objects.create(
        project=judge.project,
        judge=judge,
        principle_list=judge.principle_lists.first(),
        item_ids=[item.pk for item in items],
        question_count=2,
        terms={"model": "m-1"},
    )


def say(run, item, better, worse, *, steady=True, tie=False, principle=1):
    """What both orders say of two positions; turned around, the other one is preferred."""
    for first, second in ((better, worse), (worse, better)):
        chosen = "tie" if tie else "first" if (first == better or not steady) else "second"
        make_opinion(run, item, first, second, preferred=chosen, principle=principle)


def rows(dataset, name="preferences.train"):
    return [line.row for line in Frozen(dataset.folder).lines(*name.split("."))]


def freeze(project, **settings):
    return services.freeze_dataset(project=project, policy=Policy(**settings)).dataset


def test_answers_in_a_circle_are_three_comparisons(project, judge):
    item = make_item(project, ("1.", "2.", "3."), external_id="x1")
    run = run_of(judge, item)
    for place, (better, worse) in enumerate(((1, 2), (2, 3), (3, 1))):
        say(run, item, better, worse, principle=1 + place % 2)
    dataset = freeze(project, **ALONE)

    found = rows(dataset)
    assert {(row["chosen_id"], row["rejected_id"]) for row in found} == {
        ("a", "b"), ("b", "c"), ("c", "a"),
    }  # fmt: skip
    assert {row["source"] for row in found} == {SOURCE}
    assert {row["chosen_id"]: row["principle"] for row in found} == {
        "a": "Be honest.", "b": "Be brief.", "c": "Be honest.",
    }  # fmt: skip
    assert [row["n_votes"] for row in found] == [1, 1, 1]
    assert dataset.counts["ai_judge"] == {"items": 1, "comparisons": 3}
    assert dataset.counts["sft"]["best"] == 0  # none is the best
    assert {row["judgments"][0] for row in found} == {
        f"x1/ai_judge:kind/{revision}" for revision in (112, 123, 113)
    }


def test_what_contradicts_itself_or_has_no_answer_is_left_out_with_its_reason(project, judge):
    item = make_item(project, ("1.", "2.", "3."), external_id="x1")
    run = run_of(judge, item)
    say(run, item, 1, 2)
    say(run, item, 1, 3, steady=False)
    make_opinion(run, item, 2, 3, preferred="first")
    make_opinion(run, item, 3, 2, fault="no_json", detail="?")

    dropped = freeze(project, **ALONE)
    counts = dropped.counts
    assert len(rows(dropped)) == 1
    assert counts["judgments"] == {
        "all": 3, "counted": 1,
        "dropped": counts["judgments"]["dropped"] | {"inconsistent": 1, "unanswered": 1},
    }  # fmt: skip
    assert counts["dropped"]["not_ranked"] == 2
    tied = freeze(project, **ALONE, contradictions="tie")
    assert [(row["first_id"], row["second_id"]) for row in rows(tied, "ties.train")] == [
        ("a", "c")
    ]


def test_what_a_reward_model_was_trained_on_is_left_out_and_counted(project):
    taste = Judge.objects.create(project=project, name="kind", reward_model="taste", tie_below=0.1)
    fresh, learned = (
        make_item(project, ("1.", "2.", "3."), external_id=name) for name in ("x1", "x2")
    )
    run = run_of(taste, fresh, learned)
    for item in (fresh, learned):
        for pair in ((1, 2), (1, 3), (2, 3)):
            make_opinion(run, item, pair[0], pair[1], preferred="first", margin=1.0)
    assert len(rows(freeze(project, **ALONE))) == 6, "nothing learned: all of them count"

    JudgeRun.objects.filter(pk=run.pk).update(terms={"model": "taste", "learned": [learned.pk]})
    run_of(taste, learned)  # a later run that says nothing of it changes nothing
    dataset = freeze(project, **ALONE)
    assert {row["item"] for row in rows(dataset)} == {"x1"}
    assert dataset.counts["judgments"]["dropped"]["learned_by_judge"] == 3
    assert dataset.counts["judgments"]["counted"] == 3
    assert dataset.counts["items"]["judged"] == 1, "of the other nobody said anything that counts"
    said = "\n".join(drop_table(dataset.counts))
    assert "left out: the judge has learned from it" in said


def test_people_come_first_and_each_row_says_whose_it_is(project, judge):
    mine = make_item(project, ("1.", "2."), external_id="mine")
    other = make_item(project, ("3.", "4."), external_id="other")
    labeler = make_member(project, handle="ada")
    make_judgment(mine, labeler, (2, 1))
    run = run_of(judge, mine, other)
    say(run, mine, 1, 2)
    say(run, other, 1, 2)

    dataset = freeze(project, **FIRST)
    by_item = {row["item"]: row for row in rows(dataset)}
    assert (by_item["mine"]["chosen_id"], by_item["mine"]["source"]) == ("b", "ranking")
    assert "principle" not in by_item["mine"]
    assert (by_item["other"]["chosen_id"], by_item["other"]["source"]) == ("a", SOURCE)
    best = {row["item"]: row["source"] for row in rows(dataset, "sft.train")}
    assert best == {"mine": "best", "other": SOURCE}

    alone = freeze(project, **ALONE)
    assert {row["item"]: row["chosen_id"] for row in rows(alone)} == {"mine": "a", "other": "a"}
    people = freeze(project, split=NONE_SPLIT)
    assert [row["item"] for row in rows(people)] == ["mine"]
    assert not ({"source", "principle"} & rows(people)[0].keys())
    assert "ai_judge" not in people.counts


def test_what_a_judge_learned_is_read_once_however_many_items_there_are(
    project, judge, monkeypatch
):
    items = [make_item(project, ("a", "b"), external_id=f"x{number}") for number in range(3)]
    run = run_of(judge, *items)
    for item in items:
        say(run, item, 1, 2)
    monkeypatch.setattr(source, "CHUNK", 1)
    with CaptureQueriesContext(connection) as queries:
        freeze(project, **ALONE)
    assert sum("learned" in one["sql"] for one in queries) == 1
    assert sum('."preferred"' in one["sql"] and "SELECT" in one["sql"] for one in queries) >= 3


def test_a_dataset_of_people_is_the_same_whatever_a_judge_says():
    project = make_world()
    before = freeze(project)
    assert before.hash == PINNED
    judge = Judge.objects.create(project=project, name="kind", reward_model="taste", tie_below=0.1)
    item = Item.objects.filter(project=project).order_by("external_id").first()
    make_opinion(run_of(judge, item), item, 1, 2, preferred="second")
    assert freeze(project).hash == before.hash
    assert len(rows(freeze(project, **ALONE))) == 1  # a reward model is asked in one order


def test_a_newer_run_counts_verify_says_so_and_the_difference_names_it(project, judge):
    item = make_item(project, ("1.", "2."), external_id="x1")
    say(run_of(judge, item), item, 1, 2)
    then = freeze(project, **ALONE)
    assert verify_dataset(then).is_reproduced
    (row,) = Frozen(then.folder).lines("preferences", "train")
    (behind,) = sources_of(then, row, with_names=False)
    assert (behind.labeler, behind.is_kept) == ("ai_judge:kind", True)

    newer = run_of(judge, item)
    make_opinion(newer, item, 1, 2, preferred="second")
    assert verify_dataset(then).is_reproduced  # half an answer is none
    make_opinion(newer, item, 2, 1, preferred="first")
    assert not verify_dataset(then).is_reproduced
    now = freeze(project, **ALONE)
    (change,) = compare(Frozen(then.folder), Frozen(now.folder)).changes["outcome"]
    assert change.judgments_came == ("ai_judge:kind/212",)


def test_the_card_says_loudly_whose_preferences_they_are(project, judge):
    items = [make_item(project, ("1.", "2."), external_id=f"x{n}") for n in range(2)]
    run = run_of(judge, *items)
    for item in items:
        say(run, item, 1, 2)
    unknown = card_of(freeze(project, **ALONE), FORM)
    assert "**These are not human preferences.**" in unknown
    assert "is not known" in unknown
    labeler = make_member(project, handle="ada")
    make_judgment(items[0], labeler, (1, 2))
    make_judgment(items[1], labeler, (2, 1))
    told = card_of(freeze(project, **ALONE), FORM)
    assert "agrees with the majority of people in **50 % of 2 comparisons (95" in told
    assert "Its two orders say the same in 100 % of 2 comparisons" in told
    assert "- Be honest." in told
    assert "2 opinions of a machine" in told
    assert "- ai-feedback" in told
    assert "human-feedback" not in told
    assert "judgments by people" not in told
    assert "not human preferences" not in card_of(freeze(project), FORM)


def test_withdrawn_items_no_judge_and_nothing_asked_have_their_sentences(project, judge):
    with pytest.raises(PolicyError, match="no AI judge “strict”"):
        freeze(project, **{**ALONE, "judge": "strict"})
    item = make_item(project, ("1.", "2."))
    with pytest.raises(DomainError, match="“kind” has not been asked"):
        freeze(project, **ALONE)
    say(run_of(judge, item), item, 1, 2)
    Item.objects.filter(pk=item.pk).update(state=Item.State.WITHDRAWN)
    counts = services.preview(project=project, policy=Policy(**ALONE))
    assert counts["judgments"]["dropped"]["item_withdrawn"] == 1
    with pytest.raises(PolicyError, match="belongs to one project"):
        services.preview(project=project, policy=Policy(**ALONE), further=[make_project("other")])


def test_it_is_chosen_on_the_page_and_by_the_command(project, judge, client):
    item = make_item(project, ("1.", "2."), external_id="x1")
    say(run_of(judge, item), item, 1, 2)
    client.force_login(make_member(project, Membership.Role.ENGINEER))
    new = reverse("datasets:new-dataset", args=["shop"])
    chosen = {"whose": "ai_judge", "judge": "kind"}
    page = client.get(new, chosen).content.decode()
    assert "1 comparison" in page
    assert "No person said it" in page
    assert "Name the AI judge" in client.get(new, {"whose": "ai_judge"}).content.decode()
    out = StringIO()
    call_command(
        "freeze_dataset", "shop", "--whose", "ai_judge", "--judge", "kind", "--preview", stdout=out
    )
    assert "By an AI judge, not by people: 1 comparisons and ties of 1 items." in out.getvalue()
