"""Inviting: the rules of the rows, the mails and their job."""

import smtplib
from datetime import timedelta

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import override

from annotation.core.errors import Conflict, DomainError
from annotation.core.models import Event, Job
from annotation.projects.invitations import services
from annotation.projects.invitations.accepting import invitation_behind
from annotation.projects.invitations.addresses import listed
from annotation.projects.models import Invitation, Membership
from annotation.projects.pools.services import save_pool
from tests.annotation.projects.inviting import BASE, invite, mailed, send_mails, token_in
from tests.factories import make_member, make_project, make_user

State = Invitation.State
Role = Membership.Role


@pytest.fixture
def project(db):
    return make_project("shop", name="Shop replies")


@pytest.fixture
def lead(project):
    return make_member(project, Role.LEAD, username="grace")


def test_each_of_a_batch_gets_a_mail_with_a_link_of_their_own(project, lead):
    made = invite(project, lead, "ada@example.org\nbob@münchen.de")
    assert Job.objects.filter(state="queued").count() == 1
    assert [one.token_digest for one in made] == [None, None]  # nobody knows a link yet

    sent = send_mails()

    assert [message.to for message in sent] == [["ada@example.org"], ["bob@xn--mnchen-3ya.de"]]
    assert all(message.cc == message.bcc == [] for message in sent)
    first = sent[0]
    assert first.subject == "[Concord] You are invited to the project “Shop replies”"
    assert "grace invites you to the project “Shop replies” on Concord, as Labeler" in first.body
    tokens = [token_in(message) for message in sent]
    assert len(set(tokens)) == 2
    assert [invitation_behind(token) for token in tokens] == made
    for one in Invitation.objects.all():
        assert one.is_link_mailed
        assert one.sent_at is not None
        assert timedelta(days=13) < one.expires_at - timezone.now() <= timedelta(days=14)
    assert Job.objects.get().result == {"sent": 2, "failed": 0}


def test_no_link_is_in_the_database_and_no_address_in_the_trail(project, lead):
    _invitation, token = mailed(project, lead)
    _link, second = services.make_link(project=project, actor=lead)
    stored = [*Invitation.objects.values(), *Job.objects.values(), *Event.objects.values()]
    assert len(stored) >= 5
    assert token not in str(stored)
    assert second not in str(stored)
    assert "ada@example.org" not in str([*Event.objects.values(), *Job.objects.values()])


def test_a_mail_speaks_the_language_of_whoever_invited(project, lead):
    with override("de"):
        invite(project, lead)
    body = send_mails()[0].body
    assert "lädt Sie" in body
    assert "invites" not in body


def test_a_name_of_two_lines_makes_no_header(project, lead):
    project.name = "Shop\nBcc: eve@example.org"
    project.save()
    invite(project, lead)
    [message] = send_mails()
    assert message.recipients() == ["ada@example.org"]
    assert "\n" not in message.subject
    assert "Bcc" not in message.message()


def test_hostile_names_stay_text_in_a_mail_that_is_text(project, lead):
    project.name = "<b>Shop</b> {{ url }}"
    project.save()
    invite(project, lead)
    [message] = send_mails()
    assert "“<b>Shop</b> {{ url }}”" in message.body
    assert message.content_subtype == "plain"


def test_a_list_is_invited_whole_or_not_at_all(project, lead):
    invite(project, lead, "bob@example.org")
    with pytest.raises(Conflict):
        invite(project, lead, "ada@example.org\nbob@example.org\neve@example.org")
    assert [one.email for one in Invitation.objects.all()] == ["bob@example.org"]
    assert Job.objects.count() == 1
    with pytest.raises(DomainError):
        services.invite_people(project=project, invitees=[], actor=lead, base_url=BASE)


def test_who_is_invited_already_and_whose_handle_is_taken_is_named_by_line(project, lead):
    make_member(project, username="bea", handle="countess")
    invite(project, lead, "email,handle\nbob@example.org,bobby")
    found = listed(
        "email,handle\nada@example.org,countess\nBOB@example.org,\neve@example.org,\n"
        "mallory@example.org,bobby"
    )

    services.check_against_project(project=project, found=found, actor=lead)

    assert [one.email for one in found.invitees] == ["eve@example.org"]
    assert [(one.line, one.sentence) for one in found.problems] == [
        (2, "Somebody else here has the handle “countess”."),
        (3, "This address is invited already."),
        (5, "Somebody else here has the handle “bobby”."),
    ]


