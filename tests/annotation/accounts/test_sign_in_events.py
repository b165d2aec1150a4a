"""What the audit trail tells about signing in."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from annotation.accounts.models import RefusedSignIns
from annotation.accounts.sign_in_events import record_refused
from annotation.accounts.tokens import create_token
from annotation.core.models import Event
from tests.annotation.accounts.sign_on import app_code, give_app, make_person, sign_in
from tests.factories import make_user

pytestmark = pytest.mark.django_db


def kinds():
    return list(Event.objects.order_by("pk").values_list("kind", flat=True))


def hours_pass(count=1):
    for row in RefusedSignIns.objects.all():
        RefusedSignIns.objects.filter(pk=row.pk).update(hour=row.hour - timedelta(hours=count))


def test_a_sign_in_is_told_and_a_refused_one_is_not_yet(client):
    ada = make_person("ada")
    sign_in(client, password="wrong")
    assert kinds() == []

    sign_in(client)

    event = Event.objects.get()
    assert (event.kind, event.actor, event.project) == ("sign_in.succeeded", ada, None)


def test_the_refused_ones_of_an_hour_are_one_line_without_a_name(client):
    make_person("ada")
    for name in ("ada", "a password typed into the wrong field", "ada"):
        sign_in(client, name, password="wrong")
    assert record_refused() == 0, "the hour is not over"

    hours_pass()
    assert record_refused() == 1
    assert record_refused() == 0, "told once"

    event = Event.objects.get()
    assert (event.kind, event.payload["count"], event.actor) == ("sign_in.refused", 3, None)
    hour = datetime.fromisoformat(event.payload["hour"])
    assert timedelta(0) < datetime.now(UTC) - hour < timedelta(hours=3)
    assert "password" not in str(event.payload)


def test_a_sign_in_that_waits_for_its_code_is_none_yet(client):
    give_app(make_person("ada"))
    sign_in(client)
    assert kinds() == []
    client.post(reverse("mfa_authenticate"), {"code": app_code()})
    assert kinds() == ["sign_in.succeeded"]


def test_removing_a_second_factor_is_told(client):
    give_app(make_person("ada"))
    sign_in(client)
    client.post(reverse("mfa_authenticate"), {"code": app_code()})
    client.post(reverse("mfa_generate_recovery_codes"))
    client.post(reverse("mfa_deactivate_totp"))
    assert kinds() == [
        "sign_in.succeeded",
        "second_factor.codes_renewed",
        "second_factor.removed",
    ]


def test_revoking_a_token_is_told_once_and_only_of_ones_own(client):
    token, _key = create_token(user=make_user(), name="laptop", rights=["read"])
    client.force_login(make_user())
    url = reverse("accounts:revoke-token", args=[token.pk])
    assert client.post(url).status_code == 404
    assert "token.revoked" not in kinds()

    client.force_login(token.user)
    assert client.post(url).status_code == 302
    assert client.post(url).status_code == 404
    assert kinds().count("token.revoked") == 1


def test_signing_other_browsers_out_is_told_with_their_number(client):
    ada = make_user("ada")
    for other in (Client(), Client()):
        other.force_login(ada)
    client.force_login(ada)
    url = reverse("accounts:end-other-sessions")

    client.post(url)
    client.post(url)

    (event,) = Event.objects.filter(kind="sessions.ended")
    assert event.payload == {"count": 2}
