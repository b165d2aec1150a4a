"""A dataset of several projects: what is read as one, who is who in it, and who may see it."""

import json

import pytest
from django.urls import reverse

from annotation.core import jobs
from annotation.core.models import Event
from annotation.datasets import services, verify
from annotation.datasets.access import dataset_for, datasets_in
from annotation.datasets.card import card_of
from annotation.datasets.drop_table import drop_table
from annotation.datasets.exporting import reader
from annotation.datasets.formats.catalogue import FORMATS
from annotation.datasets.models import DatasetPerson
from annotation.datasets.policy import Policy, PolicyError
from annotation.labeling.models import Judgment
from annotation.privacy.provenance import datasets_with
from annotation.projects.models import Membership
from annotation.projects.services import add_member
from annotation.runs import lineage
from tests.annotation.datasets.world import judge_more, make_world
from tests.factories import make_item, make_judgment, make_member, make_project, make_prompt

pytestmark = pytest.mark.django_db
Role = Membership.Role


@pytest.fixture
def shops():
    """Two projects with the prompt “Both?” and two labelers in common, who are called otherwise
    in each, and somebody else's handle at that."""
    north, south = make_project("north"), make_project("south")
    people = {name: make_member(north, handle=name) for name in ("ada", "bea")}
    join(south, people["ada"], handle="bea")
    join(south, people["bea"], handle="cleo")
    people["dora"] = make_member(south, handle="ada")
    for project, names in ((north, ("ada", "bea")), (south, ("ada", "bea", "dora"))):
        for text in ("Both?", f"Only {project.slug}?"):
            item = make_item(
                project,
                (f"Good {project.slug}.", "Bad."),
                prompt=make_prompt(project, text),
                external_id=text,
            )
            for name in names:
                make_judgment(item, people[name], [1, 2])
    return north, south, people


def join(project, user, role=Role.LABELER, handle=""):
    return add_member(project=project, user=user, role=role, handle=handle)


def freeze(project, *further, **fields):
    return services.freeze_dataset(project=project, further=further, **fields).dataset


def rows(dataset, name):
    return [json.loads(line) for line in (dataset.folder / name).read_text().splitlines()]


def rankings(dataset):
    return rows(dataset, "rankings.jsonl")


def test_a_dataset_of_one_project_is_named_as_ever():
    # What was frozen of this world before a dataset could be of several projects.
    dataset = freeze(make_world())
    assert dataset.hash.startswith("609967a21427")
    assert not {"projects", "labelers", "shared_prompts"} & dataset.counts.keys()
    assert {row["item"] for row in rankings(dataset)} == {f"x{n}" for n in range(6)}
    assert not dataset.people.exists()
    assert freeze(dataset.project, dataset.project).hash == dataset.hash  # itself adds nothing


def test_several_projects_are_read_as_one_and_add_up(shops):
    north, south, _people = shops
    dataset = freeze(north, south)
    counts = dataset.counts
    assert counts["comparisons"]["kept"] == 4
    assert counts["judgments"]["all"] == 10
    assert sum(counts["prompts"].values()) == 3
    assert counts["shared_prompts"] == 1
    for slug, judgments in (("north", 4), ("south", 6)):
        part = counts["projects"][slug]
        assert part["comparisons"]["kept"] == 2
        assert part["judgments"]["counted"] == judgments
        assert sum(part["prompts"].values()) == 2
    both = [row for row in rankings(dataset) if row["item"].endswith("/Both?")]
    assert {row["item"] for row in both} == {"north/Both?", "south/Both?"}
    assert len({row["split"] for row in both}) == 1
    table = "\n".join(drop_table(counts))
    assert "north" in table
    assert "3 labelers, each counted once; 1 prompts of more" in table
    card = card_of(dataset, FORMATS["preference"])
    assert "| south | 3 | 6 | 2 | 2 | 0 | 0 | 2 |" in card
    assert "3 labelers gave 10 judgments" in card


