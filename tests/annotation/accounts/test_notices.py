"""Mails about changes to how an account is opened."""

import smtplib

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend

from annotation.accounts.notices import SENTENCES, tell
from annotation.accounts.preferences import preferences_of, save_preferences
from annotation.accounts.services import reset_second_factor
from annotation.accounts.tasks import NOTICE
from annotation.core import jobs
from annotation.core.models import Job
from tests.annotation.accounts.sign_on import PASSWORD, give_app, make_person, sign_in
from tests.factories import make_key, make_user

pytestmark = pytest.mark.django_db
ADDRESS = "ada@example.org"


@pytest.fixture
def user(client):
    user = make_person(email=ADDRESS)
    sign_in(client)
    return user


def notices():
    return list(Job.objects.filter(kind=NOTICE).order_by("pk"))


def send():
    (job,) = notices()
    jobs.run(job.pk)
    job.refresh_from_db()
    return job


def change_password(client, user):
    new = "another long pass phrase"
    fields = {"oldpassword": PASSWORD, "password1": new, "password2": new}
    client.post("/password/change/", fields)


def remove_app(client, user):
    give_app(user)
    client.post("/security/app/remove/")


def lose_the_phone(client, user):
    give_app(user)
    reset_second_factor(user=user)


@pytest.mark.parametrize(
    ("do", "what"),
    [
        (change_password, "password.changed"),
        (remove_app, "second_factor.removed"),
        (lose_the_phone, "second_factor.reset"),
        (lambda client, user: client.post("/security/codes/new/"), "second_factor.codes_renewed"),
        (lambda client, user: make_key(user), "token.created"),
    ],
    ids=["password", "removed", "reset", "codes", "token"],
)
def test_each_change_is_told_by_mail_once(client, user, do, what):
    if what == "second_factor.codes_renewed":
        give_app(user)
    do(client, user)
    mail.outbox.clear()

    assert send().state == Job.State.DONE

    (letter,) = mail.outbox
    assert letter.to == [ADDRESS]
    assert str(SENTENCES[what]) in letter.body
    assert "end every other sign-in" in letter.body


def test_it_speaks_the_persons_language_and_tells_no_secret(client, user):
    from dataclasses import replace

    save_preferences(user, replace(preferences_of(user), language="de"))
    key = make_key(user)
    send()
    (letter,) = mail.outbox
    assert "Für Ihr Konto wurde ein API-Token angelegt." in letter.body
    assert key not in letter.body
    assert key not in str(Job.objects.values_list("payload", flat=True))


def test_people_without_an_address_get_none():
    tell(make_user(), "token.created")
    tell(make_user(kind="imported", is_active=False, email=ADDRESS), "token.created")
    assert notices() == []


def test_a_mail_server_that_is_down_is_asked_again(client, user, monkeypatch):
    make_key(user)

    def refuses(self, messages):
        raise smtplib.SMTPServerDisconnected

    with monkeypatch.context() as patched:
        patched.setattr(EmailBackend, "send_messages", refuses)
        assert send().state == Job.State.QUEUED
    Job.objects.update(not_before="2020-01-01T00:00Z")
    assert send().state == Job.State.DONE
    assert len(mail.outbox) == 1
