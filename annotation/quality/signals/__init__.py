"""Labeler signals on pages: how they read, how they look, who sees which."""
