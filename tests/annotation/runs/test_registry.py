"""Model versions: their stage, their lineage, their files, and what moved between them."""

import io
import re
import tarfile

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from annotation.core.errors import Conflict, DomainError
from annotation.core.intervals import difference_interval
from annotation.core.models import Event
from annotation.runs.models import ModelVersion
from annotation.runs.registry import lineage
from annotation.runs.registry.stages import set_stage
from annotation.runs.registry.table import regression_table

pytestmark = pytest.mark.django_db
Stage = ModelVersion.Stage


@pytest.fixture
def site(client, world):
    client.force_login(world.engineer)
    return client


def url(name, world, *args):
    return reverse(f"runs:{name}", args=[world.project.slug, *args])


def text(response):
    return re.sub(r"\s+", " ", response.content.decode())


def events(kind):
    return Event.objects.filter(kind=kind)


def test_who_is_promoted_retires_the_one_before(world):
    first, second = (world.make_version(name=name) for name in ("one", "two"))
    reward = world.make_version("reward", "taste")
    for version in (first, reward, second):
        set_stage(version=version, stage="promoted", actor=world.engineer)
    first.refresh_from_db()
    reward.refresh_from_db()
    assert (first.stage, second.stage, reward.stage) == ("retired", "promoted", "promoted")
    assert events("model_version.promoted").count() == 3
    assert events("model_version.retired").get().payload["follows"] == second.pk


def test_the_same_stage_again_changes_nothing(world):
    version = world.make_version()
    for _ in range(2):
        set_stage(version=version, stage="promoted")
    assert events("model_version.promoted").count() == 1


def test_the_database_keeps_one_promoted_of_a_kind(world):
    first, second = (world.make_version(name=name) for name in ("one", "two"))
    ModelVersion.objects.filter(pk=first.pk).update(stage=Stage.PROMOTED)
    with pytest.raises(IntegrityError), transaction.atomic():
        ModelVersion.objects.filter(pk=second.pk).update(stage=Stage.PROMOTED)


def test_what_is_retired_becomes_a_candidate_before_it_is_promoted(world):
    version = world.make_version()
    set_stage(version=version, stage="retired")
    with pytest.raises(Conflict, match="candidate first"):
        set_stage(version=version, stage="promoted")
    set_stage(version=version, stage="candidate")
    set_stage(version=version, stage="promoted")
    assert version.stage == "promoted"


def test_a_stage_that_does_not_exist_is_refused(world):
    with pytest.raises(DomainError, match="choose candidate"):
        set_stage(version=world.make_version(), stage="best")


def test_the_page_moves_a_version_and_tells_where_it_comes_from(site, world):
    base = world.make_version(name="base")
    reward = world.make_version("reward", "taste")
    tuned = world.make_version("rl", "tuned", base=base, reward=reward)
    page = url("show-model-version", world, tuned.pk)

    said = text(site.get(page))
    assert said.count(">base</a>") >= 1
    assert "To please" in said
    assert "All it comes from" in said
    served = tuned.artifact.rpartition("/")[2]
    assert f"manage.py serve_model {world.project.slug} {tuned.pk} --port 8400" in said
    assert f'"model": "{served}", "messages"' in said, "under the name that the server knows"
    scored = text(site.get(url("show-model-version", world, reward.pk)))
    assert "/v1/score" in scored
    assert ">tuned</a>" in text(site.get(url("show-model-version", world, reward.pk)))

    site.post(url("set-stage", world, tuned.pk), {"stage": "promoted"})
    assert ModelVersion.objects.get(pk=tuned.pk).stage == "promoted"
    assert "Promoted" in text(site.get(page))


