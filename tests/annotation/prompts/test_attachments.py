"""Attachments through their doors: what is kept, what is refused, and how they are served."""

import hashlib

import pytest
from django.db import models
from django.urls import reverse

from annotation.core.errors import DomainError
from annotation.projects.models import Membership
from annotation.prompts.attachments.ranges import read_range
from annotation.prompts.attachments.services import path_of
from annotation.prompts.models import Attachment
from tests.factories import make_member, make_project

pytestmark = pytest.mark.django_db
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4
PDF = b"%PDF-1.7\n" + b"x" * 100
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
    assert first.json() == again.json() == said
    assert files(data_folder) == [path_of(project.pk, SHA)]
    assert path_of(project.pk, SHA).stat().st_mode & 0o777 == 0o600


def test_a_type_that_lies_is_kept_under_the_true_one(page):
    assert send(page, PNG, "text/html").json()["media_type"] == "image/png"
    assert show(page).headers["Content-Type"] == "image/png"


@pytest.mark.parametrize("body", [b"", b"<svg onload='x'/>", b"<!doctype html>", b"text"])
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
    settings.ATTACHMENT_MAX_BYTES, settings.ATTACHMENT_QUOTA_BYTES = {"image": 9999}, len(PNG)
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
    assert answer.headers["Content-Disposition"] == 'inline; filename="image"'
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
