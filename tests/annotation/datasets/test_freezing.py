"""Freezing as a whole: what the hash knows, what adds up, what is left after a failure."""

import io
import json
import shutil

import pytest
from django.core.management import call_command
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from annotation.core import jobs
from annotation.core.errors import DomainError
from annotation.core.models import Event, Job
from annotation.datasets import services, store, verify
from annotation.datasets.build import build
from annotation.datasets.models import Dataset
from annotation.datasets.policy import SPLITS, Policy, PolicyError
from annotation.datasets.tally import KINDS
from annotation.labeling.models import Item
from annotation.projects.models import Membership
from tests.annotation.datasets.world import add_demonstration, judge_more, make_world
from tests.factories import make_item, make_judgment, make_member, make_project, make_prompt

pytestmark = pytest.mark.django_db


def freeze(project, **fields):
    return services.freeze_dataset(project=project, **fields).dataset


def rows_of(dataset, name):
    return [json.loads(line) for line in (dataset.folder / name).read_bytes().split(b"\n")[:-1]]


def all_rows(dataset, kind):
    return {split: rows_of(dataset, f"{kind}.{split}.jsonl") for split in SPLITS}


def test_the_hash_does_not_know_ids_names_times_or_the_order_of_making():
    one = make_world("one", seed=1, name="One")
    make_item(make_project("between"))  # ids move on
    two = make_world("two", seed=2, name="Two", overlap=5)
    first, second = freeze(one, name="a"), freeze(two, name="b")
    assert first.hash == second.hash
    assert first.pk != second.pk
    judge_more(two, two.items.get(external_id="x0"))
    assert freeze(two).hash != first.hash


def test_the_hash_does_not_know_the_order_of_responses_in_an_item():
    def world(slug, texts, ranks):
        project = make_project(slug)
        item = make_item(project, texts, prompt=make_prompt(project, "?"), external_id="x1")
        if texts[0] == "Bad.":  # the same two under the same keys, each at the other place
            for old, new in (("a", "aside"), ("b", "a"), ("aside", "b")):
                item.item_responses.filter(key=old).update(key=new)
        make_judgment(item, make_member(project, handle="w1"), ranks)
        return project

    straight = freeze(world("straight", ("Good.", "Bad."), [1, 2]))
    turned = freeze(world("turned", ("Bad.", "Good."), [2, 1]))
    assert rows_of(straight, "rankings.jsonl")[0]["ranking"] == [["a"], ["b"]]
    assert straight.hash == turned.hash


def test_no_prompt_is_in_two_splits_over_all_files():
    project = make_world(items=60)
    for number in range(40):
        add_demonstration(project, f"Question {number}?", "Like this.")
        add_demonstration(project, f"question  {number}?", "Or so.")  # a reader sees no difference
    dataset = freeze(project, policy=Policy(split=(0.4, 0.2, 0.4)))
    seen, folded = {}, {}
    for kind in KINDS:
        for split, rows in all_rows(dataset, kind).items():
            assert rows or kind == "ties", (kind, split)
            for row in rows:
                seen.setdefault(row["prompt_sha256"], set()).add(split)
                text = row["prompt"][-1]["content"].lower().split()
                folded.setdefault(" ".join(text), set()).add(split)
    for row in rows_of(dataset, "rankings.jsonl"):
        seen.setdefault(row["prompt_sha256"], set()).add(row["split"])
    assert len(seen) == 80
    assert all(len(splits) == 1 for splits in seen.values())
    assert len(folded) == 40
    assert all(len(splits) == 1 for splits in folded.values())
    counted = dataset.counts["prompts"]
    assert counted == {s: sum(s in found for found in seen.values()) for s in SPLITS}


