"""Do groups of labelers judge differently? Published seldom, coarsely, and only of groups of k."""
