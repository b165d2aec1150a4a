"""Erasing a person: what stays, what is refused, and that nothing else opens what is closed."""

import io
import json

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction

from annotation.accounts.models import User
from annotation.accounts.self_description.services import describe_oneself, own_description
from annotation.core import audit
from annotation.core.errors import Conflict, DomainError
from annotation.core.models import Event, Job
from annotation.datasets.policy import Policy
from annotation.datasets.services import freeze_dataset
from annotation.datasets.verify import verify_dataset
from annotation.labeling.exports.reading import read_rows
from annotation.labeling.messages.services import answer_question, ask, note_in_guideline
from annotation.labeling.models import Announcement, Assignment, Item, Judgment
from annotation.labeling.queue import lend_next_item
from annotation.privacy import log
from annotation.privacy.erasing import erase_person, erasure_of, preview
from annotation.privacy.models import Erasure, ErasureRequest
from annotation.privacy.provenance import datasets_with, model_versions_from
from annotation.privacy.requests import ask_for_erasure
from annotation.projects.models import Membership, Pool, PoolMember, RubricDraft
from tests.annotation.datasets.world import make_world
from tests.factories import make_item, make_judgment, make_member, make_project, make_user

pytestmark = pytest.mark.django_db

Role = Membership.Role


@pytest.fixture(autouse=True)
def data_folder(settings, tmp_path):
    settings.DATA_DIR = tmp_path


@pytest.fixture
def project():
    return make_project("shop")


@pytest.fixture
def ada(project):
    return make_member(project, username="ada@example.com", handle="ada")


# What is left.


def test_judgments_stay_under_a_pseudonym_that_is_the_same_in_every_project(project, ada):
    from annotation.projects.services import add_member

    other = make_project("other")
    add_member(project=other, user=ada, role=Role.LABELER, handle="ada2")
    for one in (project, other):
        make_judgment(make_item(one), ada, [1, 2], rationale="Because.")

    erasure = erase_person(user=ada)

    for one in (project, other):
        (row,) = read_rows(one)
        assert (row["labeler"], row["ranking"]) == (erasure.pseudonym, [["a"], ["b"]])
        assert row["rationale"] == "Because."
    assert erasure.pseudonym.startswith("erased-")
    left = User.objects.get(pk=ada.pk)
    assert (left.username, left.email, left.is_active) == (erasure.pseudonym, "", False)
    assert not left.has_usable_password()


def test_two_people_get_two_pseudonyms_and_none_is_made_of_the_person(project):
    one, other = make_member(project), make_member(project)
    names = {erase_person(user=one).pseudonym, erase_person(user=other).pseudonym}
    assert len(names) == 2
    assert not any(str(one.pk) == name.removeprefix("erased-") for name in names)


def test_the_option_empties_texts_and_nothing_else(project, ada):
    item = make_item(project)
    before = make_judgment(item, ada, [2, 1], rationale="Call me.", confidence=4)
    said = Judgment.objects.values().get(pk=before.pk)

    erase_person(user=ada, removes_texts=True)

    left = Judgment.objects.values().get(pk=before.pk)
    changed = {name for name in said if said[name] != left[name]}
    assert changed == {"rationale", "content_sha256"}
    assert left["rationale"] == ""


def test_what_was_lent_goes_back_and_the_overlap_holds(project, ada):
    item = make_item(project, overlap=1)
    assignment = lend_next_item(project=project, labeler=ada)
    assert Item.objects.get(pk=item.pk).taken == 1
    other = make_member(project)
    assert lend_next_item(project=project, labeler=other) is None

    erase_person(user=ada)

    assignment.refresh_from_db()
    assert (assignment.state, assignment.draft) == (Assignment.State.EXPIRED, {})
    assert Item.objects.get(pk=item.pk).taken == 0
    assert lend_next_item(project=project, labeler=other).item == item
    assert Item.objects.get(pk=item.pk).taken == 1


def test_sessions_pools_and_self_description_are_gone(client, project, ada):
    pool = Pool.objects.create(name="German", kind="language")
    PoolMember.objects.create(pool=pool, user=ada)
    describe_oneself(user=ada, answers={"country": "DE"})
    client.force_login(ada)
    assert client.get("/preferences/").status_code == 200

    erase_person(user=ada)

    assert client.get("/preferences/").status_code == 302
    assert not PoolMember.objects.exists()
    assert own_description(ada) is None
    assert Membership.objects.get(user=ada).is_active is False


