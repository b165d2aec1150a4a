"""Datasets from what labelers wrote, took back, and left out on purpose."""

import io
import json

import pytest
from django.core.management import call_command
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from annotation.core.hashing import sha256_of_text
from annotation.datasets import policy_words, presentation, services, verify
from annotation.datasets.build import build
from annotation.datasets.drop_table import drop_table
from annotation.datasets.policy import Policy
from annotation.labeling.models import Item
from annotation.projects.models import Membership
from annotation.prompts.models import Prompt
from tests.annotation.datasets.world import add_demonstration
from tests.factories import make_item, make_judgment, make_member, make_project, make_prompt

pytestmark = pytest.mark.django_db
TRAIN = (1.0, 0.0, 0.0)


@pytest.fixture
def project():
    return make_project("shop", allows_corrections=True, demonstration="fallback")


@pytest.fixture
def item(project):
    prompt = make_prompt(project, "How?")
    return make_item(project, ("One.", "Two."), prompt=prompt, external_id="x1")


@pytest.fixture
def labelers(project):
    return [make_member(project, handle=f"w{number}") for number in (1, 2, 3)]


def freeze(project, **policy):
    policy = Policy(split=TRAIN, **policy)
    return services.freeze_dataset(project=project, policy=policy).dataset


def rows_of(dataset, kind):
    return _lines(dataset, f"{kind}.train.jsonl")


def rankings_of(dataset):
    return _lines(dataset, "rankings.jsonl")


def _lines(dataset, name):
    content = (dataset.folder / name).read_bytes()
    return [json.loads(line) for line in content.split(b"\n")[:-1]]


def test_a_correction_is_better_than_its_original_and_an_example(project, item, labelers):
    judgment = make_judgment(item, labelers[0], [1, 2], corrections={2: "Two!"})
    dataset = freeze(project)
    name = sha256_of_text("Two!")[:16]

    ranked, corrected = rows_of(dataset, "preferences")
    assert (ranked["source"], ranked["chosen_id"], ranked["rejected_id"]) == ("ranking", "a", "b")
    assert corrected == ranked | {
        "chosen": [{"role": "assistant", "content": "Two!"}],
        "rejected": [{"role": "assistant", "content": "Two."}],
        "chosen_id": name,
        "source": "correction",
        "n_votes": 1,
        "judgments": ["x1/w1/1"],
    }
    best, example = rows_of(dataset, "sft")
    assert (best["source"], best["response_id"]) == ("best", "a")
    assert example == best | {
        "completion": [{"role": "assistant", "content": "Two!"}],
        "source": "correction",
        "response_id": name,
    }
    (raw,) = rankings_of(dataset)
    assert raw["corrections"] == {"b": {"text": "Two!", "sha256": sha256_of_text("Two!")}}
    assert judgment.written.get().response.corrects.text == "Two."
    assert verify.verify_dataset(dataset).is_reproduced


def test_a_correction_that_keeps_a_mask_is_left_out_and_counted(project, item, labelers):
    make_judgment(item, labelers[0], [1, 2], corrections={2: "Two by █████."})
    make_judgment(item, labelers[1], [1, 2], corrections={2: "Two!"})
    dataset = freeze(project)
    texts = [row["chosen"][0]["content"] for row in rows_of(dataset, "preferences")]
    assert sorted(texts) == ["One.", "Two!"]
    assert dataset.counts["comparisons"]["corrections"] == 1
    assert dataset.counts["dropped"]["masked_correction"] == 1
    assert dataset.counts["sft"]["dropped"]["masked_correction"] == 1
    raw = [one["corrections"]["b"]["text"] for one in rankings_of(dataset)]
    assert sorted(raw) == ["Two by █████.", "Two!"]  # as they were judged


