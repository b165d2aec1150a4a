"""Alerts: measured every few minutes, told once when one goes off and once when it is over."""
