"""Hours as a CSV for whoever pays: a line for each labeler and day."""

import csv
import io
from decimal import Decimal

from annotation.labeling.exports.table import cell
from annotation.oversight.costs.hours import Day

HEADER = ("labeler", "day", "judgments", "hours", "rate", "currency", "amount")


def as_csv(days: list[Day], currency: str) -> bytes:
    """With a byte order mark, without which Excel takes UTF-8 for something else; numbers with a
    point; and no cell that a spreadsheet would run."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(HEADER)
    for day in days:
        line = (day.handle, day.day.isoformat(), day.judgment_count, _hours(day.seconds))
        paid = (day.rate, currency, day.amount) if day.rate is not None else (None, "", None)
        writer.writerow([cell(value) for value in (*line, *paid)])
    return b"\xef\xbb\xbf" + buffer.getvalue().encode()


def _hours(seconds: int) -> Decimal:
    return (Decimal(seconds) / 3600).quantize(Decimal("0.0001"))
