"""Changing a password, and getting back in without one."""

import re

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from annotation.accounts.models import Session
from annotation.core.models import Event
from tests.annotation.accounts.sign_on import PASSWORD, is_in, make_person, sign_in

pytestmark = pytest.mark.django_db
NEW = "quite another phrase"
RESET = "/password/reset/"


def set_again(client, path, **more):
    return client.post(path, {"password1": NEW, "password2": NEW, **more})


def reset_link() -> str:
    (found,) = re.findall(r"http://testserver(/\S+)", mail.outbox[-1].body)
    return found


def asked_for(client, email="ada@example.com"):
    return client.post(RESET, {"email": email}, follow=True)


def test_a_changed_password_ends_every_other_session(client):
    user = make_person()
    sign_in(client)
    phone = Client()
    sign_in(phone)
    assert user.sessions.count() == 2
    before = client.cookies["sessionid"].value

    answer = set_again(client, "/password/change/", oldpassword=PASSWORD)

    assert answer.status_code == 302
    assert client.get("/security/").status_code == 200
    assert client.cookies["sessionid"].value != before
    assert phone.get("/security/").status_code == 302
    assert user.sessions.count() == 1
    assert Event.objects.filter(kind="password.changed", actor=user).count() == 1
    assert sign_in(Client(), password=PASSWORD).status_code == 422
    assert sign_in(Client(), password=NEW).status_code == 302


def test_the_old_password_is_asked_for(client):
    make_person()
    sign_in(client)
    assert set_again(client, "/password/change/", oldpassword="wrong").status_code == 200
    assert sign_in(Client(), password=PASSWORD).status_code == 302


@pytest.mark.parametrize("bad", ["short", "ada", "password1234"])
def test_a_weak_password_is_refused(client, bad):
    make_person()
    sign_in(client)
    answer = client.post(
        "/password/change/", {"oldpassword": PASSWORD, "password1": bad, "password2": bad}
    )
    assert answer.status_code == 200
    assert "errorlist" in answer.content.decode()
    assert sign_in(Client()).status_code == 302


def test_a_mail_resets_a_password_once_and_ends_every_session(client):
    user = make_person(email="ada@example.com")
    phone = Client()
    sign_in(phone)
    asked_for(client)
    link = reset_link()

    form = client.get(link, follow=True)
    assert "A new password" in form.content.decode()
    (where,) = [path for path, _ in form.redirect_chain][-1:]
    assert set_again(client, where).status_code == 302

    assert phone.get("/security/").status_code == 302
    assert not Session.objects.filter(user=user).exists()
    assert not is_in(client), "a link in a mail signs nobody in"
    assert sign_in(Client(), password=NEW).status_code == 302
    assert "does not work any more" in Client().get(link, follow=True).content.decode()


@pytest.mark.parametrize("closed", [False, True])
def test_the_answer_does_not_tell_whether_an_account_exists(client, closed):
    make_person(email="ada@example.com", is_active=not closed)

    known, unknown = asked_for(client), asked_for(client, "nobody@example.com")

    def text(answer):
        return re.sub(r'value="[^"]+"|Token": "[^"]+"', "", answer.content.decode())

    assert text(known) == text(unknown)
    assert known.redirect_chain == unknown.redirect_chain
    # As much work for both: a mail goes out either way, and says different things.
    assert [m.to for m in mail.outbox] == [["ada@example.com"], ["nobody@example.com"]]
    assert mail.outbox[0].subject == mail.outbox[1].subject
    assert ("/password/reset/key/" in mail.outbox[0].body) is not closed
    assert "/password/reset/key/" not in mail.outbox[1].body


def test_a_mail_server_that_is_down_tells_nothing_either(client, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    make_person(email="ada@example.com")
    for email in ("ada@example.com", "nobody@example.com"):
        assert asked_for(client, email).status_code == 200


def test_mails_to_one_address_are_limited(client):
    make_person(email="ada@example.com")
    for _ in range(5):
        assert asked_for(client).status_code == 200
    assert asked_for(client).status_code == 429
    assert len(mail.outbox) == 5


def test_a_mail_is_written_in_the_language_of_the_page(client):
    make_person(email="ada@example.com")
    client.cookies["language"] = "de"
    asked_for(client)
    assert "neues Passwort" in mail.outbox[0].body


def test_there_is_no_sign_up(client):
    from annotation.accounts.models import User

    assert "By invitation only" in client.get(reverse("account_signup")).content.decode()
    form = {"username": "eve", "password1": NEW, "email": "eve@example.com"}
    client.post(reverse("account_signup"), form)
    assert not User.objects.exists()
