"""The lead's pages of invitations: lists that are wrong, links, what can be done with each."""

import csv
import io
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from annotation.core.models import Job
from annotation.projects.invitations import services
from annotation.projects.models import Invitation, Membership
from annotation.projects.services import add_member
from tests.annotation.projects.inviting import invite, mailed, send_mails
from tests.factories import make_member, make_project

Role = Membership.Role
INVITE = "/projects/shop/people/invite/"
LIST = "/projects/shop/people/invitations/"


@pytest.fixture
def project(db):
    return make_project("shop", name="Shop")


@pytest.fixture
def lead(project, client):
    lead = make_member(project, Role.LEAD, username="grace")
    client.force_login(lead)
    return lead


def post(client, people="", file=None, **fields):
    fields = {"people": people, "role": "labeler"} | fields
    if file is not None:
        fields["file"] = SimpleUploadedFile("people.csv", file)
    return client.post(INVITE, fields)


def test_a_pasted_list_is_invited(client, project, lead):
    answer = post(client, "ada@example.org\nbob@example.org", role="reviewer")
    assert answer.status_code == 200
    assert "2 people are invited" in answer.content.decode()
    assert {one.role for one in Invitation.objects.all()} == {Role.REVIEWER}
    [ada, _bob] = send_mails()
    assert re.search(r"http://testserver/invitation/[\w-]{43}/", ada.body)
    page = client.get(LIST).content.decode()
    assert "ada@example.org" in page
    assert "Reviewer" in page


def test_a_file_is_invited_and_says_more_than_the_page(client, project, lead):
    data = "email;role;name\r\nada@example.org;lead;Ada\r\nbob@example.org;;\r\n"
    answer = post(client, file=data.encode("utf-8-sig"))
    assert "Columns that were not read: name." in answer.content.decode()
    roles = dict(Invitation.objects.values_list("email", "role"))
    assert roles == {"ada@example.org": "lead", "bob@example.org": "labeler"}


def test_a_list_with_bad_lines_invites_nobody_and_comes_back_to_be_mended(client, project, lead):
    data = b"email\nada@example.org\n<script>alert(1)</script>\nADA@example.org\n"
    answer = post(client, file=data)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "2 lines cannot be used" in page
    assert "Nobody is invited yet." in page
    assert "The same address is in line 2." in page
    assert "<script>alert" not in page
    assert "ada@example.org\n" in page  # the file's text, in the field
    assert "invite the 1 other person" in page
    assert not Invitation.objects.exists()
    assert not Job.objects.exists()


def test_by_choice_the_good_ones_are_invited_with_a_report(client, project, lead):
    invite(project, lead, "bob@example.org")
    text = "ada@example.org\nnobody\nbob@example.org"
    assert post(client, text).status_code == 422
    page = post(client, text, take_good="on").content.decode()
    assert "1 person is invited" in page
    assert "These were left out." in page
    assert "This is no e-mail address." in page
    assert "This address is invited already." in page
    assert Invitation.objects.count() == 2
    made = project.events.filter(kind="invitations.made").latest("pk")
    assert made.payload == {"count": 1, "lines_left_out": [2, 3]}


def report_in(page):
    return re.search(r'name="report" value="([^"]+)"', page).group(1)


def test_the_report_can_be_kept_and_nothing_of_it_is_stored(client, project, lead):
    text = "ada@example.org\n=1+1\nada@example.org"
    report = report_in(post(client, text, take_good="on").content.decode())

    answer = client.post(f"{INVITE}report/", {"report": report})

    assert "attachment" in answer.headers["Content-Disposition"]
    assert "no-store" in answer.headers["Cache-Control"]
    rows = list(csv.DictReader(io.StringIO(answer.getvalue().decode("utf-8-sig"))))
    assert [(row["line"], row["text"], row["result"]) for row in rows] == [
        ("1", "ada@example.org", "invited"),
        ("2", "'=1+1", "left out"),
        ("3", "ada@example.org", "left out"),
    ]
    assert all(bool(row["reason"]) == (row["result"] == "left out") for row in rows)
    assert "1+1" not in str(list(Invitation.objects.values())) + str(
        list(project.events.values_list("payload", flat=True))
    )


def test_a_report_is_only_what_we_signed_for_this_project(client, project, lead):
    report = report_in(post(client, "ada@example.org\nnobody", take_good="on").content.decode())
    other = make_project("other")
    add_member(project=other, user=lead, role=Membership.Role.LEAD)
    assert client.post(f"{INVITE}report/", {"report": report}).status_code == 200
    for address, sent in (
        (f"{INVITE}report/", report[:-1]),
        (f"{INVITE}report/", ""),
        ("/projects/other/people/invite/report/", report),
    ):
        assert client.post(address, {"report": sent}).status_code == 404


def test_where_no_line_was_refused_there_is_no_report(client, project, lead):
    page = post(client, "ada@example.org").content.decode()
    assert "1 person is invited" in page
    assert 'name="report"' not in page
    assert project.events.get(kind="invitations.made").payload == {"count": 1}


