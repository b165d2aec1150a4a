"""A person's preferences in templates: no statement, the user is at hand."""

from django import template

from annotation.accounts.preferences import Preferences, preferences_of

register = template.Library()


@register.simple_tag(takes_context=True)
def own_preferences(context) -> Preferences:
    """Those of the person who is signed in, else the defaults."""
    request = context.get("request")
    return preferences_of(getattr(request, "user", None))