def test_only_pools_that_the_lead_may_fill_are_taken(project, lead):
    save_pool(name="German", kind="language", description="", actor=lead)
    foreign = make_member(make_project(), Role.LEAD)
    save_pool(name="Law", kind="domain", description="", actor=foreign)
    found = listed(
        "email,language,domain\nada@example.org,german,\nbob@example.org,,Law\n"
        "eve@example.org,Latin,"
    )

    services.check_against_project(project=project, found=found, actor=lead)

    assert [one.email for one in found.invitees] == ["ada@example.org"]
    assert [(one.line, one.sentence) for one in found.problems] == [
        (3, "There is no pool “Law” that you may fill."),
        (4, "There is no pool “Latin” that you may fill."),
    ]


def test_inviting_somebody_with_an_account_tells_nothing_about_it(project, lead):
    """Neither a member's address nor a stranger's differs from one that nobody has."""
    member = make_member(project)
    member.email = "ada@example.org"
    member.save()
    make_user(email="bob@example.org")
    found = listed("ada@example.org\nbob@example.org\nnobody@example.org")
    services.check_against_project(project=project, found=found, actor=lead)
    assert found.problems == []
    invite(project, lead, "ada@example.org\nbob@example.org\nnobody@example.org")
    assert len(send_mails()) == 3
    assert {(one.state, one.error) for one in Invitation.objects.all()} == {("waiting", "")}


def test_one_address_may_be_invited_to_two_projects(project, lead):
    other = make_project("other")
    invite(project, lead)
    invite(other, make_member(other, Role.LEAD))
    assert len(send_mails()) == 2


def test_what_expired_makes_room_for_a_new_invitation(project, lead):
    [old] = invite(project, lead)
    past = timezone.now() - timedelta(days=20)
    Invitation.objects.update(created_at=past, expires_at=past + timedelta(days=14))
    [new] = invite(project, lead)
    old.refresh_from_db()
    assert (old.state, new.state) == (State.REVOKED, State.WAITING)


def test_a_new_mail_has_a_new_link_and_the_old_one_is_dead(project, lead):
    invitation, first = mailed(project, lead)
    services.resend(invitation=invitation, actor=lead, base_url=BASE)
    assert invitation_behind(first) is None
    second = token_in(send_mails()[-1])
    assert invitation_behind(second) == invitation
    assert len(mail.outbox) == 2
    services.revoke(invitation=invitation, actor=lead)
    with pytest.raises(Conflict):
        services.resend(invitation=invitation, actor=lead, base_url=BASE)
    assert Job.objects.count() == 2


def test_a_revoked_invitation_that_has_not_left_leaves_no_more(project, lead):
    ada, _bob = invite(project, lead, "ada@example.org\nbob@example.org")
    services.revoke(invitation=ada, actor=lead)
    assert [message.to for message in send_mails()] == [["bob@example.org"]]


def test_a_link_has_no_address_to_be_sent_to(project, lead):
    invitation, token = services.make_link(project=project, actor=lead, role=Role.REVIEWER)
    assert invitation_behind(token).role == Role.REVIEWER
    with pytest.raises(DomainError, match="no address"):
        services.resend(invitation=invitation, actor=lead, base_url=BASE)
    again = services.renew_link(invitation=invitation, actor=lead)
    assert invitation_behind(token) is None
    assert invitation_behind(again) == invitation


def test_who_did_what_is_in_the_trail(project, lead):
    invitation, _token = mailed(project, lead)
    services.renew_link(invitation=invitation, actor=lead)
    services.resend(invitation=invitation, actor=lead, base_url=BASE)
    services.revoke(invitation=invitation, actor=lead)
    kinds = project.events.filter(actor=lead, kind__startswith="invitation").order_by("id")
    assert list(kinds.values_list("kind", flat=True)) == [
        "invitations.made",
        "invitation.link_made",
        "invitation.sent_again",
        "invitation.revoked",
    ]


class FullMailbox(EmailBackend):
    """A mail server that takes every mail but Bob's."""

    def send_messages(self, messages):
        for message in messages:
            if message.to[0].startswith("bob"):
                raise smtplib.SMTPRecipientsRefused({message.to[0]: (552, b"mailbox full")})
        return super().send_messages(messages)


class NoServer(EmailBackend):
    def open(self):
        raise ConnectionRefusedError("nobody listens")


def run_again(job):
    """The pause before the next try is over."""
    Job.objects.filter(pk=job.pk).update(not_before=timezone.now() - timedelta(seconds=1))
    return send_mails()


