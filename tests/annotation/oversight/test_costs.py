"""Hours and pay: each second once, no more than an item counts, and no cell that is a formula."""

import csv
import io
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from annotation.core.models import Event
from annotation.oversight.costs import hours
from annotation.oversight.models import MemberRate, Pay
from annotation.projects.models import Membership
from tests.factories import make_item, make_judgment, make_member, make_project

pytestmark = pytest.mark.django_db
MONDAY = date(2026, 3, 2)
WEEK = {"first": "2026-03-02", "last": "2026-03-08"}


@pytest.fixture
def project():
    return make_project("shop")


@pytest.fixture
def lead(project, client):
    lead = make_member(project, Membership.Role.LEAD, handle="lead")
    client.force_login(lead)
    return lead


def judged(project, labeler, seconds, *, day=2, hour=12, item=None, revision=1, **fields):
    fields = {"origin": "desk"} | fields
    return make_judgment(
        item or make_item(project),
        labeler,
        [1, 2],
        seconds=seconds,
        revision=revision,
        submitted_at=datetime(2026, 3, day, hour, tzinfo=UTC),
        **fields,
    )


def week_of(project):
    return hours.days_of(project, MONDAY, date(2026, 3, 8))


def url(name, **query):
    from urllib.parse import urlencode

    return reverse(f"oversight:{name}", args=["shop"]) + ("?" + urlencode(query) if query else "")


def rates(**fields):
    return {"currency": "EUR", "hourly_rate": "18.50", "cap_minutes": "10"} | fields


def test_seconds_add_up_by_labeler_and_day(project):
    mira, jonas = make_member(project, handle="mira"), make_member(project, handle="jonas")
    judged(project, mira, 100)
    judged(project, mira, 50.4, hour=23)
    judged(project, mira, 30, day=3, hour=0)
    judged(project, jonas, 7)
    found = [
        (one.handle, one.day.day, one.judgment_count, one.seconds) for one in week_of(project)
    ]
    assert found == [("jonas", 2, 1, 7), ("mira", 2, 2, 150), ("mira", 3, 1, 30)]


def test_a_change_adds_only_what_it_took_on_top(project):
    """The page goes on counting from the time the judgment had."""
    mira = make_member(project)
    item = judged(project, mira, 100).item
    judged(project, mira, 130, day=3, item=item, revision=2)
    judged(project, mira, 20, day=4, item=item, revision=3)  # by a program: it says its own time
    judged(project, mira, 150, day=5, item=item, revision=4)
    assert [one.seconds for one in week_of(project)] == [100, 30, 0, 20]
    assert sum(one.judgment_count for one in week_of(project)) == 1


def test_an_undone_judgment_counts_once(project):
    mira = make_member(project)
    item = judged(project, mira, 60).item
    judged(project, mira, 60, item=item, revision=2, is_retraction=True)
    judged(project, mira, 75, item=item, revision=3)
    assert [one.seconds for one in week_of(project)] == [75]


def test_one_item_counts_no_more_than_the_cap(project):
    mira = make_member(project)
    item = judged(project, mira, 3 * 3600).item
    judged(project, mira, 5 * 3600, day=3, item=item, revision=2)  # the cap was used up
    first, second = week_of(project)
    assert (first.seconds, second.seconds, first.capped_count) == (15 * 60, 0, 1)
    Pay.objects.create(project=project, currency="EUR", hourly_rate=10, cap_minutes=20)
    assert week_of(project)[0].seconds == 20 * 60


def test_imports_have_no_hours_and_judgments_without_a_time_are_told(project):
    mira = make_member(project)
    judged(project, mira, 100, origin="import")
    assert week_of(project) == []
    judged(project, mira, None)
    (day,) = week_of(project)
    assert (day.seconds, day.judgment_count, day.unmeasured_count) == (0, 1, 1)


def test_a_period_has_both_its_days_and_no_others_nor_another_project(project):
    mira = make_member(project)
    for day in (1, 2, 8, 9):
        judged(project, mira, 10, day=day, hour=0)
    other = make_project("other")
    judged(other, mira, 1000)
    assert [one.day.day for one in week_of(project)] == [2, 8]


def test_gold_and_calibration_are_time_as_well(project):
    mira = make_member(project)
    for purpose in ("work", "gold", "calibration", "training", "test"):
        judged(project, mira, 10, purpose=purpose)
    assert week_of(project)[0].seconds == 50


def test_amounts_add_up_to_the_cent(project):
    """Rounded by the day: the page, its sum and the lines of the export say the same."""
    Pay.objects.create(project=project, currency="EUR", hourly_rate=Decimal("9.99"))
    for labeler in (make_member(project) for _ in range(3)):
        for day in (2, 3, 4):
            judged(project, labeler, 61, day=day)
    days = week_of(project)
    assert {day.amount for day in days} == {Decimal("0.17")}
    totals = hours.totals_of(days)
    assert [total.amount for total in totals] == [Decimal("0.51")] * 3
    assert hours.Total.of("", days).amount == Decimal("1.53")


def test_a_member_may_have_another_rate(client, project, lead):
    mira, jonas = make_member(project, handle="mira"), make_member(project, handle="jonas")
    for labeler in (mira, jonas):
        judged(project, labeler, 600)
    sent = rates(**{f"rate_{mira.membership.pk}": "30"})
    assert client.post(url("edit-rates"), sent).status_code == 302
    assert {one.handle: one.amount for one in week_of(project)} == {
        "mira": Decimal("5.00"),
        "jonas": Decimal("3.08"),
    }
    assert Event.objects.get(kind="pay.changed").actor == lead
    client.post(url("edit-rates"), rates())  # empty: the project's rate again
    assert not MemberRate.objects.exists()
    assert {one.rate for one in week_of(project)} == {Decimal("18.50")}


