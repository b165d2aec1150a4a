"""See contract.py."""

from training.contract import score

score()
