"""A person's own copy: whole, of nobody else, theirs alone, and gone after a week."""

import io
import json
import os
import zipfile
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from annotation.accounts.self_description.services import describe_oneself
from annotation.core import jobs
from annotation.core.models import Event, Job
from annotation.labeling.feedback import answer_feedback, give_feedback
from annotation.labeling.models import Assignment
from annotation.labeling.queue import lend_next_item
from annotation.labeling.reports import report_problem
from annotation.privacy import copies
from annotation.privacy.models import PersonalCopy
from annotation.privacy.readme import FILES
from annotation.projects.members import change_role
from annotation.projects.models import Membership
from tests.factories import (
    make_item,
    make_judgment,
    make_key,
    make_member,
    make_project,
    make_user,
)

pytestmark = pytest.mark.django_db

URL = "/profile/your-data/"


@pytest.fixture(autouse=True)
def data_folder(settings, tmp_path):
    settings.DATA_DIR = tmp_path


@pytest.fixture
def ada():
    """Who judged, was told something, answered, reported and holds a draft."""
    project = make_project("shop")
    lead = make_member(project, Membership.Role.LEAD, "boss-of-all", handle="boss-handle")
    reviewer = make_member(
        project, Membership.Role.REVIEWER, "rita-reviewer", handle="rita-handle"
    )
    ada = make_member(project, username="ada", handle="ada-handle")
    ada.email = "ada@example.com"
    ada.save()
    judgment = make_judgment(
        make_item(project, ("Secret response.", "Other.")), ada, [1, 2], rationale="It is true."
    )
    feedback = give_feedback(judgment=judgment, reviewer=reviewer, text="Look again.")
    answer_feedback(feedback=feedback, is_disputed=True, answer="I did.")
    assignment = lend_next_item(project=project, labeler=ada) or lend(project, ada)
    report_problem(assignment=assignment, kind="other", text="It is broken.")
    Assignment.objects.filter(pk=assignment.pk).update(
        draft={"rationale": "Half a thought"}, draft_at=timezone.now()
    )
    change_role(membership=ada.membership, role="reviewer", actor=lead)
    describe_oneself(user=ada, answers={"country": "IS"})
    return ada


def lend(project, labeler):
    make_item(project)
    return lend_next_item(project=project, labeler=labeler)


def make_copy(user) -> PersonalCopy:
    jobs.run(copies.request_copy(user=user).pk)
    return copies.copies_of(user).first()


def opened(copy) -> dict:
    with zipfile.ZipFile(copies.path_of(copy)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name).decode() for name in archive.namelist()}


def test_it_holds_everything_and_says_what_is_what(ada):
    files = opened(make_copy(ada))

    assert set(files) == {"README.txt", *(f"{name}.json" for name in FILES)}
    read = {name: json.loads(files[f"{name}.json"]) for name in FILES}
    assert read["account"]["e_mail"] == "ada@example.com"
    assert read["memberships"][0]["handle"] == "ada-handle"
    assert read["judgments"][0]["rationale"] == "It is true."
    assert read["judgments"][0]["ranks"] == [1, 2]
    assert read["drafts"][0]["draft"] == {"rationale": "Half a thought"}
    assert read["feedback_received"][0]["text"] == "Look again."
    assert read["feedback_received"][0]["your_answer"] == "I did."
    assert read["reports"][0]["text"] == "It is broken."
    assert read["self_description"]["country"] == "IS"
    assert {"judgment.submitted", "member.changed"} <= {one["what"] for one in read["events"]}
    assert all(f"{name}.json" in files["README.txt"] for name in FILES)


def test_nobody_else_is_in_it(ada):
    text = "".join(opened(make_copy(ada)).values())
    for other in ("rita", "boss-of-all", "boss-handle", "Secret response"):
        assert other not in text, other
    assert "reviewer 1" in text
    assert '"somebody else"' in text, "an event about them that somebody else caused"


def test_no_secret_is_in_it(ada):
    key = make_key(ada, name="laptop")
    token = ada.api_tokens.get()
    ada.set_password("a long pass phrase")
    ada.save()
    Client().force_login(ada)
    text = "".join(opened(make_copy(ada)).values())
    assert "laptop" in text
    secrets = [
        key,
        token.digest,
        ada.password,
        *ada.sessions.values_list("session_key", flat=True),
    ]
    assert len(secrets) == 4
    assert not any(secret in text for secret in secrets)


def test_only_its_person_may_take_it(client, ada):
    url = reverse("privacy:take-copy", args=[make_copy(ada).pk])
    for other in (make_user(), make_user(is_superuser=True)):
        client.force_login(other)
        assert client.get(url).status_code == 404
    assert not Event.objects.filter(kind="personal_copy.taken").exists()

    client.force_login(ada)
    answer = client.get(url)

    assert zipfile.is_zipfile(io.BytesIO(answer.getvalue()))
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert "no-store" in answer.headers["Cache-Control"]
    assert Event.objects.filter(kind="personal_copy.taken", actor=ada).count() == 1


def test_it_is_taken_shortly_after_a_sign_in(client, ada, settings):
    url = reverse("privacy:take-copy", args=[make_copy(ada).pk])
    ada.set_password("a long pass phrase")
    ada.save()
    client.force_login(ada)
    answer = client.get(url)
    assert zipfile.is_zipfile(io.BytesIO(answer.getvalue()))

    settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = 0

    assert client.get(url).headers["Location"].startswith("/sign-in/again/")


def test_it_is_removed_after_seven_days(client, ada):
    copy = make_copy(ada)
    path = copies.path_of(copy)
    assert copy.expires_at - copy.created_at < timedelta(days=7, minutes=1)
    assert copies.sweep_copies() == 0
    assert path.exists()

    PersonalCopy.objects.update(expires_at=timezone.now())
    client.force_login(ada)
    assert client.get(reverse("privacy:take-copy", args=[copy.pk])).status_code == 404
    assert copies.sweep_copies() == 1

    assert not path.exists()
    assert not PersonalCopy.objects.exists()


def test_what_a_dead_worker_left_is_swept_and_a_new_file_is_not(ada):
    copies.folder().mkdir()
    orphan, young = copies.folder() / ".part-1-x.zip", copies.folder() / ".part-2-y.zip"
    for path in (orphan, young):
        path.write_text("x")
    os.utime(orphan, (0, 0))
    assert copies.sweep_copies() == 1
    assert (orphan.exists(), young.exists()) == (False, True)


def test_ordered_twice_it_is_made_once(client, ada):
    client.force_login(ada)
    for _ in range(2):
        assert client.post(reverse("privacy:order-copy")).status_code == 302
    (job,) = Job.objects.filter(kind="personal_copy")
    assert "is being made" in client.get(URL).content.decode()
    jobs.run(job.pk)
    page = client.get(URL).content.decode()
    assert "is being made" not in page
    assert reverse("privacy:take-copy", args=[PersonalCopy.objects.get().pk]) in page


def test_its_file_is_readable_by_us_alone(ada):
    path = copies.path_of(make_copy(ada))
    assert path.stat().st_mode & 0o077 == 0
    assert path.parent.stat().st_mode & 0o077 == 0


def test_the_readme_is_in_the_persons_language(ada):
    ada.preferences = {"language": "de"}
    ada.save()
    assert "Begründung" in opened(make_copy(ada))["README.txt"]
