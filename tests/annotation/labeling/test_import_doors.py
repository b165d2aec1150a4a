"""The same imports by program and by page."""

import io
import json
import os

import pytest
from django.conf import settings as django_settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from annotation.core import jobs
from annotation.core.models import Job
from annotation.labeling.imports import services
from annotation.labeling.models import Item, Judgment
from annotation.projects.models import Membership
from annotation.prompts.models import Import
from tests.annotation.labeling.test_imports import BAD_ITEMS, ITEM, JUDGMENT, changed, lines
from tests.factories import make_key, make_member, make_project

pytestmark = pytest.mark.django_db
ITEMS_URL, JUDGMENTS_URL = (
    f"/api/projects/shop/{kind}/import/" for kind in ("items", "judgments")
)


@pytest.fixture
def project():
    return make_project("shop")


@pytest.fixture
def engineer(project):
    return make_member(project, Membership.Role.ENGINEER)


@pytest.fixture
def api(engineer):
    key = make_key(engineer)
    api = APIClient()
    api.credentials(HTTP_AUTHORIZATION=f"Bearer {key}")
    return api


@pytest.fixture
def page(client, engineer):
    client.force_login(engineer)
    return client


@pytest.fixture(autouse=True)
def data_folder(settings, tmp_path):
    settings.DATA_DIR = tmp_path


def quarantine():
    folder = django_settings.DATA_DIR / "quarantine"
    return list(folder.iterdir()) if folder.exists() else []


def send(api, url, *rows, content_type="application/x-ndjson"):
    return api.post(url, lines(*rows), content_type=content_type)


@pytest.mark.parametrize(
    "content_type",
    ["application/x-ndjson", "application/json", "text/plain", "application/octet-stream"],
)
def test_a_program_imports_and_gets_the_result(api, project, content_type):
    answer = send(api, ITEMS_URL, ITEM, content_type=content_type)

    assert answer.status_code == 200
    assert answer.json()["state"] == "done"
    assert answer.json()["counts"]["items"] == project.items.count() == 1
    assert quarantine() == []


def test_a_program_is_told_that_nothing_is_new(api, project):
    send(api, ITEMS_URL, ITEM)
    answer = send(api, ITEMS_URL, ITEM)

    assert (answer.status_code, answer.json()["state"]) == (200, "unchanged")


@pytest.mark.parametrize(("bad", "field", "reason"), BAD_ITEMS)
def test_a_program_gets_line_field_and_reason(api, project, bad, field, reason):
    answer = send(api, ITEMS_URL, changed(ITEM, id="good"), bad)

    assert answer.status_code == 400
    first = answer.json()["errors"][0]
    assert (first["line"], first["field"]) == (2, field)
    assert reason in first["reason"]
    assert not Item.objects.exists()
    assert quarantine() == []


def test_an_empty_body_is_an_empty_file(api, project):
    answer = api.post(ITEMS_URL, b"", content_type="application/x-ndjson")

    assert answer.status_code == 400
    assert answer.json()["errors"] == [{"line": 1, "field": "", "reason": "the file is empty"}]


def test_judgments_by_program_need_create_for_new_labelers(api, project):
    send(api, ITEMS_URL, ITEM)

    refused = send(api, JUDGMENTS_URL, JUDGMENT)
    assert refused.status_code == 400
    assert "create=true" in refused.json()["errors"][0]["reason"]
    assert send(api, f"{JUDGMENTS_URL}?create=maybe", JUDGMENT).status_code == 400
    assert not Judgment.objects.exists()
    assert send(api, f"{JUDGMENTS_URL}?create=true", JUDGMENT).json()["counts"]["judgments"] == 1


def test_booleans_become_text_by_program(api, project):
    row = changed(ITEM, responses=[{"id": "a", "text": True}, {"id": "b", "text": "x"}])

    assert send(api, ITEMS_URL, row).status_code == 400
    assert send(api, f"{ITEMS_URL}?coerce_text=true", row).status_code == 200


def test_a_body_over_the_limit_is_413_and_leaves_nothing(api, project, settings):
    settings.IMPORT_MAX_BYTES = 100
    answer = send(api, ITEMS_URL, ITEM)

    assert answer.status_code == 413
    assert "manage.py import_items" in answer.json()["detail"]
    assert not Import.objects.exists()
    assert quarantine() == []
    settings.IMPORT_MAX_BYTES = 10_000
    assert send(api, ITEMS_URL, ITEM).status_code == 200


def test_a_stream_that_lies_about_its_length_is_cut_at_the_limit(project, engineer, settings):
    settings.IMPORT_MAX_BYTES = 100

    with pytest.raises(services.TooLarge):
        services.receive(
            project=project, kind="items", stream=io.BytesIO(b"x" * 101), actor=engineer
        )
    assert not Import.objects.exists()
    assert quarantine() == []


@pytest.mark.parametrize("role", [Membership.Role.LABELER, Membership.Role.REVIEWER, None])
@pytest.mark.parametrize("url", [ITEMS_URL, JUDGMENTS_URL])
def test_others_find_no_such_address(client, project, role, url):
    user = make_member(project if role else make_project("other"), role or "admin")
    api = APIClient()
    api.force_authenticate(user)

    assert send(api, url, ITEM).status_code == 404
    assert not Import.objects.exists()


@pytest.fixture
def queued(api, project, monkeypatch):
    """A file above the size that is done at once, its job waiting."""
    monkeypatch.setattr(services, "DIRECT_BYTES", 100)
    monkeypatch.setattr(jobs, "dispatch", lambda *args, **options: True)

    def queue(*rows):
        answer = send(api, ITEMS_URL, *rows)
        assert answer.status_code == 202
        assert len(quarantine()) == 1
        return answer.json()

    return queue


