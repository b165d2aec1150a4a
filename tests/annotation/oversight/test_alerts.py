"""Alerts: told once when a limit is crossed, once when it is over, and never for want of data."""

from datetime import timedelta

import pytest
from django.core import mail
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from annotation.accounts.models import User
from annotation.celery import app
from annotation.core import jobs
from annotation.core.addresses import Origins
from annotation.core.models import Event, Job
from annotation.labeling.models import GoldItem, Item
from annotation.oversight.alerts import measures, services
from annotation.oversight.alerts.rules import RULES, next_state
from annotation.oversight.models import Alert, AlertKind, AlertTurn, Delivery
from annotation.oversight.webhooks.services import add_webhook
from annotation.projects.models import Membership
from annotation.quality.models import Report
from tests.factories import make_item, make_judgment, make_member, make_project, make_user

pytestmark = pytest.mark.django_db
Role = Membership.Role


@pytest.fixture
def project():
    return make_project("shop", overlap=2)


@pytest.fixture
def lead(project, client):
    lead = make_member(project, Role.LEAD)
    lead.email = "lead@example.com"
    lead.save()
    client.force_login(lead)
    return lead


URL = "/projects/shop/alerts/"


def watch(project, kind="queue", threshold=10.0, by_mail=True, **more):
    wanted = {kind: {"threshold": threshold, "by_mail": by_mail} | more}
    services.set_alerts(project=project, wanted=wanted, actor=None, base_url="https://c.example")
    return Alert.objects.get(project=project, kind=kind)


def look(alert):
    """One look of the clock; the alert as it is then."""
    services.check_all()
    alert.refresh_from_db()
    return alert


def run_jobs():
    for job in Job.objects.filter(state="queued", kind="alert-mail"):
        jobs.run(job.pk)


def fill(project, count):
    """As many items left to lend as that."""
    Item.objects.filter(project=project).update(taken=2)
    for _ in range(count):
        make_item(project)


@pytest.mark.parametrize(
    ("kind", "values", "states"),
    [
        ("agreement", [70, 64.9, 65, 66.9, 67, 65, 64], "cRRRccR"),
        ("alpha", [0.7, 0.64, 0.66, 0.67, 0.65], "cRRcc"),
        ("queue", [100, 65, 64, 70, 72, 64], "ccRRcR"),
        ("idle", [0, 64, 65, 80, 64.9, 0], "ccRRcc"),
        ("gold", [None, 60, None, 70, None], "cRRcc"),
    ],
)
def test_an_alert_goes_off_at_its_limit_and_is_over_a_margin_away(kind, values, states):
    limit = 0.65 if kind == "alpha" else 65
    state, seen = "calm", ""
    for value in values:
        state = next_state(kind, state, value, limit)
        seen += "R" if state == "raised" else "c"
    assert seen == states


def test_every_kind_has_a_rule_a_measure_and_words():
    from annotation.oversight.alerts.forms import LIMITS
    from annotation.oversight.alerts.words import SENTENCES

    for table in (RULES, SENTENCES, LIMITS):
        assert set(table) == set(AlertKind)
    told = {kind for kind, rule in RULES.items() if rule.is_told}
    assert set(measures.MEASURES) == set(AlertKind) - told


def test_it_is_told_once_per_crossing(project, lead):
    fill(project, 12)
    alert = look(watch(project))
    assert (alert.state, alert.value, alert.turns.count()) == ("calm", 12, 0)
    fill(project, 9)
    for _ in range(3):
        look(alert)
    run_jobs()
    assert (alert.state, alert.value, alert.turns.count(), len(mail.outbox)) == ("raised", 9, 1, 1)
    fill(project, 10)  # above the limit, and within its margin
    assert (look(alert).state, alert.turns.count()) == ("raised", 1)
    fill(project, 11)
    assert (look(alert).state, alert.turns.count()) == ("calm", 2)
    fill(project, 2)
    look(alert)
    run_jobs()
    assert [turn.is_raised for turn in alert.turns.order_by("pk")] == [True, False, True]
    assert len(mail.outbox) == 2


