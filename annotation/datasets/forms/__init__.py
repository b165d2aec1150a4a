"""The policy as a form."""
