"""What the environment says about signing in, read for the settings before anything is loaded."""

from urllib.parse import urlsplit

from environ import Env, ImproperlyConfigured

from annotation.core.addresses import ANY_PUBLIC, Origins

SECOND_FACTOR_FOR = ("nobody", "staff", "everybody")


def second_factor(env: Env, *, is_demo: bool, is_loopback: bool) -> str:
    """Who needs a second factor. Nobody in the demo, whose links sign in with one click."""
    chosen = env.str("CONCORD_SECOND_FACTOR", default="nobody" if is_demo else "staff")
    if chosen not in SECOND_FACTOR_FOR:
        raise ImproperlyConfigured(
            f"CONCORD_SECOND_FACTOR is one of {', '.join(SECOND_FACTOR_FOR)}, not “{chosen}”."
        )
    if chosen == "nobody" and not is_loopback:
        raise ImproperlyConfigured(
            "CONCORD_SECOND_FACTOR=nobody is for this machine only: unset CONCORD_HOSTS, or "
            "choose staff or everybody."
        )
    return chosen


def single_sign_on(env: Env) -> dict:
    """django-allauth's providers: one OpenID Connect provider, or none."""
    issuer = env.str("CONCORD_OIDC_ISSUER", default="")
    if not issuer:
        return {}
    needed = {
        name: env.str(f"CONCORD_OIDC_{name}", default="") for name in ("CLIENT_ID", "SECRET")
    }
    if missing := [f"CONCORD_OIDC_{name}" for name, value in needed.items() if not value]:
        raise ImproperlyConfigured(f"CONCORD_OIDC_ISSUER needs {' and '.join(missing)} too.")
    app = {
        "provider_id": "company",
        "name": env.str("CONCORD_OIDC_NAME", default="OpenID Connect"),
        "client_id": needed["CLIENT_ID"],
        "secret": needed["SECRET"],
        "settings": {"server_url": issuer.rstrip("/")},
    }
    return {"openid_connect": {"OAUTH_PKCE_ENABLED": True, "APPS": [app]}}


def single_sign_on_origins(env: Env) -> list[str]:
    """Where a form may lead for it: the issuer, and what else the operator names."""
    issuer = env.str("CONCORD_OIDC_ISSUER", default="")
    addresses = [issuer, *env.list("CONCORD_OIDC_ORIGINS", default=[])]
    parts = [urlsplit(address) for address in addresses if address]
    return list(dict.fromkeys(f"{part.scheme}://{part.netloc}" for part in parts))


def reachable_origins(env: Env) -> Origins:
    """What the web server may connect to for it. A provider names its endpoints itself, often at
    several hosts: any public one may be meant, and inside only what the operator lists."""
    listed = single_sign_on_origins(env)
    return Origins(
        [ANY_PUBLIC, *listed] if listed else [],
        opens_internal=env.bool("CONCORD_OIDC_INTERNAL", default=False),
        setting="CONCORD_OIDC_ISSUER or CONCORD_OIDC_ORIGINS",
    )


def mail(env: Env, *, is_loopback: bool) -> dict:
    """How mail leaves: on this machine it is printed, elsewhere by the named server."""
    default = "consolemail://" if is_loopback else "smtp://localhost:25"
    return {
        **env.email_url("CONCORD_EMAIL_URL", default=default),
        "DEFAULT_FROM_EMAIL": env.str("CONCORD_EMAIL_FROM", default="Concord <concord@localhost>"),
        "EMAIL_TIMEOUT": 10,
    }
