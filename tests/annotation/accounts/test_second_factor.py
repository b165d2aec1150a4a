"""Second factors: who needs one, what they open, and that each code opens once."""

import pytest
from allauth.mfa.models import Authenticator
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from annotation.accounts import second_factor
from annotation.accounts.adapters import SecondFactorAdapter
from annotation.accounts.models import Session
from annotation.accounts.second_factor import accept_code
from annotation.core.models import Event
from annotation.core.sealed import CannotOpen
from annotation.projects.models import Membership
from annotation.projects.services import add_member
from tests.annotation.accounts.sign_on import (
    app_code,
    give_app,
    give_codes,
    is_in,
    make_person,
    sign_in,
)
from tests.factories import make_key, make_member, make_project, make_user

pytestmark = pytest.mark.django_db
Role = Membership.Role
HOME = "/judge/"
CODE = "/sign-in/code/"


@pytest.fixture(autouse=True)
def required(settings):
    settings.SECOND_FACTOR = second_factor.STAFF


@pytest.fixture
def project():
    return make_project("shop")


def opens(client, path="/projects/") -> bool:
    answer = client.get(path, follow=True)
    return answer.status_code == 200 and answer.request["PATH_INFO"] != "/security/"


@pytest.mark.parametrize("role", [Role.LEAD, Role.ENGINEER, Role.ADMIN])
def test_who_has_rights_sets_a_second_factor_up_first(client, project, role):
    user = make_member(project, role)
    client.force_login(user)

    answer = client.get(reverse("runs:show-project", args=["shop"]))
    assert (answer.status_code, answer["Location"]) == (302, "/security/")
    assert "Set up a second factor first" in client.get("/security/").content.decode()

    give_app(user)
    assert client.get(reverse("runs:show-project", args=["shop"])).status_code == 200


@pytest.mark.parametrize("role", [Role.LABELER, Role.REVIEWER])
def test_who_only_judges_needs_none(client, project, role):
    client.force_login(make_member(project, role))
    assert opens(client)


def test_a_site_admin_needs_one(client):
    client.force_login(make_user(is_superuser=True))
    assert not opens(client)


def test_it_can_be_required_of_everybody(client, project, settings):
    client.force_login(make_member(project))
    assert opens(client)
    settings.SECOND_FACTOR = second_factor.EVERYBODY
    assert not opens(client)


def test_recovery_codes_alone_are_no_second_factor(client, project):
    lead = make_member(project, Role.LEAD)
    client.force_login(lead)
    give_codes(lead)
    assert not opens(client)
    give_app(lead)
    assert opens(client)


def test_a_changed_role_counts_with_the_next_request_and_under_a_new_key(client, project):
    labeler = make_member(project)
    client.force_login(labeler)
    assert opens(client)
    before = client.cookies["sessionid"].value

    add_member(project=project, user=labeler, role=Role.LEAD)

    assert not opens(client)
    assert client.cookies["sessionid"].value != before
    copied = Client()
    copied.cookies["sessionid"] = before
    assert copied.get("/security/sessions/")["Location"].startswith("/sign-in/")
    Membership.objects.filter(user=labeler).update(role=Role.LABELER)
    assert opens(client)


def test_nothing_but_setting_up_is_open_until_then(client, project):
    client.force_login(make_member(project, Role.LEAD))
    closed = ["accounts:profile", "accounts:edit-preferences", "projects:list-projects"]
    for name in closed:
        assert client.get(reverse(name)).status_code == 302, name
        assert client.post(reverse(name)).status_code == 302, name
    for path in ("/security/", "/security/app/", "/security/passkeys/new/", "/security/sessions/"):
        assert client.get(path).status_code == 200, path


def test_a_fragment_leads_the_whole_page_there(client, project):
    client.force_login(make_member(project, Role.LEAD))
    answer = client.get("/projects/", headers={"HX-Request": "true"})
    assert answer["HX-Redirect"] == "/security/"


def test_the_api_asks_a_page_for_it_and_a_token_not(client, project):
    lead = make_member(project, Role.LEAD)
    key = make_key(lead)
    api = "/api/projects/shop/agreement/"
    client.force_login(lead)

    assert client.get(api).status_code == 403
    assert Client().get(api, headers={"Authorization": f"Bearer {key}"}).status_code == 200
    give_app(lead)
    assert client.get(api).status_code == 200


def test_asking_costs_no_statement(client, project, django_assert_num_queries, settings):
    client.force_login(make_member(project))
    with django_assert_num_queries(2):  # the session, and the user
        client.get("/sign-in/")
    settings.SECOND_FACTOR = second_factor.EVERYBODY
    with django_assert_num_queries(2):
        assert client.get(reverse("projects:list-projects")).status_code == 302


def test_a_password_alone_signs_nobody_in_who_has_an_app(client):
    give_app(make_person())

    answer = sign_in(client)

    assert (answer.status_code, answer["Location"]) == (302, CODE)
    assert not is_in(client)
    assert client.get("/projects/")["Location"].startswith("/sign-in/")


def test_the_code_of_the_app_completes_the_sign_in(client):
    give_app(make_person())
    sign_in(client)

    assert client.post(CODE, {"code": app_code()}).status_code == 302
    assert is_in(client)


def test_a_code_is_used_once(client):
    give_app(make_person())
    sign_in(client)
    code = app_code()
    client.post(CODE, {"code": code})
    assert is_in(client)

    other = Client()
    sign_in(other)
    assert "Incorrect code" in other.post(CODE, {"code": code}).content.decode()
    assert not is_in(other)


