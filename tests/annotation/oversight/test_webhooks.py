"""Webhooks: set by a lead, signed, tried again, switched off where nobody answers; through the
pages and the job, against a server that listens."""

import json
import re
import socket

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse
from django.utils import timezone

from annotation.core import jobs
from annotation.core.addresses import ANY_PUBLIC, Origins
from annotation.core.models import Event, Job
from annotation.oversight.models import Delivery, Webhook
from annotation.oversight.webhooks import sending, services
from annotation.projects.models import Membership
from tests.annotation.core.listening import listening, saying
from tests.factories import make_member, make_project

pytestmark = pytest.mark.django_db
SECRET = re.compile(r"whsec_[\w-]{43}")
SLUG = "shop"


@pytest.fixture
def project():
    return make_project(SLUG)


@pytest.fixture
def lead(project, client):
    lead = make_member(project, Membership.Role.LEAD)
    client.force_login(lead)
    return lead


@pytest.fixture
def receiver(settings):
    """A server that an operator listed, and `answers` for it to give."""
    answers = []

    def answer(stream):
        (answers.pop(0) if answers else saying())(stream)

    with listening(answer) as server:
        server.answers = answers
        settings.EGRESS_ORIGINS = Origins([server.origin])
        yield server


@pytest.fixture
def webhook(project, lead, receiver):
    webhook, webhook_secret = services.add_webhook(
        project=project, url=f"{receiver.origin}/in", wants=["queue", "agreement"], actor=lead
    )
    webhook.secret = webhook_secret
    return webhook


def url(name, *args):
    return reverse(f"oversight:{name}", args=[SLUG, *args])


def run_due_jobs():
    """What a worker would do now; pauses are over at once."""
    Job.objects.filter(state="queued").update(not_before=timezone.now())
    for job in Job.objects.filter(state="queued").order_by("pk"):
        jobs.run(job.pk)


def announce(project, kind="queue"):
    return sending.announce(
        project=project, kind=kind, event=Delivery.Event.RAISED, alert={"kind": kind, "value": 3}
    )


def test_a_lead_adds_a_webhook_and_sees_its_secret_once(client, lead, receiver):
    added = client.post(
        url("list-webhooks"), {"url": f"{receiver.origin}/in", "wants": ["queue", "idle"]}
    )
    secret = SECRET.search(added.content.decode())[0]
    webhook = Webhook.objects.get()
    assert webhook.wants == ["queue", "idle"]
    assert "no-store" in added.headers["Cache-Control"]
    for page in (url("list-webhooks"), url("show-webhook", webhook.pk)):
        assert secret not in client.get(page).content.decode()
    assert Event.objects.get(kind="webhook.added").actor == lead


def test_the_database_holds_no_secret_that_could_be_used(webhook):
    row = str(Webhook.objects.filter(pk=webhook.pk).values().get())
    events = str(list(Event.objects.values_list("payload", flat=True)))
    assert webhook.secret.removeprefix("whsec_") not in row + events


def test_a_message_is_signed_over_time_and_body_and_carries_numbers_only(webhook, receiver):
    assert announce(webhook.project) == 1
    run_due_jobs()

    head, body = receiver.requests[0].split(b"\r\n\r\n", 1)
    lines = dict(line.split(b": ", 1) for line in head.split(b"\r\n")[1:])
    timestamp = int(lines[b"Concord-Timestamp"])
    assert head.startswith(b"POST /in HTTP/1.1\r\n")
    assert abs(timestamp - timezone.now().timestamp()) < 30
    expected = sending.signature(webhook.secret, timestamp, body)
    assert lines[b"Concord-Signature"].decode() == expected
    assert sending.signature("whsec_another", timestamp, body) != expected
    assert sending.signature(webhook.secret, timestamp + 1, body) != expected
    said = json.loads(body)
    assert said["event"] == lines[b"Concord-Event"].decode() == "alert.raised"
    assert said["id"] == lines[b"Concord-Delivery"].decode()
    assert said["alert"] == {"kind": "queue", "value": 3}
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.status, delivery.attempt_count) == ("delivered", 200, 1)


def test_the_signature_is_the_one_that_the_documentation_computes():
    """Its sample, run as it stands there."""
    from pathlib import Path

    text = (Path(__file__).parents[3] / "docs" / "overview.md").read_text()
    code = re.search(r"```python\n(.*?)```", text, re.DOTALL)[1]
    names = {}
    exec(code, names)  # our own documentation
    body, now = b'{"id":"1"}', 1_800_000_000
    headers = {
        "Concord-Timestamp": str(now),
        "Concord-Signature": sending.signature("whsec_x", now, body),
    }
    assert names["is_from_concord"]("whsec_x", headers, body, now=now + 60)
    assert not names["is_from_concord"]("whsec_y", headers, body, now=now + 60)
    assert not names["is_from_concord"]("whsec_x", headers, body + b" ", now=now + 60)
    assert not names["is_from_concord"]("whsec_x", headers, body, now=now + 3600)


