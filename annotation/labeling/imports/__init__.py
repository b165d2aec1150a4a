"""Items, and judgments made elsewhere, from JSON Lines: all of a file, or nothing of it."""
