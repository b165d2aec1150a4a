"""Lists of people as they are pasted and uploaded: what is read, and which line is wrong."""

import pytest

from annotation.core.errors import DomainError
from annotation.projects.invitations.addresses import MOST, address_of, listed, text_of


def emails(text):
    found = listed(text)
    assert found.problems == []
    return [one.email for one in found.invitees]


def problems(text):
    return [(problem.line, problem.sentence) for problem in listed(text).problems]


@pytest.mark.parametrize(
    "text",
    [
        "ada@example.org\nbob@example.org",
        "ada@example.org, bob@example.org",
        "ada@example.org; bob@example.org;\r\n",
        "  ada@example.org\tbob@example.org  ",
        "Ada Lovelace <Ada@Example.org>\n<bob@example.org>",
        "Lovelace, Ada <ada@example.org>; Bob <bob@example.org>",
        "email\nada@example.org\nbob@example.org\n",
        "\ufeffE-Mail;Rolle\r\nada@example.org;\r\n\r\nbob@example.org;labeler\r\n",
        'email,role\n"ada@example.org",""\n"bob@example.org"\n',
        "role\temail\n\tada@example.org\n\tbob@example.org",
        "\n\nemail\nada@example.org\n\nbob@example.org",
    ],
)
def test_every_usual_shape_is_read(text):
    assert emails(text) == ["ada@example.org", "bob@example.org"]


def test_a_csv_says_role_handle_and_pools():
    found = listed(
        "email;role;handle;language;pools;shoe size\n"
        "ada@example.org;Reviewer;countess;German;law|medicine;38\n"
    )
    ada = found.invitees[0]
    assert (ada.line, ada.role, ada.handle) == (2, "reviewer", "countess")
    assert ada.pools == ("German", "law", "medicine")
    assert found.unread == ["shoe size"]


@pytest.mark.parametrize(
    ("text", "line", "sentence"),
    [
        ("a@example.org\nnobody", 2, "no e-mail address"),
        ("a@b", 1, "no e-mail address"),
        ("a@localhost", 1, "no e-mail address"),
        ("a@[127.0.0.1]", 1, "no e-mail address"),
        ("ä@example.org", 1, "no e-mail address"),
        ("a" * 65 + "@example.org", 1, "no e-mail address"),
        ("a@" + "b" * 250 + ".org", 1, "no e-mail address"),
        ("a@straße.example", 1, "no e-mail address"),
        ("email\n\n,\nx@", 4, "no e-mail address"),
        ("email,role\n,labeler", 2, "address is missing"),
        ("email,role\na@example.org,emperor", 2, "no role “emperor”"),
        ("email,handle\na@example.org,=1+1", 2, "must begin with a letter"),
        ("email,handle\na@example.org,@SUM(A1)", 2, "must begin with a letter"),
        ("email,handle\na@example.org," + "x" * 151, 2, "up to 150"),
        ("email,handle\na@example.org,x\nb@example.org,x", 3, "handle is in line 2"),
        ("email,pool\na@example.org," + "x" * 81, 2, "up to 80"),
        ("a@example.org\nb@example.org\nA@EXAMPLE.org", 3, "same address is in line 1"),
        ("a@münchen.de\na@xn--mnchen-3ya.de", 2, "same address is in line 1"),
        ('email\n"a@example.org\nBcc: b@example.org"', 2, "no e-mail address"),
        ("email\na\0@example.org", 2, "cannot be stored"),
    ],
)
def test_a_bad_line_is_named_and_the_others_are_kept(text, line, sentence):
    [(found_line, found)] = problems(text)
    assert found_line == line
    assert sentence in found


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "no address"),
        (" \r\n\t,;", "no address"),
        ("email,role\r\n", "no address"),
        ("email,role", "no address"),
        ('email,role\n"a@example.org,x\n', "Line 2 cannot be read"),
        ("email\n" + "x" * 200_000, "Line 2 cannot be read"),
    ],
)
def test_what_is_no_list_is_said_in_one_sentence(text, sentence):
    with pytest.raises(DomainError, match=sentence):
        listed(text)


def test_five_hundred_people_are_read_and_one_more_are_not():
    addresses = [f"p{n}@example.org" for n in range(MOST + 1)]
    assert len(emails("\n".join(addresses[:MOST]))) == MOST
    with pytest.raises(DomainError, match="more than 500 people"):
        listed("\n".join(addresses))


@pytest.mark.parametrize("line", ["p{n}@example.org", "no address {n}x", "\0{n}@"])
def test_ten_thousand_lines_are_one_sentence_whatever_is_in_them(line):
    text = "email\n" + "\n".join(line.format(n=n) for n in range(10_000))
    with pytest.raises(DomainError, match="more than 500 people"):
        listed(text)


def test_a_domain_is_kept_as_mail_servers_write_it():
    """A letter that only looks like another is seen."""
    assert address_of(" Ada@MÜNCHEN.de ") == "ada@xn--mnchen-3ya.de"
    assert address_of("a@gm\u0430il.com") == "a@xn--gmil-63d.com"


def test_a_file_that_is_no_text_is_named_with_its_line():
    assert text_of("\ufeffemail\nä".encode()) == "email\nä"
    for data in ["a\nb\nä".encode("latin-1"), "a\nb".encode("utf-16")]:
        with pytest.raises(DomainError, match="not UTF-8"):
            text_of(data)
    with pytest.raises(DomainError, match="Line 3"):
        text_of("a\nb\nä".encode("latin-1"))
    with pytest.raises(DomainError, match="larger than"):
        text_of(b"a" * (1024 * 1024 + 1))
