"""From a row to its judgments and to every model that saw it, and from an item to its datasets."""

import json

import pytest
from django.urls import reverse

from annotation.datasets import services
from annotation.datasets.exporting import reader
from annotation.datasets.finding import line_named, lines_of_item
from annotation.datasets.formats.frozen import SPLITS
from annotation.datasets.policy import Policy
from annotation.projects.models import Membership
from annotation.prompts.models import Generator
from annotation.runs import lineage
from annotation.runs.models import ModelVersion, TrainingRun
from tests.annotation.datasets.world import add_demonstration, judge_more, make_world
from tests.factories import make_judgment, make_member

pytestmark = pytest.mark.django_db
NUMBERS = iter(range(1000))


@pytest.fixture
def project(settings, tmp_path):
    settings.DATA_DIR = tmp_path / "data"
    project = make_world(items=24)
    add_demonstration(project, "How?", "So.")
    return project


@pytest.fixture
def dataset(project):
    return services.freeze_dataset(project=project, policy=Policy(split=(0.5, 0.2, 0.3))).dataset


def make_run(dataset, kind, **fields):
    name = f"{kind} {next(NUMBERS)}"
    return TrainingRun.objects.create(
        project=dataset.project, kind=kind, name=name, dataset=dataset, **fields
    )


def make_model(dataset, kind, **fields):
    run = make_run(dataset, kind, **fields)
    is_reward = kind == "reward"
    generator = (
        None
        if is_reward
        else Generator.objects.create(project=dataset.project, name=f"model of {run}")
    )
    return ModelVersion.objects.create(
        project=dataset.project,
        kind="reward" if is_reward else "policy",
        name=f"model of {run}",
        run=run,
        dataset=dataset,
        artifact="x",
        sha256="0" * 64,
        generator=generator,
    )


def every_line(dataset):
    frozen = reader(dataset)
    for kind in ("preferences", "ties", "sft"):
        for split in SPLITS:
            yield from frozen.lines(kind, split)
    yield from frozen.lines("rankings")


def test_every_line_is_found_by_its_name_and_by_its_item(dataset):
    lines = list(every_line(dataset))
    assert len(lines) > 100
    for line in lines:
        assert line_named(dataset, line.id) == line
    items = {(line.row["prompt_sha256"], line.row["item"]) for line in lines}
    for sha256, item in items:
        if item is None:
            continue
        wanted = [one for one in lines if one.row["item"] == item]
        found = lines_of_item(dataset, sha256, item)
        assert [(one.name, one.row) for one in found] == [(one.name, one.row) for one in wanted]
    assert lines_of_item(dataset, "0" * 64, "x0") == []
    assert lines_of_item(dataset, "f" * 64, "x0") == []


@pytest.mark.parametrize(
    "name",
    ["preferences.train/0", "preferences.train/99999", "other/1", "manifest/1", "sft/x", ""],
)
def test_what_is_no_line_is_not_there(client, project, dataset, name):
    client.force_login(make_member(project, Membership.Role.LEAD))
    base = reverse("runs:show-row", args=["shop", dataset.hash, "x"]).removesuffix("x/")
    assert client.get(f"{base}{name}/").status_code == 404


def row_page(client, dataset, line, **query):
    return client.get(reverse("runs:show-row", args=["shop", dataset.hash, line.id]), query)


def test_a_row_names_its_judgments_and_what_became_of_them(client, project, dataset):
    line = next(reader(dataset).lines("preferences", "train"))
    client.force_login(make_member(project, Membership.Role.LEAD))
    said = row_page(client, dataset, line, format="json").json()
    assert [one["labeler"] for one in said["judgments"]] == ["w1", "w2", "w3"]
    assert all(one["is_kept"] and one["is_current"] for one in said["judgments"])
    assert said["content"] == line.row
    item = project.items.get(external_id=line.row["item"])
    first = item.judgments.get(labeler__memberships__handle="w1")
    make_judgment(item, first.labeler, [1, 1, 1], revision=2)
    said = row_page(client, dataset, line, format="json").json()
    assert [one["is_current"] for one in said["judgments"]] == [False, True, True]
    page = row_page(client, dataset, line).content.decode()
    assert "changed since" in page
    assert ">w1<" in page


def test_a_reviewer_does_not_see_who_judged(client, project, dataset):
    line = next(reader(dataset).lines("preferences", "train"))
    client.force_login(make_member(project, Membership.Role.REVIEWER))
    page = row_page(client, dataset, line).content.decode()
    assert "Your role does not see who judged." in page
    assert ">w1<" not in page
    answer = row_page(client, dataset, line, format="json").content.decode()
    assert json.loads(answer)["judgments"][0]["revision"] == 1
    assert '"w1"' not in answer
    assert "/w1/" not in answer


def test_models_that_saw_a_row_are_told_by_what_they_read(project, dataset):
    reward, sft = make_model(dataset, "reward"), make_model(dataset, "sft")
    heir = make_model(dataset, "rl", base=sft, reward=reward)
    grandchild = make_model(dataset, "dpo", base=heir)
    make_run(dataset, "reward")  # nothing came of it

    def saw(kind, split):
        line = next(reader(dataset).lines(kind, split))
        return {
            (use.version.name if use.version else None): (use.how, use.heirs)
            for use in lineage.uses_of(dataset, [line])
        }

    trained = saw("preferences", "train")
    assert trained[reward.name] == ("trained on it", [heir, grandchild])
    assert trained[grandchild.name] == ("trained on it", [])
    assert trained[heir.name][0] == "answered its prompt while it was trained"
    assert trained[None] == ("trained on it", [])
    assert sft.name not in trained
    assert saw("preferences", "test")[reward.name][0] == "measured by it"
    assert saw("preferences", "dev")[reward.name][0] == "watched while it was trained"
    imitated = saw("sft", "train")
    assert imitated[sft.name] == ("trained on it", [heir, grandchild])
    assert reward.name not in imitated


def test_a_row_is_found_again_in_other_datasets_whatever_came_of_it(client, project, dataset):
    line = next(reader(dataset).lines("preferences", "train"))
    item = project.items.get(external_id=line.row["item"])
    for _ in range(5):
        judge_more(project, item)
    other = services.freeze_dataset(project=project).dataset
    services.freeze_dataset(
        project=project, policy=Policy(demonstrations="only")
    )  # which holds nothing of it
    client.force_login(make_member(project, Membership.Role.LEAD))
    said = row_page(client, dataset, line, format="json").json()
    assert said["other_datasets"] == [other.hash]


def test_an_item_leads_to_its_datasets_and_models(client, project, dataset):
    model = make_model(dataset, "reward")
    lead = make_member(project, Membership.Role.LEAD)
    client.force_login(lead)
    item = project.items.get(external_id="x0")
    url = reverse("runs:item-datasets", args=["shop", item.pk])
    page = client.get(url).content.decode()
    assert "1 dataset holds it" in page
    assert dataset.short_hash in page
    assert model.name in page
    item_page = client.get(reverse("labeling:show-item", args=["shop", item.pk])).content.decode()
    assert url in item_page
    shown = client.get(reverse("datasets:show-dataset", args=["shop", dataset.hash]))
    assert "/rows/preferences." in shown.content.decode()


def test_what_was_written_elsewhere_has_no_judgments(client, project, dataset):
    (line,) = [line for line in every_line(dataset) if line.row["item"] is None]
    client.force_login(make_member(project, Membership.Role.LEAD))
    page = row_page(client, dataset, line)
    assert page.status_code == 200
    assert "No judgment made it" in page.content.decode()
