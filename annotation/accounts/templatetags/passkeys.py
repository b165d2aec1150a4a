"""What a browser's passkey dialogue needs, as an attribute: no script in the page."""

import json

from django import template
from django.core.serializers.json import DjangoJSONEncoder

register = template.Library()


@register.filter
def as_json(value) -> str:
    return json.dumps(value, cls=DjangoJSONEncoder)