rank = st.sampled_from([None, "x", 1, 2])


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(
        st.tuples(
            st.lists(st.sampled_from(["", "a", "b"]), min_size=3, max_size=3),
            st.lists(st.lists(rank, min_size=3, max_size=3), max_size=3),
            st.booleans(),
        ),
        max_size=4,
    ),
    st.sampled_from(["majority", "soft"]),
    st.sampled_from(["include", "exclude", "only"]),
    st.integers(1, 2),
    st.booleans(),
)
def test_counts_always_add_up(world, labels, demonstrations, min_votes, drops):
    project = make_project()
    labelers = [make_member(project) for _ in range(3)]
    for texts, rankings, is_withdrawn in world:
        item = make_item(project, texts, state="withdrawn" if is_withdrawn else "open")
        add_demonstration(project, "Same?", texts[0])
        for labeler, ranks in zip(labelers, rankings, strict=False):
            if any(ranks):
                make_judgment(item, labeler, ranks)
    policy = Policy(
        labels=labels, demonstrations=demonstrations, min_votes=min_votes, drop_empty=drops
    )
    counts = build(project, policy).as_json()
    pairs, judgments, sft, items = (
        counts[name] for name in ("comparisons", "judgments", "sft", "items")
    )
    assert pairs["pairs"] == 3 * items["judged"]
    assert pairs["dropped"] == sum(counts["dropped"].values())
    assert pairs["pairs"] == pairs["kept"] + pairs["ties"] + pairs["dropped"]
    assert judgments["all"] == judgments["counted"] + sum(judgments["dropped"].values())
    assert items["all"] == items["judged"] + items["unjudged"] + items["withdrawn"]
    assert sft["kept"] == sft["best"] + sft["demonstrations"]
    assert sft["candidates"] == sft["kept"] + sum(sft["dropped"].values())
    if demonstrations != "only":
        assert items["all"] == len(world)
        assert judgments["all"] == project.judgments.count()
        assert sft["best"] + sum(sft["dropped"].values()) >= items["judged"]
    if demonstrations == "include":
        written = 0 if not world else len(world)
        assert sft["candidates"] == items["judged"] + written


def test_each_judgment_left_out_has_its_reason():
    project = make_world(items=1)
    item = project.items.get()
    labeler = item.judgments.first().labeler
    make_judgment(item, labeler, [1, 1, 1], revision=2)
    make_judgment(item, make_member(project, handle="page"), [1, 2, 2], origin="desk")
    make_judgment(item, make_member(project, handle="late"), [1, 2, 2], is_surplus=True)
    make_judgment(item, make_member(make_project(), handle="guest"), [1, 2, 2])
    gone = make_item(project, state=Item.State.WITHDRAWN)
    make_judgment(gone, labeler, [1, 2])
    counts = build(project, Policy(origins=("import",), surplus=False)).as_json()
    assert counts["judgments"] == {
        "all": 8,
        "counted": 3,
        "dropped": {
            "superseded": 1,
            "item_withdrawn": 1,
            "other_origin": 1,
            "surplus": 1,
            "labeler_without_handle": 1,
        },
    }
    assert counts["items"] == {"all": 2, "judged": 1, "unjudged": 0, "withdrawn": 1}


def test_a_removed_member_keeps_the_handle_in_the_data():
    project = make_world()
    before = freeze(project)
    Membership.objects.filter(project=project).update(is_active=False)
    assert freeze(project).hash == before.hash


def test_the_newest_revision_counts():
    project = make_project()
    item, labeler = make_item(project), make_member(project, handle="w1")
    make_judgment(item, labeler, [1, 2])
    make_judgment(item, labeler, [2, 1], revision=2)
    dataset = freeze(project, policy=Policy(split=(1.0, 0.0, 0.0)))
    (row,) = rows_of(dataset, "preferences.train.jsonl")
    assert (row["chosen_id"], row["judgments"]) == ("b", [f"{item.external_id}/w1/2"])
    (raw,) = rows_of(dataset, "rankings.jsonl")
    assert raw["revision"] == 2


def test_batches_choose_items():
    project = make_world(items=2)
    labeler = make_member(project, handle="w9")
    for batch in ("round:1", "round:2"):
        item = make_item(project, batch=batch, external_id=batch)
        make_judgment(item, labeler, [1, 2])
    dataset = freeze(project, policy=Policy(batches=("round:2",)))
    assert {row["item"] for row in rows_of(dataset, "rankings.jsonl")} == {"round:2"}
    assert dataset.counts["items"]["all"] == 1


def test_demonstrations_are_in_out_or_alone():
    project = make_world(items=2)
    for text in ("Like this.", "Like this.", "Or this.", " "):
        add_demonstration(project, "How?", text)
    counts = freeze(project).counts["sft"]
    assert (counts["best"], counts["demonstrations"]) == (2, 2)
    assert counts["dropped"]["repeated_demonstration"] == 1
    assert counts["dropped"]["empty_demonstration"] == 1
    without = freeze(project, policy=Policy(demonstrations="exclude")).counts["sft"]
    assert (without["best"], without["demonstrations"]) == (2, 0)
    alone = freeze(project, policy=Policy(demonstrations="only", split=(1.0, 0.0, 0.0)))
    assert (alone.counts["sft"]["best"], alone.counts["comparisons"]["pairs"]) == (0, 0)
    rows = rows_of(alone, "sft.train.jsonl")
    assert {row["completion"][0]["content"] for row in rows} == {"Like this.", "Or this."}
    assert {(row["source"], row["item"]) for row in rows} == {("demonstration", None)}
    assert len({row["response_id"] for row in rows}) == 2