def test_the_same_correction_by_two_is_one_comparison_with_two_votes(project, item, labelers):
    for labeler in labelers[:2]:
        make_judgment(item, labeler, [1, 2], corrections={2: "Two!"})
    make_judgment(item, labelers[2], [1, 2], corrections={2: "2.", 1: "1."})
    dataset = freeze(project, min_votes=3)  # asks for votes, and a correction is none
    rows = [row for row in rows_of(dataset, "preferences") if row["source"] == "correction"]
    assert [(r["rejected_id"], r["chosen"][0]["content"], r["n_votes"]) for r in rows] == sorted(
        [("a", "1.", 1), ("b", "2.", 1), ("b", "Two!", 2)],
        key=lambda row: (row[0], sha256_of_text(row[1])),
    )
    assert dataset.counts["comparisons"]["corrections"] == 3
    assert dataset.counts["sft"]["corrections"] == 3
    assert dataset.counts["sft"]["dropped"]["repeated_demonstration"] == 1


def test_corrections_can_be_left_out_by_policy_form_command_and_api(
    client, project, item, labelers
):
    make_judgment(item, labelers[0], [1, 2], corrections={2: "Two!"})
    without = freeze(project, corrections="exclude")
    assert without.policy["corrections"] == "exclude"
    (row,) = rows_of(without, "preferences")
    assert "source" not in row
    assert [row["source"] for row in rows_of(without, "sft")] == ["best"]
    assert "corrections" not in without.counts["comparisons"]
    assert "corrections" in str(dict(policy_words.policy_lines(without.policy))["Left out"])

    out = io.StringIO()
    call_command("freeze_dataset", "shop", "--split", "1,0,0", "--without-corrections", stdout=out)
    assert out.getvalue().split()[-1] == without.hash

    client.force_login(make_member(project, Membership.Role.ENGINEER))
    url = reverse("datasets:new-dataset", args=["shop"])
    page = client.get(url).content.decode()
    assert 'name="drop_corrections"' in page
    assert "the corrected text over its original" in page
    fields = {
        **dict.fromkeys(("drop_empty", "drop_equal", "drop_both_unacceptable"), "on"),
        **{"labels": "majority", "min_votes": 1, "demonstrations": "include", "salt": ""},
        **{"train": 100, "dev": 0, "test": 0, "drop_corrections": "on"},
    }
    answer = client.post(url, fields)
    assert answer.headers["Location"].endswith(f"/{without.hash}/")
    sent = client.post(
        "/api/projects/shop/datasets/",
        {"corrections": "exclude", "split": [1, 0, 0]},
        content_type="application/json",
    )
    assert sent.json()["hash"] == without.hash


def test_a_project_without_corrections_is_not_asked_about_them(client, project, item, labelers):
    make_judgment(item, labelers[0], [1, 2])
    client.force_login(make_member(project, Membership.Role.ENGINEER))
    page = client.get(reverse("datasets:new-dataset", args=["shop"])).content.decode()
    assert 'name="drop_empty"' in page
    assert "drop_corrections" not in page


def test_a_correction_of_an_empty_response_is_dropped_like_any_pair_with_one(project, labelers):
    item = make_item(project, ("One.", ""), prompt=make_prompt(project, "How?"))
    make_judgment(item, labelers[0], [1, 2], corrections={2: "Two!"})
    counts = freeze(project).counts
    assert counts["dropped"]["empty_text"] == 2
    assert counts["comparisons"]["pairs"] == 2
    kept = freeze(project, drop_empty=False).counts
    assert (kept["comparisons"]["kept"], kept["comparisons"]["corrections"]) == (2, 1)