def test_the_mail_says_what_and_where_in_the_readers_language(project, lead):
    lead.preferences = {"language": "de"}
    lead.save()
    admin = make_member(project, Role.ADMIN)
    admin.email = "admin@example.com"
    admin.save()
    for role in (Role.LABELER, Role.REVIEWER, Role.ENGINEER):
        other = make_member(project, role)
        other.email = f"{role}@example.com"
        other.save()
    fill(project, 3)
    look(watch(project))
    run_jobs()
    by_address = {letter.to[0]: letter for letter in mail.outbox}
    assert set(by_address) == {"lead@example.com", "admin@example.com"}
    english, german = by_address["admin@example.com"], by_address["lead@example.com"]
    assert english.subject == "[Concord] Shop: Few items are left in the queue"
    assert "Items left to lend: 3; the limit is 10." in english.body
    assert "https://c.example/projects/shop/" in english.body
    assert "Warteschlange" in german.subject


def addressed(project, role, name):
    user = make_member(project, role, username=name)
    user.email = f"{name}@example.com"
    user.save()
    return user


def told():
    run_jobs()
    addresses = sorted(letter.to[0].partition("@")[0] for letter in mail.outbox)
    mail.outbox.clear()
    return addresses


def test_a_lead_chooses_who_gets_the_mail(client, project, lead):
    omar = addressed(project, Role.REVIEWER, "omar")
    addressed(project, Role.ENGINEER, "erik")
    root = make_user("root", is_superuser=True, email="root@example.com")
    fill(project, 3)
    shown = client.get(URL).content.decode()
    assert all(name in shown for name in ("omar, Reviewer", "erik, Engineer", "root, Site admin"))

    client.post(URL, form_of(queue_to=[omar.pk, root.pk]))
    services.check_all()
    run_jobs()

    by_name = {letter.to[0].partition("@")[0]: letter.body for letter in mail.outbox}
    assert set(by_name) == {"omar", "root"}
    assert "a lead of the project chose you" in by_name["omar"]
    assert URL in by_name["root"]
    assert URL not in by_name["omar"], "it is not theirs to change"
    changed = Event.objects.get(kind="alerts.changed")
    assert changed.payload["mail_to"] == {"queue": sorted([omar.pk, root.pk])}
    assert set(Alert.objects.get().mail_to.all()) == {omar, root}

    mail.outbox.clear()
    client.post(URL, form_of(queue_limit="20"))
    services.check_all()
    assert told() == ["lead"], "nobody chosen again: who leads the project"


@pytest.mark.parametrize(
    "change", [{"role": Role.LABELER}, {"is_active": False}, {"user__is_active": False}]
)
def test_who_is_chosen_and_may_no_more_is_left_out(project, lead, change):
    omar, erik = (addressed(project, Role.REVIEWER, name) for name in ("omar", "erik"))
    fill(project, 3)
    alert = watch(project, mail_to=[omar.pk, erik.pk])
    if "user__is_active" in change:
        User.objects.filter(pk=omar.pk).update(is_active=False)
    else:
        Membership.objects.filter(user=omar).update(**change)
    look(alert)
    assert told() == ["erik"]

    Membership.objects.filter(user=erik).update(is_active=False)
    watch(project, threshold=20.0, mail_to=[omar.pk])
    look(alert)
    assert told() == ["lead"], "an alert is never told to nobody"


def test_no_labeler_and_nobody_from_elsewhere_can_be_chosen(client, project, lead):
    mira = addressed(project, Role.LABELER, "mira")
    stranger = addressed(make_project("other"), Role.LEAD, "eve")
    assert "mira" not in client.get(URL).content.decode()
    for user in (mira, stranger):
        assert client.post(URL, form_of(queue_to=[user.pk])).status_code == 422
    assert not Alert.objects.exists()
    assert not watch(project, mail_to=[mira.pk, stranger.pk]).mail_to.exists()


def test_a_mail_is_tried_again_and_its_end_has_a_cause(project, lead, monkeypatch):
    def refuse(*args):
        raise ConnectionRefusedError

    monkeypatch.setattr("django.core.mail.EmailMessage.send", refuse)
    fill(project, 1)
    look(watch(project))
    for attempt in range(1, 4):
        Job.objects.update(not_before=timezone.now())
        run_jobs()
        assert Job.objects.get(kind="alert-mail").attempts == attempt
    job = Job.objects.get(kind="alert-mail")
    assert (job.state, job.error) == (
        "failed",
        "The mail server refused it: ConnectionRefusedError",
    )


def test_without_mail_wanted_none_is_sent(project, lead):
    fill(project, 1)
    assert look(watch(project, by_mail=False)).state == "raised"
    assert not Job.objects.filter(kind="alert-mail").exists()


