"""An OpenID Connect provider on this machine, as small as one can be: it says who signs in what a
test tells it, over HTTP like a real one."""

import json
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import jwt

from annotation.core.addresses import ANY_PUBLIC, Origins

CLIENT, SECRET = "concord", "the secret both sides know, and long enough"


class Provider:
    """`claims` are what it says of whoever signs in; `asked` what it was sent for a token."""

    def __init__(self, url):
        self.url = url
        self.claims = {"sub": "u-1", "email": "ada@example.com", "email_verified": True}
        self.audience = CLIENT
        self.asked = []

    def answer(self, path, body):
        if path == "/.well-known/openid-configuration":
            return {
                "issuer": self.url,
                "authorization_endpoint": f"{self.url}/authorize",
                "token_endpoint": f"{self.url}/token",
                "userinfo_endpoint": f"{self.url}/userinfo",
                "jwks_uri": f"{self.url}/keys",
                "token_endpoint_auth_methods_supported": ["client_secret_post"],
            }
        if path == "/token":
            self.asked.append({name: values[0] for name, values in parse_qs(body).items()})
            now = int(time.time())
            claims = {"iss": self.url, "aud": self.audience, "iat": now, "exp": now + 60}
            token = jwt.encode(claims | {"sub": self.claims["sub"]}, SECRET, "HS256")
            return {"access_token": "at", "token_type": "Bearer", "id_token": token}
        return self.claims if path == "/userinfo" else {}


def set_up(provider, settings) -> None:
    """Concord's settings for it, as an operator makes them."""
    app = {
        "provider_id": "company",
        "name": "Example Ltd",
        "client_id": CLIENT,
        "secret": SECRET,
        "settings": {"server_url": provider.url},
    }
    settings.SOCIALACCOUNT_PROVIDERS = {
        "openid_connect": {"OAUTH_PKCE_ENABLED": True, "APPS": [app]}
    }
    provider.claims = {"sub": "u-1", "email": "ada@example.com", "email_verified": True}
    provider.audience = CLIENT
    provider.asked.clear()
    settings.SIGN_ON_ORIGINS = Origins([ANY_PUBLIC, provider.url])


@contextmanager
def running_provider():
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            length = int(self.headers.get("Content-Length", 0))
            body = json.dumps(provider.answer(self.path, self.rfile.read(length).decode()))
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(body.encode())

        do_POST = do_GET

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider = Provider(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
