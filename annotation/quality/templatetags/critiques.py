"""The way to what an AI judge says, on pages of apps that know nothing of judges."""

from django import template

from annotation.quality.judges.critiques import judgments_with_critiques

register = template.Library()


@register.simple_tag
def has_critiques(labeler) -> bool:
    return judgments_with_critiques(labeler).exists()
