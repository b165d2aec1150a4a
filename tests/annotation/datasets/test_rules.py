"""The rules of a policy over whole projects: caps, weights, repetitions, balance, names."""

import json
from collections import Counter

import pytest
from django.core.management import call_command
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from annotation.datasets import choices, services
from annotation.datasets.build import build
from annotation.datasets.drop_table import drop_table
from annotation.datasets.policy import Policy, PolicyError
from annotation.datasets.presentation import summarise
from annotation.datasets.verify import verify_dataset
from annotation.projects import services as projects
from annotation.projects.models import Membership
from annotation.quality.services import compute_report
from tests.annotation.datasets.test_near import long_text
from tests.annotation.datasets.test_views import FORM
from tests.annotation.datasets.world import add_demonstration
from tests.factories import make_item, make_judgment, make_member, make_project, make_prompt

pytestmark = pytest.mark.django_db
WHOLE = {"split": (1.0, 0.0, 0.0)}


def freeze(project, **policy):
    return services.freeze_dataset(project=project, policy=Policy(**WHOLE | policy)).dataset


def rows(dataset, kind="preferences", split="train"):
    text = (dataset.folder / f"{kind}.{split}.jsonl").read_text()
    return [json.loads(line) for line in text.splitlines()]


def counted(project, **policy):
    return services.preview(project=project, policy=Policy(**WHOLE | policy))


def sums_hold(counts):
    pairs = counts["comparisons"]
    return (
        pairs["pairs"] == pairs["kept"] + pairs["ties"] + pairs["dropped"]
        and pairs["dropped"] == sum(counts["dropped"].values())
        and pairs["kept"] == sum(pairs[split] for split in ("train", "dev", "test"))
    )


# One prompt, three items of three; a long response that wins twice as often as it loses.
@pytest.fixture
def project():
    project = make_project("shop")
    labelers = [make_member(project, handle=f"w{n}") for n in (1, 2, 3)]
    for number in range(12):
        prompt = make_prompt(project, f"Question {number // 3}?")
        long = f"{number} " + "long " * 20
        item = make_item(
            project, (long, f"short {number}"), prompt=prompt, external_id=f"x{number:02d}"
        )
        for place, labeler in enumerate(labelers):
            ranks = [1, 2] if number % 3 or place == 2 else [2, 1]
            make_judgment(item, labeler, ranks, strength=(1 + number % 3,))
    return project


def test_a_cap_takes_so_many_of_each_prompt_and_salt_decides_which(project):
    counts = counted(project, max_per_prompt=2)
    assert counts["comparisons"]["kept"] == 8
    assert counts["dropped"]["over_cap"] == 4
    taken = {
        salt: {row["item"] for row in rows(freeze(project, max_per_prompt=2, salt=salt))}
        for salt in ("", "x", "y")
    }
    assert len(set(map(frozenset, taken.values()))) > 1
    assert counted(project, max_per_prompt=3) == counted(project)  # nobody has more


def test_a_cap_takes_decided_ones_before_ties():
    project = make_project()
    labeler = make_member(project)
    item = make_item(project, ("a", "b", "c"))
    make_judgment(item, labeler, [1, 1, 2])
    kept = counted(project, max_per_prompt=2)["comparisons"]
    assert (kept["kept"], kept["ties"], kept["dropped"]) == (2, 0, 1)


def test_comparisons_of_a_prompt_or_of_a_ranking_share_a_weight():
    project = make_project()
    labelers = [make_member(project, handle=name) for name in "uv"]
    prompt = make_prompt(project, "?")
    for name in ("x1", "x2"):
        item = make_item(project, ("a", "b", "c"), prompt=prompt, external_id=name)
        for labeler in labelers:
            make_judgment(item, labeler, [1, 2, 3])
    weights = {
        (share, labels): {
            row["weight"] for row in rows(freeze(project, share_weight=share, labels=labels))
        }
        for share in choices.SHARE_WEIGHT
        for labels in ("majority", "each")
    }
    assert weights == {
        ("none", "majority"): {1.0}, ("none", "each"): {1.0},
        ("ranking", "majority"): {0.333333}, ("ranking", "each"): {0.333333},
        ("prompt", "majority"): {0.166667}, ("prompt", "each"): {0.083333},
    }  # fmt: skip