def test_a_webhook_is_told_of_both_turns_in_english(project, lead, settings):
    settings.EGRESS_ORIGINS = Origins(["https://hooks.example.com"])
    add_webhook(project=project, url="https://hooks.example.com/", wants=["queue"], actor=lead)
    fill(project, 3)
    alert = look(watch(project))
    fill(project, 20)
    look(alert)
    events = list(Delivery.objects.order_by("pk").values_list("event", flat=True))
    assert events == ["alert.raised", "alert.cleared"]
    assert "Items left to lend: 3; the limit is 10." in Delivery.objects.earliest("pk").body


def test_the_queue_counts_what_can_be_lent_and_no_further_than_it_must(
    project, django_assert_num_queries
):
    assert measures.items_left(project, 5) is None  # before the first item
    make_item(project, taken=2)
    assert measures.items_left(project, 5) == 0
    make_item(project, state="withdrawn")
    make_item(project, state="reserved")
    for _ in range(20):
        make_item(project)
    with django_assert_num_queries(1):
        assert measures.items_left(project, 5) == 7  # enough to know that it is over


def test_hours_are_counted_since_the_last_judgment_made_here(project):
    mira = make_member(project)
    make_item(project)
    assert measures.hours_idle(project, 24) is None  # work that never began
    ago = timezone.now() - timedelta(hours=30)
    make_judgment(make_item(project), mira, [1, 2], origin="desk", submitted_at=ago)
    make_judgment(make_item(project), mira, [1, 2], origin="import")
    assert measures.hours_idle(project, 24) == pytest.approx(30, abs=0.1)
    Item.objects.update(taken=2)
    assert measures.hours_idle(project, 24) == 0  # nothing is left to judge


def test_agreement_is_that_of_the_report_and_made_new_when_judgments_came(project):
    assert measures.raw_agreement(project, 65) is None
    mira, jonas = make_member(project), make_member(project)
    for n in range(20):
        item = make_item(project)
        make_judgment(item, mira, [1, 2])
        make_judgment(item, jonas, [1, 2] if n % 4 else [2, 1])
        if n == 18:
            assert measures.raw_agreement(project, 65) is None  # 19 items: too few to say
    assert measures.raw_agreement(project, 65) == pytest.approx(75)
    assert -1 <= measures.alpha(project, 0.4) <= 1
    newest = Report.objects.newest_first().first()
    assert measures.raw_agreement(project, 65) == pytest.approx(75)
    assert Report.objects.newest_first().first() == newest


def test_a_large_projects_agreement_is_asked_for_once_an_hour(project, monkeypatch):
    monkeypatch.setattr(measures, "SMALL", 0)
    mira = make_member(project)
    make_judgment(make_item(project), mira, [1, 2])
    for _ in range(2):
        assert measures.raw_agreement(project, 65) is None
    (job,) = Job.objects.filter(kind="figures")
    jobs.run(job.pk)
    make_judgment(make_item(project), mira, [1, 2])
    measures.raw_agreement(project, 65)
    assert Job.objects.filter(kind="figures").count() == 1
    Report.objects.update(computed_at=timezone.now() - timedelta(hours=2))
    measures.raw_agreement(project, 65)
    assert Job.objects.filter(kind="figures").count() == 2


def test_gold_is_that_of_the_last_week_once_there_is_enough(project):
    mira = make_member(project)
    assert measures.gold_accuracy(project, 70) is None

    def judge(met, days=0):
        item = make_item(project, state="reserved")
        GoldItem.objects.create(
            project=project, item=item, ranks=[1, 2], unacceptable=[False, False]
        )
        ranks = [1, 2] if met else [2, 1]
        at = timezone.now() - timedelta(days=days)
        make_judgment(item, mira, ranks, origin="desk", purpose="gold", submitted_at=at)

    for n in range(19):
        judge(met=n % 2)
    judge(met=True, days=9)
    assert measures.gold_accuracy(project, 70) is None
    judge(met=True)
    assert measures.gold_accuracy(project, 70) == pytest.approx(50)


