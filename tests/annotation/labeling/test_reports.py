"""Problems with an item: reported by labelers, resolved by staff, the item withdrawn."""

import pytest
from django.db import IntegrityError, transaction

from annotation.core.errors import Conflict, DomainError
from annotation.core.models import Event
from annotation.labeling import services
from annotation.labeling.models import Item, ItemReport
from annotation.labeling.reports import report_problem, resolve_report, set_withdrawn
from annotation.projects.models import Membership
from tests.annotation.labeling.test_views import held, open_page, url
from tests.factories import make_item, make_member, make_project

pytestmark = pytest.mark.django_db
Role = Membership.Role


@pytest.fixture
def project():
    return make_project("shop", overlap=1)


@pytest.fixture
def labeler(client, project):
    labeler = make_member(project, handle="mira")
    client.force_login(labeler)
    make_item(project)
    make_item(project)
    open_page(client, project)
    return labeler


def send(client, labeler, htmx=False, **fields):
    headers = {"HX-Request": "true"} if htmx else {}
    return client.post(url("report", "shop", held(labeler).pk), fields, headers=headers)


@pytest.mark.parametrize("htmx", [True, False])
def test_a_report_leaves_the_item_where_it_is(client, labeler, htmx):
    before = held(labeler)
    page = client.get(
        url("report", "shop", before.pk), headers={"HX-Request": "true"} if htmx else {}
    )
    assert "Personal data" in page.content.decode()
    assert ("<!doctype" in page.content.decode()) is not htmx

    answer = send(client, labeler, htmx, kind="personal", text="A phone number.")

    assert answer.status_code == 200
    assert "Thank you" in answer.content.decode()
    assert held(labeler) == before
    report = ItemReport.objects.get()
    assert (report.item, report.labeler, report.text) == (before.item, labeler, "A phone number.")
    event = Event.objects.get(kind="item.reported")
    assert "phone" not in str(event.payload)


def test_a_report_may_skip_at_once(client, labeler):
    before = held(labeler)
    send(client, labeler, kind="language", skip="1")
    open_page(client, before.project)
    assert held(labeler).item != before.item
    before.refresh_from_db()
    assert before.state == "skipped"


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"kind": "rude"}, "choose one"),
        ({}, "choose one"),
        ({"kind": "other"}, "in words"),
        ({"kind": "other", "text": "x" * 2_001}, "at most 2,000"),
        ({"kind": "other", "text": "a\x00b"}, "NUL"),
    ],
)
def test_a_report_that_says_nothing_is_asked_again(client, labeler, fields, words):
    answer = send(client, labeler, **fields)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not ItemReport.objects.exists()


def test_the_same_again_adds_only_new_words(client, labeler):
    assignment = services.assignment_of(labeler, held(labeler).pk)
    for text in ("One.", "One.", "Two.", ""):
        report_problem(assignment=assignment, kind="prompt", text=text)
    assert ItemReport.objects.get().text == "One.\nTwo."
    assert Event.objects.filter(kind="item.reported").count() == 1


def test_only_for_an_item_of_ones_own(client, project, labeler):
    address = url("report", "shop", held(labeler).pk)
    client.force_login(make_member(project))
    assert client.get(address).status_code == 404
    assert client.post(address, {"kind": "prompt"}).status_code == 404


def test_staff_find_reports_and_resolve_them_in_words(client, project, labeler):
    send(client, labeler, kind="duplicate")
    report = ItemReport.objects.get()
    reviewer = make_member(project, Role.REVIEWER)
    client.force_login(reviewer)
    listed = client.get(url("list-items", "shop") + "?progress=reported").content.decode()
    assert report.item.external_id in listed
    assert Item.objects.exclude(pk=report.item_id).get().external_id not in listed
    overview = client.get("/projects/shop/").content.decode()
    assert "Labelers report a problem with an item" in overview
    page = client.get(url("show-item", "shop", report.item_id)).content.decode()
    assert "I have seen this item before" in page
    assert "mira" in page

    address = url("resolve-report", "shop", report.item_id, report.pk)
    assert "in a few words" in client.post(address, {}, follow=True).content.decode()
    done = client.post(address, {"resolution": "It is another order."}, follow=True)
    assert "It is another order." in done.content.decode()
    report.refresh_from_db()
    assert report.resolved_by == reviewer
    with pytest.raises(Conflict):
        resolve_report(report=report, actor=reviewer, resolution="Again.")
    assert "report a problem" not in client.get("/projects/shop/").content.decode()


@pytest.mark.parametrize("role", list(Role))
def test_who_may_resolve_and_who_may_withdraw(client, project, labeler, role):
    send(client, labeler, kind="prompt")
    report = ItemReport.objects.get()
    client.force_login(make_member(project, role))
    resolve = url("resolve-report", "shop", report.item_id, report.pk)
    withdraw = url("withdraw-item", "shop", report.item_id)
    restore = url("restore-item", "shop", report.item_id)
    may_resolve = role in (Role.REVIEWER, Role.LEAD, Role.ADMIN)
    may_manage = role in (Role.LEAD, Role.ADMIN)
    said = {"resolution": "Seen."}
    assert client.post(resolve, said).status_code == (302 if may_resolve else 404)
    assert client.post(withdraw).status_code == (302 if may_manage else 404)
    assert Item.objects.get(pk=report.item_id).state == ("withdrawn" if may_manage else "open")
    assert client.post(restore).status_code == (302 if may_manage else 404)
    assert Item.objects.get(pk=report.item_id).state == "open"


def test_nothing_of_another_project(client, project, labeler):
    send(client, labeler, kind="prompt")
    report = ItemReport.objects.get()
    client.force_login(make_member(make_project("other"), Role.ADMIN))
    for name, ids in [
        ("resolve-report", [report.item_id, report.pk]),
        ("withdraw-item", [report.item_id]),
        ("restore-item", [report.item_id]),
    ]:
        for slug in ("shop", "other"):
            assert client.post(url(name, slug, *ids), {"resolution": "x"}).status_code == 404
    report.refresh_from_db()
    assert report.resolved_at is None


def test_a_withdrawn_item_is_lent_to_nobody_and_can_be_put_back(project):
    item, lead = make_item(project), make_member(project, Role.LEAD)
    for _ in range(2):
        set_withdrawn(item=item, actor=lead, is_withdrawn=True)
    assert services.lend_next_item(project=project, labeler=make_member(project)) is None
    set_withdrawn(item=item, actor=lead, is_withdrawn=False)
    assert services.lend_next_item(project=project, labeler=make_member(project)).item == item
    events = Event.objects.filter(target=f"item:{item.pk}").order_by("pk")
    kinds = list(events.values_list("kind", flat=True))
    assert kinds == ["item.withdrawn", "item.restored"]


def test_the_database_refuses_a_report_resolved_by_nobody(project):
    item, labeler = make_item(project), make_member(project)
    with pytest.raises(IntegrityError), transaction.atomic():
        ItemReport.objects.create(item=item, labeler=labeler, kind="other", resolution="x")
    ItemReport.objects.create(item=item, labeler=labeler, kind="other")
    with pytest.raises(IntegrityError), transaction.atomic():
        ItemReport.objects.create(item=item, labeler=labeler, kind="other")
    assert issubclass(Conflict, DomainError)