def test_each_line_names_the_ranking_it_comes_from(project):
    merged, each = (
        freeze(project, labels=labels, name_rankings=True) for labels in ("majority", "each")
    )
    assert {(row["item"], row["ranking"]) for row in rows(merged)} == {
        (f"x{n:02d}", f"x{n:02d}") for n in range(12)
    }
    assert all([row["ranking"]] == row["judgments"] for row in rows(each))
    assert len(rows(each)) == 36
    assert "ranking" not in rows(freeze(project))[0]
    assert each.counts["comparisons"]["each_vote"] is True
    assert summarise(each.counts).wholes[0].title == "Pairs of responses, once for each judgment"


def test_a_pair_met_in_another_item_counts_once():
    project = make_project()
    labelers = [make_member(project, handle=name) for name in "uv"]
    for name, question, texts in (
        ("x1", "What is it?", ("Good.", "Bad.")),
        ("x2", "what is  it?", ("bad. ", "GOOD.")),
        ("x3", "What else?", ("Good.", "Bad.")),
        ("x4", "What is it?", ("Good.", "Other.")),
    ):
        item = make_item(project, texts, prompt=make_prompt(project, question), external_id=name)
        for labeler in labelers:
            make_judgment(item, labeler, [1, 2])
    assert "repeated_pair" not in counted(project)["dropped"]
    for labels, count in (("majority", 1), ("each", 2)):
        counts = counted(project, labels=labels, drop_repeated=True)
        assert counts["dropped"]["repeated_pair"] == count
        assert counts["comparisons"]["kept"] == 3 * count


def test_personal_data_is_left_out_of_pairs_and_examples_wherever_it_stands():
    project = make_project()
    labeler = make_member(project)
    for name, question, texts in (
        ("x1", "Where?", ("Here.", "Write to ann.lee@mailbox.org.")),
        ("x2", "My IBAN is DE89 3704 0044 0532 0130 00. Right?", ("Yes.", "No.")),
        ("x3", "When?", ("Now, from 192.168.0.1.", "Later, to help@example.com.")),
    ):
        item = make_item(project, texts, prompt=make_prompt(project, question), external_id=name)
        make_judgment(item, labeler, [1, 2])
    add_demonstration(project, "Where?", "Ask ann.lee@mailbox.org.")
    usual = counted(project)
    assert usual["comparisons"]["kept"] == 3
    assert "personal_data" not in usual["dropped"]
    counts = counted(project, drop_personal=True)
    assert (counts["comparisons"]["kept"], counts["dropped"]["personal_data"]) == (1, 2)
    # The best response to "Where?" has none itself; its demonstration and the one of x2 have.
    assert (counts["sft"]["best"], counts["sft"]["dropped"]["personal_data"]) == (2, 2)
    assert sums_hold(counts)


def test_balance_leaves_as_many_that_the_longer_wins_as_the_shorter(project):
    dataset = freeze(project, balance_length=True, split=(0.5, 0.0, 0.5), salt="a")
    assert dataset.counts["length"]["before"] == {"longer": 8, "shorter": 4, "equal": 0}
    after = dataset.counts["length"]["after"]
    for split in ("train", "test"):
        lengths = Counter(
            len(row["chosen"][0]["content"]) > len(row["rejected"][0]["content"])
            for row in rows(dataset, split=split)
        )
        assert lengths[True] == lengths[False] > 0
    assert after["longer"] == after["shorter"]
    assert dataset.counts["dropped"]["length_balance"] == 12 - 2 * after["longer"]
    assert summarise(dataset.counts).length == {"before": "66.7", "after": "50.0"}
    assert verify_dataset(dataset).is_reproduced


def test_balance_comes_after_the_cap_and_counts_what_is_left(project):
    counts = counted(project, balance_length=True, max_per_prompt=1)
    before = counts["length"]["before"]
    assert before["longer"] + before["shorter"] == 4
    assert sums_hold(counts)


def test_soft_ties_stand_among_the_comparisons_of_train_alone():
    project = make_project()
    labeler, other = (make_member(project, handle=name) for name in "uv")
    for number in range(20):
        item = make_item(project, external_id=f"x{number}")
        make_judgment(item, labeler, [1, 2])
        make_judgment(item, other, [1, 2] if number % 2 else [2, 1])
    dataset = freeze(project, ties="soft", split=(0.6, 0.0, 0.4))
    pairs = dataset.counts["comparisons"]
    soft = [row for row in rows(dataset) if row["p_chosen"] == 0.5]
    assert pairs["soft_ties"] == len(soft) > 0
    assert pairs["ties"] == len(rows(dataset, "ties", "test")) == 10 - len(soft) > 0
    assert rows(dataset, "ties") == []
    assert sums_hold(dataset.counts)