def test_a_person_has_one_pseudonym_whatever_they_are_called(shops):
    north, south, people = shops
    dataset = freeze(north, south)
    assert {row["labeler"] for row in rankings(dataset)} == {"labeler-1", "labeler-2", "labeler-3"}
    named = dict(dataset.people.values_list("user", "name"))
    assert named == {
        people["ada"].pk: "labeler-1",
        people["bea"].pk: "labeler-2",
        people["dora"].pk: "labeler-3",
    }
    of_ada = [row for row in rankings(dataset) if row["labeler"] == "labeler-1"]
    assert len(of_ada) == 4
    kept = [
        row for split in ("train", "test") for row in rows(dataset, f"preferences.{split}.jsonl")
    ]
    assert "south/Both?/labeler-1/1" in {name for row in kept for name in row["judgments"]}
    [held] = datasets_with(people["dora"])
    assert held.judgments == 2


def test_the_hash_does_not_know_which_project_ordered_it(shops):
    north, south, _people = shops
    assert freeze(north, south).hash == freeze(south, north).hash
    assert freeze(north).hash != freeze(north, south).hash


def test_verifying_reads_all_projects_again(shops):
    north, south, _people = shops
    dataset = freeze(north, south)
    found = verify.verify_dataset(dataset)
    assert (found.problems, found.differences) == ([], [])
    judge_more(south, south.items.get(external_id="Both?"), [2, 1])
    differences = verify.verify_dataset(dataset).differences
    assert "south, judgments: 6 then, 7 now." in differences


def test_names_in_a_policy_say_whose_they_are(shops):
    north, south, _people = shops
    south.items.filter(external_id="Both?").update(batch="b")
    policy = Policy(batches=("south/b",), without_labelers=("south/ada",))
    counts = freeze(north, south, policy=policy).counts
    assert counts["projects"]["south"]["items"]["all"] == 1
    assert counts["projects"]["south"]["judgments"]["dropped"]["labeler_left_out"] == 1
    assert counts["projects"]["north"]["judgments"]["counted"] == 4  # whose ada stays
    for field, value in (("batches", "b"), ("without_labelers", "ada"), ("batches", "west/b")):
        with pytest.raises(PolicyError, match=f"“{value}” does not say"):
            freeze(north, south, policy=Policy(**{field: (value,)}))
    with pytest.raises(PolicyError, match="numbered in each project"):
        freeze(north, south, policy=Policy(rubric_versions=(1,)))


def test_a_labeler_of_both_projects_is_weighed_once(shops):
    north, south, _people = shops
    counts = freeze(north, south, policy=Policy(consensus="one_coin")).counts
    assert counts["consensus"]["labelers"] == 3


def test_it_is_there_for_whoever_may_in_every_project(shops, client):
    north, south, _people = shops
    lead = make_member(north, role=Role.LEAD)
    place = join(south, lead, Role.REVIEWER)
    dataset = freeze(north, south)
    alone = freeze(north)
    client.force_login(lead)

    urls = [
        reverse(name, args=[north.slug, dataset.hash, *more])
        for name, more in (
            ("datasets:show-dataset", ()),
            ("datasets:show-diff", ()),
            ("datasets:show-report", ()),
            ("datasets:download-file", ("manifest.json",)),
        )
    ] + [reverse("datasets-api:dataset", args=[dataset.hash])]

    def seen():
        answers = [client.get(url) for url in urls]
        for answer in answers:
            if answer.streaming:
                assert b"".join(answer.streaming_content)
        return {answer.status_code for answer in answers}

    assert seen() == {200}
    export = reverse("datasets:show-exports", args=[north.slug, dataset.hash])
    assert client.get(export).status_code == 404  # a reviewer there exports nothing
    Membership.objects.filter(pk=place.pk).update(role=Role.LEAD)
    assert client.get(export).status_code == 200
    Membership.objects.filter(pk=place.pk).update(is_active=False)
    assert seen() == {404}
    assert list(datasets_in(north, lead)) == [alone]
    listed = client.get(reverse("datasets:list-datasets", args=[north.slug])).content.decode()
    assert alone.short_hash in listed
    assert dataset.short_hash not in listed


