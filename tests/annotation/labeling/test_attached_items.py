"""Items with pictures, sounds and PDFs: from the file to the desk, the staff and the API."""

import hashlib
import io
import json

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from annotation.labeling.imports.services import import_file
from annotation.labeling.models import Item
from annotation.labeling.services import lend_next_item
from annotation.projects.models import Membership
from annotation.prompts.attachments.services import attach, path_of
from annotation.prompts.models import Attachment, Prompt
from tests.factories import make_member, make_project
from tests.media import PDF, picture, sound

pytestmark = pytest.mark.django_db
CAT, VOICE = picture(3200, 100, colour="red"), sound()


@pytest.fixture(autouse=True)
def data_folder(settings, tmp_path):
    settings.DATA_DIR = tmp_path / "data"
    return settings.DATA_DIR


@pytest.fixture
def project():
    return make_project("shop")


@pytest.fixture
def folder(tmp_path):
    """As a lead has it beside the items file."""
    folder = tmp_path / "files"
    (folder / "voices").mkdir(parents=True)
    (folder / "cat.png").write_bytes(CAT)
    (folder / "voices" / "one.wav").write_bytes(VOICE)
    (folder / "page.html").write_text("<script>boom</script>")
    (tmp_path / "secret.png").write_bytes(picture())
    return folder


def sha(body):
    return hashlib.sha256(body).hexdigest()


def row(prompt_files=(), **response):
    responses = [{"id": "a", "text": "One.", **response}, {"id": "b", "text": "Two."}]
    message = {"role": "user", "content": "What is it?", "attachments": list(prompt_files)}
    return {"id": "x1", "prompt": [message], "responses": responses}


def bring_in(project, *rows, **options):
    stream = io.BytesIO("\n".join(json.dumps(one) for one in rows).encode())
    return import_file(project=project, kind="items", stream=stream, **options)


def problems(imported):
    assert imported.state == "refused"
    assert not Item.objects.exists()
    return [(error.field, error.reason) for error in imported.errors.all()]


def test_a_folder_brings_its_files_along(project, folder, data_folder):
    imported = bring_in(
        project,
        row(
            [{"file": "cat.png", "transcript": "A red cat."}],
            attachments=[{"file": "voices/one.wav"}],
        ),
        attachments=folder,
    )
    assert imported.state == "done"
    assert imported.counts["attachments"] == 2
    assert Prompt.objects.get().messages[0]["attachments"] == [
        {"sha256": sha(CAT), "transcript": "A red cat."}
    ]
    first, second = Item.objects.get().item_responses.order_by("position")
    assert first.response.attachments == [{"sha256": sha(VOICE)}]
    assert second.response.attachments == []
    names = dict(Attachment.objects.values_list("sha256", "name"))
    assert names == {sha(CAT): "cat.png", sha(VOICE): "voices/one.wav"}
    assert path_of(project.pk, sha(CAT)).read_bytes() == CAT


def test_the_same_again_is_unchanged_whether_by_name_or_by_hash(project, folder):
    def times(**files):
        return bring_in(project, row([files]), attachments=folder).state

    assert times(file="cat.png") == "done"
    assert times(file="cat.png") == "unchanged"
    assert times(sha256=sha(CAT)) == "unchanged"
    assert times(sha256=sha(CAT), transcript="A cat.") == "refused"  # the item would change


def test_what_was_uploaded_before_is_found_by_name(project):
    attach(project=project, stream=io.BytesIO(PDF), actor=None, name="paper.pdf")
    assert bring_in(project, row([{"file": "paper.pdf"}])).state == "done"


@pytest.mark.parametrize(
    ("files", "field", "reason"),
    [
        ([{"file": "no.png"}], "prompt[0].attachments[0].file", "no attachment with this name"),
        ([{"sha256": "00"}], "prompt[0].attachments[0].sha256", "no attachment with this hash"),
        ([{"file": "../secret.png"}], "prompt[0].attachments[0].file", "no attachment"),
        ([{"file": "page.html"}], "prompt[0].attachments[0].file", "no image, sound"),
        ([{}], "prompt[0].attachments[0]", "needs sha256 or file"),
        ([{"file": "cat.png", "sha256": "0"}], "prompt[0].attachments[0]", "one of them"),
        ([{"file": "cat.png", "alt": "x"}], "prompt[0].attachments[0].alt", "no field"),
        ([{"file": 3}], "prompt[0].attachments[0].file", "must be text"),
        ([{"file": "cat.png", "transcript": 3}], "prompt[0].attachments[0].transcript", "text"),
        (["cat.png"], "prompt[0].attachments[0]", "must be an object"),
        ([{"file": "cat.png"}] * 21, "prompt[0].attachments", "at most 20"),
    ],
)
def test_what_is_wrong_is_named_by_its_field_and_nothing_stays(
    project, folder, data_folder, files, field, reason
):
    found = problems(bring_in(project, row(files), attachments=folder))
    assert [(name, reason in text) for name, text in found] == [(field, True)], found
    assert not Attachment.objects.exists()
    assert not [path for path in data_folder.rglob("*") if path.is_file()]


