"""What a person says about themself: theirs to write and erase, and nobody's to read."""

import json
import re

import pytest
from django.db import connection
from django.test import Client

from annotation.accounts.models import SelfDescription
from annotation.accounts.self_description.answers import CONSENT, CONSENT_VERSION, FIELDS
from annotation.accounts.self_description.seal import names_of
from annotation.accounts.self_description.services import (
    describe_oneself,
    forget_description,
    own_description,
)
from annotation.accounts.self_description.slices import FEWEST, slices
from annotation.core.errors import DomainError
from annotation.core.models import Event
from annotation.projects.models import Membership
from tests.annotation.accounts.test_sign_in import routes
from tests.factories import make_item, make_judgment, make_member, make_project, make_user

pytestmark = pytest.mark.django_db

URL = "/profile/about-you/"
ANSWERS = {"country": "IS", "age": "65+", "gender": "woman", "language": "is", "expertise": "law"}


def describe(user=None, **answers):
    user = user or make_user()
    describe_oneself(user=user, answers=answers or ANSWERS)
    return user


def dump() -> list[tuple]:
    """(transaction, place, name, envelope) of each row, in the order of a dump."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT xmin::text, ctid::text, * FROM accounts_selfdescription ORDER BY ctid"
        )
        return cursor.fetchall()


# The person's own page.


def test_a_person_writes_changes_and_deletes(client):
    ada = make_user()
    client.force_login(ada)
    client.post(URL, ANSWERS | {"consents": "on"})
    said = own_description(ada)
    assert {name: said[name] for name in FIELDS} == ANSWERS
    assert said["consent"]["text"] == CONSENT_VERSION
    assert said["consent"]["at"].startswith("20")
    assert '<option value="IS" selected>' in client.get(URL).content.decode()

    client.post(URL, {"country": "NO", "consents": "on"})
    assert own_description(ada).keys() == {"country", "consent"}
    assert SelfDescription.objects.count() == 1

    client.post(URL, {"delete": "1"})
    assert own_description(ada) is None
    assert not SelfDescription.objects.exists()
    assert client.post(URL, {"delete": "1"}).status_code == 302, "twice is once"


def test_nothing_is_kept_without_the_tick(client):
    client.force_login(make_user())
    refused = client.post(URL, ANSWERS)
    assert refused.status_code == 422
    assert not SelfDescription.objects.exists()
    assert client.post(URL, ANSWERS | {"consents": "on"}).status_code == 302
    assert SelfDescription.objects.exists()


@pytest.mark.parametrize(
    "answers", [{}, {"country": ""}, {"country": "Iceland"}, {"age": "66"}, {"gender": "\x00"}]
)
def test_an_answer_that_is_none_is_refused(client, answers):
    client.force_login(make_user())
    assert client.post(URL, answers | {"consents": "on"}).status_code == 422
    assert not SelfDescription.objects.exists()


def test_a_service_takes_no_free_text():
    with pytest.raises(DomainError):
        describe(country="my address")
    with pytest.raises(DomainError):
        describe(name="Ada")
    assert not SelfDescription.objects.exists()


def test_the_page_shows_the_text_that_is_agreed_to(client):
    client.force_login(make_user())
    assert "Nobody sees my answers" in client.get(URL).content.decode()
    assert list(CONSENT) == list(range(1, CONSENT_VERSION + 1))


def test_the_answers_need_a_recent_sign_in(client, settings):
    ada = make_user(password="a long pass phrase")
    client.force_login(ada)
    assert client.get(URL).status_code == 200
    settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = 0
    assert client.get(URL).headers["Location"].startswith("/sign-in/again/")


# Nobody else.


def shows_an_age(body):
    """Not the digits and the plus of a time with its zone, as in 12:00:00.248965+00:00."""
    return re.search(r"(?<!\d)65(\+|&#43;|&plus;)(?!\d)", body) is not None


def test_an_age_is_told_from_a_time():
    assert shows_an_age("<td>65+</td><td>65&#43;</td>")
    assert shows_an_age('{"age": "65+"}')
    assert not shows_an_age("2026-01-01T12:00:00.248965+00:00 10:20:65+00:00")


def test_no_page_and_no_address_of_the_api_shows_anybodys_answers():
    project = make_project("shop")
    ada = make_member(project)
    make_judgment(make_item(project), ada, [1, 2])
    describe(ada)
    row = SelfDescription.objects.get()
    admin = make_user(is_superuser=True)
    make_member(project, Membership.Role.LEAD)
    client, seen = Client(), 0
    client.force_login(admin)

    for name, path in routes():
        if name in ("accounts:sign-out", "account_logout"):
            continue
        answer = client.get(path.replace("/x/", f"/{ada.pk}/"))
        body = answer.getvalue().decode(errors="replace")
        seen += answer.status_code == 200
        assert row.name not in body, name
        if name != "accounts:describe-oneself":  # the list of what can be chosen
            assert not shows_an_age(body), name
    assert seen > 25
    assert 'value="65+" selected' not in client.get(URL).content.decode(), "the admin's own page"


def test_no_event_tells_of_it(client):
    client.force_login(make_user())
    client.post(URL, ANSWERS | {"consents": "on"})
    client.post(URL, {"delete": "1"})
    assert not Event.objects.exists()


def test_the_database_alone_tells_neither_whose_they_are_nor_what(settings):
    people = [describe(country=country) for country in ("IS", "NO", "DE")]
    names = {row.name for row in SelfDescription.objects.all()}

    settings.SECRET_KEY = "another one, as of somebody who has the dump and not the key"

    assert all(own_description(user) is None for user in people)
    assert names.isdisjoint({str(user.pk) for user in people})


def test_an_envelope_opens_under_its_own_name_only():
    """Whoever may write into the database cannot read a row by putting it under their own name."""
    ada, eve = describe(country="IS"), describe(country="NO")
    envelope = SelfDescription.objects.get(name=names_of(ada.pk)[0]).envelope
    SelfDescription.objects.filter(name=names_of(eve.pk)[0]).update(envelope=envelope)
    assert own_description(ada)["country"] == "IS"
    assert own_description(eve) is None


def test_no_time_no_order_and_no_length_gives_a_person_away():
    for n in range(12):
        describe(**({"country": "IS"} if n % 2 else ANSWERS))
    rows = dump()
    envelopes = [row[3] for row in rows]

    assert len({xmin for xmin, *_ in rows}) == 1, "all rows are of one transaction"
    assert len({len(envelope) for envelope in envelopes}) == 1
    assert {field.name for field in SelfDescription._meta.fields} == {"name", "envelope"}


def test_who_came_last_is_not_the_last_row():
    places = set()
    for _ in range(12):
        last = describe()
        names = [row[2] for row in dump()]
        places.add(
            next(
                index - len(names) for index, name in enumerate(names) if name in names_of(last.pk)
            )
        )
    assert places != {-1}


def test_a_new_secret_key_still_opens_what_the_old_one_closed(settings):
    ada = describe()
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "the next one"
    assert own_description(ada)["country"] == "IS"

    describe(ada, country="NO")
    assert SelfDescription.objects.count() == 1, "the one under the old name is gone"

    settings.SECRET_KEY_FALLBACKS = []
    assert own_description(ada)["country"] == "NO"
    assert forget_description(user=ada)
    assert not SelfDescription.objects.exists()


# Groups.


def test_a_group_of_five_is_shown_and_one_of_four_is_not():
    five = [describe(country="DE").pk for _ in range(FEWEST)]
    others = [make_user().pk for _ in range(FEWEST)]
    figures = dict.fromkeys(five, 0.5) | dict.fromkeys(others, 1.0)
    (shown,) = slices(figures)["country"]
    assert (shown.answer, shown.people, shown.mean) == ("DE", 5, 0.5)

    del figures[five[0]]
    assert slices(figures)["country"] == []


def test_nobody_is_found_by_what_is_left():
    """Six from Germany, five from Norway, one from Iceland: all, less the two, were the one."""
    people = [describe(country="DE").pk for _ in range(6)]
    people += [describe(country="NO").pk for _ in range(5)]
    figures = dict.fromkeys(people, 1.0)
    assert [one.answer for one in slices(figures)["country"]] == ["DE", "NO"]

    figures[describe(country="IS").pk] = 0.0
    assert [one.answer for one in slices(figures)["country"]] == ["DE"]

    for _ in range(4):
        figures[make_user().pk] = 0.0
    assert [one.answer for one in slices(figures)["country"]] == ["DE", "NO"]


def test_only_people_who_were_asked_about_count():
    for _ in range(9):
        describe(country="DE")
    asked = {describe(country="DE").pk: 1.0 for _ in range(4)}
    assert slices(asked)["country"] == []
    assert json.dumps(slices({})["country"]) == "[]"
