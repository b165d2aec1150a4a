"""Requests through the whole stack, without what the test client keeps of each answer."""

import json
import uuid

from django.conf import settings
from django.test import Client, RequestFactory
from django.test.client import ClientHandler


class Caller(RequestFactory):
    """One actor's browser or program."""

    def __init__(self, user=None, key=""):
        super().__init__()
        self.handler = ClientHandler(enforce_csrf_checks=False)
        self.headers = {"HTTP_AUTHORIZATION": f"Bearer {key}"} if key else {}
        if user is not None:
            client = Client()
            client.force_login(user)
            self.cookies[settings.SESSION_COOKIE_NAME] = client.session.session_key

    def request(self, **request):
        return self.handler(self._base_environ(**request))

    def call(self, method, path, body, *, is_api):
        extra = dict(self.headers)
        if method == "HX":
            method, extra["HTTP_HX_REQUEST"] = "GET", "true"
        if is_api:
            extra["HTTP_IDEMPOTENCY_KEY"] = str(uuid.uuid4())
        if method in ("GET", "HEAD", "OPTIONS"):
            return self.generic(method, path, **extra)
        if is_api:
            return self.generic(method, path, json.dumps(body), "application/json", **extra)
        if method == "POST":
            return self.post(path, body, **extra)
        return self.generic(method, path, "", **extra)


def body_of(response) -> bytes:
    """The whole answer. What it reads from is closed, as a server would."""
    content = b"".join(response.streaming_content) if response.streaming else response.content
    for close in response._resource_closers:
        close()
    return content
