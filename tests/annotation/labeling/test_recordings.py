"""A spoken rationale: kept, judged with, heard by whom it concerns, exported and brought back."""

import io
import json
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, transaction
from django.urls import reverse

from annotation.core.errors import DomainError
from annotation.labeling.exports.reading import read_rows
from annotation.labeling.imports.services import import_file
from annotation.labeling.models import Assignment, Judgment
from annotation.labeling.recording import sweep_recordings
from annotation.projects.judging import configure_judging
from annotation.projects.models import Membership
from annotation.prompts.attachments.services import attach, path_of
from annotation.prompts.models import Attachment
from tests.factories import make_item, make_judgment, make_member, make_project
from tests.media import WEBM, picture, sound

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def data_folder(settings, tmp_path):
    settings.DATA_DIR = tmp_path


@pytest.fixture
def project():
    project = make_project("shop", allows_recording=True, rationale="required")
    make_item(project, external_id="x1")
    make_item(project, external_id="x2")
    return project


@pytest.fixture
def labeler(project):
    return make_member(project, handle="w1")


@pytest.fixture
def desk(client, labeler):
    client.force_login(labeler)
    client.get("/judge/shop/")
    return client


def lent():
    return Assignment.objects.live().order_by("-pk").first()


def url(name):
    return reverse(f"labeling:{name}", args=["shop", lent().pk])


def speak(desk, body=WEBM):
    return desk.post(url("keep-recording"), {"voice": SimpleUploadedFile("v.webm", body)})


def submit(desk, **fields):
    form = {"key": str(lent().key), "rank_a": "1", "rank_b": "2"} | fields
    return desk.post(url("submit-judgment"), form)


def kept():
    return Attachment.objects.get()


def test_what_was_said_is_the_rationale(desk, project, labeler):
    answer = speak(desk)
    assert answer.status_code == 200
    row = kept()
    assert (row.purpose, row.created_by) == ("recording", labeler)
    assert f'name="recording" value="{row.sha256}"' in answer.content.decode()
    assert submit(desk).status_code == 422  # nothing was said on this form
    assert submit(desk, recording=row.sha256).status_code == 303
    assert Judgment.objects.get().recording == row.sha256
    (exported,) = read_rows(project)
    assert exported["recording"] == row.sha256


def test_the_draft_knows_it_at_once_and_keeps_what_it_held(desk):
    desk.post(url("save-draft"), {"token": lent().token, "rationale": "Half a"})
    speak(desk)
    assert lent().draft == {"rationale": "Half a", "recording": kept().sha256}


def test_what_somebody_else_added_is_not_taken_for_ones_own(desk, project):
    attach(project=project, stream=io.BytesIO(WEBM), actor=make_member(project))
    answer = speak(desk)
    assert answer.status_code == 422
    assert "Somebody else has added this very file" in answer.content.decode()
    assert lent().draft == {}


def test_one_person_does_not_fill_the_project(desk, settings):
    settings.RECORDINGS_OF_ONE_BYTES = len(WEBM) - 1
    assert speak(desk).status_code == 200
    answer = speak(desk, sound())
    assert answer.status_code == 422
    assert "more room" in answer.content.decode()


def test_only_what_belongs_to_nothing_is_swept(desk, project):
    speak(desk)
    judged = kept().sha256
    submit(desk, recording=judged)
    speak(desk, sound(0.2))
    drafted = lent().draft["recording"]
    loose, _ = attach(
        project=project, stream=io.BytesIO(sound(0.3)), actor=None, purpose="recording"
    )
    content, _ = attach(project=project, stream=io.BytesIO(picture()), actor=None)
    assert sweep_recordings() == 0  # it may still be on its way into a draft
    assert sweep_recordings(older_than=timedelta(seconds=-1)) == 1
    left = set(Attachment.objects.values_list("sha256", flat=True))
    assert left == {judged, drafted, content.sha256}
    assert not path_of(project.pk, loose.sha256).exists()
    assert path_of(project.pk, drafted).exists()


def test_an_item_does_not_show_what_somebody_said(desk, project):
    speak(desk)
    said = [{"sha256": kept().sha256}]
    row = {
        "id": "x9",
        "prompt": [{"role": "user", "content": "?", "attachments": said}],
        "responses": [{"id": "a", "text": "1"}, {"id": "b", "text": "2"}],
    }
    line = io.BytesIO(json.dumps(row).encode())
    assert import_file(project=project, kind="items", stream=line).state == "refused"


def test_the_page_shows_it_again_from_a_draft_and_in_a_revision(desk):
    speak(desk)
    draft = {"token": lent().token, "recording": kept().sha256}
    assert desk.post(url("save-draft"), draft).status_code == 204
    player = f'src="/projects/shop/attachments/{kept().sha256}/"'
    assert player in desk.get("/judge/shop/").content.decode()
    submit(desk, recording=kept().sha256)
    for page in ("/history/", f"/history/{Judgment.objects.get().pk}/"):
        assert player in desk.get(page).content.decode(), page


def test_the_staff_hear_it_beside_the_judgment(desk, client, project):
    speak(desk)
    submit(desk, recording=kept().sha256)
    client.force_login(make_member(project, Membership.Role.REVIEWER))
    page = reverse("labeling:show-item", args=["shop", Judgment.objects.get().item_id])
    assert f"/attachments/{kept().sha256}/" in client.get(page).content.decode()


@pytest.mark.parametrize(
    ("body", "reason"),
    [(b"", "empty"), (b"<svg/>", "no sound"), (picture(), "no sound"), (WEBM * 200_000, "10 MiB")],
)
def test_what_is_no_voice_is_refused_with_its_reason(desk, body, reason):
    answer = speak(desk, body)
    assert answer.status_code == 422
    assert reason in answer.content.decode()
    assert not Attachment.objects.exists()


