"""Django's way to talk to PostgreSQL, with a quieter look at a connection's health."""
