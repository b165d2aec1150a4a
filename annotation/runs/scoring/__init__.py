"""Rewards for stored responses, by a reward model of ours: a process scores, rows keep it."""