def test_a_large_file_becomes_a_job(queued, project):
    answer = queued(ITEM)
    assert not project.items.exists()

    jobs.run(answer["job"])

    assert Job.objects.get(pk=answer["job"]).state == "done"
    assert Import.objects.get(pk=answer["id"]).state == "done"
    assert project.items.count() == 1
    assert quarantine() == []


def test_a_refused_file_fails_its_job_with_the_count(queued, project):
    answer = queued(ITEM, b"{}\n")
    jobs.run(answer["job"])

    job = Job.objects.get(pk=answer["job"])
    assert (job.state, job.error) == ("failed", "Nothing was imported: 3 errors in 2 lines.")
    assert Import.objects.get(pk=answer["id"]).errors.count() == 3
    assert quarantine() == []
    assert not project.items.exists()


def test_a_job_that_is_run_again_changes_nothing(queued, project):
    answer = queued(ITEM)
    jobs.run(answer["job"])
    Job.objects.filter(pk=answer["job"]).update(state="queued", finished_at=None)
    jobs.run(answer["job"])

    assert project.items.count() == 1
    assert Job.objects.get(pk=answer["job"]).state == "done"


def test_uploads_whose_job_never_ended_are_swept_and_young_ones_kept(queued, project):
    old = queued(ITEM)
    path = django_settings.DATA_DIR / "quarantine" / f"import-{old['id']}.jsonl"
    os.utime(path, (0, 0))
    other = path.with_name("import-999999.jsonl")
    other.write_bytes(b"{}")

    assert services.sweep_quarantine() == 1
    assert quarantine() == [other]


def test_an_import_that_was_cut_off_says_so(page, project):
    imported = Import.objects.create(project=project, kind="items")
    url = reverse("labeling:show-import", args=["shop", imported.pk])

    assert "cut off" in page.get(url).content.decode()


def post(page, **fields):
    url = reverse("labeling:import", args=["shop"])
    return page.post(url, {"kind": "items"} | fields, follow=True)


def test_a_file_on_the_page(page, project):
    answer = post(page, file=SimpleUploadedFile("my items.jsonl", lines(ITEM)))

    assert "Imported 1 item, 1 prompt, 3 responses" in answer.content.decode()
    assert "my items.jsonl" in answer.content.decode()
    assert quarantine() == []


def test_pasted_lines_on_the_page(page, project):
    assert "Imported 1 item" in post(page, text=json.dumps(ITEM)).content.decode()
    assert "Nothing new" in post(page, text=json.dumps(ITEM)).content.decode()


def test_the_page_shows_line_field_and_reason_escaped(page, project):
    row = changed(ITEM, id="good"), changed(ITEM, **{"<script>": 1})
    answer = post(page, text=lines(*row).decode()).content.decode()

    assert "1 error in 2 lines" in answer
    assert "<code>&lt;script&gt;</code>" in answer
    assert "is no field of this format" in answer
    assert not project.items.exists()


def test_refused_lines_stay_to_be_corrected(page, project):
    wrong = json.dumps(changed(ITEM, colour="</textarea>red"))
    answer = post(page, text=wrong, coerce_text="on")
    assert answer.status_code == 422
    form = answer.context["form"]
    assert (form["text"].value(), form["coerce_text"].value()) == (wrong, True)
    said = answer.content.decode()
    assert "Correct the lines below and import them again" in said
    assert "is no field of this format" in said
    assert "&lt;/textarea&gt;red" in said
    right = post(page, text=json.dumps(ITEM))
    assert right.redirect_chain, "what is imported is told on a page of its own"


def test_the_page_wants_a_file_or_lines(page, project):
    both = {"text": "x", "file": SimpleUploadedFile("x", b"x")}
    for fields, said in [({}, "Choose a file, or paste lines."), (both, "not both")]:
        answer = post(page, **fields)
        assert answer.status_code == 422
        assert said in answer.content.decode()


def test_an_empty_file_on_the_page_is_refused(page, project):
    answer = post(page, file=SimpleUploadedFile("empty.jsonl", b""))

    assert "the file is empty" in answer.content.decode()


def test_a_file_too_large_for_the_page_is_told(page, project, settings):
    settings.IMPORT_MAX_BYTES = 10
    answer = post(page, file=SimpleUploadedFile("x.jsonl", lines(ITEM)))

    assert answer.status_code == 413
    assert "manage.py import_items" in answer.content.decode()
    assert not Import.objects.exists()


def test_judgments_on_the_page(page, project):
    post(page, text=json.dumps(ITEM))
    refused = post(page, kind="judgments", text=json.dumps(JUDGMENT))
    assert "nobody in this project is called" in refused.content.decode()
    done = post(page, kind="judgments", text=json.dumps(JUDGMENT), create="on")

    assert "Imported 1 judgment" in done.content.decode()


def test_the_page_needs_its_token(project, engineer):
    client = Client(enforce_csrf_checks=True)
    client.force_login(engineer)

    assert post(client, text=json.dumps(ITEM)).status_code == 403
    assert not Import.objects.exists()


def test_a_waiting_import_is_polled_and_a_finished_one_is_not(page, queued, project):
    answer = queued(ITEM)
    url = reverse("labeling:show-import", args=["shop", answer["id"]])
    assert 'hx-trigger="every 1500ms"' in page.get(url).content.decode()

    jobs.run(answer["job"])

    fragment = page.get(url, headers={"HX-Request": "true"}).content.decode()
    assert "hx-trigger" not in fragment
    assert fragment.lstrip().startswith("<div")
    assert "Imported 1 item" in fragment


def test_a_foreign_import_is_absent(page, project):
    other = Import.objects.create(project=make_project("other"), kind="items")

    assert page.get(reverse("labeling:show-import", args=["shop", other.pk])).status_code == 404
