"""Lengths of time for people."""

from django import template

register = template.Library()


@register.filter
def hours(seconds: int) -> str:
    """Hours and minutes: 12:05. Half minutes are rounded up."""
    minutes = (int(seconds) + 30) // 60
    return f"{minutes // 60}:{minutes % 60:02}"
