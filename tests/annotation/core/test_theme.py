"""The theme arrives with the page: a cookie, a form, no script."""

import pytest
from django.urls import reverse

SIGN_IN = "/sign-in/"


def choose(client, theme, target="/sign-in/"):
    return client.post(reverse("set-theme"), {"theme": theme, "next": target})


@pytest.mark.django_db
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_chosen_theme_is_in_the_first_byte_of_the_next_page(client, theme):
    assert choose(client, theme)["Location"] == SIGN_IN

    assert f'<html lang="en" data-theme="{theme}">' in client.get(SIGN_IN).content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("theme", ["system", '"><script>'])
def test_anything_else_is_the_systems_theme(client, theme):
    choose(client, "dark")
    choose(client, theme)

    assert '<html lang="en">' in client.get(SIGN_IN).content.decode()


@pytest.mark.django_db
def test_a_cookie_from_elsewhere_is_not_believed(client):
    client.cookies["theme"] = '"><script>'

    assert '<html lang="en">' in client.get(SIGN_IN).content.decode()


@pytest.mark.parametrize("target", ["https://elsewhere.example/", "//elsewhere.example", ""])
def test_it_leads_back_to_this_site_only(client, target):
    assert choose(client, "dark", target)["Location"] == "/"


def test_looking_at_the_address_changes_nothing(client):
    assert client.get(reverse("set-theme")).status_code == 405
