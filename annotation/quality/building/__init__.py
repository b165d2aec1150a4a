"""Building items from stored responses: here and not with labeling, for the adaptive rule asks
the leaderboard."""
