"""The language of a page: the person's choice, then the cookie, then the browser, then English."""

import pytest
from django.urls import reverse

from annotation.accounts.preferences import preferences_of
from tests.annotation.accounts.test_preferences import FORM, URL
from tests.factories import make_user

pytestmark = pytest.mark.django_db

SIGN_IN = "/sign-in/"
GERMAN = {"Accept-Language": "de-AT,de;q=0.9,en;q=0.8"}


def lang(page):
    return page.content.decode().split('<html lang="')[1].split('"')[0]


def choose(client, language, target=SIGN_IN):
    return client.post(reverse("set-language"), {"language": language, "next": target})


def test_without_a_word_from_the_browser_it_is_english(client):
    page = client.get(SIGN_IN)
    assert lang(page) == page["Content-Language"] == "en"
    assert b"There is no open sign-up" in page.content


@pytest.mark.parametrize("header", ["de", "de-AT,de;q=0.9,en;q=0.8", "fr, de;q=0.5"])
def test_the_browsers_language_is_spoken_where_we_know_it(client, header):
    page = client.get(SIGN_IN, headers={"Accept-Language": header})
    assert lang(page) == page["Content-Language"] == "de"


@pytest.mark.parametrize("header", ["fr", "*", "xx-!!", ""])
def test_one_we_do_not_know_is_answered_in_english(client, header):
    assert lang(client.get(SIGN_IN, headers={"Accept-Language": header})) == "en"


def test_a_choice_before_the_sign_in_holds_against_the_browser(client):
    assert choose(client, "en")["Location"] == SIGN_IN
    assert lang(client.get(SIGN_IN, headers=GERMAN)) == "en"
    choose(client, "de")
    assert lang(client.get(SIGN_IN)) == "de"


@pytest.mark.parametrize("language", ["xx", "", '"><script>'])
def test_an_unknown_choice_is_none(client, language):
    choose(client, "de")
    choose(client, language)
    assert lang(client.get(SIGN_IN)) == "en"


@pytest.mark.parametrize("target", ["https://elsewhere.example/", "//elsewhere.example", ""])
def test_it_leads_back_to_this_site_only(client, target):
    assert choose(client, "de", target)["Location"] == "/"


def test_looking_at_the_address_changes_nothing(client):
    assert client.get(reverse("set-language")).status_code == 405


@pytest.mark.parametrize("spoken", ["en", "de"])
def test_the_sign_in_page_offers_every_language_by_its_own_name(client, settings, spoken):
    page = client.get(SIGN_IN, headers={"Accept-Language": spoken}).content.decode()
    for code, name in settings.LANGUAGES:
        assert f'value="{code}" lang="{code}"' in page
        assert f">{name}</button>" in page


def test_a_persons_choice_goes_with_them_and_before_cookie_and_browser(client):
    user = make_user()
    client.force_login(user)
    assert client.post(URL, FORM | {"language": "de"}).status_code == 302
    user.refresh_from_db()
    assert preferences_of(user).language == "de"

    client.cookies.pop("language")  # another browser
    assert lang(client.get(URL)) == "de"
    choose(client, "en")
    assert lang(client.get(URL, headers={"Accept-Language": "en"})) == "de"


def test_the_word_that_it_is_saved_is_in_the_new_language(client):
    client.force_login(make_user())
    page = client.post(URL, FORM | {"language": "de"}, follow=True)
    assert "Gespeichert." in page.content.decode()


def test_after_signing_out_the_browser_keeps_the_language(client):
    client.force_login(make_user())
    client.post(URL, FORM | {"language": "de"})
    client.logout()
    client.cookies["language"] = "de"  # logout() of the test client drops all cookies
    assert lang(client.get(SIGN_IN)) == "de"


def test_as_the_browser_says_takes_the_choice_back(client):
    client.force_login(make_user())
    client.post(URL, FORM | {"language": "de"})
    assert client.cookies["language"].value == "de"
    client.post(URL, FORM | {"language": ""})
    assert lang(client.get(URL)) == "en"
    assert lang(client.get(URL, headers=GERMAN)) == "de"


def test_a_kept_language_that_is_no_longer_offered_breaks_nothing(client):
    user = make_user()
    user.preferences = {"language": "xx"}
    user.save()
    client.force_login(user)
    assert lang(client.get(URL)) == "en"
    user.preferences = {"language": ["de"]}
    user.save()
    assert lang(client.get(URL)) == "en"


def test_one_persons_language_does_not_stay_for_the_next_request(client):
    user = make_user()
    user.preferences = {"language": "de"}
    user.save()
    client.force_login(user)
    assert lang(client.get(URL)) == "de"
    client.logout()
    assert lang(client.get(SIGN_IN)) == "en"


def test_pages_of_errors_speak_the_persons_language(client):
    user = make_user()
    user.preferences = {"language": "de"}
    user.save()
    client.force_login(user)
    page = client.get("/nowhere/")
    assert page.status_code == 404
    assert lang(page) == "de"


def test_programs_are_answered_in_english(client):
    user = make_user()
    client.force_login(user)
    german_page = client.get("/nowhere/", headers=GERMAN)
    answer = client.get("/api/projects/nowhere/", headers=GERMAN)
    assert lang(german_page) == "de"
    assert answer.status_code == 404
    assert answer.json()["detail"].startswith("No")
    assert answer["Content-Language"] == "en"
