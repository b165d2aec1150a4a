"""Who sends a request: read anew each time."""

from datetime import timedelta

import pytest
from django.contrib.auth import BACKEND_SESSION_KEY
from django.contrib.sessions.models import Session
from django.urls import reverse
from django.utils import timezone

from annotation.accounts.models import User
from annotation.accounts.sessions import SessionStore, SessionUsers
from tests.factories import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def user():
    return make_user("vera", preferences={"density": "compact"}, first_name="Vera")


def is_signed_in(client) -> bool:
    return client.get(reverse("labeling:home")).status_code == 200


def test_the_user_of_a_session_is_the_one_the_orm_reads(user):
    read = SessionUsers().get_user(user.pk)

    assert read == User.objects.get(pk=user.pk)
    for field in User._meta.concrete_fields:
        assert getattr(read, field.attname) == getattr(user, field.attname), field.attname
    assert read._state.db == user._state.db
    assert not read._state.adding


def test_session_and_user_take_two_statements(client, user, django_assert_num_queries):
    client.force_login(user)

    with django_assert_num_queries(2):
        assert client.get(reverse("accounts:sign-in")).status_code in (200, 302)


def test_a_user_that_is_gone_is_nobody(user):
    assert SessionUsers().get_user(user.pk) == user
    assert SessionUsers().get_user(user.pk + 1000) is None


def test_a_deactivated_user_is_out_at_once(client, user):
    client.force_login(user)
    assert is_signed_in(client)

    User.objects.update(is_active=False)
    assert not is_signed_in(client)


def test_a_changed_password_ends_the_session(client, user):
    client.force_login(user)
    assert is_signed_in(client)

    user.set_password("another one, long enough")
    user.save()
    assert not is_signed_in(client)


def test_a_deleted_session_is_out_at_once(client, user):
    client.force_login(user)
    assert is_signed_in(client)

    assert Session.objects.all().delete()[0] == 1
    assert not is_signed_in(client)


def test_signing_out_ends_the_session_for_a_copy_of_its_cookie_too(client, user):
    client.force_login(user)
    copied = client.cookies["sessionid"].value
    assert is_signed_in(client)

    client.post(reverse("accounts:sign-out"))
    client.cookies["sessionid"] = copied
    assert not is_signed_in(client)


def test_an_expired_session_is_no_session(client, user):
    client.force_login(user)
    assert is_signed_in(client)

    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
    assert not is_signed_in(client)


def test_a_session_that_was_tampered_with_is_empty(client, user):
    client.force_login(user)
    assert is_signed_in(client)

    session = Session.objects.get()
    session.session_data = "e" + session.session_data[1:]
    session.save()
    assert not is_signed_in(client)


@pytest.mark.parametrize("key", ["nobodyknowsthiskey", "x" * 5000, "' OR 1=1 --", "\x01"])
def test_a_key_that_nobody_was_given_opens_nothing(client, key):
    client.cookies["sessionid"] = key

    assert not is_signed_in(client)


def test_a_key_that_is_unknown_is_not_taken_over():
    """Else whoever plants a cookie knows the session of the one who signs in with it."""
    store = SessionStore("chosenbysomebodyelse")
    store["a"] = 1
    store.save()

    assert store.session_key != "chosenbysomebodyelse"


def test_a_session_of_another_backend_signs_nobody_in(client, user):
    client.force_login(user)
    assert is_signed_in(client)

    session = client.session
    session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session.save()
    assert not is_signed_in(client)
