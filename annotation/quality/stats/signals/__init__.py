"""What each labeler's judgments say about how they judge.

One figure per labeler and question, each with its interval, its n and the least n it needs, or
None with the reason; never one score. `findings` turns those that stand out into named findings
for a person to look at. Nothing here pays, bans or hides anybody.
"""