def test_text_arrives_byte_for_byte():
    hostile = "a\u2028b\r\n\u202e<script>&amp;\t\x7f 😀 \ufeff e\u0301 é"
    project = make_project()
    item = make_item(project, (hostile, "plain"))
    make_judgment(item, make_member(project, handle="w1"), [1, 2], rationale=hostile)
    dataset = freeze(project, policy=Policy(split=(1.0, 0.0, 0.0)))
    content = (dataset.folder / "preferences.train.jsonl").read_bytes()
    assert content.count(b"\n") == 1
    assert json.loads(content)["chosen"][0]["content"] == hostile
    assert rows_of(dataset, "rankings.jsonl")[0]["rationale"] == hostile


class Broken(Exception):
    pass


def break_it(patch, owner, name):
    def fail(*_, **__):
        raise Broken(name)

    patch.setattr(owner, name, fail)


@pytest.mark.parametrize(
    ("owner", "name"),
    [
        (services, "build_of"),
        (store.Staging, "seal"),
        (services.store, "publish"),
        (services, "_record"),
        (services.audit, "record"),
    ],
)
def test_a_failure_at_any_step_leaves_no_folder_no_row_and_no_event(
    monkeypatch, data_dir, owner, name
):
    project = make_world()
    with monkeypatch.context() as patch:
        break_it(patch, owner, name)
        with pytest.raises(Broken):
            freeze(project)
    assert list((data_dir / "datasets").iterdir()) == []
    assert not Dataset.objects.exists()
    assert not Event.objects.filter(kind="dataset.frozen").exists()
    dataset = freeze(project)  # the guard: it was this step that failed
    assert [path.name for path in (data_dir / "datasets").iterdir()] == [dataset.hash]


def test_a_failure_does_not_take_the_folder_another_project_leans_on(monkeypatch, data_dir):
    dataset = freeze(make_world("one"))
    twin = make_world("two")
    break_it(monkeypatch, services, "_record")
    with pytest.raises(Broken):
        freeze(twin)
    assert store.problems(dataset.folder, dataset.manifest) == []


def test_a_damaged_folder_is_replaced_by_what_belongs_there():
    project = make_world()
    dataset = freeze(project)
    (dataset.folder / "rankings.jsonl").write_text("nonsense")
    assert store.problems(dataset.folder, dataset.manifest)
    assert not services.freeze_dataset(project=project).created
    assert store.problems(dataset.folder, dataset.manifest) == []
    shutil.rmtree(dataset.folder)
    freeze(project)
    assert store.problems(dataset.folder, dataset.manifest) == []


def test_a_job_that_lost_its_lease_publishes_nothing(data_dir):
    project = make_world()
    job = services.request_freeze(project=project, policy=Policy())
    claim = jobs.Claim.take(job.pk)
    Job.objects.filter(pk=job.pk).update(token=claim.token + 1)  # somebody else's now
    claim.progress = lambda *_, **__: None
    with pytest.raises(jobs.Fenced):
        services.freeze_in_job(claim)
    assert not Dataset.objects.exists()
    assert list((data_dir / "datasets").iterdir()) == []


def test_who_is_called_otherwise_by_the_time_of_the_job_is_not_silently_left_in():
    project = make_world()
    policy = Policy(without_labelers=("w1",))
    job = services.request_freeze(project=project, policy=policy)
    Membership.objects.filter(project=project, handle="w1").update(handle="w9")
    jobs.run(job.pk)
    job.refresh_from_db()
    assert (job.state, job.error) == ("failed", "Nobody here has the handle “w1”.")
    assert not Dataset.objects.exists()
    Membership.objects.filter(project=project, handle="w9").update(handle="w1")
    again = services.request_freeze(project=project, policy=policy)
    jobs.run(again.pk)
    assert Dataset.objects.get().policy["without_labelers"] == ["w1"]