def test_what_goes_wrong_in_one_alert_stops_no_other(project, lead, monkeypatch, caplog):
    other = make_project("other")
    fill(project, 1)
    fill(other, 1)
    first, second = watch(project, "idle", 24), watch(other)
    real = measures.MEASURES[AlertKind.IDLE]

    def broken(project, threshold):
        raise ZeroDivisionError

    monkeypatch.setitem(measures.MEASURES, AlertKind.IDLE, broken)
    assert services.check_all() == 1
    assert look(second).state == "raised"
    assert f"alert {first.pk} could not be checked" in caplog.text
    monkeypatch.setitem(measures.MEASURES, AlertKind.IDLE, real)
    assert services.check_all() == 2


def test_the_clock_looks_every_five_minutes(project):
    fill(project, 1)
    alert = watch(project)
    entry = app.conf.beat_schedule["check-alerts"]
    assert entry["schedule"] == 300
    app.tasks[entry["task"]]()
    alert.refresh_from_db()
    assert alert.state == "raised"


def test_an_alert_set_anew_while_it_was_measured_does_not_turn(project):
    fill(project, 5)
    alert = watch(project)
    stale = Alert.objects.get(pk=alert.pk)
    watch(project, threshold=3.0)
    assert services.check(stale) is None
    alert.refresh_from_db()
    assert alert.state == "calm"
    assert services.check(alert) is None
    watch(project, threshold=6.0)
    assert services.check(Alert.objects.get(pk=alert.pk)).is_raised  # the control


def form_of(**fields):
    return {"queue_on": "on", "queue_limit": "10", "queue_mail": "on"} | fields


def test_a_lead_sets_alerts_and_sees_how_they_stand(client, project, lead):
    shown = client.get(URL).content.decode()
    assert "Nothing went off yet" in shown
    assert client.post(URL, form_of(alpha_on="on", alpha_limit="0.45")).status_code == 302
    assert Event.objects.get(kind="alerts.changed").actor == lead
    kept = {alert.kind: alert for alert in Alert.objects.all()}
    assert set(kept) == {"queue", "alpha"}
    assert (kept["alpha"].threshold, kept["alpha"].by_mail) == (0.45, False)
    assert kept["queue"].base_url == "http://testserver"
    assert "Not measured yet" in client.get(URL).content.decode()
    fill(project, 3)
    services.check_all()
    shown = client.get(URL).content.decode()
    assert "Items left to lend: 3; the limit is 10." in shown
    assert "Too little to measure" in shown
    overview = client.get(reverse("runs:show-project", args=["shop"])).content.decode()
    assert "Few items are left in the queue" in overview
    client.post(URL, form_of(queue_on=""))
    assert not Alert.objects.filter(is_on=True).exists()
    overview = client.get(reverse("runs:show-project", args=["shop"])).content.decode()
    assert "Few items are left in the queue" not in overview
    assert AlertTurn.objects.count() == 1  # what went off stays to be read


def test_saving_the_same_again_tells_nothing_twice_and_another_limit_does(client, project, lead):
    fill(project, 3)
    client.post(URL, form_of())
    services.check_all()
    client.post(URL, form_of(queue_mail=""))
    services.check_all()
    assert AlertTurn.objects.count() == 1
    client.post(URL, form_of(queue_limit="20"))
    services.check_all()
    assert AlertTurn.objects.count() == 2


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"queue_limit": ""}, "Say at how much it goes off."),
        ({"queue_limit": "0"}, "greater than or equal to 1"),
        ({"queue_limit": "1000000"}, "less than or equal to 100000"),
        ({"queue_limit": "few"}, "Enter a whole number"),
        ({"agreement_on": "on", "agreement_limit": "101"}, "less than or equal to 100"),
        ({"alpha_on": "on", "alpha_limit": "nan"}, "Enter a number"),
        ({"idle_on": "on", "idle_limit": "-1"}, "greater than or equal to 1"),
    ],
)
def test_a_limit_that_is_none_is_a_sentence_and_changes_nothing(
    client, project, lead, wrong, words
):
    assert client.post(URL, form_of()).status_code == 302
    answer = client.post(URL, form_of(gold_on="on", gold_limit="70") | wrong)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert Alert.objects.count() == 1


def test_the_database_keeps_states_that_make_sense(project):
    alert = watch(project)
    for wrong in ({"state": "raised"}, {"is_on": False, "state": "raised", "value": 1.0}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Alert.objects.filter(pk=alert.pk).update(**wrong)
    Alert.objects.filter(pk=alert.pk).update(state="raised", value=1.0)