def test_a_project_that_takes_none_refuses_it(desk, project):
    project.allows_recording = False
    project.save()
    answer = speak(desk)
    assert answer.status_code == 422
    assert "takes no spoken rationale" in answer.content.decode()
    assert not Attachment.objects.exists()


def test_foreign_assignments_look_absent(desk, client, project):
    theirs = url("keep-recording")
    client.force_login(make_member(project))
    voice = SimpleUploadedFile("v.webm", WEBM)
    assert client.post(theirs, {"voice": voice}).status_code == 404
    assert not Attachment.objects.exists()


@pytest.mark.parametrize("whose", ["nobody's", "another's", "another project's"])
def test_only_ones_own_recording_belongs_to_a_judgment(desk, project, labeler, whose):
    sha = "0" * 64
    if whose != "nobody's":
        where = project if whose == "another's" else make_project()
        who = make_member(project) if whose == "another's" else labeler
        body = io.BytesIO(sound())
        sha = attach(project=where, stream=body, actor=who, purpose="recording")[0].sha256
    answer = submit(desk, recording=sha, rationale="My words stay.")
    assert answer.status_code == 422
    text = answer.content.decode()
    assert "The recording cannot be found" in text
    assert "My words stay." in text
    assert not Judgment.objects.exists()


def test_the_database_knows_no_recording_of_another_project(project, labeler):
    other = make_project()
    row, _ = attach(project=other, stream=io.BytesIO(sound()), actor=None, purpose="recording")
    judgment = make_judgment(project.items.first(), labeler, [1, 2])
    columns = ", ".join(f'"{f.column}"' for f in Judgment._meta.concrete_fields if not f.generated)
    copy = (
        f"INSERT INTO labeling_judgment ({columns}) SELECT {columns} FROM "
        "(SELECT (jsonb_populate_record(j, %s::jsonb)).* FROM labeling_judgment j) changed"
    )
    changed = {"id": judgment.pk + 1000, "revision": 2, "key": None, "recording": row.sha256}
    with (
        pytest.raises(IntegrityError, match="judgment_recording_of_its_project"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(copy, [json.dumps(changed)])
    with connection.cursor() as cursor:  # and the statement itself is sound
        cursor.execute(copy, [json.dumps(changed | {"recording": None})])
    assert Judgment.objects.count() == 2


def test_without_script_a_sound_file_comes_with_the_form(desk):
    voice = SimpleUploadedFile("v.wav", sound())
    form = {"open": "speak", "voice": voice, "rationale": "Half a", "rank_a": "2"}
    text = desk.post(url("submit-judgment"), form | {"key": str(lent().key)}).content.decode()
    assert f'name="recording" value="{kept().sha256}"' in text
    assert "Half a" in text
    refused = {"open": "speak", "voice": SimpleUploadedFile("v", b"x"), "rationale": "Half a"}
    answer = desk.post(url("submit-judgment"), refused | {"key": str(lent().key)})
    assert answer.status_code == 422
    assert "no sound" in answer.content.decode()
    out = {"open": "unspeak", "recording": kept().sha256, "key": str(lent().key)}
    assert 'name="recording"' not in desk.post(url("submit-judgment"), out).content.decode()


def test_it_is_taken_back_with_the_judgment(desk):
    speak(desk)
    judged = lent()
    submit(desk, recording=kept().sha256)
    desk.post(reverse("labeling:undo", args=["shop", judged.pk]))
    judged.refresh_from_db()
    assert judged.draft["recording"] == kept().sha256


def test_the_export_comes_in_again_where_the_file_is_known(desk, project):
    speak(desk)
    submit(desk, recording=kept().sha256)
    (exported,) = read_rows(project)
    other = make_project("copy", allows_recording=True)
    make_item(other, external_id="x1")
    make_item(other, external_id="x2")

    def bring_in():
        line = io.BytesIO(json.dumps(exported | {"rubric_version": None}).encode())
        return import_file(project=other, kind="judgments", stream=line, create=True)

    refused = bring_in()
    assert [error.field for error in refused.errors.all()] == ["recording"]
    attach(project=other, stream=io.BytesIO(WEBM), actor=None, purpose="recording")
    assert bring_in().state == "done"
    assert other.judgments.get().recording == exported["recording"]


def test_a_program_speaks_too(desk, project):
    def attach_by_api(body):
        where = "/api/projects/shop/attachments/?purpose="
        return desk.post(where + body, WEBM, content_type="audio/webm")

    assert attach_by_api("content").status_code == 404  # labelers add no content
    assert attach_by_api("song").status_code == 400
    sha = attach_by_api("recording").json()["sha256"]
    answer = desk.post(
        f"/api/assignments/{lent().pk}/judgment/",
        {"ranking": [["a"], ["b"]], "recording": sha},
        content_type="application/json",
        headers={"Idempotency-Key": str(lent().key)},
    )
    assert answer.status_code == 201, answer.content
    assert Judgment.objects.get().recording == sha
    project.allows_recording = False
    project.save()
    assert attach_by_api("recording").status_code == 400


def test_a_rationale_is_spoken_only_where_one_is_asked_for(project):
    with pytest.raises(DomainError, match="where one is asked for"):
        configure_judging(project=project, rationale="off")
    assert configure_judging(project=project, rationale="off", allows_recording=False)


def test_the_lead_turns_it_on(client):
    project = make_project("quiet")
    client.force_login(make_member(project, Membership.Role.LEAD))
    page = reverse("projects:edit-judging", args=["quiet"])
    assert 'name="allows_recording"' in client.get(page).content.decode()
