"""The second factor: who needs one, and that a code from an app is used once."""

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from allauth.mfa.totp.internal.auth import yield_hotp_counters_from_time as steps_around_now
from allauth.mfa.utils import decrypt
from django.conf import settings
from django.db import transaction
from django.utils.crypto import constant_time_compare

NOBODY, STAFF, EVERYBODY = "nobody", "staff", "everybody"


def lacks_second_factor(user) -> bool:
    """Must this user set one up first? For the user of a request: that it knows both answers
    already costs no statement."""
    if settings.SECOND_FACTOR == NOBODY or user.has_second_factor:
        return False
    return settings.SECOND_FACTOR == EVERYBODY or user.holds_rights


def accept_code(user, code: str) -> Authenticator | None:
    """What the code belongs to, if it is right: an app, or a list of recovery codes. It is spent
    then. A code of an app is spent together with all earlier ones (RFC 6238, 5.2): which was the
    last one is kept in its row, under its lock."""
    code = "".join(code.split())
    with transaction.atomic():
        found = Authenticator.objects.select_for_update().filter(user=user)
        kinds = {row.type: row for row in found.exclude(type=Authenticator.Type.WEBAUTHN)}
        app = kinds.get(Authenticator.Type.TOTP)
        if app is not None and _spend(app, code):
            return app
        codes = kinds.get(Authenticator.Type.RECOVERY_CODES)
        return codes if codes is not None and codes.wrap().validate_code(code) else None


def _spend(app: Authenticator, code: str) -> bool:
    secret, last = decrypt(app.data["secret"]), app.data.get("last_step", -1)
    for step in steps_around_now():
        right = format_hotp_value(hotp_value(secret, step))
        if step > last and constant_time_compare(code, right):
            app.data["last_step"] = step
            app.save(update_fields=["data"])
            return True
    return False
