"""Personal data that a machine can tell for sure: addresses, numbers with a checksum or a plan.

Precision first: what looks like a number is one only where its own rule says so (an IBAN's
remainder, a card's Luhn digit, a country's numbering plan), and what stands for nobody
(example.com, 192.168.0.1, 555-0100) is left alone. Names of people are not looked for.
"""

import ipaddress
import re
from collections.abc import Iterator

import phonenumbers

from annotation.candidates.marks.found import PERSONAL, Found, without_overlaps

EMAIL = re.compile(
    r"(?<![\w.+-])[A-Za-z0-9][\w.+-]{0,63}@(?P<domain>(?:[A-Za-z0-9-]{1,63}\.){1,5}[A-Za-z]{2,24})"
    r"(?![\w-])"
)
# RFC 2606, and what tutorials write.
NOBODYS = re.compile(
    r"(?:^|\.)(?:example|test|invalid|localhost|yourdomain|domain|company|email|mail|abc|xyz)"
    r"(?:\.[a-z]{2,4})?$",
    re.IGNORECASE,
)
IBAN = re.compile(r"(?<![\w])[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?(?![\w])")
# How long a country's are, from the registry of ISO 13616.
IBAN_LENGTHS = {
    **dict.fromkeys(["NO"], 15),
    **dict.fromkeys(["BE"], 16),
    **dict.fromkeys(["DK", "FI", "FO", "GL", "NL"], 18),
    **dict.fromkeys(["MK", "SI"], 19),
    **dict.fromkeys(["AT", "BA", "EE", "KZ", "LT", "LU", "XK"], 20),
    **dict.fromkeys(["CH", "HR", "LI", "LV"], 21),
    **dict.fromkeys(["BG", "DE", "GB", "GE", "IE", "ME", "RS"], 22),
    **dict.fromkeys(["AE", "GI", "IL", "TL"], 23),
    **dict.fromkeys(["AD", "CZ", "ES", "MD", "PK", "RO", "SA", "SE", "SK", "TN", "VG"], 24),
    **dict.fromkeys(["PT"], 25),
    **dict.fromkeys(["IS", "TR"], 26),
    **dict.fromkeys(["FR", "GR", "IT", "MC", "MR", "SM"], 27),
    **dict.fromkeys(["AL", "AZ", "BY", "CY", "DO", "GT", "HU", "LB", "PL", "SV"], 28),
    **dict.fromkeys(["BR", "EG", "PS", "QA", "UA"], 29),
    **dict.fromkeys(["JO", "KW", "MU"], 30),
    **dict.fromkeys(["MT", "SC"], 31),
}
CARD = re.compile(r"(?<![\w.,-])(?:\d[ -]?){12,18}\d(?![\w-]|[.,]\d)")
# Visa; Mastercard; American Express; Discover, Maestro and UnionPay.
CARD_STARTS = re.compile(
    r"(?:4(?:.{12}|.{15}|.{18})|(?:5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720).*|3[47].{13}|"
    r"(?:6011|65|64[4-9]|62|50|5[6-8]|6[37]).*)\Z"
)
IPV4 = re.compile(r"(?<![\w.:/-])(?:\d{1,3}\.){3}\d{1,3}(?![\w-]|\.\d)")
IPV6 = re.compile(r"(?<![\w:.])(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{0,4}(?![\w:.])")
IS_A_VERSION = re.compile(r"(?:\bv|version|firmware|release|build|section|chapter)[ .:]*\Z", re.I)
# Numbers without a country's prefix are read as one of these; see docs/items.md.
REGIONS = ("US", "DE")
HAS_A_NUMBER = re.compile(r"(?:\d[\s()./-]{0,3}){6,}\d|\+\d")


def find_personal(text: str) -> list[Found]:
    """[Found] of kind personal, by place; `detail` is email, iban, card, phone or ip."""
    found = [*_emails(text), *_ibans(text), *_cards(text), *_addresses(text)]
    taken = [(one.start, one.end) for one in found]
    for one in _phones(text):
        # Digits of an IBAN or a card are no telephone as well.
        if all(one.end <= start or one.start >= end for start, end in taken):
            found.append(one)
    return without_overlaps(found)


def _emails(text: str) -> Iterator[Found]:
    for match in EMAIL.finditer(text):
        if not NOBODYS.search(match["domain"]):
            yield Found(PERSONAL, "email", *match.span())


def _ibans(text: str) -> Iterator[Found]:
    for match in IBAN.finditer(text):
        number = match[0].replace(" ", "")
        if len(number) == IBAN_LENGTHS.get(number[:2]) and is_iban(number):
            yield Found(PERSONAL, "iban", *match.span())


def is_iban(number: str) -> bool:
    """ISO 7064, MOD 97-10: the first four signs to the end, letters as 10 to 35; 1 remains."""
    return int("".join(str(int(sign, 36)) for sign in number[4:] + number[:4])) % 97 == 1


def _cards(text: str) -> Iterator[Found]:
    for match in CARD.finditer(text):
        digits = re.sub(r"[ -]", "", match[0])
        is_varied = len(set(digits)) > 3  # 0000 0000 … and 4444 … are nobody's
        if CARD_STARTS.match(digits) and is_varied and is_luhn(digits):
            yield Found(PERSONAL, "card", *match.span())


def is_luhn(digits: str) -> bool:
    """ISO/IEC 7812-1: every second digit from the right doubled, its digits summed."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def _addresses(text: str) -> Iterator[Found]:
    for match in [*IPV4.finditer(text), *IPV6.finditer(text)]:
        if IS_A_VERSION.search(text[max(0, match.start() - 12) : match.start()]):
            continue
        try:
            address = ipaddress.ip_address(match[0])
        except ValueError:
            continue
        # 1.1.1.1, 8.8.8.8 and their like belong to a service, and are in every manual.
        is_known = address.version == 4 and len(set(str(address).split("."))) == 1
        if address.is_global and not address.is_multicast and not is_known:
            yield Found(PERSONAL, "ip", *match.span())


def _phones(text: str) -> Iterator[Found]:
    if not HAS_A_NUMBER.search(text):
        return  # the matcher is slow, and most texts have no number
    for region in REGIONS:
        matcher = phonenumbers.PhoneNumberMatcher(
            text, region, leniency=phonenumbers.Leniency.STRICT_GROUPING
        )
        for match in matcher:
            is_grouped = not match.raw_string.isdigit()
            if is_grouped and not _is_fictional(match.number):
                yield Found(PERSONAL, "phone", match.start, match.end)


def _is_fictional(number) -> bool:
    """555-… of North America: for films and examples, but for the directory assistance."""
    return number.country_code == 1 and str(number.national_number)[3:6] == "555"
