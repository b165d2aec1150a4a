"""See contract.py."""

from training.contract import lm_eval

lm_eval()
