"""A guideline as HTML: Markdown whose pictures are the project's attachments.

`![A diagram](attachment:diagram.png)`, by the file's name or its sha256. What is published names
the sha256, so that no later upload of the same name changes it.
"""

import re
from urllib.parse import unquote

from django.db.models import Q
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from annotation.core.errors import DomainError
from annotation.core.markup import IMAGE, render_untrusted, render_with_images
from annotation.prompts.attachments.kinds import kind_of
from annotation.prompts.models import Attachment

REFERENCE = re.compile(r"\]\(\s*(<attachment:[^>\n]+>|attachment:[^\s)]+)")


def render_guideline(project, text: str) -> SafeString:
    """No statement where the text names no picture."""
    if IMAGE not in text:
        return render_untrusted(text)
    return render_with_images(
        text,
        {
            name: reverse("prompts:show-attachment", args=[project.slug, sha256])
            for name, sha256 in _pictures(project, text).items()
        },
    )


def guideline_of(version) -> SafeString:
    """Of a rubric version. One that names no picture is remembered by `render_untrusted`."""
    return render_guideline(
        version.project if IMAGE in version.guideline else None, version.guideline
    )


def pin_pictures(project, text: str) -> str:
    """The same text with each picture named by its sha256. DomainError names one that is not
    there, or that several files are called."""
    if IMAGE not in text:
        return text
    known = _pictures(project, text)

    def pinned(match) -> str:
        name = _name_in(match[1])
        if name not in known:
            raise DomainError(
                _("There is no picture “%(name)s” among the attachments, or there are several.")
                % {"name": name}
            )
        return match[0].replace(match[1], f"{IMAGE}{known[name]}")

    return REFERENCE.sub(pinned, text)


def _name_in(reference: str) -> str:
    return unquote(reference.strip("<>").removeprefix(IMAGE))


def _pictures(project, text) -> dict[str, str]:
    """{name or sha256: sha256} of the pictures that are there, and there once."""
    names = {_name_in(match[1]) for match in REFERENCE.finditer(text)}
    rows = Attachment.objects.filter(
        Q(sha256__in=names) | Q(name__in=names),
        project=project,
        purpose=Attachment.Purpose.CONTENT,
    )
    pictures = [row for row in rows if kind_of(row.media_type) == "image"]
    found = {}
    for name in names:
        called = {row.sha256 for row in pictures if name in (row.sha256, row.name)}
        if len(called) == 1:
            (found[name],) = called
    return found
