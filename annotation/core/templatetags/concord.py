"""Tags that every page uses."""

from django import template
from django.utils.translation import gettext_lazy as _

from annotation.core import numbers
from annotation.core.markup import render_untrusted

register = template.Library()

THEMES = {"light": _("Light"), "dark": _("Dark"), "contrast": _("High contrast")}


@register.simple_tag(takes_context=True)
def chosen_theme(context) -> str:
    """The theme a person chose, or nothing for the system's. A cookie, so that the
    first byte of the page already knows it: no flash, and no script in the head."""
    request = context.get("request")
    theme = request.COOKIES.get("theme", "") if request is not None else ""
    return theme if theme in THEMES else ""


@register.filter
def clock(seconds) -> str:
    """Seconds as people read them: 2:38, or 1:02:38."""
    if seconds is None:
        return ""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


@register.filter
def money(amount, currency: str) -> str:
    """An amount of money, with as many decimals as say something."""
    return numbers.money(amount, currency)


@register.simple_tag
def untrusted(text) -> str:
    """What a person or a model wrote, as safe HTML."""
    return render_untrusted(text)
