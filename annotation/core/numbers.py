"""Numbers for people, as the language of the page writes them."""

from decimal import ROUND_HALF_UP, Decimal

from django.utils import formats
from django.utils.translation import gettext as _


def localised(number: str) -> str:
    """One number written the English way, such as “1,234.5”, in the separators of the language:
    “1.234,5” for Germans. Never for SVG, CSS or data: machines read the English way only."""
    marks = {",": formats.get_format("THOUSAND_SEPARATOR")}
    marks |= {".": formats.get_format("DECIMAL_SEPARATOR")}
    return "".join(marks.get(sign, sign) for sign in number)


def grouped(count: int) -> str:
    """A count for people: 12,500, or 12.500 in German."""
    return localised(f"{count:,}")


def points(share: float) -> str:
    """A difference of two shares in points, with its sign; what rounds to nothing has none."""
    text = f"{100 * share:+.1f}"
    return localised("0.0" if float(text) == 0 else text.replace("-", "−"))


LEAST_SHOWN = Decimal("0.0001")


def money(amount: Decimal, currency: str) -> str:
    """An amount for people: two decimals, below one as many as say something, and what is less
    than they can say is said to be so. Never a rounded zero: it is not free."""
    if 0 < amount < LEAST_SHOWN:
        least = localised(str(LEAST_SHOWN))
        return _("less than %(amount)s %(currency)s") % {"amount": least, "currency": currency}
    step = Decimal("0.01") if amount >= 1 or not amount else LEAST_SHOWN
    shown = f"{amount.quantize(step, ROUND_HALF_UP):,f}"
    while len(shown.partition(".")[2]) > 2 and shown.endswith("0"):
        shown = shown[:-1]
    return f"{localised(shown)} {currency}"
