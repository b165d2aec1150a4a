"""Who sends a request: read anew each time."""

from datetime import timedelta

import pytest
from django.contrib.auth import BACKEND_SESSION_KEY
from django.db import IntegrityError, transaction
from django.db.models import F
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from annotation.accounts.models import Session, User
from annotation.accounts.services import clear_expired, disable_user
from annotation.accounts.sessions import ABSOLUTE, IDLE, SEEN_GRAIN, SessionStore, SessionUsers
from tests.annotation.accounts.sign_on import PASSWORD, make_person, sign_in
from tests.factories import make_key, make_user

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

    Session.objects.update(expire_date=F("began_at") - timedelta(seconds=1))
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


def age(by: timedelta) -> None:
    """All sessions as if this much time had passed without a request."""
    Session.objects.update(
        began_at=F("began_at") - by, seen_at=F("seen_at") - by, expire_date=F("expire_date") - by
    )


def test_a_session_ends_after_two_hours_without_a_request(client, user):
    client.force_login(user)
    age(IDLE - timedelta(minutes=1))
    assert is_signed_in(client)
    age(IDLE + timedelta(minutes=1))
    assert not is_signed_in(client)


def test_a_busy_session_ends_after_twelve_hours(client, user):
    client.force_login(user)
    for _ in range(7):
        age(timedelta(minutes=100))
        assert is_signed_in(client)
    age(timedelta(minutes=30))
    assert not is_signed_in(client)


def test_a_request_writes_once_in_five_minutes(client, user, django_assert_num_queries):
    client.force_login(user)
    page = reverse("accounts:sign-in")
    with django_assert_num_queries(2):
        client.get(page)
    age(SEEN_GRAIN + timedelta(seconds=1))
    with django_assert_num_queries(3):
        client.get(page)
    with django_assert_num_queries(2):
        client.get(page)


def test_no_row_outlives_its_end(client, user):
    client.force_login(user)
    session = Session.objects.get()
    assert session.expire_date - session.seen_at <= IDLE
    idle_long = {"expire_date": session.seen_at + IDLE + timedelta(seconds=1)}
    busy_long = {"seen_at": session.began_at + ABSOLUTE, "expire_date": session.began_at + IDLE}
    busy_long["expire_date"] += ABSOLUTE
    for late in (idle_long, busy_long):
        with pytest.raises(IntegrityError), transaction.atomic():
            Session.objects.update(**late)


def test_signing_in_changes_the_key_that_somebody_may_have_planted(client):
    make_person()
    session = client.session
    session["planted"] = True
    session.save()
    planted = client.cookies["sessionid"].value

    sign_in(client)

    assert client.cookies["sessionid"].value != planted
    assert is_signed_in(client)
    victim = Client()
    victim.cookies["sessionid"] = planted
    assert not is_signed_in(victim)
    assert not Session.objects.filter(session_key=planted).exists()


def test_a_sign_in_begins_the_hours_anew(client):
    make_person()
    client.get("/sign-in/")
    session = client.session
    session["visited"] = True
    session.save()
    age(timedelta(minutes=110))

    sign_in(client)

    row = Session.objects.get()
    assert timezone.now() - row.began_at < timedelta(minutes=1)
    assert row.user.username == "ada"


def test_a_disabled_user_is_out_with_session_and_token(client, user):
    key = make_key(user)
    client.force_login(user)
    api, bearer = reverse("projects-api:projects"), {"Authorization": f"Bearer {key}"}
    assert is_signed_in(client)
    assert Client().get(api, headers=bearer).status_code == 405  # past the sign-in: a POST's

    disable_user(user=user)

    assert not is_signed_in(client)
    assert Client().get(api, headers=bearer).status_code == 401
    assert not user.sessions.exists()
    assert not user.api_tokens.usable().exists()


def test_one_sees_ones_sessions_and_ends_them(client, user):
    client.force_login(user)
    phone = Client(headers={"User-Agent": "Phone <script>"})
    phone.force_login(user)
    assert is_signed_in(phone)
    Session.objects.exclude(session_key=client.session.session_key).update(agent="Phone <b>")

    page = client.get(reverse("accounts:list-sessions")).content.decode()
    assert "Phone &lt;b&gt;" in page
    for session in user.sessions.all():
        assert session.session_key not in page
    other = user.sessions.exclude(session_key=client.session.session_key).get()
    client.post(reverse("accounts:end-session", args=[other.public_id]))

    assert not is_signed_in(phone)
    assert is_signed_in(client)


def test_one_ends_all_others_at_once(client, user):
    others = [Client() for _ in range(3)]
    for each in (client, *others):
        each.force_login(user)
    assert all(is_signed_in(each) for each in others)

    client.post(reverse("accounts:end-other-sessions"))

    assert not any(is_signed_in(each) for each in others)
    assert is_signed_in(client)


def test_nobody_ends_a_session_of_somebody_else(client, user):
    client.force_login(make_user())
    phone = Client()
    phone.force_login(user)
    public_id = user.sessions.get().public_id

    assert client.post(reverse("accounts:end-session", args=[public_id])).status_code == 404
    assert is_signed_in(phone)
    assert phone.post(reverse("accounts:end-session", args=[public_id])).status_code == 404


def test_ended_sessions_are_cleared(client, user):
    client.force_login(user)
    Client().force_login(user)
    age(ABSOLUTE)
    client.force_login(user)
    clear_expired()
    assert Session.objects.count() == 1


def test_the_browsers_name_is_kept_short_and_whole(client):
    make_person()
    agent = "Firefox " * 100
    client.post("/sign-in/", {"login": "ada", "password": PASSWORD}, headers={"User-Agent": agent})
    assert Session.objects.get().agent == agent[:200]
