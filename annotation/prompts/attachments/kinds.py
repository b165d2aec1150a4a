"""What a file is, by its first bytes. Names and declared types are not asked: they may lie."""

import filetype

HEAD_BYTES = 8192  # filetype looks no further

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


def media_type_of(head: bytes) -> str | None:
    """The media type of a file that begins so, or None for a kind that is not taken."""
    guess = filetype.guess(head)
    return _TYPES.get(guess.mime) if guess else None


def kind_of(media_type: str) -> str:
    """image, audio, video or pdf: the keys of settings.ATTACHMENT_MAX_BYTES."""
    return "pdf" if media_type == "application/pdf" else media_type.split("/")[0]