def test_ancestors_are_told_once_with_their_datasets(world):
    base = world.make_version(name="base")
    other = world.make_dataset("cd")
    reward = world.make_version("reward", "taste", base=base, dataset=other)
    tuned = world.make_version("rl", "tuned", base=base, reward=reward)
    found = [(one.version.name, one.is_reward) for one in lineage.ancestors(tuned)]
    assert found == [("base", False), ("taste", True)]
    assert {one.hash for one in lineage.datasets_behind(tuned)} == {world.dataset.hash, other.hash}


def test_the_download_is_a_tar_of_the_published_folder(site, world):
    version = world.make_version(name="Judge é")
    response = site.get(url("download-model", world, version.pk))
    whole = b"".join(response.streaming_content)
    assert int(response["Content-Length"]) == len(whole)
    with tarfile.open(fileobj=io.BytesIO(whole)) as tar:
        names = tar.getnames()
        weights = next(name for name in names if name.endswith("model.safetensors"))
        stored = world.data_dir / version.artifact / "model.safetensors"
        assert tar.extractfile(weights).read() == stored.read_bytes()
    assert {name.split("/")[1] for name in names} == {
        "README.md",
        "manifest.json",
        "model.safetensors",
    }
    assert events("model_version.downloaded").get().payload["sha256"] == version.sha256


def test_files_that_are_gone_are_a_sentence(site, world):
    version = world.make_version()
    (world.data_dir / version.artifact / "manifest.json").unlink()
    response = site.get(url("download-model", world, version.pk), follow=True)
    assert "not where they were registered" in text(response)
    assert not events("model_version.downloaded").exists()


def test_the_list_is_filtered_by_kind_and_stage(site, world):
    policy = world.make_version(name="writer")
    world.make_version("reward", "taste")
    set_stage(version=policy, stage="promoted")
    page = url("list-model-versions", world)
    rows = re.compile(r'<th scope="row"><a href="[^"]*">(\w+)</a><span class="note">')
    assert rows.findall(text(site.get(page))) == ["taste", "writer"]
    assert rows.findall(text(site.get(page + "?kind=reward"))) == ["taste"]
    assert rows.findall(text(site.get(page + "?stage=promoted"))) == ["writer"]
    assert "None is like that" in text(site.get(page + "?kind=reward&stage=promoted"))


def test_an_empty_registry_says_how_to_fill_it(site, world):
    assert "No model version yet" in text(site.get(url("list-model-versions", world)))


def versions(*figures):
    return [
        ModelVersion(
            pk=n, name=f"v{n}", metrics={"accuracy": dict(zip(KEYS, figure, strict=True))}
        )
        for n, figure in enumerate(figures, start=1)
    ]


KEYS = ("value", "low", "high")


def test_an_arrow_stands_only_where_the_interval_says_so():
    table = regression_table(
        versions((0.60, 0.55, 0.65), (0.63, 0.58, 0.68), (0.80, 0.76, 0.84), (0.6, 0.55, 0.65))
    )
    [line] = table.lines
    assert [cell.trend for cell in line.cells] == ["", "", "up", "down"]


def test_a_loss_is_better_when_it_falls():
    made = [
        ModelVersion(pk=n, metrics={"log_loss": {"value": v, "low": v - 0.01, "high": v + 0.01}})
        for n, v in ((1, 0.7), (2, 0.5))
    ]
    assert [cell.trend for cell in regression_table(made).lines[0].cells] == ["", "up"]


def test_a_figure_without_an_interval_gets_no_arrow():
    made = [ModelVersion(pk=n, metrics={"log_loss": v}) for n, v in ((1, 0.7), (2, 0.1))]
    assert [cell.trend for cell in regression_table(made).lines[0].cells] == ["", ""]


def test_the_difference_of_two_shares_is_newcombes():
    """Newcombe 1998, table II, (a): 56/70 against 48/80, Wilson's intervals: .0524 to .3339."""
    one, other = (56 / 70, 0.6915, 0.8776), (48 / 80, 0.4904, 0.7004)
    low, high = difference_interval(one, other)
    assert (low, high) == pytest.approx((0.0524, 0.3339), abs=6e-4)