def test_a_job_done_twice_makes_one_dataset():
    project = make_world()
    for _ in range(2):
        job = services.request_freeze(project=project, policy=Policy(), name="Mine")
        jobs.run(job.pk)
        job.refresh_from_db()
        assert job.state == Job.State.DONE, job.error
    assert job.result == {"hash": Dataset.objects.get().hash, "created": False}
    assert Event.objects.filter(kind="dataset.frozen").count() == 1


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda f: (f / "rankings.jsonl").unlink(), "rankings.jsonl is missing."),
        (lambda f: (f / "sft.train.jsonl").write_bytes(b"x"), "bytes, not"),
        (
            lambda f: (f / "rankings.jsonl").write_bytes(
                (f / "rankings.jsonl").read_bytes().replace(b"w1", b"w2")
            ),
            "rankings.jsonl was changed",
        ),
        (lambda f: (f / "manifest.json").write_text("{}"), "manifest.json is missing or"),
        (lambda f: (f / "extra.pkl").touch(), "extra.pkl does not belong there."),
        (shutil.rmtree, "The folder is missing."),
    ],
)
def test_verifying_finds_every_damage(change, says):
    project = make_world()
    dataset = freeze(project)
    assert verify.verify_dataset(dataset).is_whole
    change(dataset.folder)
    found = verify.verify_dataset(dataset)
    assert says in " ".join(found.problems)
    assert found.is_reproduced  # the database still has it all


def verify_by_command(*arguments):
    out = io.StringIO()
    call_command("verify_dataset", *arguments, stdout=out)
    return out.getvalue()


def test_the_command_says_what_came_in_since_and_ends_with_an_error():
    project = make_world()
    dataset = freeze(project)
    assert "The database gives the same dataset." in verify_by_command(dataset.hash[:10])
    judge_more(project, project.items.first())
    with pytest.raises(DomainError, match="another dataset today"):
        verify_by_command(dataset.hash)
    assert "whole" in verify_by_command(dataset.hash, "--files-only")
    shutil.rmtree(dataset.folder)
    with pytest.raises(DomainError, match="damaged"):
        verify_by_command(dataset.hash, "--files-only")


def test_verifying_leaves_nothing_behind(data_dir):
    dataset = freeze(make_world())
    verify.verify_dataset(dataset)
    assert [path.name for path in (data_dir / "datasets").iterdir()] == [dataset.hash]
    assert Dataset.objects.count() == 1


def test_a_quick_preview_of_a_large_project_is_a_sample_of_it(monkeypatch):
    project = make_world(items=40)
    counts, one_in = services.preview_quickly(project=project, policy=Policy())
    assert one_in == 1
    assert counts == services.preview(project=project, policy=Policy())
    monkeypatch.setattr(services, "LIVE", 40)
    sample, one_in = services.preview_quickly(project=project, policy=Policy())
    assert one_in == 4
    assert 0 < sample["items"]["all"] < 40
    assert services.preview_quickly(project=project, policy=Policy()) == (sample, 4)


@pytest.mark.django_db(transaction=True)
def test_the_data_is_read_in_one_moment_and_never_written(monkeypatch):
    """Between two pieces of the reading somebody judges: the dataset is of before."""
    project = make_world(items=4)
    expected = build(project, Policy()).as_json()
    monkeypatch.setattr("annotation.datasets.source.CHUNK", 1)
    seen = []

    class Sink:
        def write(self, *_):
            if not seen:
                with connection.cursor() as cursor:
                    cursor.execute("SHOW transaction_isolation")
                    seen.append(cursor.fetchone()[0])
                    cursor.execute("SHOW transaction_read_only")
                    seen.append(cursor.fetchone()[0])
                other = connection.copy()
                with other.cursor() as cursor:
                    cursor.execute("DELETE FROM labeling_itemresponse")
                other.close()

    assert build(project, Policy(), Sink()).as_json() == expected
    assert seen == ["repeatable read", "on"]
    assert not project.items.first().item_responses.exists()


def test_gold_counts_only_where_the_policy_says_so_and_older_policies_keep_their_hash():
    project = make_world(items=1)
    item = project.items.get()
    make_judgment(item, make_member(project, handle="gold"), [1, 2, 2], purpose="gold")
    make_judgment(item, make_member(project, handle="met"), [1, 2, 2], purpose="calibration")

    usual = build(project, Policy()).as_json()["judgments"]
    with_gold = build(project, Policy(purposes=("gold", "work"))).as_json()["judgments"]

    assert usual["dropped"]["not_work"] == 2
    assert with_gold["dropped"]["not_work"] == 1
    assert with_gold["counted"] == usual["counted"] + 1
    assert "purposes" not in Policy().as_json()
    assert Policy.from_json({"purposes": ["work", "gold"]}).as_json()["purposes"] == [
        "gold",
        "work",
    ]
    for wrong in ((), ("test",), ("work", 1)):
        with pytest.raises(PolicyError) as refused:
            Policy(purposes=wrong)
        assert refused.value.field == "purposes"
