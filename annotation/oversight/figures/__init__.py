"""What the overview tells: read from the rows as they are, by statements that stay bounded."""
