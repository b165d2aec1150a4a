"""Repeatable measurements; each prints a table. `python -m bench` runs them all.

Machines differ and are noisy: compare ratios within one run, and CPU rather than wall time.
"""
