"""Personal data with a rule of its own, and numbers that are only numbers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation.candidates.marks.private import find_personal, is_iban, is_luhn

PERSONAL = {
    "Write to jane.doe@uni-bonn.de today.": [("email", "jane.doe@uni-bonn.de")],
    # The example of the IBAN registry for Germany, and of the standard for Great Britain.
    "To DE89 3704 0044 0532 0130 00 please": [("iban", "DE89 3704 0044 0532 0130 00")],
    "GB82WEST12345698765432": [("iban", "GB82WEST12345698765432")],
    # Test numbers that the networks publish.
    "Card 4111 1111 1111 1234": [],
    "Card 5555 3412 4444 1115, valid": [("card", "5555 3412 4444 1115")],
    "Amex 3782-822463-10005": [("card", "3782-822463-10005")],
    "Call +49 30 901820 in the morning": [("phone", "+49 30 901820")],
    "or (202) 456-1111.": [("phone", "(202) 456-1111")],
    "The server 93.184.215.14 answers": [("ip", "93.184.215.14")],
    "and 2a00:1450:4001:82b::200e": [("ip", "2a00:1450:4001:82b::200e")],
}
NOBODYS = [
    "Write to you@example.com or info@example.org.",
    "DE89 3704 0044 0532 0130 01 has the wrong remainder",
    "4111 1111 1111 1112 has the wrong digit",
    "192.168.0.1, 10.0.0.1 and 127.0.0.1 are everywhere; so is 8.8.8.8",
    "version 1.2.3.4 of it, and chapter 12.34.56.78",
    "844-555-5555 is from a film",
    "In 1984 there were 1,234,567,890 of them, in 2024 20240131123456.",
    "The years 1914-1918 and 1939-1945; pages 100-200, 300-400.",
    "12:34:56 and aa:bb:cc:dd:ee:ff",
    "0.1234567890123456 and 3.14159265358979323846",
    "",
]


@pytest.mark.parametrize(("text", "expected"), PERSONAL.items())
def test_it_is_found_where_its_rule_holds(text, expected):
    assert [(one.detail, text[one.start : one.end]) for one in find_personal(text)] == expected


@pytest.mark.parametrize("text", NOBODYS)
def test_what_is_nobodys_is_left_alone(text):
    assert find_personal(text) == []


@given(st.integers(0, 10**15), st.integers(0, 9))
def test_one_digit_in_ten_is_the_right_one(number, wrong):
    digits = str(number)
    right = [last for last in "0123456789" if is_luhn(digits + last)]

    assert len(right) == 1
    assert is_luhn(digits + str(wrong)) == (right == [str(wrong)])


@given(st.from_regex(r"[A-Z]{4}[0-9]{14}", fullmatch=True))
def test_one_pair_of_digits_makes_an_iban(account):
    right = [check for check in range(2, 99) if is_iban(f"GB{check:02}{account}")]

    assert len(right) == 1


@given(st.text(max_size=200))
def test_places_lie_in_the_text_and_apart(text):
    found = find_personal(text)

    assert all(0 <= one.start < one.end <= len(text) for one in found)
    assert all(one.end <= after.start for one, after in zip(found, found[1:], strict=False))
