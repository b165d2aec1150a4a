"""Addresses of a project that are told when an alert goes off."""
