"""After a change of the secret key everything that was sealed opens under the new one alone."""

import pytest
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from django.apps import apps
from django.core.management import CommandError, call_command

from annotation.accounts.models import SelfDescription
from annotation.accounts.self_description.services import describe_oneself, own_description
from annotation.core.addresses import Origins
from annotation.core.sealed import SealedField, unseal
from annotation.oversight.models import Webhook
from annotation.oversight.webhooks.services import add_webhook
from tests.factories import make_project, make_user

pytestmark = pytest.mark.django_db

OLD, NEW = "the-key-of-before-" * 3, "the-key-of-today-" * 3
URL = "https://hooks.example.org/concord"


@pytest.fixture
def sealed(settings):
    """A webhook, a second factor and a self-description, sealed under the old key."""
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = OLD, []
    settings.EGRESS_ORIGINS = Origins(["https://hooks.example.org"])
    user = make_user("ada")
    project = make_project()
    _webhook, secret = add_webhook(project=project, url=URL, wants=["queue"], actor=user)
    data = {"secret": get_adapter().encrypt("JBSWY3DP")}
    Authenticator.objects.create(user=user, type="totp", data=data)
    describe_oneself(user=user, answers={"country": "IE"})
    settings.SECRET_KEY = NEW
    return user, secret


def reseal(capsys, *words):
    call_command("reseal", *words)
    return capsys.readouterr().out


def opens_alone(user, secret):
    """With the present key only."""
    webhook = Webhook.objects.get()
    assert unseal(webhook.sealed_secret, place=webhook.place) == secret
    factor = Authenticator.objects.get()
    assert get_adapter().decrypt(factor.data["secret"]) == "JBSWY3DP"
    assert own_description(user)["country"] == "IE"
    return True


def test_everything_is_sealed_under_the_present_key(sealed, settings, capsys):
    settings.SECRET_KEY_FALLBACKS = [OLD]
    said = reseal(capsys)
    assert said.count(": 1 resealed, 0 under the present key, 0 that no key opens") == 3
    settings.SECRET_KEY_FALLBACKS = []
    assert opens_alone(*sealed)
    assert reseal(capsys).count(": 0 resealed, 1 under the present key, 0 that no") == 3


def test_the_old_key_may_come_from_a_file(sealed, capsys, tmp_path):
    (tmp_path / "old").write_text(OLD + "\n")
    assert reseal(capsys, "--old-key-file", str(tmp_path / "old")).count(": 1 resealed") == 3
    assert opens_alone(*sealed)
    with pytest.raises(CommandError, match="cannot be read"):
        reseal(capsys, "--old-key-file", str(tmp_path / "absent"))


def test_a_dry_run_counts_and_writes_nothing(sealed, settings, capsys):
    settings.SECRET_KEY_FALLBACKS = [OLD]
    rows = [Webhook, Authenticator, SelfDescription]
    before = [list(model.objects.values()) for model in rows]
    assert reseal(capsys, "--dry-run").count(": 1 to reseal") == 3
    assert [list(model.objects.values()) for model in rows] == before


def test_what_no_key_opens_is_counted_and_left(sealed, capsys):
    before = Webhook.objects.get().sealed_secret
    with pytest.raises(CommandError, match="3 could not be opened"):
        reseal(capsys)
    assert Webhook.objects.get().sealed_secret == before
    assert SelfDescription.objects.count() == 1


def test_a_second_factor_of_before_there_were_seals_is_sealed(settings, capsys):
    user = make_user("bo")
    Authenticator.objects.create(user=user, type="totp", data={"secret": "JBSWY3DP"})
    reseal(capsys)
    kept = Authenticator.objects.get().data["secret"]
    assert kept != "JBSWY3DP"
    assert get_adapter().decrypt(kept) == "JBSWY3DP"


def test_every_column_named_sealed_has_the_type_that_is_found():
    named = [
        field
        for model in apps.get_models()
        for field in model._meta.local_fields
        if field.name.startswith("sealed")
    ]
    assert named
    assert all(isinstance(field, SealedField) for field in named)
