"""Secrets that we must be able to read again, kept so that a copy of the database is no use.

AES-GCM with a key derived from the secret key, which is not in the database. A sealed text is
bound to its `place` (table, column and row): moved elsewhere it does not open. After a change of
the secret key the old one opens what it sealed, while it is in CONCORD_SECRET_KEY_FALLBACKS, and
`manage.py reseal` seals everything under the present one.
"""

import base64
import binascii
import os
from collections.abc import Sequence
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.db import models
from django.utils.translation import gettext_noop

from annotation.core.errors import DomainError

VERSION = "1"
NONCE_BYTES = 12

LOST = gettext_noop(
    "A kept secret cannot be read any more: the key it was sealed with is gone. Make a new one."
)


class CannotOpen(DomainError):
    """The key is another one, or the text was changed or moved."""


class SealedField(models.TextField):
    """A column of sealed texts, so that they can be found. The row's `place_attribute` says where
    its text is sealed. For the database it is a TextField."""

    def __init__(self, *args: Any, place_attribute: str = "place", **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.place_attribute = place_attribute

    def deconstruct(self) -> Any:
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.TextField", args, kwargs


def seal(text: str, *, place: str) -> str:
    """Such as seal(secret, place="oversight_webhook.secret:12")."""
    nonce = os.urandom(NONCE_BYTES)
    content = _cipher(settings.SECRET_KEY).encrypt(nonce, text.encode(), place.encode())
    return f"{VERSION}:{base64.b64encode(nonce + content).decode()}"


def unseal(sealed: str, *, place: str) -> str:
    """The text again, or CannotOpen."""
    return _open(sealed, place, (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS))


def resealed(sealed: str, *, place: str, old_keys: Sequence[str]) -> str | None:
    """The same text sealed under the present key; None where it is so already. CannotOpen where
    neither that key nor an old one opens it."""
    try:
        _open(sealed, place, [settings.SECRET_KEY])
    except CannotOpen:
        return seal(_open(sealed, place, old_keys), place=place)
    return None


def _open(sealed: str, place: str, keys: Sequence[str]) -> str:
    version, _, encoded = sealed.partition(":")
    try:
        content = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError) as error:
        raise CannotOpen(LOST) from error
    if version != VERSION or len(content) <= NONCE_BYTES:
        raise CannotOpen(LOST)
    nonce, rest = content[:NONCE_BYTES], content[NONCE_BYTES:]
    for key in keys:
        try:
            return _cipher(key).decrypt(nonce, rest, place.encode()).decode()
        except InvalidTag:
            continue
    raise CannotOpen(LOST)


def _cipher(secret_key: str) -> AESGCM:
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"concord sealed secrets")
    return AESGCM(derived.derive(secret_key.encode()))
