"""What the columns of a format hold, for Parquet, which wants to know it beforehand. Pure.

A type is one of the names below, `[type]` for a list of it, or `{name: type}` for an object. Every
row has every key, so a format has one type whatever the data is.
"""

TEXT = "text"
INTEGER = "integer"
NUMBER = "number"
FLAG = "flag"

MESSAGES = [{"role": TEXT, "content": TEXT}]