def test_the_trail_of_each_project_tells_of_it(shops):
    north, south, _people = shops
    freeze(north, south)
    told = Event.objects.filter(kind="dataset.frozen").order_by("project__slug")
    assert [(one.project.slug, one.payload.get("into")) for one in told] == [
        ("north", None),
        ("south", "north"),
    ]


def test_page_and_api_freeze_of_projects_in_which_one_may(shops, client):
    north, south, _people = shops
    lead = make_member(north, role=Role.LEAD)
    client.force_login(lead)
    page = reverse("datasets:new-dataset", args=[north.slug])
    order = {"projects": ["south"]}
    url = f"/api/projects/{north.slug}/datasets/"
    assert 'name="projects"' not in client.get(page).content.decode()
    refused = client.post(url, order, content_type="application/json")
    assert refused.status_code == 404
    join(south, lead, Role.ENGINEER)
    assert 'name="projects"' in client.get(page).content.decode()
    made = client.post(url, order, content_type="application/json")
    assert made.status_code == 201
    assert made.json()["projects"] == ["north", "south"]
    form = {
        "labels": "majority", "demonstrations": "include", "min_votes": 1,
        "train": 80, "dev": 0, "test": 20, "drop_empty": "on", "drop_equal": "on",
        "drop_both_unacceptable": "on", "projects": "south",
    }  # fmt: skip
    shown = client.get(page, form).content.decode()
    assert "3 labelers, each counted once" in shown
    answer = client.post(page, form)
    assert answer.url == reverse("datasets:show-dataset", args=[north.slug, made.json()["hash"]])


def test_a_job_asks_again_whether_its_actor_still_may(shops, monkeypatch):
    north, south, _people = shops
    lead = make_member(north, role=Role.LEAD)
    join(south, lead, Role.LEAD)
    monkeypatch.setattr(services, "SMALL", 0)
    job = services.freeze_or_request(project=north, policy=Policy(), actor=lead, further=[south])
    assert job.payload["further"] == [south.pk]
    Membership.objects.filter(project=south, user=lead).update(is_active=False)
    jobs.run(job.pk)
    job.refresh_from_db()
    assert job.state == "failed"
    assert "any more" in job.error
    assert not north.datasets.exists()


def test_a_row_leads_back_to_the_judgments_of_its_project(shops):
    north, south, people = shops
    dataset = freeze(north, south)
    [line, *_] = [
        one
        for split in ("train", "test")
        for one in reader(dataset).lines("preferences", split)
        if one.row["item"] == "south/Both?"
    ]
    assert lineage.item_of(dataset, line) == south.items.get(external_id="Both?")
    sources = lineage.sources_of(dataset, line, with_names=True)
    assert [one.labeler for one in sources] == ["labeler-1", "labeler-2", "labeler-3"]
    assert all(one.is_kept and one.is_current for one in sources)
    admin = people["ada"]
    admin.is_superuser = True
    item = south.items.get(external_id="Both?")
    assert [one.dataset for one in lineage.datasets_holding(north, item, admin)] == [dataset]
    assert dataset_for(admin, dataset.hash) == dataset
    assert DatasetPerson.objects.count() == 3
    assert Judgment.objects.count() == 10


def test_an_export_by_pseudonyms_says_the_datasets_own():
    """In the order of text labeler-10 comes second: numbered anew it would be somebody else."""
    north, south = make_project(), make_project()
    for project in (north, south):
        item = make_item(project, ("Good.", "Bad."), overlap=12)
        for _ in range(6):
            make_judgment(item, make_member(project), [1, 2])
    dataset = freeze(north, south)
    own = [row["labeler"] for row in rankings(dataset)]
    assert "labeler-10" in own
    told = [line.row["labeler"] for line in reader(dataset, pseudonymous=True).lines("rankings")]
    assert told == own
