"""Bringing people in: who is invited, how the mail leaves, and how somebody accepts."""
