"""Adaptive work: an item is judged until its answer is sure, and no more."""
