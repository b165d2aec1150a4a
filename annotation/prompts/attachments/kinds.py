"""What a file is, by its bytes. Names and declared types are not asked: they may lie."""

import warnings
from pathlib import Path

import filetype
from django.utils.translation import gettext as _

from annotation.core.errors import DomainError
from annotation.core.numbers import grouped

HEAD_BYTES = 8192  # filetype looks no further
MAX_PIXELS = 50_000_000  # a picture of a few bytes can unfold to gigabytes in a labeler's browser

# What filetype says → what browsers are told. Everything else is refused: SVG, HTML and text
# can carry script.
_TYPES = {
    "image/png": "image/png",
    "image/jpeg": "image/jpeg",
    "image/gif": "image/gif",
    "image/webp": "image/webp",
    "image/avif": "image/avif",
    "audio/mpeg": "audio/mpeg",
    "audio/ogg": "audio/ogg",
    "audio/x-wav": "audio/wav",
    "audio/mp4": "audio/mp4",
    "audio/x-flac": "audio/flac",
    "video/webm": "video/webm",
    "video/mp4": "video/mp4",
    "application/pdf": "application/pdf",
}
# Browsers record sound in containers that begin as a video's do.
_RECORDED = {"video/webm": "audio/webm", "video/mp4": "audio/mp4"}


def media_type_of(head: bytes) -> str | None:
    """The media type of a file that begins so, or None for a kind that is not taken."""
    guess = filetype.guess(head)
    return _TYPES.get(guess.mime) if guess else None


def recorded_type_of(head: bytes) -> str | None:
    """The same for a recorded voice: sound, or None."""
    media_type = media_type_of(head) or ""
    media_type = _RECORDED.get(media_type, media_type)
    return media_type if media_type.startswith("audio/") else None


def kind_of(media_type: str) -> str:
    """image, audio, video or pdf: the keys of settings.ATTACHMENT_MAX_BYTES."""
    return "pdf" if media_type == "application/pdf" else media_type.split("/")[0]


def sides_of(path: Path) -> tuple[int, int]:
    """Width and height of a picture in pixels, from its header. DomainError: it cannot be read,
    or would unfold to too many pixels."""
    from PIL import Image  # only where a picture comes in: the web starts without it

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # our bound is lower
            with Image.open(path) as picture:
                width, height = picture.size
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        raise DomainError(_("The picture is broken: its size cannot be read.")) from None
    if width * height > MAX_PIXELS:
        raise DomainError(
            _("The picture has %(width)d times %(height)d pixels, at most %(most)s are shown.")
            % {"width": width, "height": height, "most": grouped(MAX_PIXELS)}
        )
    return width, height
