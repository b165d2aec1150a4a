"""Another e-mail address: asked for freshly signed in, proven by a link, told to the old one."""

import re

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.test import Client
from django.urls import reverse

from annotation.accounts.services import confirm_address
from annotation.accounts.tasks import NOTICE
from annotation.core import jobs
from annotation.core.models import Event, Job
from tests.annotation.accounts.sign_on import PASSWORD, is_in, make_person, sign_in
from tests.annotation.accounts.test_recent import twenty_minutes_later
from tests.factories import make_user

pytestmark = pytest.mark.django_db
OLD, NEW = "ada@example.org", "ada@new.example"
PAGE = "/security/address/"


@pytest.fixture
def user(client):
    user = make_person(email=OLD)
    confirm_address(user=user, email=OLD)
    sign_in(client)
    return user


def ask(client, address=NEW):
    return client.post(PAGE, {"email": address})


def link() -> str:
    return re.search(r"https?://[^/\s]+(/security/address/\S+/)", mail.outbox[-1].body)[1]


def address_of(user) -> str:
    user.refresh_from_db()
    return user.email


def do_notices():
    for job in Job.objects.filter(kind=NOTICE):
        jobs.run(job.pk)


def test_the_new_address_counts_once_its_link_was_followed(client, user):
    answer = ask(client)
    assert answer.url == reverse("account_email_verification_sent")
    assert "Look into your mail" in client.get(answer.url).content.decode()
    assert mail.outbox[-1].to == [NEW]
    assert address_of(user) == OLD
    assert NEW in client.get(PAGE).content.decode(), "it waits"

    shown = Client().get(link()).content.decode()  # where the mail is read, nobody is signed in
    assert NEW in shown
    assert address_of(user) == OLD, "opening it is not enough: programs open links"
    Client().post(link())

    assert address_of(user) == NEW
    rows = EmailAddress.objects.filter(user=user).values_list("email", "verified", "primary")
    assert list(rows) == [(NEW, True, True)]
    assert Event.objects.get(kind="email.changed").payload == {}, "no address in the trail"
    again = Client()
    sign_in(again, NEW)
    assert is_in(again)


def test_the_old_address_is_told_and_the_new_one_is_not(client, user):
    ask(client)
    client.post(link())
    mail.outbox.clear()
    do_notices()

    (letter,) = mail.outbox
    assert letter.to == [OLD]
    assert "has another e-mail address now" in letter.body
    assert NEW not in letter.body
    job = Job.objects.get(kind=NOTICE)
    assert job.created_by == user, "so that erasing the person empties it"


def test_a_first_address_has_no_old_one_to_tell(client):
    user = make_person()
    sign_in(client)
    assert "There is none yet" in client.get(PAGE).content.decode()
    ask(client)
    client.post(link())

    assert address_of(user) == NEW
    assert not Job.objects.filter(kind=NOTICE).exists()


def test_long_after_the_sign_in_it_asks_again_first(client, user):
    twenty_minutes_later(client)
    asked = ask(client)
    assert asked.url == "/sign-in/again/?next=%2Fsecurity%2Faddress%2F"
    assert not mail.outbox
    client.post(asked.url, {"password": PASSWORD})
    ask(client)
    assert mail.outbox[-1].to == [NEW]


def test_the_link_works_once_and_not_after_another_was_asked_for(client, user):
    ask(client, "first@new.example")
    first = link()
    ask(client)
    second = link()
    assert "does not work any more" in client.get(first).content.decode()
    assert client.post(first).status_code == 404
    client.post(second)
    assert "does not work any more" in client.get(second).content.decode()
    assert address_of(user) == NEW


def test_whose_address_it_is_is_told_to_nobody_but_its_reader(client, user):
    other = make_user("eve", email=NEW)
    answer = ask(client)
    assert answer.url == reverse("account_email_verification_sent"), "as for any address"

    answer = client.post(link(), follow=True)
    assert "Somebody else uses this address" in answer.content.decode()
    assert address_of(user) == OLD
    assert address_of(other) == NEW
    assert not Event.objects.filter(kind="email.changed").exists()


def test_a_link_signs_nobody_out(client, user):
    ask(client)
    other = Client()
    make_person("eve")
    sign_in(other, "eve")
    other.get(link())
    assert is_in(other)


def test_it_is_sent_again_after_a_while_or_forgotten(client, user):
    ask(client)
    answer = client.post(PAGE, {"again": "1"}, follow=True)
    assert "Wait three minutes" in answer.content.decode()
    assert len(mail.outbox) == 1
    client.post(PAGE, {"forget": "1"})
    assert not EmailAddress.objects.filter(email=NEW).exists()
    assert EmailAddress.objects.filter(email=OLD).exists()
    assert "does not work any more" in client.get(link()).content.decode()


@pytest.mark.parametrize("wrong", ["", "no address", OLD, "x" * 250 + "@example.org"])
def test_what_is_no_new_address_is_refused_with_what_was_typed(client, user, wrong):
    answer = ask(client, wrong)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.content.decode()
    assert not mail.outbox
    assert address_of(user) == OLD


def test_reading_the_page_writes_nothing(client):
    make_person(email=OLD)  # known by an address that nobody has proven
    sign_in(client)
    assert OLD in client.get(PAGE).content.decode()
    assert not EmailAddress.objects.exists()
