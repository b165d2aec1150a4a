"""Requests to the Hub, and what its refusals mean."""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext_noop

from annotation.core import egress
from annotation.core.addresses import LONGEST_REQUEST, parse
from annotation.core.errors import DomainError
from annotation.core.retrying import BUSY, send_again
from annotation.core.strict_json import loads

JSON = "application/json"
BAD_TOKEN = gettext_noop("The Hub does not accept the token.")
NOT_ALLOWED = gettext_noop("The token may not do this on the Hub: it needs the right to write.")
NO_REPO = gettext_noop("There is no such repository on the Hub, or the token may not see it.")
CHANGED = gettext_noop("Somebody changed the repository meanwhile: try again.")
NO_SPACE = gettext_noop("The Hub has no room for this: it is too large, or the quota is used up.")
ELSEWHERE = gettext_noop("The Hub sends us to another address; we follow nobody.")
STRANGE = gettext_noop("The Hub answered something else than its protocol has.")
IS_BUSY = gettext_noop("The Hub is busy or out of order; it was asked several times.")
SENTENCES = {
    401: BAD_TOKEN,
    403: NOT_ALLOWED,
    404: NO_REPO,
    409: CHANGED,
    412: CHANGED,
    413: NO_SPACE,
    507: NO_SPACE,
}


class HubError(DomainError):
    """The Hub refused, or did something else than asked."""

    status = 502


@dataclass(frozen=True)
class Hub:
    """Whom to ask: https://huggingface.co, or a server that speaks as it does."""

    origin: str
    token: str = field(repr=False)
    network: egress.Network | None = None
    sleep: Callable[[float], None] = time.sleep
    seconds: float = egress.TOTAL_SECONDS

    def ask(
        self,
        method: str,
        url: str,
        *,
        body: bytes | egress.FileBody = b"",
        headers: Mapping[str, str] | None = None,
        allowed: tuple[int, ...] = (),
        seconds: float | None = None,
    ) -> egress.Answer:
        """`url` is a path of the Hub, or an address that it named. The token goes to the Hub
        alone: storage that it sends us to has its right in the address."""
        address = f"{self.origin}{url}" if url.startswith("/") else url
        told = dict(headers or {})
        if parse(address, longest=LONGEST_REQUEST).origin == parse(self.origin).origin:
            told["authorization"] = f"Bearer {self.token}"

        def send() -> egress.Answer:
            return egress.send(
                address,
                method=method,
                headers=told,
                body=body,
                seconds=seconds or self.seconds,
                network=self.network,
            )

        answer = send_again(send, sleep=self.sleep)
        if answer.is_success or answer.status in allowed:
            return answer
        raise error_of(answer)

    def ask_json(self, method: str, url: str, said: Any = None, *, kind: str = JSON) -> Any:
        body = b"" if said is None else json.dumps(said).encode()
        headers = {"accept": kind} | ({} if said is None else {"content-type": kind})
        return read(self.ask(method, url, body=body, headers=headers))


def error_of(answer: egress.Answer) -> HubError:
    if 300 <= answer.status < 400:
        return HubError(ELSEWHERE)
    if answer.status in BUSY:
        return HubError(IS_BUSY)
    return HubError(SENTENCES.get(answer.status) or f"The Hub answered {answer.status}.")


def read(answer: egress.Answer) -> Any:
    """The JSON of an answer. What somebody else wrote is looked at, never stored."""
    try:
        return loads(answer.body, storable=False)
    except DomainError as error:
        raise HubError(STRANGE) from error


def told(value: Any, *names: str | int, of: type = str) -> Any:
    """What lies under the names in an answer, of that type; a sentence where it does not."""
    for name in names:
        try:
            value = value[name]
        except (KeyError, IndexError, TypeError) as error:
            raise HubError(STRANGE) from error
    if not isinstance(value, of):
        raise HubError(STRANGE)
    return value