def test_one_bad_line_keeps_every_file_out(project, folder, data_folder):
    good = row([{"file": "cat.png"}])
    bad = row([{"file": "no.png"}]) | {"id": "x2"}
    assert problems(bring_in(project, good, bad, attachments=folder))
    assert not Attachment.objects.exists()


def test_files_beyond_the_quota_keep_everything_out(project, folder, data_folder, settings):
    settings.ATTACHMENT_QUOTA_BYTES = len(CAT) + 10
    both = row([{"file": "cat.png"}], attachments=[{"file": "voices/one.wav"}])
    with pytest.raises(Exception, match="together"):
        bring_in(project, both, attachments=folder)
    assert not Item.objects.exists()
    assert not Attachment.objects.exists()
    assert not [path for path in data_folder.rglob("*") if path.is_file()]
    assert not project.imports.exists()


def test_two_files_of_one_name_must_be_told_apart(project):
    for colour in ("red", "blue"):
        body = io.BytesIO(picture(colour=colour))
        attach(project=project, stream=body, actor=None, name="cat.png")
    found = problems(bring_in(project, row([{"file": "cat.png"}])))
    assert "several" in found[0][1]


def test_a_link_out_of_the_folder_leads_nowhere(project, folder):
    (folder / "link.png").symlink_to(folder.parent / "secret.png")
    assert problems(bring_in(project, row([{"file": "link.png"}]), attachments=folder))


def test_equal_texts_with_other_pictures_are_not_equal(project, folder):
    same = {"text": "See the picture."}
    bring_in(
        project,
        row()
        | {
            "responses": [
                {"id": "a", **same, "attachments": [{"file": "cat.png"}]},
                {"id": "b", **same},
                {"id": "c", **same},
            ]
        },
        attachments=folder,
    )
    placed = Item.objects.get().item_responses.order_by("position")
    assert [p.equal_to for p in placed] == [None, None, 2]


def test_the_command_takes_a_folder_and_refuses_what_is_none(project, folder, tmp_path, capsys):
    file = tmp_path / "items.jsonl"
    file.write_text(json.dumps(row([{"file": "cat.png"}])))
    with pytest.raises(CommandError, match="no folder"):
        call_command("import_items", "shop", file, attachments=tmp_path / "none")
    call_command("import_items", "shop", file, attachments=folder)
    assert "1 attachment" in capsys.readouterr().out


class TestShown:
    @pytest.fixture(autouse=True)
    def item(self, project, folder):
        files = [{"file": "cat.png", "transcript": "A <b>red</b> cat."}]
        bring_in(
            project,
            row(files, text="", attachments=[{"file": "voices/one.wav"}]),
            attachments=folder,
        )

    def test_on_the_desk_in_its_place_and_without_its_name(self, client, project):
        client.force_login(make_member(project))
        text = client.get("/judge/shop/").content.decode()
        assert f'<img src="/projects/shop/attachments/{sha(CAT)}/"' in text
        assert 'width="1600" height="50"' in text
        assert "A &lt;b&gt;red&lt;/b&gt; cat." in text
        assert f'preload="metadata" src="/projects/shop/attachments/{sha(VOICE)}/"' in text
        assert "the model answered nothing" not in text
        assert "cat.png" not in text

    def test_to_the_staff(self, client, project):
        client.force_login(make_member(project, Membership.Role.LEAD))
        page = reverse("labeling:show-item", args=["shop", Item.objects.get().pk])
        text = client.get(page).content.decode()
        assert sha(CAT) in text
        assert sha(VOICE) in text
        assert "an empty response" not in text

    def test_to_a_program(self, client, project):
        client.force_login(make_member(project))
        lent = client.post("/api/projects/shop/next/").json()["assignment"]
        assert lent["prompt"][0]["attachments"] == [
            {
                "sha256": sha(CAT),
                "url": f"/projects/shop/attachments/{sha(CAT)}/",
                "media_type": "image/png",
                "byte_count": len(CAT),
                "transcript": "A <b>red</b> cat.",
            }
        ]
        files = {one["id"]: [f["sha256"] for f in one["attachments"]] for one in lent["responses"]}
        assert files == {"a": [sha(VOICE)], "b": []}

    def test_for_one_statement_more(self, client, project, django_assert_num_queries):
        from annotation.labeling.desk import desk_for
        from annotation.labeling.services import assignment_of

        labeler = make_member(project)
        lent = lend_next_item(project=project, labeler=labeler)
        assignment = assignment_of(labeler, lent.pk)
        desk_for(assignment)  # renders what nobody has seen yet
        with django_assert_num_queries(2):
            desk = desk_for(assignment)
        assert [file.kind for file in desk.turns[0].attachments] == ["image"]