def test_a_soft_tie_by_majority_keeps_its_share_with_the_better_side_in_front():
    project = make_project()
    item = make_item(project)
    for name, ranks in (("u", [1, 1]), ("v", [1, 1]), ("w", [2, 1])):
        make_judgment(item, make_member(project, handle=name), ranks)
    (row,) = rows(freeze(project, ties="soft"))
    assert (row["chosen_id"], row["rejected_id"]) == ("b", "a")
    assert row["p_chosen"] == pytest.approx(2 / 3, abs=1e-6)


def test_only_judgments_by_the_chosen_versions_of_the_rubric(project):
    version = projects.current_rubric(project).number
    item = project.items.first()
    make_judgment(item, make_member(project, handle="bare"), [1, 2], rubric_version=None)
    for chosen, left_out in (((version,), 1), ((0,), 36), ((0, version), 0)):
        dropped = counted(project, rubric_versions=chosen)["judgments"]["dropped"]
        assert dropped.get("other_rubric", 0) == left_out
    assert "other_rubric" not in counted(project)["judgments"]["dropped"]


def make_bad_crowd():
    """Sixty items; “i1” turns every answer round, and the figures find out."""
    project = make_project("crowd")
    people = {name: make_member(project, handle=name) for name in ("w1", "w2", "w3", "i1")}
    for number in range(60):
        item = make_item(project, external_id=f"x{number:02d}")
        truth = [1, 2] if number % 2 else [2, 1]
        for place, (name, labeler) in enumerate(people.items()):
            is_wrong = name == "i1" or number % 11 == place
            make_judgment(item, labeler, truth[::-1] if is_wrong else truth)
    return project


def test_labelers_whom_the_signals_warn_of_are_left_out_and_named_in_the_manifest():
    project = make_bad_crowd()
    with pytest.raises(PolicyError, match="signals were computed yet"):
        counted(project, without_findings=("inverted",))
    report = compute_report(project=project, kind="labelers")
    assert [
        (one["labeler"], [f["kind"] for f in one["findings"]])
        for one in report.result["labelers"]
        if one["findings"]
    ] == [(project.memberships.get(handle="i1").user_id, ["inverted"])]
    dataset = freeze(project, without_findings=("inverted", "random"))
    policy = dataset.policy
    assert policy["without_labelers"] == ["i1"]
    assert policy["signals_of"] == report.input_sha256[:16]
    assert dataset.counts["judgments"]["dropped"]["labeler_left_out"] == 60
    assert dataset.counts["judgments"]["counted"] == 180
    # Signals move on, the names stay: nobody is looked up again.
    project.reports.all().delete()
    assert verify_dataset(dataset).is_reproduced
    by_name = freeze(project, without_labelers=("i1",))
    assert rows(by_name) == rows(dataset)


def test_a_least_reliability_leaves_out_who_is_known_to_be_below():
    project = make_bad_crowd()
    compute_report(project=project, kind="labelers")
    assert freeze(project, min_reliability=0.5).policy["without_labelers"] == ["i1"]
    everybody = freeze(project, min_reliability=0.001)
    assert "without_labelers" not in everybody.policy
    assert everybody.policy["signals_of"]


def test_near_equal_prompts_are_counted_and_kept_on_one_side():
    project = make_project()
    labeler = make_member(project)
    for number in range(30):
        for end in ("", " Thanks!", " Please."):
            prompt = make_prompt(project, long_text(number) + end)
            make_judgment(make_item(project, prompt=prompt), labeler, [1, 2])
    split = (0.5, 0.0, 0.5)
    count = counted(project, near_prompts="count", split=split)
    together = counted(project, near_prompts="together", split=split)
    assert (count["near"]["prompts"], count["near"]["groups"]) == (90, 30)
    assert 0 < count["near"]["leaked"] <= 60
    assert count["prompts"] == counted(project, split=split)["prompts"]
    assert together["near"] == {"prompts": 90, "groups": 30, "torn": 0, "leaked": 0}
    assert all(number % 3 == 0 for number in together["prompts"].values())
    assert "near" not in counted(project)
    lines = "\n".join(drop_table(count))
    assert f"{count['near']['leaked']} prompts of dev and test are near one" in lines


