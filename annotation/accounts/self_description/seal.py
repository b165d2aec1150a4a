"""The name under which an answer is kept, and its envelope.

The name is an HMAC of the user's id under a key derived from the site's secret key, which is in no
table and in no dump; the envelope is sealed under another (`core/sealed.py`). Whoever has the
database alone can neither tell whose row it is nor read it.
"""

import hashlib
import hmac
import json

from django.conf import settings

from annotation.core import sealed

# Envelopes are of one length, so that none tells by its length what is in it.
LENGTH = 512


def names_of(user_id: int) -> list[str]:
    """Under the present secret key first, then under those before it."""
    return [_name(user_id, key) for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)]


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


def _place(name: str) -> str:
    return f"accounts_selfdescription.envelope:{name}"


def _name(user_id: int, secret: str) -> str:
    key = hmac.digest(secret.encode(), b"concord names of self-descriptions", "sha256")
    return hmac.new(key, str(user_id).encode(), hashlib.sha256).hexdigest()