@pytest.mark.parametrize(
    ("file", "sentence"),
    [
        (b"", "empty"),
        (b"email\n", "There is no address in it."),
        (b"\xff\xfea\x00", "not UTF-8"),
        (b'email\n"ada', "Line 2 cannot be read as CSV"),
        (b"email\n" + b"".join(b"p%d@example.org\n" % n for n in range(10_000)), "more than 500"),
        (b"email\n\0@example.org\n", "cannot be stored"),
        (b"\0" * 300, "cannot be stored"),
    ],
)
def test_a_file_that_is_none_is_told_in_a_sentence(client, project, lead, file, sentence):
    answer = post(client, file=file)
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert not Invitation.objects.exists()


@pytest.mark.parametrize("people", ["", "  ", "\0", "nobody"])
def test_a_field_with_nobody_in_it_is_told(client, project, lead, people):
    assert post(client, people).status_code == 422
    assert post(client, people, take_good="on").status_code in (400, 422)
    assert post(client, "ada@example.org", role="emperor").status_code == 422
    assert client.post(INVITE).status_code == 422
    assert not Invitation.objects.exists()


def test_a_link_is_shown_once(client, project, lead):
    page = client.post(f"{INVITE}link/", {"link_role": "engineer", "handle": "Bob"})
    [token] = re.findall(r"http://testserver/invitation/([\w-]{43})/", page.content.decode())
    assert "no-store" in page.headers["Cache-Control"]
    invitation = Invitation.objects.get()
    assert (invitation.role, invitation.handle) == ("engineer", "Bob")
    assert invitation.token_digest == Invitation.digest_of(token)
    assert token not in client.get(LIST).content.decode()
    assert client.get(f"/invitation/{token}/").status_code == 200
    bad = client.post(f"{INVITE}link/", {"link_role": "emperor", "handle": "=1"})
    assert bad.status_code == 422
    assert Invitation.objects.count() == 1


def do(client, invitation, what):
    return client.post(f"{LIST}{invitation.pk}/", {"do": what}, follow=True)


def test_an_invitation_is_sent_again_linked_and_revoked(client, project, lead):
    invitation, first = mailed(project, lead)
    assert "on its way again" in do(client, invitation, "resend").content.decode()
    assert len(send_mails()) == 2
    link = do(client, invitation, "link").content.decode()
    assert "/invitation/" in link
    assert first not in link
    assert "is revoked" in do(client, invitation, "revoke").content.decode()
    for what in ("resend", "link", "revoke"):
        assert "accepted or revoked meanwhile" in do(client, invitation, what).content.decode()
    assert len(send_mails()) == 2
    assert "Say what to do" in do(client, invitation, "explode").content.decode()


def test_the_list_shows_each_state_and_filters_by_it(client, project, lead):
    invite(project, lead, "ada@example.org\nbob@example.org\neve@example.org")
    Invitation.objects.filter(email="bob@example.org").update(error="<b>mailbox full</b>")
    Invitation.objects.filter(email="eve@example.org").update(revoked_at=timezone.now())
    page = client.get(LIST).content.decode()
    for words in ("On its way", "Not delivered", "&lt;b&gt;mailbox full", "Revoked"):
        assert words in page
    page = client.get(LIST, {"state": "failed"}).content.decode()
    assert "bob@example.org" in page
    assert "ada@example.org" not in page
    assert "None in this state" in client.get(LIST, {"state": "accepted"}).content.decode()
    assert client.get(LIST, {"state": "nonsense"}).status_code == 200


def test_a_list_of_two_hundred_is_read_by_the_page(
    client, project, lead, django_assert_max_num_queries
):
    invite(project, lead, "\n".join(f"p{n}@example.org" for n in range(200)))
    with django_assert_max_num_queries(12):
        page = client.get(LIST).content.decode()
    assert page.count("@example.org</th>") == 50
    assert "1 to 50 of 200" in page


POSTS = ["invite-people", "make-link", "change-invitation"]


@pytest.mark.parametrize("role", [Role.LABELER, Role.REVIEWER, Role.ENGINEER, None])
@pytest.mark.parametrize("name", POSTS)
def test_only_who_leads_the_project_invites(client, project, role, name):
    grace = make_member(project, Role.LEAD, username="grace")
    invitation, _token = services.make_link(project=project, actor=grace)
    client.force_login(make_member(project, role) if role else make_member(make_project(), "lead"))
    args = ["shop", invitation.pk] if name == "change-invitation" else ["shop"]
    url = reverse(f"projects:{name}", args=args)
    fields = {"people": "ada@example.org", "role": "labeler", "link_role": "lead", "do": "revoke"}
    assert client.post(url, fields).status_code == 404
    assert Invitation.objects.count() == 1
    invitation.refresh_from_db()
    assert invitation.revoked_at is None
    client.force_login(grace)
    assert client.post(url, fields).status_code in (200, 302)


def test_an_invitation_of_another_project_is_absent(client, project, lead):
    other = make_project("other")
    invitation, _token = services.make_link(project=other, actor=make_member(other, Role.LEAD))
    assert client.post(f"{LIST}{invitation.pk}/", {"do": "revoke"}).status_code == 404
    invitation.refresh_from_db()
    assert invitation.revoked_at is None
