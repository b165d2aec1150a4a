"""See contract.py."""

from training.contract import train

train()
