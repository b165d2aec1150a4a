"""What is refused is named with its position; everything else stays byte for byte."""

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation.core import text
from annotation.core.errors import DomainError
from tests.data import shared


@pytest.mark.parametrize(
    ("hostile", "position", "named"),
    [
        ("\x00", 1, "NUL"),
        ("abc\x00", 4, "NUL"),
        ("é\x00", 2, "NUL"),
        ("ab\ud800", 3, "U+D800"),
        ("\udfffab", 1, "U+DFFF"),
        ("😀\ud83d", 2, "U+D83D"),
        ("x\ud800\x00", 2, "U+D800"),
    ],
)
def test_what_no_column_can_keep_is_refused_with_its_position(hostile, position, named):
    with pytest.raises(DomainError) as caught:
        text.clean(hostile, field="responses[1].text")

    assert str(caught.value).startswith("responses[1].text: ")
    assert f"at position {position}," in str(caught.value)
    assert named in str(caught.value)


def test_the_refusal_without_a_field_is_a_sentence_too():
    with pytest.raises(DomainError, match=r"^The text has a NUL character at position 1, .*\.$"):
        text.clean("\x00")


def test_every_naughty_string_comes_through_byte_for_byte():
    strings = json.loads(shared("security/blns/blns.json").read_text())
    assert len(strings) == 515

    assert [text.clean(naughty) for naughty in strings] == strings


def test_composed_and_decomposed_letters_stay_two_different_texts():
    decomposed = unicodedata.normalize("NFD", "é")

    assert text.clean(decomposed) == decomposed != text.clean("é")


@given(st.text())
def test_a_text_is_kept_exactly_when_a_database_could_keep_it(value):
    storable = "\x00" not in value and not any("\ud800" <= c <= "\udfff" for c in value)

    assert (text.problem(value) is None) == storable
    if storable:
        assert text.clean(value) is value


@pytest.mark.parametrize(
    ("hidden", "mark"),
    [
        ("\u202e", "⟨RLO⟩"),
        ("\u2066", "⟨LRI⟩"),
        ("\u200b", "⟨ZWSP⟩"),
        ("\u200d", "⟨ZWJ⟩"),
        ("\u00ad", "⟨SHY⟩"),
        ("\ufeff", "⟨BOM⟩"),
        ("\x1b", "⟨ESCAPE⟩"),
        ("\x7f", "⟨U+007F⟩"),
        ("\x85", "⟨U+0085⟩"),
        ("\ufe0f", "⟨U+FE0F⟩"),
        ("\U000e0041", "⟨U+E0041⟩"),
    ],
)
def test_the_raw_view_shows_what_cannot_be_seen(hidden, mark):
    assert text.reveal_invisible(f"a{hidden}b") == f"a{mark}b"


def test_the_raw_view_leaves_visible_text_and_line_breaks_alone():
    ordinary = "Tabs\tand\r\nlines, שלום, café, 日本, 👍"

    assert text.reveal_invisible(ordinary) == ordinary


def test_no_format_or_control_character_is_shown_as_nothing():
    """Category Cf and Cc of the whole of Unicode, but for the marks of visible scripts."""
    visible = {0x600, 0x601, 0x602, 0x603, 0x604, 0x605, 0x6DD, 0x70F, 0x890, 0x891, 0x8E2}
    visible |= {0x110BD, 0x110CD, *range(0x13430, 0x13440), *range(0x1BCA0, 0x1BCA4)}
    visible |= {*range(0x1D173, 0x1D17B), ord("\t"), ord("\n"), ord("\r")}
    hidden = [
        chr(code)
        for code in range(0x110000)
        if unicodedata.category(chr(code)) in ("Cf", "Cc") and code not in visible
    ]
    assert len(hidden) > 100

    assert [c for c in hidden if text.reveal_invisible(c) == c] == []