def test_a_rate_may_be_written_as_the_language_writes_it(client, project, lead):
    client.cookies["language"] = "de"
    assert client.post(url("edit-rates"), rates(hourly_rate="12,75")).status_code == 302
    assert Pay.objects.get().hourly_rate == Decimal("12.75")
    assert 'value="12,75"' in client.get(url("edit-rates")).content.decode()


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"currency": "Euro"}, "at most 3"),
        ({"currency": "12€"}, "three letters"),
        ({"hourly_rate": "-1"}, "greater than or equal to 0"),
        ({"hourly_rate": "a lot"}, "Enter a number"),
        ({"hourly_rate": "NaN"}, "Enter a number"),
        ({"hourly_rate": "1" * 9}, "no more than"),
        ({"cap_minutes": "0"}, "greater than or equal to 1"),
        ({"cap_minutes": "241"}, "less than or equal to 240"),
        ({"own": "-3"}, "greater than or equal to 0"),
    ],
)
def test_what_is_wrong_with_rates_is_a_sentence_and_changes_nothing(
    client, project, lead, changed, words
):
    assert client.post(url("edit-rates"), rates()).status_code == 302
    if "own" in changed:
        changed = {f"rate_{lead.membership.pk}": changed["own"]}
    answer = client.post(url("edit-rates"), rates(currency="USD") | changed)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert Pay.objects.get().currency == "EUR"
    assert not MemberRate.objects.exists()


def test_rates_of_another_project_stay(client, project, lead):
    stranger = make_member(make_project("other"))
    sent = rates(**{f"rate_{stranger.membership.pk}": "99"})
    assert client.post(url("edit-rates"), sent).status_code == 302
    assert not MemberRate.objects.exists()


def test_the_page_shows_hours_amounts_and_how_they_are_counted(client, project, lead):
    mira = make_member(project, handle="mira")
    judged(project, mira, 5400 / 6)
    judged(project, mira, 5000, day=3)
    judged(project, mira, None, day=3)
    shown = client.get(url("show-costs", **WEEK)).content.decode()
    assert "No rate is set yet" in shown
    assert "0:30" in shown  # 15 minutes, and the cap of the other
    client.post(url("edit-rates"), rates(hourly_rate="20", cap_minutes="30"))
    shown = client.get(url("show-costs", **WEEK)).content.decode()
    assert "0:45" in shown
    assert "15.00" in shown
    assert "One item counts at most 30 minutes." in shown
    assert "1 judgment took longer than it counts" in shown
    assert "1 came without a time" in shown


def test_an_empty_period_says_so(client, project, lead):
    assert "Nobody worked in this period" in client.get(url("show-costs")).content.decode()


@pytest.mark.parametrize(
    ("period", "words"),
    [
        ({"first": "2026-03-08", "last": "2026-03-02"}, "ends before it begins"),
        ({"first": "2024-01-01", "last": "2026-03-02"}, "at most 366 days"),
        ({"first": "soon", "last": "2026-03-02"}, "Enter a valid date"),
        ({"first": "2026-03-02"}, "This field is required"),
    ],
)
def test_a_period_that_is_none_is_a_sentence_for_page_and_export(
    client, project, lead, period, words
):
    for name in ("show-costs", "export-hours"):
        answer = client.get(url(name, **period))
        assert answer.status_code == 422
        assert words in answer.content.decode()
    assert not Event.objects.filter(kind="hours.exported").exists()


def test_the_export_has_a_line_for_each_labeler_and_day_and_is_recorded(client, project, lead):
    mira = make_member(project, handle="mira")
    judged(project, mira, 450)
    judged(project, mira, 900, day=3)
    client.post(url("edit-rates"), rates(hourly_rate="20"))
    answer = client.get(url("export-hours", **WEEK))
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="shop-hours-')
    content = answer.getvalue()
    assert content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
    assert rows == [
        ["labeler", "day", "judgments", "hours", "rate", "currency", "amount"],
        ["mira", "2026-03-02", "1", "0.1250", "20.00", "EUR", "2.50"],
        ["mira", "2026-03-03", "1", "0.1667", "20.00", "EUR", "3.33"],
    ]
    event = Event.objects.get(kind="hours.exported")
    assert (event.actor, event.payload) == (lead, {"first": "2026-03-02", "last": "2026-03-08"})


@pytest.mark.parametrize("handle", ["=1+1", "+1", "-1", "@x", "\uff1d1", "\tx"])
def test_no_handle_becomes_a_formula(client, project, lead, handle):
    mira = make_member(project)
    Membership.objects.filter(user=mira).update(handle=handle)
    judged(project, mira, 60)
    text = client.get(url("export-hours", **WEEK)).getvalue().decode("utf-8-sig")
    (line,) = list(csv.reader(io.StringIO(text)))[1:]
    assert line[0] == f"'{handle}"


def test_only_leads_and_admins_see_what_people_are_paid(client, project):
    for role in Membership.Role:
        client.force_login(make_member(project, role))
        expected = 200 if role in (Membership.Role.LEAD, Membership.Role.ADMIN) else 404
        for name in ("show-costs", "export-hours", "edit-rates"):
            assert client.get(url(name)).status_code == expected, (role, name)


def test_the_database_keeps_rates_sane(project):
    for wrong in (
        {"currency": "eur", "hourly_rate": 1},
        {"currency": "EUR", "hourly_rate": -1},
        {"currency": "EUR", "hourly_rate": 1, "cap_minutes": 0},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            Pay.objects.create(project=project, **wrong)
    Pay.objects.create(project=project, currency="EUR", hourly_rate=0)
