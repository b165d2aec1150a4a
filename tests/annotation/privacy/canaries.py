"""Twenty marks of one person, planted through the front door where there is one, in every place
where something of a person is kept; and where to look for them."""

import subprocess
import uuid
from datetime import timedelta
from pathlib import Path

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.core.files.base import ContentFile
from django.db import connection
from django.test import Client
from django.utils import timezone

from annotation.core import audit
from annotation.core.embedded.binaries import find_postgres
from annotation.core.hashing import sha256_of_text
from annotation.core.models import Job, RenderedText
from annotation.labeling.feedback import answer_feedback, give_feedback
from annotation.labeling.models import (
    Adjudication,
    Appeal,
    Assignment,
    CalibrationItem,
    CalibrationMember,
    CalibrationPost,
    CalibrationRound,
    Question,
    StageChange,
)
from annotation.labeling.queue import lend_next_item
from annotation.labeling.recording import attach_voice
from annotation.labeling.reports import report_problem
from annotation.labeling.verdict import Highlight
from annotation.privacy.models import PersonalCopy
from annotation.projects.models import Invitation, Membership
from annotation.prompts.models import Import
from annotation.quality.services import compute_report
from tests.factories import make_item, make_judgment, make_key, make_member, make_project
from tests.media import WEBM

CANARIES = {
    "user name": "canary-username-q01",
    "first name": "Canaryfirstq02",
    "last name": "Canarylastq03",
    "e-mail": "canary-mail-q04@example.com",
    "proven e-mail": "canary-proven-q05@example.com",
    "single sign-on": "canary-subject-q06",
    "passkey": "canary-passkey-q07",
    "handle": "canary-handle-q08",
    "browser of a session": "canary-agent-q09",
    "address in a session": "203.0.113.210",
    "preference": "canary-preference-q11",
    "token": "canary-token-q12",
    "phone in a rationale": "+49 30 9018-canary-q13",
    "note at an error": "canary-note-q14",
    "draft": "canary-draft-q15",
    "reason of a skip": "canary-skip-q16",
    "feedback answer": "canary-answer-q17",
    "report": "canary-report-q18",
    "job payload": "canary-job-q19",
    "audit payload": "canary-audit-q20",
    "rendered text": "canary-rendered-q21",
    "feedback they gave": "canary-given-q22",
    "correction": "canary-correction-q23",
    "imported file": "canary-file-q24.jsonl",
    "reason of a suspension": "canary-reason-q27",
    "appeal": "canary-appeal-q28",
    "decision": "canary-decision-q29",
    "reason of a pause": "canary-pause-q30",
    "invitation": "canary-invited-q31@example.com",
    "handle of an invitation": "canary-invited-q32",
    "excuse": "canary-excuse-q33",
    "calibration post": "canary-post-q34",
    "question": "canary-question-q35",
    "answer to another": "canary-answered-q36",
}
# Kept as files: their content is looked for below the data directory.
ON_DISK = {"voice": b"canary-voice-q25", "copy of their data": b"canary-copy-q26"}


def plant():
    """The person, with a mark in every place. Returns (person, project)."""
    mark = CANARIES
    project = make_project(allows_recording=True, allows_corrections=True, overlap=2)
    make_member(project, Membership.Role.LEAD)
    reviewer = make_member(project, Membership.Role.REVIEWER)
    person = make_member(project, username=mark["user name"], handle=mark["handle"])
    _who_they_are(person)
    _how_they_sign_in(person)
    judged, skipped, lent, other = (make_item(project) for _ in range(4))
    judgment = make_judgment(
        judged,
        person,
        [1, 2],
        rationale=f"Call me: {mark['phone in a rationale']}",
        highlights=[Highlight(1, 0, 3, "", mark["note at an error"])],
        corrections={2: f"Better so. {mark['correction']}"},
    )
    make_judgment(judged, reviewer, [2, 1])
    feedback = give_feedback(judgment=judgment, reviewer=reviewer, text="Look again.")
    answer_feedback(feedback=feedback, is_disputed=True, answer=mark["feedback answer"])
    theirs = make_judgment(other, reviewer, [1, 2])
    give_feedback(judgment=theirs, reviewer=person, text=mark["feedback they gave"])
    rendered = judgment.rationale
    RenderedText.objects.create(
        sha256=sha256_of_text(rendered), renderer="1", html=f"<p>{mark['rendered text']}</p>"
    )
    _at_the_desk(person, project, skipped)
    compute_report(project=project)
    _on_the_ladder(person)
    _invited(person, reviewer)
    _excused(person)
    _asked(person, reviewer, judged)
    _decided_about(judgment, reviewer)
    _behind_the_scenes(person, project)
    return person, project


def _who_they_are(person):
    person.first_name, person.last_name = CANARIES["first name"], CANARIES["last name"]
    person.email = CANARIES["e-mail"]
    person.preferences = {"keys": {"next": CANARIES["preference"]}}
    person.save()
    EmailAddress.objects.create(user=person, email=CANARIES["proven e-mail"], verified=True)
    SocialAccount.objects.create(user=person, provider="oidc", uid=CANARIES["single sign-on"])
    Authenticator.objects.create(
        user=person, type="webauthn", data={"name": CANARIES["passkey"], "credential": {}}
    )


