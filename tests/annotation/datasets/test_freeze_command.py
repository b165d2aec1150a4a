"""`manage.py freeze_dataset` and `export_dataset`."""

import hashlib
import io
import json
from pathlib import Path

import pytest
from django.core.management import call_command

from annotation.core.errors import DomainError, NotFound
from annotation.core.strict_json import canonical
from annotation.datasets.models import Dataset
from annotation.datasets.store import FILES
from annotation.projects.models import Project
from tests.factories import make_item, make_judgment, make_member, make_project, make_prompt

pytestmark = pytest.mark.django_db


def freeze(*arguments):
    out = io.StringIO()
    call_command("freeze_dataset", *arguments, stdout=out)
    return out.getvalue().splitlines()


def read_lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.fixture
def project():
    project = make_project("shop")
    workers = [make_member(project, handle=f"w{n}") for n in (1, 2, 3)]
    prompt = make_prompt(project, "Where is my order?")
    decided = make_item(project, ("Here.", "There."), prompt=prompt, external_id="x1")
    for worker, ranks in zip(workers, ([1, 2], [1, 2], [1, 1]), strict=True):
        strength = (2,) if ranks == [1, 2] else ()
        make_judgment(decided, worker, ranks, strength=strength, order=[2, 1], seconds=4.5)
    tied = make_item(project, external_id="x2")
    make_judgment(tied, workers[0], [1, 2])
    make_judgment(tied, workers[1], [2, 1])
    empty = make_item(project, ("", "Something."), external_id="x3")
    make_judgment(empty, workers[0], [2, 1], ratings={"clarity": [None, 4]})
    make_item(project, external_id="x4")
    return project


def test_the_last_line_is_the_hash_and_the_folder_is_called_so(project, data_dir):
    *table, digest = freeze("shop", "--split", "1,0,0", "--name", "First")
    dataset = Dataset.objects.get()
    assert (dataset.hash, dataset.name, dataset.folder.name) == (digest, "First", digest)
    shown = {line[:48].strip(): line[48:].strip() for line in table}
    assert shown["Pairs of responses in judged items"] == "3"
    assert shown["comparisons"] == shown["ties, kept apart"] == "1"
    assert shown["left out: an empty response"] == "1"


def test_the_files_hold_what_the_formats_say(project):
    folder = Dataset.objects.get(hash=freeze("shop", "--split", "1,0,0")[-1]).folder
    (row,) = read_lines(folder / "preferences.train.jsonl")
    assert row == {
        "prompt": [{"role": "user", "content": "Where is my order?"}],
        "chosen": [{"role": "assistant", "content": "Here."}],
        "rejected": [{"role": "assistant", "content": "There."}],
        "margin": 0.666667,
        "weight": 1.0,
        "n_votes": 3,
        "p_chosen": 0.833333,
        "item": "x1",
        "chosen_id": "a",
        "rejected_id": "b",
        "prompt_sha256": row["prompt_sha256"],
        "judgments": ["x1/w1/1", "x1/w2/1", "x1/w3/1"],
    }
    assert row["prompt_sha256"] == hashlib.sha256(canonical(row["prompt"])).hexdigest()
    (tie,) = read_lines(folder / "ties.train.jsonl")
    assert (tie["item"], tie["first_id"], tie["second_id"], tie["p_first"]) == (
        "x2",
        "a",
        "b",
        0.5,
    )
    sft = {row["item"]: row["response_id"] for row in read_lines(folder / "sft.train.jsonl")}
    assert sft == {"x1": "a", "x3": "b"}
    rankings = {(r["item"], r["labeler"]): r for r in read_lines(folder / "rankings.jsonl")}
    assert len(rankings) == 6
    raw = rankings["x1", "w1"]
    assert (raw["ranking"], raw["strength"], raw["order"], raw["seconds"]) == (
        [["a"], ["b"]], [2], ["b", "a"], 4.5,
    )  # fmt: skip
    assert rankings["x3", "w1"]["ratings"] == {"clarity": {"b": 4}}
    assert (folder / "preferences.test.jsonl").read_bytes() == b""


