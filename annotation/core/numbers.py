"""Numbers for people, as the language of the page writes them."""

from django.utils import formats


def localised(number: str) -> str:
    """One number written the English way, such as “1,234.5”, in the separators of the language:
    “1.234,5” for Germans. Never for SVG, CSS or data: machines read the English way only."""
    marks = {",": formats.get_format("THOUSAND_SEPARATOR")}
    marks |= {".": formats.get_format("DECIMAL_SEPARATOR")}
    return "".join(marks.get(sign, sign) for sign in number)


def grouped(count: int) -> str:
    """A count for people: 12,500, or 12.500 in German."""
    return localised(f"{count:,}")
