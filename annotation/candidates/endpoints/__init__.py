"""Servers that speak the OpenAI protocol: whom to ask, how, and what can go wrong."""