def test_a_code_is_still_used_a_minute_later_while_its_step_would_be_taken(monkeypatch):
    """The window is three steps wide: what is remembered must outlast it."""
    user = make_person()
    give_app(user)
    code, now = app_code(), second_factor.steps_around_now()
    steps = list(now)
    assert accept_code(user, code)

    later = [step + 1 for step in steps]
    monkeypatch.setattr(second_factor, "steps_around_now", lambda: iter(later))
    assert accept_code(user, code) is None
    assert accept_code(user, app_code(1))


def test_an_earlier_code_is_spent_by_a_later_one():
    user = make_person()
    give_app(user)
    early, late = app_code(-1), app_code()
    assert accept_code(user, late)
    assert accept_code(user, early) is None


def test_two_steps_away_is_too_far():
    user = make_person()
    give_app(user)
    assert accept_code(user, app_code(-3)) is None
    assert accept_code(user, app_code(3)) is None
    assert accept_code(user, app_code(-1))


def test_a_recovery_code_works_once(client):
    user = make_person()
    give_app(user)
    code = give_codes(user)[0]
    sign_in(client)
    client.post(CODE, {"code": code})
    assert is_in(client)

    other = Client()
    sign_in(other)
    other.post(CODE, {"code": code})
    assert not is_in(other)


def test_five_wrong_codes_are_enough(client):
    give_app(make_person())
    sign_in(client)
    for _ in range(5):
        client.post(CODE, {"code": "000000"})

    answer = client.post(CODE, {"code": app_code()})

    assert "Too many attempts" in answer.content.decode()
    assert not is_in(client)


def test_a_half_done_sign_in_can_be_given_up(client):
    give_app(make_person())
    sign_in(client)
    assert client.get("/sign-in/")["Location"] == CODE

    client.post("/sign-out/")

    assert client.get("/sign-in/").status_code == 200
    assert client.get(CODE).status_code == 302


def test_setting_up_an_app(client, monkeypatch):
    user = make_person(is_superuser=True)
    sign_in(client)
    page = client.get("/security/app/")
    secret = client.session["mfa.totp.secret"]
    assert secret in page.content.decode()
    before = client.cookies["sessionid"].value
    monkeypatch.setattr("tests.annotation.accounts.sign_on.SECRET", secret)

    assert client.post("/security/app/", {"code": "000000"}).status_code == 200
    assert not Authenticator.objects.exists()
    code = app_code()
    answer = client.post("/security/app/", {"code": code})

    assert answer["Location"] == "/security/codes/"
    assert client.cookies["sessionid"].value != before
    assert set(user.authenticator_set.values_list("type", flat=True)) == {"totp", "recovery_codes"}
    assert accept_code(user, code) is None, "the code that set it up signs nobody in"
    assert Event.objects.filter(kind="second_factor.added", actor=user).count() == 1
    codes = client.get("/security/codes/").content.decode()
    assert codes.count("<code>") == 10
    assert client.get("/security/codes/file/").content.decode().split() == [
        line.split("</code>")[0] for line in codes.split("<code>")[1:]
    ]
    assert opens(client)


def test_removing_the_only_one_closes_the_pages_again(client):
    user = make_person(is_superuser=True)
    give_app(user)
    client.force_login(user)
    assert opens(client)

    assert client.post("/security/app/remove/").status_code == 302

    assert not opens(client)
    assert not Authenticator.objects.exists()


def test_new_recovery_codes_end_the_old_ones(client):
    user = make_person()
    give_app(user)
    (old, *_) = give_codes(user)
    client.force_login(user)

    client.post("/security/codes/new/")

    assert accept_code(user, old) is None
    assert len(user.authenticator_set.get(type="recovery_codes").wrap().get_unused_codes()) == 10


def test_nobody_touches_the_passkeys_of_somebody_else(client):
    owner = make_person()
    key = Authenticator.objects.create(
        user=owner, type="webauthn", data={"name": "phone", "credential": {}}
    )
    client.force_login(make_user())
    for what in ("remove", "name"):
        assert client.post(f"/security/passkeys/{key.pk}/{what}/").status_code == 404
    client.force_login(owner)
    assert client.get(f"/security/passkeys/{key.pk}/name/").status_code == 200
    assert Session.objects.filter(user=owner).count() == 1


def test_an_operator_helps_whoever_lost_the_phone(client, capsys):
    user = make_person()
    give_app(user)
    give_codes(user)
    client.force_login(user)
    assert opens(client)

    call_command("reset_second_factor", "ada")

    assert "2 removed" in capsys.readouterr().out
    assert not user.sessions.exists()
    assert sign_in(client)["Location"] != CODE
    assert is_in(client)
    with pytest.raises(CommandError, match="no user"):
        call_command("reset_second_factor", "nobody")


def test_a_new_passkey_gets_a_name_that_nobody_must_think_of(client):
    user = make_person()
    client.force_login(user)
    assert 'value="Passkey 1"' in client.get("/security/passkeys/new/").content.decode()
    Authenticator.objects.create(user=user, type="webauthn", data={"name": "a", "credential": {}})
    assert SecondFactorAdapter().generate_authenticator_name(user, "webauthn") == "Passkey 2"


def test_what_codes_are_made_from_is_sealed_in_the_database():
    adapter = SecondFactorAdapter()
    sealed = adapter.encrypt("JBSWY3DPEHPK3PXP")
    assert "JBSWY3DPEHPK3PXP" not in sealed
    assert adapter.decrypt(sealed) == "JBSWY3DPEHPK3PXP"
    assert adapter.decrypt("JBSWY3DPEHPK3PXP") == "JBSWY3DPEHPK3PXP"  # kept before that
    with pytest.raises(CannotOpen):
        adapter.decrypt(sealed[:-4] + "AAA=")