def test_only_alerts_it_wants_reach_a_webhook(webhook, receiver):
    assert announce(webhook.project, "idle") == 0
    assert announce(make_project("other"), "queue") == 0
    assert announce(webhook.project, "agreement") == 1
    run_due_jobs()
    assert receiver.connections == 1


def test_what_failed_is_tried_again_after_a_growing_pause_and_arrives_once(webhook, receiver):
    receiver.answers += [saying("503 Busy"), lambda stream: None]
    announce(webhook.project)
    pauses = []
    for _ in range(4):
        run_due_jobs()
        delivery = Delivery.objects.get()
        if delivery.state == "waiting":
            pauses.append(round((delivery.next_at - delivery.tried_at).total_seconds()))
            assert Job.objects.get().not_before > timezone.now()
    assert pauses == sending.PAUSES[:2] == sorted(pauses)
    assert (delivery.state, delivery.attempt_count, delivery.error) == ("delivered", 3, "")
    assert receiver.connections == 3
    keys = {json.loads(request.split(b"\r\n\r\n", 1)[1])["id"] for request in receiver.requests}
    assert keys == {str(delivery.key)}


def test_a_name_that_is_not_found_now_is_tried_again(webhook, receiver, monkeypatch, settings):
    settings.EGRESS_ORIGINS = Origins([ANY_PUBLIC])
    Webhook.objects.update(url="https://hooks.example.com/")

    def unknown(*args, **kwargs):
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    announce(webhook.project)
    run_due_jobs()
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.attempt_count) == ("waiting", 1)
    assert delivery.error == "The host's name could not be resolved."
    assert receiver.connections == 0


def test_a_test_that_fails_is_no_failed_job_of_the_project(webhook, receiver):
    receiver.answers.append(saying("500 Oops"))
    sending.send_test(webhook=webhook, actor=None)
    run_due_jobs()
    assert (Delivery.objects.get().state, Job.objects.get().state) == ("failed", "done")


def test_attempts_end_and_the_cause_is_told(webhook, receiver, client):
    receiver.answers += [saying("500 Oops")] * 20
    announce(webhook.project)
    for _ in range(20):
        run_due_jobs()
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.status) == ("failed", 500)
    assert delivery.attempt_count == receiver.connections == len(sending.PAUSES) + 1
    assert Job.objects.get().state == "failed"
    page = client.get(url("show-webhook", webhook.pk)).content.decode()
    assert "did not answer with a status from 200 to 299" in page
    assert "500" in page


def test_a_redirect_is_no_success_and_leads_nowhere(webhook, receiver):
    with listening(saying()) as canary:
        receiver.answers.append(saying("302 Found", Location=canary.origin))
        sending.send_test(webhook=webhook, actor=None)
        run_due_jobs()
        assert canary.connections == 0
    assert Delivery.objects.get().status == 302
    assert Delivery.objects.get().state == "failed"


def test_it_is_switched_off_when_the_last_messages_all_failed_and_on_again(
    webhook, receiver, client, monkeypatch
):
    monkeypatch.setattr(sending, "PAUSES", [])
    receiver.answers += [saying("500 Oops")] * sending.FAILURES_UNTIL_OFF
    for n in range(sending.FAILURES_UNTIL_OFF):
        assert Webhook.objects.on().exists(), n
        announce(webhook.project)
        run_due_jobs()
    assert not Webhook.objects.on().exists()
    assert announce(webhook.project) == 0
    assert "Switched off" in client.get(url("list-webhooks")).content.decode()
    assert "Switched off" in client.get(url("show-webhook", webhook.pk)).content.decode()
    assert Event.objects.filter(kind="webhook.switched_off", actor=None).exists()
    overview = reverse("runs:show-project", args=[SLUG])
    assert "A webhook was switched off" in client.get(overview).content.decode()

    answer = client.post(url("change-webhook", webhook.pk), {"do": "switch_on"})
    assert answer.status_code == 302
    receiver.answers.append(saying("500 Oops"))
    announce(webhook.project)
    run_due_jobs()
    assert Webhook.objects.on().exists()  # failures from before it was switched on do not count


def test_a_success_in_between_keeps_it_on(webhook, receiver, monkeypatch):
    monkeypatch.setattr(sending, "PAUSES", [])
    bad = saying("500 Oops")
    receiver.answers += [bad, bad, bad, saying(), bad, bad, bad, bad]
    for _ in range(8):
        announce(webhook.project)
        run_due_jobs()
    assert Delivery.objects.filter(state="failed").count() == 7
    assert Webhook.objects.on().exists()


def test_a_test_message_is_tried_once_and_shown(client, webhook, receiver):
    for _ in range(2):  # a second click while it waits sends no second one
        assert client.post(url("change-webhook", webhook.pk), {"do": "test"}).status_code == 302
    run_due_jobs()
    assert receiver.connections == 1
    page = client.get(url("show-webhook", webhook.pk)).content.decode()
    assert "Delivered" in page
    receiver.answers.append(saying("500 Oops"))
    client.post(url("change-webhook", webhook.pk), {"do": "test"})
    run_due_jobs()
    assert Delivery.objects.latest("pk").state == "failed"
    assert receiver.connections == 2


