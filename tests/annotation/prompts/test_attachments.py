"""Attachments through their doors: what is kept, what is refused, and how they are served."""

import hashlib
import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import models
from django.urls import reverse

from annotation.core.errors import DomainError
from annotation.core.ranges import read_range
from annotation.projects.models import Membership
from annotation.prompts.attachments.services import attach, path_of, sweep_attachments
from annotation.prompts.models import Attachment
from tests.factories import make_member, make_project
from tests.media import PDF, WEBM, picture, sound

pytestmark = pytest.mark.django_db
PNG = picture(300, 200)
SHA = hashlib.sha256(PNG).hexdigest()


@pytest.fixture(autouse=True)
def data_folder(settings, tmp_path):
    settings.DATA_DIR = tmp_path
    return tmp_path


@pytest.fixture
def project():
    return make_project("shop")


@pytest.fixture
def page(client, project):
    client.force_login(make_member(project, Membership.Role.ENGINEER))
    return client


def send(page, body, declared="application/octet-stream"):
    return page.post("/api/projects/shop/attachments/", body, content_type=declared)


def show(page, sha256=SHA, **headers):
    return page.get(reverse("prompts:show-attachment", args=["shop", sha256]), headers=headers)


def files(folder):
    return [path for path in folder.rglob("*") if path.is_file()]


def test_a_file_is_kept_once_under_its_hash(page, project, data_folder):
    first, again = send(page, PNG), send(page, PNG)
    assert (first.status_code, again.status_code) == (201, 200)
    said = {"sha256": SHA, "media_type": "image/png", "byte_count": len(PNG)}
    said |= {"name": "", "width": 300, "height": 200}
    assert first.json() == again.json() == said
    assert files(data_folder) == [path_of(project.pk, SHA)]
    assert path_of(project.pk, SHA).stat().st_mode & 0o777 == 0o600


def test_a_type_that_lies_is_kept_under_the_true_one(page):
    assert send(page, PNG, "text/html").json()["media_type"] == "image/png"
    assert show(page).headers["Content-Type"] == "image/png"


@pytest.mark.parametrize(
    "body", [b"", b"<svg onload='x'/>", b"<!doctype html>", b"text", PNG[:20]]
)
def test_what_could_run_or_is_nothing_is_refused(page, data_folder, body):
    answer = send(page, body, "image/png")
    assert answer.status_code == 400
    assert answer.json()["detail"]
    assert not files(data_folder)
    assert not Attachment.objects.exists()


@pytest.mark.parametrize("limit", ["kind", "quota"])
def test_too_many_bytes_are_refused_and_leave_nothing(page, settings, data_folder, limit):
    if limit == "kind":
        settings.ATTACHMENT_MAX_BYTES = {"image": len(PNG) - 1}
    else:
        settings.ATTACHMENT_QUOTA_BYTES = len(PNG) - 1
    assert send(page, PNG).status_code == 413
    assert not files(data_folder)
    settings.ATTACHMENT_MAX_BYTES, settings.ATTACHMENT_QUOTA_BYTES = {"image": 99999}, len(PNG)
    assert send(page, PNG).status_code == 201


def test_a_row_that_fails_leaves_no_file(page, data_folder, monkeypatch):
    def fail(self):
        models.Model.save(self)
        raise DomainError("The disk of the database is full.")

    monkeypatch.setattr(Attachment, "save", fail)
    assert send(page, PNG).status_code == 400
    assert not Attachment.objects.exists()
    assert not files(data_folder)


def test_it_is_served_so_that_nothing_in_it_runs(page):
    send(page, PNG)
    answer = show(page, **{"Accept-Encoding": "gzip"})
    assert b"".join(answer.streaming_content) == PNG
    assert answer.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert answer.headers["Content-Disposition"] == f'inline; filename="image-{SHA[:8]}"'
    assert show(page, **{"If-None-Match": f'"{SHA}"'}).status_code == 304


def test_a_pdf_is_never_opened_in_place(page):
    sha256 = send(page, PDF).json()["sha256"]
    assert show(page, sha256).headers["Content-Disposition"].startswith("attachment")


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ("bytes=0-0", (0, 1)),
        ("bytes=5-", (5, 10)),
        ("bytes=-3", (7, 10)),
        ("bytes=-99", (0, 10)),
        ("bytes=2-99", (2, 10)),
        ("bytes=5-2", None),
        ("bytes=0-1,3-4", None),
        ("bytes=-", None),
        ("lines=0-1", None),
    ],
)
def test_ranges_of_ten_bytes(header, found):
    assert read_range(header, 10) == found


@pytest.mark.parametrize("header", ["bytes=10-", "bytes=99-100", "bytes=-0"])
def test_ranges_outside_are_none(header):
    with pytest.raises(ValueError, match="outside"):
        read_range(header, 10)


def test_parts_are_served(page):
    send(page, PNG)
    part = show(page, Range="bytes=2-9")
    assert part.status_code == 206
    assert b"".join(part.streaming_content) == PNG[2:10]
    assert part.headers["Content-Range"] == f"bytes 2-9/{len(PNG)}"
    assert show(page, Range="bytes=99999-").status_code == 416
    assert show(page, Range="bytes=2-9", **{"If-Range": '"old"'}).status_code == 200


