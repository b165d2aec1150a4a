"""What single sign-on sends to its provider, through the one door out (core/egress.py)."""

# The sign-on library speaks `requests`: what it sends is given to the door, nothing else is used.
import requests
from django.conf import settings
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict
from requests.utils import get_encoding_from_headers

from annotation.core import egress
from annotation.core.errors import DomainError

SECONDS = 10.0
MOST_BYTES = 1024 * 1024
MOST_REDIRECTS = 3
# What the door says itself of each request.
ITS_OWN = ("host", "user-agent", "accept-encoding", "content-length", "connection")


class EgressAdapter(BaseAdapter):
    """Sends what a session of `requests` would send. Each hop of a redirect comes here again, so
    each is checked: the name, and every address that it has at that moment."""

    def send(self, request, stream=False, timeout=None, verify=True, cert=None, proxies=None):
        body = request.body or b""
        headers = {k: v for k, v in request.headers.items() if k.lower() not in ITS_OWN}
        try:
            answer = egress.send(
                request.url,
                method=request.method,
                headers=headers,
                body=body.encode() if isinstance(body, str) else body,
                origins=settings.SIGN_ON_ORIGINS,
                seconds=SECONDS,
                most_bytes=MOST_BYTES,
            )
        except DomainError as error:
            # What callers of `requests` are ready for.
            raise requests.ConnectionError(str(error), request=request) from error
        return _response(request, answer)

    def close(self):
        """Nothing is kept open."""


def _response(request, answer) -> requests.Response:
    response = requests.Response()
    response.request, response.url = request, request.url
    response.status_code = answer.status
    response.headers = CaseInsensitiveDict(answer.headers)
    response.encoding = get_encoding_from_headers(response.headers)
    response._content, response._content_consumed = answer.body, True  # type: ignore[attr-defined]
    return response


def session() -> requests.Session:
    """A session that has no other way out, and asks the environment nothing."""
    made = requests.Session()
    made.trust_env = False
    made.max_redirects = MOST_REDIRECTS
    made.adapters.clear()
    made.mount("https://", EgressAdapter())
    made.mount("http://", EgressAdapter())
    return made