def test_the_hash_covers_every_byte_and_the_counts_are_of_the_files(project):
    folder = Dataset.objects.get(hash=freeze("shop")[-1]).folder
    manifest = json.loads((folder / "manifest.json").read_text())
    claimed = manifest.pop("hash")
    assert hashlib.sha256(canonical(manifest)).hexdigest() == claimed == folder.name
    assert {path.name for path in folder.iterdir()} == {
        "manifest.json", *manifest["counts"]["files"],
    }  # fmt: skip
    for name, entry in manifest["counts"]["files"].items():
        content = (folder / name).read_bytes()
        assert entry == {
            "rows": content.count(b"\n"),
            "bytes": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
        }


def test_freezing_twice_gives_the_same_hash_and_says_so(project):
    first, second = freeze("shop"), freeze("shop")
    assert first[-2:] == ["Frozen.", first[-1]]
    assert second[-2:] == ["This very dataset was frozen before: nothing new.", first[-1]]
    assert Dataset.objects.count() == 1
    assert freeze("shop", "--salt", "other")[-1] != first[-1]


def test_a_preview_counts_the_same_and_writes_nothing(project, data_dir):
    lines = freeze("shop", "--preview")
    assert Dataset.objects.count() == 0
    assert not (data_dir / "datasets").exists()
    assert lines[:-1] == freeze("shop")[:-2]


def test_an_unknown_project_and_an_empty_one_are_refused_by_name(db):
    with pytest.raises(NotFound, match="nowhere"):
        freeze("nowhere")
    make_project("bare")
    with pytest.raises(DomainError, match="nothing to freeze: no item"):
        freeze("bare")
    make_item(Project.objects.get(slug="bare"))
    with pytest.raises(DomainError, match="of 0 judgments none counts"):
        freeze("bare")


@pytest.mark.parametrize("split", ["0.8", "1,1,1", "a,b,c", "1.5,-0.5,0", "nan,0,1", "0.8,0,0.3"])
def test_a_split_that_does_not_add_up_is_refused(project, split):
    with pytest.raises(DomainError, match="shares"):
        freeze("shop", "--split", split)
    assert Dataset.objects.count() == 0


def test_export_takes_the_beginning_of_a_hash_and_copies_every_byte(project, tmp_path):
    digest = freeze("shop")[-1]
    out = io.StringIO()
    call_command("export_dataset", digest[:8], str(tmp_path / "out"), stdout=out)
    folder = Dataset.objects.get().folder
    copied = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    assert copied == {path.name: path.read_bytes() for path in folder.iterdir()}
    assert len(copied) == 11
    told = [Path(line).name for line in out.getvalue().splitlines()[:-1]]
    assert told == ["manifest.json", *FILES], "in the order of docs/formats.md"
    with pytest.raises(NotFound, match="There is no dataset"):
        call_command("export_dataset", "0000000000", str(tmp_path / "other"))


def test_export_does_not_touch_a_folder_with_something_in_it(project, tmp_path):
    digest = freeze("shop")[-1]
    target = tmp_path / "mine"
    target.mkdir()
    (target / "notes.txt").write_text("keep")
    with pytest.raises(DomainError, match="is not empty"):
        call_command("export_dataset", digest, str(target))
    assert [path.name for path in target.iterdir()] == ["notes.txt"]
    call_command("export_dataset", digest, str(target), "--force", stdout=io.StringIO())
    assert (target / "notes.txt").read_text() == "keep"
    assert (target / "manifest.json").exists()


def test_export_refuses_a_damaged_dataset(project, tmp_path):
    digest = freeze("shop")[-1]
    file = Dataset.objects.get().folder / "rankings.jsonl"
    file.write_bytes(file.read_bytes().replace(b"w1", b"w9"))
    with pytest.raises(DomainError, match="rankings.jsonl was changed"):
        call_command("export_dataset", digest, str(tmp_path / "out"))
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("command", "says"),
    [("freeze_dataset", "Turn a project's rankings into comparisons and freeze them"),
     ("export_dataset", "Copy the files of a frozen dataset into a folder")],
)  # fmt: skip
def test_help_says_what_it_is_for(command, says, capsys):
    with pytest.raises(SystemExit) as ended:
        call_command(command, "--help")
    assert ended.value.code == 0
    assert says in " ".join(capsys.readouterr().out.split())
