"""See contract.py."""

from training.contract import generate

generate()
