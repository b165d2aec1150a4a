"""Hours of work, and what they cost."""