def test_a_new_secret_signs_from_then_on(client, webhook, receiver):
    page = client.post(url("change-webhook", webhook.pk), {"do": "new_secret"})
    fresh = SECRET.search(page.content.decode())[0]
    assert fresh != webhook.secret
    announce(webhook.project)
    run_due_jobs()
    head, body = receiver.requests[0].split(b"\r\n\r\n", 1)
    timestamp = int(re.search(rb"Concord-Timestamp: (\d+)", head)[1])
    assert sending.signature(fresh, timestamp, body).encode() in head


def test_what_waits_for_a_removed_webhook_is_never_sent(client, webhook, receiver):
    announce(webhook.project)
    assert client.post(url("change-webhook", webhook.pk), {"do": "remove"}).status_code == 302
    run_due_jobs()
    assert receiver.connections == 0
    assert Delivery.objects.get().state == "failed"
    assert Webhook.objects.get().sealed_secret == ""
    assert client.get(url("show-webhook", webhook.pk)).status_code == 404
    assert client.post(url("change-webhook", webhook.pk), {"do": "test"}).status_code == 404


def test_a_secret_that_cannot_be_read_is_a_sentence_and_no_retry(webhook, receiver, client):
    Webhook.objects.update(sealed_secret="1:AAAA")
    announce(webhook.project)
    run_due_jobs()
    assert receiver.connections == 0
    assert Delivery.objects.get().state == "failed"
    assert "Make a new one" in client.get(url("show-webhook", webhook.pk)).content.decode()


def test_an_address_that_is_allowed_no_more_is_not_connected_to(webhook, receiver, settings):
    settings.EGRESS_ORIGINS = Origins([ANY_PUBLIC])
    announce(webhook.project)
    run_due_jobs()
    assert receiver.connections == 0
    assert (Delivery.objects.get().state, Delivery.objects.get().attempt_count) == ("failed", 1)


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"url": "http://127.0.0.1:1/", "wants": ["queue"]}, "an operator must allow it"),
        ({"url": "http://169.254.169.254/", "wants": ["queue"]}, "an operator must allow it"),
        ({"url": "https://127.0.0.1/", "wants": ["queue"]}, "not public"),
        ({"url": "ftp://example.com/", "wants": ["queue"]}, "no address we can use"),
        ({"url": "https://user:word@example.com/", "wants": ["queue"]}, "no address we can use"),
        ({"url": "https://example.com/\x00", "wants": ["queue"]}, "Null characters"),
        ({"url": "https://example.com/" + "a" * 600, "wants": ["queue"]}, "at most 500"),
        ({"url": "", "wants": ["queue"]}, "Write the address"),
        ({"url": "https://example.com/"}, "at least one alert"),
        ({"url": "https://example.com/", "wants": ["weather"]}, "weather"),
    ],
)
def test_what_is_wrong_with_a_webhook_is_a_sentence(client, lead, settings, sent, words):
    settings.EGRESS_ORIGINS = Origins([ANY_PUBLIC])
    fine = {"url": "https://fine.example.com/", "wants": ["queue"]}
    assert client.post(url("list-webhooks"), fine).status_code == 200
    answer = client.post(url("list-webhooks"), sent)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert Webhook.objects.count() == 1


def test_there_are_not_two_of_one_address_nor_more_than_five(client, lead, settings):
    settings.EGRESS_ORIGINS = Origins([ANY_PUBLIC])
    for n in [0, 0, 1, 2, 3, 4, 5]:
        sent = {"url": f"https://example.com/{n}", "wants": ["queue"]}
        answer = client.post(url("list-webhooks"), sent)
    assert "at most 5 webhooks" in answer.content.decode()
    assert Webhook.objects.count() == 5
    client.post(url("change-webhook", Webhook.objects.first().pk), {"do": "remove"})
    assert client.post(url("list-webhooks"), sent).status_code == 200


def test_without_a_list_of_origins_the_page_says_who_can_change_that(client, lead):
    assert "CONCORD_EGRESS_ORIGINS" in client.get(url("list-webhooks")).content.decode()


def test_a_webhook_of_another_project_is_absent(client, webhook):
    other = make_project("other")
    client.force_login(make_member(other, Membership.Role.ADMIN))
    for name in ("show-webhook", "change-webhook"):
        path = reverse(f"oversight:{name}", args=["other", webhook.pk])
        assert client.post(path, {"do": "remove"}).status_code in (404, 405)
        assert client.get(path).status_code in (404, 405)
    assert Webhook.objects.kept().count() == 1


def test_what_to_do_must_be_known(client, webhook):
    answer = client.post(url("change-webhook", webhook.pk), {"do": "dance"})
    assert answer.status_code == 400
    assert "Choose what to do" in answer.content.decode()


def test_the_database_knows_what_delivered_means(webhook):
    announce(webhook.project)
    for wrong in ({"state": "delivered"}, {"state": "delivered", "status": 404}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Delivery.objects.update(**wrong)
    with pytest.raises(IntegrityError), transaction.atomic():
        Webhook.objects.update(removed_at=timezone.now())  # its secret must go with it
    assert connection.needs_rollback is False