def test_a_demonstration_counts_while_its_judgment_does(project, item, labelers):
    first, second, third = labelers
    make_judgment(item, first, ["x", "x"], demonstration="Superseded.")
    make_judgment(item, first, ["x", "x"], revision=2, demonstration="Current.")
    make_judgment(item, second, ["x", "x"], demonstration="Taken back.")
    make_judgment(
        item, second, ["x", "x"], revision=2, demonstration="Taken back too.", is_retraction=True
    )
    make_judgment(item, third, ["x", "x"], demonstration="Surplus.", is_surplus=True)
    gone = make_item(project, state=Item.State.WITHDRAWN)
    make_judgment(gone, first, ["x", "x"], demonstration="Withdrawn.")
    add_demonstration(project, "How?", "Elsewhere.")

    for which in ("include", "only"):
        rows = rows_of(freeze(project, demonstrations=which, surplus=False), "sft")
        assert {(row["completion"][0]["content"], row["item"]) for row in rows} == {
            ("Current.", "x1"),
            ("Elsewhere.", None),
        }
        assert {row["source"] for row in rows} == {"demonstration"}
    with_surplus = rows_of(freeze(project), "sft")
    assert "Surplus." in {row["completion"][0]["content"] for row in with_surplus}
    # Both responses were found unacceptable: without demonstrations nothing is left.
    counts = build(project, Policy(demonstrations="exclude")).as_json()
    assert counts["sft"]["kept"] == 0


def test_a_project_of_demonstrations_alone_gives_examples_to_imitate():
    project = make_project("write", ordering="none", demonstration="always")
    labeler = make_member(project, handle="w1")
    for number in range(3):
        item = make_item(project, (), external_id=f"x{number}")
        make_judgment(item, labeler, [], demonstration=f"Ideal {number}.")
    for which in ("include", "only"):
        dataset = freeze(project, demonstrations=which)
        rows = rows_of(dataset, "sft")
        assert {(row["item"], row["completion"][0]["content"]) for row in rows} == {
            (f"x{number}", f"Ideal {number}.") for number in range(3)
        }
        assert dataset.counts["comparisons"]["pairs"] == 0
    left_out = freeze(project).counts["sft"]["dropped"]
    assert {reason: count for reason, count in left_out.items() if count} == {"too_few_votes": 3}


def test_a_judgment_that_was_taken_back_does_not_count(project, item, labelers):
    make_judgment(item, labelers[0], [2, 1])
    before = freeze(project)
    make_judgment(item, labelers[1], [1, 2])
    make_judgment(item, labelers[1], [1, 2], revision=2, is_retraction=True)
    counts = freeze(project).counts
    assert counts["judgments"]["all"] == 3
    assert counts["judgments"]["counted"] == 1
    left_out = {reason: n for reason, n in counts["judgments"]["dropped"].items() if n}
    assert left_out == {"superseded": 1, "retracted": 1}
    assert any("taken back" in line for line in drop_table(counts))
    assert rows_of(freeze(project), "preferences") == rows_of(before, "preferences")
    assert verify.verify_dataset(before).differences  # the counts of what was left out


def test_an_item_whose_only_judgment_was_taken_back_is_unjudged(project, item, labelers):
    make_judgment(item, labelers[0], [1, 2])
    assert build(project, Policy()).as_json()["items"]["judged"] == 1
    make_judgment(item, labelers[0], [1, 2], revision=2, is_retraction=True)
    assert build(project, Policy()).as_json()["items"]["unjudged"] == 1


def test_a_top_ranking_goes_raw_and_as_comparisons(project, labelers):
    item = make_item(project, ("One.", "Two.", "Three."), external_id="x1")
    make_judgment(item, labelers[0], [None, 1, None], rest_below=True)
    dataset = freeze(project)
    pairs = [(row["chosen_id"], row["rejected_id"]) for row in rows_of(dataset, "preferences")]
    assert pairs == [("b", "a"), ("b", "c")]
    assert dataset.counts["dropped"]["not_ranked"] == 1
    (raw,) = rankings_of(dataset)
    assert (raw["ranking"], raw["rest_below"]) == ([["b"]], True)
    assert verify.verify_dataset(dataset).is_reproduced


