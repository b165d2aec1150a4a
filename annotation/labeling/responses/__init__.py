"""Responses before they are judged: what was found in them, and what is done about it."""
