"""Flags and names of errors as lines of text: what a lead types, and what is kept of it."""

import re

from django import forms
from django.utils.translation import gettext as _

from annotation.projects.services import TagSpec

MAX_TAGS = 40
MAX_LABEL = 60


def tags_in(text: str) -> list[TagSpec]:
    """One tag a line: `Label` or `Label: what it means`; its key is made from the label, or given
    before it in brackets, `[key] Label`. ValidationError names the line."""
    tags = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        match = re.fullmatch(r"\s*(?:\[([^\]]*)\])?\s*([^:]*?)\s*(?::\s*(.*?))?\s*", line)
        key, label, description = match.groups() if match else (None, "", None)
        if not label or len(label) > MAX_LABEL:
            raise forms.ValidationError(
                _("Line %(line)d: write “Label: what it means”, the label up to %(most)d letters.")
                % {"line": number, "most": MAX_LABEL}
            )
        key = key or re.sub(r"[^a-z0-9]+", "_", label.lower()).strip("_")[:40].strip("_")
        if not re.fullmatch(r"[a-z0-9](?:[a-z0-9_-]{0,38}[a-z0-9])?", key):
            raise forms.ValidationError(
                _(
                    "Line %(line)d: no key for files can be made from this label: "
                    "write one before it, “[key] Label”."
                )
                % {"line": number}
            )
        if key in [tag.key for tag in tags]:
            raise forms.ValidationError(
                _("Line %(line)d: the key “%(key)s” is there already.")
                % {"line": number, "key": key}
            )
        tags.append(TagSpec(key, label, description or ""))
    if len(tags) > MAX_TAGS:
        raise forms.ValidationError(_("At most %(count)d lines.") % {"count": MAX_TAGS})
    return tags


def lines_of(tags) -> str:
    """What `tags_in` reads. `tags`: [{"key", "label", "description"}, …]"""
    return "\n".join(
        f"[{tag['key']}] {tag['label']}"
        + (f": {tag['description']}" if tag["description"] else "")
        for tag in tags
    )
