"""Steps of signing in that several tests take."""

import time

from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value

from tests.factories import make_user

PASSWORD = "a long pass phrase"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def make_person(username="ada", **fields):
    """Somebody with a password."""
    return make_user(username, password=PASSWORD, **fields)


def give_app(user) -> Authenticator:
    return TOTP.activate(user, SECRET).instance


def give_codes(user) -> list[str]:
    return RecoveryCodes.activate(user).generate_codes()


def app_code(steps=0) -> str:
    """What the app shows now, or so many half minutes later."""
    return format_hotp_value(hotp_value(SECRET, int(time.time()) // 30 + steps))


def sign_in(client, name="ada", password=PASSWORD, **more):
    return client.post("/sign-in/", {"login": name, "password": password, **more})


def is_in(client) -> bool:
    return "_auth_user_id" in client.session
