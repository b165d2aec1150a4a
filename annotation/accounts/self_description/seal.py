"""The name under which an answer is kept, and its envelope.

The name is an HMAC of the user's id under a key derived from the site's secret key, which is in no
table and in no dump; the envelope is sealed under another (`core/sealed.py`). Whoever has the
database alone can neither tell whose row it is nor read it.
"""

import hashlib
import hmac
import json
from collections.abc import Sequence

from django.conf import settings

from annotation.core import sealed

# Envelopes are of one length, so that none tells by its length what is in it.
LENGTH = 512


def names_of(user_id: int, old_keys: Sequence[str] | None = None) -> list[str]:
    """Under the present secret key first, then under those before it."""
    old_keys = settings.SECRET_KEY_FALLBACKS if old_keys is None else old_keys
    return [_name(user_id, key) for key in (settings.SECRET_KEY, *old_keys)]


def close(said: dict, *, name: str) -> str:
    text = json.dumps(said)
    if len(text) > LENGTH:
        raise ValueError("a self-description is too long for its envelope")
    return sealed.seal(text.ljust(LENGTH), place=_place(name))


def opened(envelope: str, *, name: str) -> dict | None:
    """None where the secret key it was closed with is gone: then nobody can read it any more."""
    try:
        return json.loads(sealed.unseal(envelope, place=_place(name)))
    except sealed.CannotOpen:
        return None


def closed_anew(envelope: str, *, name: str, new_name: str, old_keys: Sequence[str]) -> str:
    """The same answers under the present key and a new name; CannotOpen where no key opens it."""
    there = sealed.resealed(envelope, place=_place(name), old_keys=old_keys) or envelope
    return sealed.seal(sealed.unseal(there, place=_place(name)), place=_place(new_name))


def _place(name: str) -> str:
    return f"accounts_selfdescription.envelope:{name}"


def _name(user_id: int, secret: str) -> str:
    key = hmac.digest(secret.encode(), b"concord names of self-descriptions", "sha256")
    return hmac.new(key, str(user_id).encode(), hashlib.sha256).hexdigest()
