"""Guidelines on pages of apps that know no attachments."""

from django import template

from annotation.prompts.attachments.guideline import render_guideline

register = template.Library()


@register.simple_tag
def guideline(project, text) -> str:
    return render_guideline(project, text)