def test_a_mail_that_fails_is_tried_again_without_sending_the_others_twice(
    project, lead, settings
):
    settings.EMAIL_BACKEND = f"{__name__}.FullMailbox"
    invite(project, lead, "ada@example.org\nbob@example.org\neve@example.org")
    send_mails()
    job = Job.objects.get()
    assert [message.to[0] for message in mail.outbox] == ["ada@example.org", "eve@example.org"]
    bob = Invitation.objects.get(email="bob@example.org")
    assert (bob.state, bob.sent_at, bob.is_link_mailed) == (State.FAILED, None, False)
    assert "mailbox full" in bob.error
    assert (job.state, job.attempts) == ("queued", 1)
    assert job.not_before > timezone.now()

    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    run_again(job)

    assert [message.to[0] for message in mail.outbox][2:] == ["bob@example.org"]
    bob.refresh_from_db()
    assert (bob.state, bob.error) == (State.WAITING, "")
    job.refresh_from_db()
    assert (job.state, job.result) == ("done", {"sent": 1, "failed": 0})


def test_without_a_mail_server_the_lead_sees_it_and_sends_it_again_later(project, lead, settings):
    usual = settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND = f"{__name__}.NoServer"
    [invitation] = invite(project, lead)
    job = Job.objects.get()
    for _attempt in range(job.max_attempts):
        run_again(job)
    job.refresh_from_db()
    assert (job.state, job.result) == ("done", {"sent": 0, "failed": 1})
    invitation.refresh_from_db()
    assert "ConnectionRefusedError" in invitation.error
    assert invitation.state == State.FAILED

    settings.EMAIL_BACKEND = usual
    services.resend(invitation=invitation, actor=lead, base_url=BASE)
    assert len(send_mails()) == 1
    invitation.refresh_from_db()
    assert invitation.state == State.WAITING


def test_a_link_that_a_lead_handed_over_is_not_replaced_by_a_late_mail(project, lead, settings):
    usual = settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND = f"{__name__}.NoServer"
    handed_over, late = invite(project, lead, "ada@example.org\nbob@example.org")
    send_mails()
    token = services.renew_link(invitation=handed_over, actor=lead)

    settings.EMAIL_BACKEND = usual
    run_again(Job.objects.get())

    assert [message.to for message in mail.outbox] == [["bob@example.org"]]
    assert invitation_behind(token) == handed_over
    services.resend(invitation=handed_over, actor=lead, base_url=BASE)
    assert len(send_mails()) == 2
    assert invitation_behind(token) is None


BROKEN = [
    {"email": "Ada@example.org"},
    {"email": ""},
    {"accepted_at": timezone.now()},
    {"is_link_mailed": True},
    {
        "is_link_mailed": True,
        "token_digest": "0" * 64,
        "sent_at": timezone.now(),
        "shown_at": timezone.now(),
    },
    {"expires_at": timezone.now() - timedelta(days=1)},
]


@pytest.mark.parametrize("fields", BROKEN)
def test_the_database_refuses_an_impossible_invitation(project, lead, fields):
    [invitation] = invite(project, lead)
    with pytest.raises(IntegrityError), transaction.atomic():
        Invitation.objects.filter(pk=invitation.pk).update(**fields)


def test_the_database_refuses_a_second_open_one_and_one_both_accepted_and_revoked(project, lead):
    [invitation] = invite(project, lead)
    fields = {"project": project, "invited_by": lead, "expires_at": invitation.expires_at}
    with pytest.raises(IntegrityError), transaction.atomic():
        Invitation.objects.create(email="ada@example.org", **fields)
    now = timezone.now()
    with pytest.raises(IntegrityError), transaction.atomic():
        Invitation.objects.update(accepted_at=now, accepted_by=lead, revoked_at=now)
    Invitation.objects.update(revoked_at=now)
    Invitation.objects.create(email="ada@example.org", **fields)
    Invitation.objects.create(email=None, **fields)
    Invitation.objects.create(email=None, **fields)
    assert Invitation.objects.count() == 4


def test_each_state_is_found_as_it_is_shown(project, lead):
    names = ["waiting", "failed", "accepted", "expired", "revoked"]
    invite(project, lead, "\n".join(f"{name}@example.org" for name in names))
    now, past = timezone.now(), timezone.now() - timedelta(days=20)
    changes = {
        "failed": {"error": "mailbox full"},
        "accepted": {"accepted_at": now, "accepted_by": lead},
        "expired": {"created_at": past, "expires_at": past + timedelta(days=14)},
        "revoked": {"revoked_at": now},
    }
    for name, fields in changes.items():
        Invitation.objects.filter(email=f"{name}@example.org").update(**fields)
    for name in names:
        [found] = project.invitations.in_state(name)
        assert (found.email, found.state) == (f"{name}@example.org", name)