def _how_they_sign_in(person):
    browser = Client(headers={"user-agent": CANARIES["browser of a session"]})
    browser.force_login(person)
    person.sessions.update(agent=CANARIES["browser of a session"])
    # What a session holds is encoded; this is how it would look if it were not.
    person.sessions.update(session_data=CANARIES["address in a session"])
    make_key(person, name=CANARIES["token"])


def _at_the_desk(person, project, skipped):
    for item in (skipped, None):
        assignment = lend_next_item(project=project, labeler=person)
        attach_voice(assignment, ContentFile(WEBM + ON_DISK["voice"]))
        if item is not None:
            report_problem(assignment=assignment, kind="other", text=CANARIES["report"])
            Assignment.objects.filter(pk=assignment.pk).update(
                state="skipped", over_at=timezone.now(), skip_reason=CANARIES["reason of a skip"]
            )
            type(assignment.item).objects.filter(pk=assignment.item_id).update(taken=0)
    Assignment.objects.live().filter(labeler=person).update(
        draft={"rationale": CANARIES["draft"]}, draft_at=timezone.now()
    )


def _on_the_ladder(person):
    change = StageChange.objects.create(
        membership=person.membership,
        from_stage="full",
        to_stage="suspended",
        rule="suspended",
        changed_by=person,
        reason=CANARIES["reason of a suspension"],
        at=timezone.now(),
    )
    Appeal.objects.create(suspension=change, text=CANARIES["appeal"], made_at=timezone.now())


def _invited(person, lead):
    """By an address that is theirs no more, and by the one of today to another project."""
    later = timezone.now() + timedelta(days=7)
    said = {"invited_by": lead, "expires_at": later}
    Invitation.objects.create(
        project=person.membership.project,
        email=CANARIES["invitation"],
        handle=CANARIES["handle of an invitation"],
        accepted_at=timezone.now(),
        accepted_by=person,
        **said,
    )
    Invitation.objects.create(project=make_project(), email=CANARIES["e-mail"], **said)


def _excused(person):
    project = person.membership.project
    round_ = CalibrationRound.objects.create(project=project, name="First")
    CalibrationMember.objects.create(
        round=round_, labeler=person, excused_at=timezone.now(), excuse=CANARIES["excuse"]
    )
    item = CalibrationItem.objects.create(round=round_, item=make_item(project), position=1)
    CalibrationPost.objects.create(item=item, author=person, text=CANARIES["calibration post"])


def _asked(person, other, item):
    Question.objects.create(
        project=item.project, item=item, asker=person, text=CANARIES["question"]
    )
    Question.objects.create(
        project=item.project,
        item=item,
        asker=other,
        text="May I?",
        answer=CANARIES["answer to another"],
        answered_by=person,
        answered_at=timezone.now(),
    )


def _decided_about(judgment, reviewer):
    Adjudication.objects.create(
        project=judgment.project,
        item=judgment.item,
        reviewer=reviewer,
        outcome="returned",
        key=uuid.uuid4(),
        reason=CANARIES["decision"],
        returned=judgment,
    )
    Membership.objects.filter(user=judgment.labeler).update(
        paused_at=timezone.now(), pause_reason=CANARIES["reason of a pause"]
    )


def _behind_the_scenes(person, project):
    job = Job.objects.create(
        kind="freeze_dataset",
        project=project,
        created_by=person,
        payload={"name": CANARIES["job payload"], "number": 7},
        state="failed",
        error=f"{CANARIES['user name']} may not do that",
        finished_at=timezone.now(),
    )
    Import.objects.create(
        project=project, kind="items", created_by=person, file_name=CANARIES["imported file"]
    )
    audit.record(
        "assignment.skipped",
        actor=person,
        project=project,
        target="assignment:1",
        item=1,
        reason=CANARIES["audit payload"],
    )
    folder = settings.DATA_DIR / "personal-copies"
    folder.mkdir(exist_ok=True)
    (folder / "canary.zip").write_bytes(ON_DISK["copy of their data"])
    PersonalCopy.objects.create(
        user=person, job=job, name="canary.zip", byte_count=1, expires_at=timezone.now()
    )


def found_in_dump() -> set[str]:
    """Which of them are in the database, as a backup writes it."""
    connection.ensure_connection()
    places = connection.connection.get_dsn_parameters()
    wanted = {
        name: places[name] for name in ("host", "port", "user", "dbname") if places.get(name)
    }
    command = [
        str(find_postgres() / "pg_dump"),
        "--no-owner",
        "--dbname",
        " ".join(f"{name}='{value}'" for name, value in wanted.items()),
    ]
    environment = {"PGPASSWORD": connection.settings_dict.get("PASSWORD") or ""}
    dumped = subprocess.run(command, capture_output=True, check=True, env=environment)  # noqa: S603
    text = dumped.stdout.decode()
    assert "COPY public.labeling_judgment " in text, "this is a dump of our tables"
    return {name for name, canary in CANARIES.items() if canary in text}


def found_on_disk() -> set[str]:
    files = [path for path in Path(settings.DATA_DIR).rglob("*") if path.is_file()]
    contents = [path.read_bytes() for path in files if "postgres" not in path.parts[-3:]]
    return {name for name, canary in ON_DISK.items() if any(canary in one for one in contents)}