def test_the_trail_keeps_who_did_what_as_a_number(project, ada):
    audit.record("assignment.skipped", actor=ada, project=project, item=3, reason="I am ill")
    admin = make_user(is_superuser=True)

    erase_person(user=ada, actor=admin)

    skipped = Event.objects.get(kind="assignment.skipped")
    assert (skipped.actor, skipped.payload) == (ada, {"item": 3, "reason": ""})
    erased = Event.objects.get(kind="person.erased")
    assert (erased.actor, erased.target) == (admin, f"user:{ada.pk}")
    assert all(isinstance(value, int) for value in erased.payload.values())


def test_a_question_goes_wherever_it_was_passed_on_to(project, ada):
    lead = make_member(project, Role.LEAD)
    make_item(project)
    held = lend_next_item(project=project, labeler=ada)
    asked = ask(assignment=held, text="I live\nin Ulm: is that near?")
    answer_question(question=asked, actor=lead, text="It is.", for_everybody=True)
    note_in_guideline(question=asked, actor=lead)
    told = Announcement.objects.get()
    assert "> in Ulm" in told.text
    assert "> in Ulm" in RubricDraft.objects.get().content["guideline"]

    erase_person(user=ada)

    told.refresh_from_db()
    assert told.text == "> [removed]\n\nIt is."
    guideline = RubricDraft.objects.get().content["guideline"]
    assert "Ulm" not in guideline
    assert guideline.endswith("It is.")


# Twice, and after a restore.


def test_twice_is_once(ada):
    first = erase_person(user=ada)
    assert erase_person(user=ada) == first
    assert Erasure.objects.count() == 1
    assert Event.objects.filter(kind="person.erased").count() == 1


def test_texts_can_go_later_under_the_same_pseudonym(project, ada):
    make_judgment(make_item(project), ada, [1, 2], rationale="Call me.")
    first = erase_person(user=ada)
    second = erase_person(user=ada, removes_texts=True)
    assert second != first
    assert second.pseudonym == first.pseudonym
    assert Judgment.objects.get().rationale == ""
    assert erase_person(user=ada) == second


def test_the_log_erases_again_what_a_restore_brought_back(
    project, ada, django_capture_on_commit_callbacks
):
    with transaction.atomic():
        with django_capture_on_commit_callbacks(execute=True):
            first = erase_person(user=ada, removes_texts=True)
        transaction.set_rollback(True)  # what a restore of an older backup looks like
    assert User.objects.get(pk=ada.pk).username == "ada@example.com"
    assert [line["user"] for line in log.lines(log.path())] == [ada.pk]

    out = io.StringIO()
    call_command("replay_erasures", stdout=out)

    assert User.objects.get(pk=ada.pk).username == first.pseudonym
    assert erasure_of(ada, with_texts=True)
    assert "ada" not in log.path().read_text()


# Refused.


def test_the_last_lead_stays_until_there_is_another(project):
    lead = make_member(project, Role.LEAD)
    with pytest.raises(Conflict, match="needs a lead"):
        erase_person(user=lead)
    assert preview(user=lead).problem
    assert not Erasure.objects.exists()
    assert User.objects.get(pk=lead.pk).is_active

    make_member(project, Role.LEAD)
    assert erase_person(user=lead)


def test_the_last_admin_stays():
    admin = make_user(is_superuser=True)
    with pytest.raises(Conflict, match="last admin"):
        erase_person(user=admin)
    make_user(is_superuser=True)
    assert erase_person(user=admin)


def test_nobody_is_erased_who_is_no_person():
    with pytest.raises(DomainError, match="no person"):
        erase_person(user=make_user(kind="simulated"))


def test_a_job_under_way_is_waited_for(project, ada):
    job = Job.objects.create(kind="import", created_by=ada, project=project)
    with pytest.raises(Conflict, match="under way"):
        erase_person(user=ada)
    assert User.objects.get(pk=ada.pk).is_active, "nothing is half done"
    Job.objects.filter(pk=job.pk).update(state="cancelled", finished_at=job.created_at)
    assert erase_person(user=ada)


# The narrow path.


def refused(statement, values=()):
    expected = pytest.raises(IntegrityError, match="append-only")
    with expected, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, values)
    return True


def test_outside_of_an_erasure_nothing_can_be_emptied(project, ada):
    judgment = make_judgment(make_item(project), ada, [1, 2], rationale="Because.")
    empty = "UPDATE labeling_judgment SET rationale = '' WHERE id = %s"
    assert refused(empty, [judgment.pk])
    # An erasure of an earlier transaction opens nothing; nor does one made up.
    Erasure.objects.create(user=ada, pseudonym="erased-x", transaction_id=1)
    assert refused(empty, [judgment.pk])
    assert refused("UPDATE core_event SET payload = '{}' WHERE actor_id = %s", [ada.pk])


