"""What the platform freezes is what the trainers read: docs/formats.md, "A dataset folder"."""

import json

import pytest

from annotation.datasets import services
from annotation.datasets.policy import SPLITS, Policy
from tests.annotation.datasets.world import add_demonstration, make_world
from tests.factories import make_item, make_judgment, make_member, make_project
from training.data import Dataset
from training.errors import DataError

pytestmark = pytest.mark.django_db


@pytest.fixture
def frozen(settings, tmp_path):
    settings.DATA_DIR = tmp_path / "data"
    project = make_world(items=30)
    add_demonstration(project, "How?", "Like\u2028this.\r\n")
    policy = Policy(split=(0.5, 0.2, 0.3))
    return services.freeze_dataset(project=project, policy=policy).dataset


def test_the_trainer_reads_every_row_and_finds_no_leak(frozen):
    read = Dataset(frozen.folder, frozen.hash)
    read.check_leaks()
    counts = frozen.counts
    for split in SPLITS:
        comparisons, ties = read.comparisons(split), read.ties(split)
        assert len(comparisons) == counts["comparisons"][split] > 0
        assert len(ties) == counts["ties"][split]
        assert all(one.p_chosen > 0.5 for one in comparisons)
        assert len(read.demonstrations(split)) == counts["sft"][split] > 0


def test_the_trainer_reads_corrections_and_what_was_written_with_judgments(settings, tmp_path):
    settings.DATA_DIR = tmp_path / "data"
    project = make_project(allows_corrections=True)
    item, labeler = make_item(project), make_member(project)
    said = {"corrections": {2: "Two!"}, "demonstration": "Best."}
    make_judgment(item, labeler, [1, 2], **said)
    policy = Policy(split=(1.0, 0.0, 0.0))
    frozen = services.freeze_dataset(project=project, policy=policy).dataset
    read = Dataset(frozen.folder, frozen.hash)
    read.check_leaks()
    pairs = {(one.chosen, one.rejected, one.p_chosen) for one in read.comparisons("train")}
    assert pairs == {("One.", "Two.", 1.0), ("Two!", "Two.", 1.0)}
    texts = {one.completion for one in read.demonstrations("train")}
    assert texts == {"One.", "Two!", "Best."}


def test_soft_ties_are_ties_to_the_trainer(settings, tmp_path):
    """Half for each side decides nothing, in whichever file it stands."""
    settings.DATA_DIR = tmp_path / "data"
    project = make_project()
    labelers = [make_member(project) for _ in range(2)]
    for number in range(6):
        item = make_item(project)
        make_judgment(item, labelers[0], [1, 2])
        make_judgment(item, labelers[1], [1, 2] if number % 2 else [2, 1])
    read = {}
    for ties in ("keep", "soft"):
        policy = Policy(ties=ties, split=(1.0, 0.0, 0.0))
        frozen = services.freeze_dataset(project=project, policy=policy).dataset
        folder = Dataset(frozen.folder, frozen.hash)
        read[ties] = folder.comparisons("train"), folder.ties("train")
    assert read["soft"] == read["keep"]
    assert [len(found) for found in read["keep"]] == [3, 3]


def test_the_trainer_refuses_another_hash_and_a_changed_file(frozen):
    with pytest.raises(DataError, match="not 0000"):
        Dataset(frozen.folder, "0" * 64)
    file = frozen.folder / "preferences.train.jsonl"
    row = json.loads(file.read_bytes().split(b"\n")[0])
    file.write_text(json.dumps(row) + "\n")
    with pytest.raises(DataError, match="preferences.train.jsonl"):
        Dataset(frozen.folder)