rank = st.sampled_from([None, "x", 1, 2])


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 1),
            st.lists(st.sampled_from(["", "a", "b", "c"]), min_size=3, max_size=3),
            st.lists(st.lists(rank, min_size=3, max_size=3), max_size=3),
        ),
        max_size=4,
    ),
    st.fixed_dictionaries(
        {
            "labels": st.sampled_from(sorted(choices.LABELS)),
            "pairs": st.sampled_from(sorted(choices.PAIRS)),
            "ties": st.sampled_from(sorted(choices.TIES)),
            "share_weight": st.sampled_from(sorted(choices.SHARE_WEIGHT)),
            "near_prompts": st.sampled_from(sorted(choices.NEAR_PROMPTS)),
            "max_per_prompt": st.integers(0, 3),
            "drop_repeated": st.booleans(),
            "drop_personal": st.booleans(),
            "balance_length": st.booleans(),
            "without_labelers": st.sampled_from([(), ("w1",)]),
        }
    ),
)
def test_counts_add_up_under_any_rules(world, rules):
    project = make_project()
    labelers = [make_member(project, handle=f"w{n}") for n in (1, 2, 3)]
    for question, texts, rankings in world:
        item = make_item(project, texts, prompt=make_prompt(project, f"Q{question}?"))
        add_demonstration(project, "Same?", texts[0])
        for labeler, ranks in zip(labelers, rankings, strict=False):
            if any(ranks):
                make_judgment(item, labeler, ranks)
    policy = Policy(**rules, split=(0.6, 0.0, 0.4))
    counts = build(project, policy).as_json()
    assert sums_hold(counts)
    judgments = counts["judgments"]
    assert judgments["all"] == judgments["counted"] + sum(judgments["dropped"].values())
    per_item = judgments["counted"] if policy.labels == "each" else counts["items"]["judged"]
    assert counts["comparisons"]["pairs"] == 3 * per_item
    for whole in summarise(counts).wholes:
        assert sum(part.count for part in whole.parts) == whole.total


ASKED = {
    "pairs": "best_rest",
    "labels": "each",
    "ties": "drop",
    "unacceptable": "drop",
    "min_strength": 1,
    "drop_turns": True,
    "drop_repeated": True,
    "drop_personal": True,
    "max_per_prompt": 2,
    "share_weight": "prompt",
    "name_rankings": True,
    "balance_length": True,
    "near_prompts": "together",
    "near_from": 0.9,
    "without_labelers": ["w3"],
    "rubric_versions": [1],
    "min_reliability": 0.1,
}


def test_page_api_and_command_freeze_the_same_dataset(client, project):
    compute_report(project=project, kind="labelers")
    make_judgment(project.items.first(), make_member(project), [1, 2], rubric_version=None)
    compute_report(project=project, kind="labelers")
    client.force_login(make_member(project, Membership.Role.LEAD))
    url = reverse("datasets:new-dataset", args=["shop"])
    switches = {name: "on" for name, value in ASKED.items() if value is True}
    asked = FORM | ASKED | switches | {"without_labelers": " w3, "}
    preview = client.get(url, asked).content.decode()
    assert "labeler left out" in preview
    answer = client.post(url, asked)
    assert answer.status_code == 302, answer.content.decode()
    digest = project.datasets.get().hash
    told = client.post(
        "/api/projects/shop/datasets/", json.dumps(ASKED), content_type="application/json"
    )
    assert (told.status_code, told.json()["hash"]) == (200, digest)
    call_command(
        "freeze_dataset", "shop", "--pairs=best_rest", "--labels=each", "--ties=drop",
        "--unacceptable=drop", "--min-strength=1", "--drop-turns", "--drop-repeated",
        "--drop-personal",
        "--max-per-prompt=2", "--share-weight=prompt", "--name-rankings", "--balance-length",
        "--near-prompts=together", "--near-from=0.9", "--without-labeler=w3",
        "--rubric-version=1", "--min-reliability=0.1", verbosity=0,
    )  # fmt: skip
    assert project.datasets.get().hash == digest
    shown = client.get(answer.url).content.decode()
    for words in ("The best against each of the rest", "1 labeler: w3", "Near from"):
        assert words in shown


def test_signals_are_for_those_who_may_review(client):
    project = make_bad_crowd()
    compute_report(project=project, kind="labelers")
    url, api = reverse("datasets:new-dataset", args=["crowd"]), "/api/projects/crowd/datasets/"
    client.force_login(make_member(project, Membership.Role.LEAD))
    assert "whom the signals warn of" in client.get(url).content.decode()
    client.force_login(make_member(project, Membership.Role.ENGINEER))
    assert "whom the signals warn of" not in client.get(url).content.decode()
    body = json.dumps({"without_findings": ["inverted"]})
    refused = client.post(api, body, content_type="application/json")
    assert (refused.status_code, refused.json()["field"]) == (400, "without_findings")
    assert not project.datasets.exists()