@pytest.mark.parametrize("role", list(Membership.Role))
def test_every_member_sees_it_and_builders_send_it(page, client, project, role):
    send(page, PNG)
    client.force_login(make_member(project, role))
    assert show(client).status_code == 200
    is_builder = role in {"lead", "engineer", "admin"}
    assert send(client, PDF).status_code == (201 if is_builder else 404)


def test_strangers_and_other_projects_see_nothing(page, client):
    send(page, PNG)
    assert show(page).status_code == 200
    client.force_login(make_member(make_project("other"), Membership.Role.ADMIN))
    assert show(client).status_code == 404
    assert client.get(f"/projects/other/attachments/{SHA}/").status_code == 404


@pytest.mark.parametrize("tag", ["*", '"old", W/"{}"', '"{}"'])
def test_what_the_browser_knows_is_not_sent_again(page, tag):
    send(page, PNG)
    assert show(page, **{"If-None-Match": tag.format(SHA)}).status_code == 304
    assert show(page, **{"If-None-Match": f'"{SHA[:-1]}"'}).status_code == 200


def test_a_head_tells_the_length_and_sends_nothing(page):
    send(page, PNG)
    answer = page.head(reverse("prompts:show-attachment", args=["shop", SHA]))
    assert answer.headers["Content-Length"] == str(len(PNG))
    assert b"".join(answer) == b""


def test_a_picture_that_unfolds_to_gigabytes_is_refused(page, data_folder, monkeypatch):
    monkeypatch.setattr("annotation.prompts.attachments.kinds.MAX_PIXELS", 300 * 200 - 1)
    answer = send(page, PNG)
    assert answer.status_code == 400
    assert "300 times 200 pixels" in answer.json()["detail"]
    assert not files(data_folder)
    assert send(page, picture(30, 20)).status_code == 201


def test_a_voice_is_sound_and_only_its_owner_and_the_staff_hear_it(client, project):
    speaker, other = make_member(project), make_member(project)
    said = {"project": project, "purpose": "recording"}
    row, _ = attach(stream=io.BytesIO(WEBM), actor=speaker, **said)
    assert row.media_type == "audio/webm"
    with pytest.raises(DomainError, match="no sound"):
        attach(stream=io.BytesIO(PNG), actor=speaker, **said)
    found = {}
    for name, user in {
        "speaker": speaker,
        "other": other,
        "reviewer": make_member(project, Membership.Role.REVIEWER),
    }.items():
        client.force_login(user)
        found[name] = show(client, row.sha256).status_code
    assert found == {"speaker": 200, "other": 404, "reviewer": 200}


def test_what_was_said_becomes_content_when_a_builder_attaches_it(page, client, project):
    voice = sound()
    row, _ = attach(
        project=project,
        stream=io.BytesIO(voice),
        actor=make_member(project),
        purpose="recording",
    )
    send(page, voice)
    client.force_login(make_member(project))
    assert show(client, row.sha256).status_code == 200


def test_files_without_a_row_are_swept_and_others_stay(page, project, data_folder):
    send(page, PNG)
    place = path_of(project.pk, SHA)
    for name in (".new-cut-off", "ab/" + "ab" * 32):
        path = place.parent.parent / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"half")
    assert sweep_attachments() == 0  # they may be on their way
    assert sweep_attachments(older_than_seconds=-1) == 2
    assert files(data_folder) == [place]


class TestPage:
    url = "/projects/shop/attachments/"

    def upload(self, page, *named):
        return page.post(
            self.url, {"files": [SimpleUploadedFile(name, body) for name, body in named]}
        )

    def test_it_says_when_there_is_nothing(self, page):
        assert "No attachments yet" in page.get(self.url).content.decode()

    def test_files_are_kept_by_name(self, page):
        answer = self.upload(page, ("cat.png", PNG), ("paper.pdf", PDF))
        assert answer.status_code == 302
        assert set(Attachment.objects.values_list("name", flat=True)) == {"cat.png", "paper.pdf"}
        shown = page.get(self.url).content.decode()
        assert "cat.png" in shown
        assert SHA in shown

    def test_each_file_that_is_refused_is_named_with_its_reason(self, page):
        answer = self.upload(page, ("cat.png", PNG), ("<b>.svg", b"<svg/>"), ("none.png", b""))
        assert answer.status_code == 422
        text = answer.content.decode()
        assert "&lt;b&gt;.svg" in text
        assert "no image, sound, video or PDF" in text
        assert "The file is empty" in text
        assert Attachment.objects.get().name == "cat.png"

    def test_nothing_chosen_is_said(self, page):
        assert "Choose at least one file" in page.post(self.url).content.decode()

    def test_what_labelers_said_is_not_on_it(self, page, project):
        attach(
            project=project,
            stream=io.BytesIO(sound()),
            actor=make_member(project),
            purpose="recording",
        )
        assert "No attachments yet" in page.get(self.url).content.decode()