def test_the_hash_does_not_know_which_place_a_preference_was_given_to():
    def world(slug, texts, preference):
        project = make_project(slug)
        item = make_item(project, texts, prompt=make_prompt(project, "?"), external_id="x1")
        if preference > 0:  # the same two under the same keys, each at the other place
            for old, new in (("a", "aside"), ("b", "a"), ("aside", "b")):
                item.item_responses.filter(key=old).update(key=new)
        labeler = make_member(project, handle="w1")
        make_judgment(item, labeler, [None, None], scale=7, preference=preference)
        return project

    straight = freeze(world("straight", ("Good.", "Bad."), -2))
    turned = freeze(world("turned", ("Bad.", "Good."), 2))
    assert straight.hash == turned.hash
    (row,) = rows_of(straight, "preferences")
    assert row["margin"] == pytest.approx(2 / 3, abs=1e-6)


maybe = st.sampled_from(["", "Better.", "Other."])


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(st.tuples(maybe, maybe, maybe, st.booleans(), st.booleans()), max_size=4),
    st.sampled_from(["include", "exclude"]),
    st.sampled_from(["include", "exclude", "only"]),
)
def test_counts_add_up_with_everything_that_is_written(world, corrections, demonstrations):
    project = make_project()
    people = [make_member(project) for _ in range(4)]
    item = make_item(project, ("One.", ""))
    for labeler, (first, second, ideal, is_taken_back, is_partial) in zip(
        people, world, strict=False
    ):
        written = {1: first, 2: second}
        said = {
            "corrections": {place: text for place, text in written.items() if text},
            "demonstration": ideal,
            "rest_below": is_partial,
        }
        ranks = [1, None if is_partial else 2]
        make_judgment(item, labeler, ranks, **said)
        if is_taken_back:
            make_judgment(item, labeler, ranks, revision=2, is_retraction=True)
    policy = Policy(corrections=corrections, demonstrations=demonstrations)
    counts = build(project, policy).as_json()  # which proves its own sums
    pairs, sft = counts["comparisons"], counts["sft"]
    assert pairs["pairs"] == pairs["kept"] + pairs["ties"] + sum(counts["dropped"].values())
    assert sft["kept"] == sft["best"] + sft["demonstrations"] + sft.get("corrections", 0)
    assert sft["candidates"] == sft["kept"] + sum(sft["dropped"].values())
    for whole in presentation.summarise(counts).wholes:
        assert sum(part.count for part in whole.parts) == whole.total
    counting = [row for row in world if not row[3]]
    distinct = {(place, row[place]) for row in counting for place in (0, 1) if row[place]}
    if corrections == "include" and demonstrations != "only":
        assert pairs["pairs"] == counts["items"]["judged"] + len(distinct)
    else:
        assert "corrections" not in pairs


def test_what_stood_beside_the_texts_is_named_and_the_texts_stay_texts(project, labelers):
    files = [{"sha256": "ab" * 32, "transcript": "A cat."}]
    messages = [{"role": "user", "content": "What is it?", "attachments": files}]
    prompt = Prompt.objects.create(project=project, messages=messages, sha256="00" * 32)
    with_files = make_item(project, ("A cat.", "A dog."), prompt=prompt, external_id="x1")
    without = make_item(project, ("One.", "Two."), external_id="x2")
    first = with_files.item_responses.get(position=1).response
    first.attachments = [{"sha256": "cd" * 32}]
    first.save()
    for item in (with_files, without):
        make_judgment(item, labelers[0], [1, 2])
    dataset = freeze(project)
    found = {
        kind: {row["item"]: row for row in rows_of(dataset, kind)}
        for kind in ("preferences", "sft")
    }
    plain = [{"role": "user", "content": "What is it?"}]
    for rows, name in ((found["preferences"], "chosen"), (found["sft"], "completion")):
        assert rows["x1"]["prompt"] == plain
        assert rows["x1"]["attachments"] == {"prompt": files, name: [{"sha256": "cd" * 32}]}
        assert "attachments" not in rows["x2"]
