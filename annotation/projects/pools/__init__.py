"""Sets of labelers that projects share."""
