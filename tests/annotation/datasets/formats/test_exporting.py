"""Exports through the command, the page and the API: whole, honest, and alike."""

import io
import json
import zipfile

import pyarrow.parquet
import pytest
import yaml
from django.core.management import call_command
from django.urls import reverse

from annotation.core.errors import DomainError
from annotation.core.hashing import sha256_of_file
from annotation.core.models import Event
from annotation.datasets import services, store
from annotation.datasets.card import card_of
from annotation.datasets.formats import parquet
from annotation.datasets.formats.catalogue import FORMATS, Format
from annotation.projects.models import Membership
from annotation.quality.services import compute_report
from tests.annotation.datasets.world import make_world
from tests.factories import make_key, make_member

pytestmark = pytest.mark.django_db


def export(dataset, folder, *arguments):
    out = io.StringIO()
    call_command("export_dataset", dataset.hash[:8], "--out", str(folder), *arguments, stdout=out)
    return out.getvalue()


def json_rows(path):
    return [json.loads(line) for line in path.read_bytes().splitlines()]


@pytest.mark.parametrize("key", FORMATS)
def test_the_command_writes_each_format_and_names_every_byte(dataset, tmp_path, key):
    folder = tmp_path / key
    said = export(dataset, folder, "--format", key)
    record = json.loads((folder / "export.json").read_text())
    assert record["dataset"] == dataset.hash
    assert record["as"] == key
    files = {str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()}
    assert files == {*record["files"], "export.json"}
    for name, entry in record["files"].items():
        assert sha256_of_file(folder / name) == entry["sha256"]
        assert (folder / name).stat().st_size == entry["bytes"]
        assert str(folder / name) in said
    assert sum(entry.get("rows", 0) for entry in record["files"].values()) >= 10


TABLES = [one.key for one in FORMATS.values() if one.columns]


@pytest.mark.parametrize("key", TABLES)
def test_parquet_equals_json_lines_row_by_row(dataset, tmp_path, key):
    export(dataset, tmp_path / "json", "--format", key)
    export(dataset, tmp_path / "parquet", "--format", key, "--parquet")
    splits = sorted(path.stem for path in (tmp_path / "json").glob("*.jsonl"))
    assert splits == ["dev", "test", "train"]
    for split in splits:
        table = pyarrow.parquet.read_table(tmp_path / "parquet" / f"{split}.parquet")
        assert table.to_pylist() == json_rows(tmp_path / "json" / f"{split}.jsonl")


def test_a_document_is_no_parquet_and_nothing_is_left(dataset, tmp_path):
    with pytest.raises(DomainError, match="never Parquet"):
        export(dataset, tmp_path / "out", "--format", "argilla", "--parquet")
    assert list(tmp_path.glob("out")) == []
    assert list(tmp_path.glob(f"{store.PART}*")) == []


def test_without_pyarrow_the_json_lines_stay(dataset, tmp_path, monkeypatch, client, project):
    monkeypatch.setattr(parquet, "find_spec", lambda name: None)
    with pytest.raises(DomainError, match="needs pyarrow"):
        export(dataset, tmp_path / "out", "--format", "reward", "--parquet")
    export(dataset, tmp_path / "out", "--format", "reward")
    client.force_login(make_member(project, Membership.Role.LEAD))
    page = client.get(address("show-exports", dataset)).content.decode()
    assert "Parquet needs pyarrow" in page
    assert "parquet=1" not in page
    assert "split=train" in page


def test_a_changed_file_is_not_exported_under_the_datasets_name(dataset, tmp_path):
    path = dataset.folder / "sft.train.jsonl"
    path.write_bytes(path.read_bytes().replace(b"Good", b"Evil"))
    with pytest.raises(DomainError, match="damaged: sft.train.jsonl"):
        export(dataset, tmp_path / "out", "--format", "preference")
    assert not (tmp_path / "out").exists()


def test_a_form_without_rows_is_refused_with_a_sentence(tmp_path, settings):
    settings.DATA_DIR = tmp_path / "data"
    bare = services.freeze_dataset(project=make_world("bare")).dataset
    with pytest.raises(DomainError, match="no rows in this form"):
        export(bare, tmp_path / "out", "--format", "ratings")
    assert not (tmp_path / "out").exists()


def test_a_full_folder_needs_force_and_one_folder_is_named(dataset, tmp_path):
    (tmp_path / "mine").write_text("x")
    with pytest.raises(DomainError, match="is not empty"):
        export(dataset, tmp_path, "--format", "sft")
    with pytest.raises(DomainError, match="Name one folder"):
        call_command("export_dataset", dataset.hash, "--format", "sft")
    export(dataset, tmp_path, "--format", "sft", "--force")
    assert (tmp_path / "mine").read_text() == "x"


def test_a_second_export_leaves_nothing_of_the_first_beside_it(dataset, tmp_path):
    out = tmp_path / "out"
    export(dataset, out, "--format", "reward", "--parquet")
    (out / "mine").write_text("x")
    assert (out / "train.parquet").is_file()
    export(dataset, out, "--format", "sft", "--force")
    record = json.loads((out / "export.json").read_text())
    there = {str(path.relative_to(out)) for path in out.rglob("*") if path.is_file()}
    assert there == {*record["files"], "export.json", "mine"}


def test_a_record_that_lies_takes_no_file_away(dataset, tmp_path):
    (tmp_path / "outside").write_text("x")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "export.json").write_text('{"files": {"../outside": {}}}')
    export(dataset, tmp_path / "out", "--format", "sft", "--force")
    assert (tmp_path / "outside").read_text() == "x"


