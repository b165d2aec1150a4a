"""See contract.py."""

from training.contract import measure

measure()
