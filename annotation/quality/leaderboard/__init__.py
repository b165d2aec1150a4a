"""A stored report of abilities as the leaderboard shows it: sentences, rows and charts. No
queries, and nothing is fitted: the address chooses among the figures that are there."""

from annotation.quality.leaderboard.page import Leaderboard, present_leaderboard

__all__ = ["Leaderboard", "present_leaderboard"]
