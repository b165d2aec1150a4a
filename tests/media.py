"""Small true files: a picture, a sound, a PDF."""

import io
import wave

from PIL import Image


def picture(width=8, height=6, kind="PNG", colour="teal") -> bytes:
    kept = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(kept, kind)
    return kept.getvalue()


def sound(seconds=0.1, rate=8_000) -> bytes:
    kept = io.BytesIO()
    with wave.open(kept, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(1)
        file.setframerate(rate)
        file.writeframes(bytes(range(256)) * int(seconds * rate / 256 + 1))
    return kept.getvalue()


PDF = b"%PDF-1.7\n" + b"x" * 100
# A browser's recorder begins so: sound alone in a container that videos come in, too.
WEBM = bytes.fromhex("1a45dfa39f4286810142f7810142f2810442f381084282847765626d") + b"\x00" * 64