def test_pseudonyms_replace_handles_in_files_and_card(dataset, tmp_path):
    export(dataset, tmp_path / "out", "--format", "judgments", "--pseudonyms")
    rows = json_rows(tmp_path / "out" / "train.jsonl")
    assert {row["labeler"] for row in rows} == {"labeler-1", "labeler-2", "labeler-3"}
    for path in (tmp_path / "out").iterdir():
        assert b'"ada"' not in path.read_bytes()


def test_the_card_is_filled_from_the_data(dataset, project):
    dataset.licence = 'cc "by" 4.0'
    compute_report(project=project, kind="agreement")
    card = card_of(dataset, FORMATS["reward"])
    head = yaml.safe_load(card.split("---")[1])
    assert head["license"] == 'cc "by" 4.0'
    assert head["tags"] == ["human-feedback", "preference", "reward"]
    assert dataset.hash in card
    assert "3 labelers gave 36 judgments" in card
    assert "the busiest gave 12 of them (33 %)" in card
    assert "**Agreement** (36 judgments)" in card
    assert "> Be kind." in card
    assert "- Helpful (`helpful`, 1 to 5)" in card
    assert "Two equal responses" in card or "left out" in card
    assert "ada" not in card


def test_a_card_without_licence_and_figures_says_so(dataset):
    card = card_of(dataset, FORMATS["reward"])
    assert "license" not in yaml.safe_load(card.split("---")[1])
    assert "None was stated" in card
    assert "Not computed when this was exported." in card


def address(name, dataset, *arguments):
    return reverse(f"datasets:{name}", args=["shop", dataset.hash, *arguments])


def body(response):
    return b"".join(response.streaming_content)


def test_page_and_api_hand_out_the_same_split(client, dataset, project):
    lead = make_member(project, Membership.Role.LEAD)
    client.force_login(lead)
    page = client.get(address("download-export", dataset, "soft"), {"split": "train"})
    assert page.headers["Content-Disposition"].endswith('.soft.train.jsonl"')
    rows = [json.loads(line) for line in body(page).splitlines()]
    assert rows == list(FORMATS["soft"].rows(_frozen(dataset), "train"))
    client.logout()
    key = make_key(lead, "export")
    url = reverse("datasets-api:export", args=[dataset.hash, "soft"])
    api = client.get(url, {"split": "train"}, headers={"Authorization": f"Token {key}"})
    assert [json.loads(line) for line in body(api).splitlines()] == rows
    assert Event.objects.filter(kind="dataset.exported").count() == 2
    listed = client.get(
        reverse("datasets-api:exports", args=[dataset.hash]),
        headers={"Authorization": f"Token {key}"},
    ).json()
    assert {one["format"] for one in listed} == set(FORMATS)
    assert {one["format"] for one in listed if one["has_parquet"]} == set(TABLES)


def _frozen(dataset):
    from annotation.datasets.exporting import reader

    return reader(dataset)


def test_the_zip_is_the_commands_folder(client, dataset, project, tmp_path):
    client.force_login(make_member(project, Membership.Role.ENGINEER))
    answer = client.get(address("download-export", dataset, "argilla"))
    export(dataset, tmp_path / "out", "--format", "argilla")
    with zipfile.ZipFile(io.BytesIO(body(answer))) as archive:
        names = archive.namelist()
        assert ".argilla/settings.json" in names
        for name in names:
            assert archive.read(name) == (tmp_path / "out" / name).read_bytes()


def test_parquet_comes_as_a_file(client, dataset, project):
    client.force_login(make_member(project, Membership.Role.LEAD))
    answer = client.get(
        address("download-export", dataset, "sft"), {"split": "train", "parquet": "1"}
    )
    table = pyarrow.parquet.read_table(io.BytesIO(body(answer)))
    assert table.to_pylist() == list(FORMATS["sft"].rows(_frozen(dataset), "train"))


@pytest.mark.parametrize(
    ("form", "query", "status"),
    [
        ("nothing", {}, 404),
        ("sft", {"split": "all"}, 400),
        ("oasst", {"split": "train", "parquet": "1"}, 400),
        ("argilla", {"split": "train"}, 400),
    ],
)
def test_what_there_is_not_is_refused(client, dataset, project, form, query, status):
    client.force_login(make_member(project, Membership.Role.LEAD))
    url = reverse("datasets-api:export", args=[dataset.hash, form])
    assert client.get(url, query).status_code == status


def test_a_reviewer_takes_nothing_away(client, dataset, project):
    client.force_login(make_member(project, Membership.Role.REVIEWER))
    assert client.get(address("show-exports", dataset)).status_code == 404
    assert client.get(address("download-export", dataset, "judgments")).status_code == 404
    assert b"/exports/" not in client.get(address("show-dataset", dataset)).content


def test_the_licence_is_kept_and_the_hash_stays(client, dataset, project):
    client.force_login(make_member(project, Membership.Role.LEAD))
    answer = client.post(address("set-licence", dataset), {"licence": " cc-by-4.0 "})
    assert answer.status_code == 302
    before = dataset.hash
    dataset.refresh_from_db()
    assert (dataset.licence, dataset.hash) == ("cc-by-4.0", before)
    page = client.get(address("show-exports", dataset)).content.decode()
    assert "license: &quot;cc-by-4.0&quot;" in page
    long = client.post(address("set-licence", dataset), {"licence": "x" * 101})
    assert long.status_code == 422
    assert "at most 100 characters" in long.content.decode()


def test_every_format_that_names_labelers_says_so(dataset, tmp_path):
    for form in FORMATS.values():
        folder = tmp_path / form.key
        export(dataset, folder, "--format", form.key)
        text = b"".join(p.read_bytes() for p in folder.glob("*.json*") if p.name != "export.json")
        assert (b'"ada"' in text) == (form.names_labelers and form.key != "oasst")
    assert isinstance(FORMATS["oasst"], Format)