@pytest.mark.parametrize(
    "change",
    [
        "rationale = 'something else'",
        "ranks = '{2,1}'",
        "labeler_id = labeler_id + 1",
        "highlights = '[{}]'",
        "rationale = '', seconds = 3",
        "submitted_at = now()",
    ],
)
def test_within_an_erasure_texts_are_emptied_and_nothing_is_rewritten(project, ada, change):
    judgment = make_judgment(make_item(project), ada, [1, 2], rationale="Because.")
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_current_xact_id()::text::bigint")
            Erasure.objects.create(
                user=ada, pseudonym="erased-x", transaction_id=cursor.fetchone()[0]
            )
        assert refused(
            f"UPDATE labeling_judgment SET {change} WHERE id = %s",  # noqa: S608
            [judgment.pk],
        )
        assert refused("DELETE FROM labeling_judgment WHERE id = %s", [judgment.pk])
        with connection.cursor() as cursor:
            cursor.execute("UPDATE labeling_judgment SET rationale = ''")
            assert cursor.rowcount == 1, "this is what it is open for"


def test_within_an_erasure_others_are_closed(project, ada):
    bob = make_member(project)
    judgment = make_judgment(make_item(project), bob, [1, 2], rationale="Because.")
    event = audit.record("assignment.skipped", actor=bob, project=project, reason="tired")
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_current_xact_id()::text::bigint")
            Erasure.objects.create(
                user=ada, pseudonym="erased-x", transaction_id=cursor.fetchone()[0]
            )
        assert refused("UPDATE labeling_judgment SET rationale = '' WHERE id = %s", [judgment.pk])
        assert refused("UPDATE core_event SET payload = '{}' WHERE id = %s", [event.pk])
        assert refused("UPDATE privacy_erasure SET pseudonym = 'x'")


# Datasets and models.


def test_datasets_and_models_are_listed_and_their_files_stay(settings):
    project = make_world(items=4)
    w1 = project.memberships.get(handle="w1").user
    dataset = freeze_dataset(project=project, policy=Policy()).dataset
    w10 = make_member(project, handle="w10")
    make_judgment(make_item(project), w10, [1, 2])
    before = sorted((path.name, path.read_bytes()) for path in dataset.folder.iterdir())

    (held,) = datasets_with(w1)
    assert (held.dataset, held.judgments) == (dataset, 4)
    assert datasets_with(w10) == [], "judged after it was frozen; a name that begins alike"

    erasure = erase_person(user=w1)

    assert erasure.datasets == [dataset.pk]
    assert sorted((path.name, path.read_bytes()) for path in dataset.folder.iterdir()) == before
    checked = verify_dataset(dataset)
    assert checked.is_whole
    assert any("1 of its labelers were erased" in line for line in checked.differences)


def test_a_model_tuned_from_one_that_learned_is_listed(world):
    first = world.train("sft").model_version
    second = world.train("dpo", base=first).model_version
    other = world.train("sft", dataset=world.make_dataset("cd")).model_version
    found = model_versions_from([world.dataset])
    assert {one.pk for one in found} >= {first.pk, second.pk}
    assert other not in found


def test_a_dataset_whose_files_are_gone_is_named_as_unknown(world):
    labeler = make_member(world.project)
    make_judgment(make_item(world.project), labeler, [1, 2])
    (held,) = datasets_with(labeler)
    assert held.judgments is None


# Commands and requests.


def test_the_command_asks_to_be_sure(ada):
    with pytest.raises(CommandError, match="--sure"):
        call_command("erase_person", "ada@example.com")
    assert not Erasure.objects.exists()
    call_command("erase_person", "ada@example.com", "--sure", stdout=io.StringIO())
    assert Erasure.objects.count() == 1
    with pytest.raises(CommandError, match="no user"):
        call_command("erase_person", "ada@example.com", "--sure")


def test_a_request_is_done_with_the_erasure(ada):
    ask_for_erasure(user=ada)
    ask_for_erasure(user=ada)
    assert ErasureRequest.objects.count() == 1
    erase_person(user=ada)
    assert ErasureRequest.objects.get().done_at


def test_reports_name_the_pseudonym_where_they_named_the_handle():
    from annotation.quality.services import compute_report

    project = make_world(items=4)
    w1 = project.memberships.get(handle="w1").user
    report = compute_report(project=project)
    assert '"w1"' in json.dumps(report.result)
    kappas = report.result["agreement"]["pairs"]["cohen_kappa"]

    erasure = erase_person(user=w1)

    report.refresh_from_db()
    text = json.dumps(report.result)
    assert "w1" not in text
    renamed = report.result["agreement"]["pairs"]["cohen_kappa"]
    assert renamed[f"{erasure.pseudonym}|w2"] == kappas["w1|w2"]
    assert renamed["w2|w3"] == kappas["w2|w3"]
