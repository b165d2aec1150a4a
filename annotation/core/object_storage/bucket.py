"""Files in a bucket: put, look at, fetch, delete. Each request is bounded in time and size."""

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from django.utils import timezone
from django.utils.translation import gettext_noop

from annotation.core import egress
from annotation.core.errors import DomainError
from annotation.core.object_storage.signing import Credentials, quoted, sha256_of, signed

# A part: small enough for the time that a request has, large enough that 10,000 are 156 GiB.
PART = 16 * 1024 * 1024
TRIES = 4
CONTENT_TYPE = "application/octet-stream"
PAUSE = 1.0  # seconds before the second try; doubled each time
AGAIN = {408, 429, 500, 502, 503, 504}
_CODE = re.compile(rb"<Code>([A-Za-z]{1,64})</Code>")
_UPLOAD = re.compile(rb"<UploadId>([^<]{1,1024})</UploadId>")

BAD_KEY = gettext_noop("The storage does not accept the key: look at its two halves.")
NO_BUCKET = gettext_noop("There is no such bucket.")
NOT_ALLOWED = gettext_noop("The key may not do this in the bucket.")
OTHER_PLACE = gettext_noop("The bucket is in another region, or at another address.")
BAD_CLOCK = gettext_noop("The storage's clock and ours differ by more than it allows.")
SENTENCES = {
    "InvalidAccessKeyId": BAD_KEY,
    "SignatureDoesNotMatch": BAD_KEY,
    "NoSuchBucket": NO_BUCKET,
    "AccessDenied": NOT_ALLOWED,
    "PermanentRedirect": OTHER_PLACE,
    "AuthorizationHeaderMalformed": OTHER_PLACE,
    "RequestTimeTooSkewed": BAD_CLOCK,
}


class StorageError(DomainError):
    """The storage refused, or did something else than asked."""

    status = 502


@dataclass(frozen=True)
class Bucket:
    """`endpoint` such as https://s3.eu-central-1.amazonaws.com; the bucket stands in the path, as
    every server that speaks S3 takes it."""

    endpoint: str
    name: str
    credentials: Credentials
    network: egress.Network | None = None
    now: Callable[[], datetime] = timezone.now
    sleep: Callable[[float], None] = time.sleep

    def put(
        self, key: str, body: bytes, *, content_type: str = "application/octet-stream"
    ) -> None:
        self._send("PUT", key, body=body, headers={"content-type": content_type})

    def put_file(self, key: str, path: Path, told: Callable[[], None] = lambda: None) -> None:
        """In parts where it is large; `told` is called after each, and may raise to stop."""
        if path.stat().st_size <= PART:
            self.put(key, path.read_bytes())
            told()
            return
        begun = self._send("POST", key, query="uploads=")
        found = _UPLOAD.search(begun.body)
        if found is None:
            raise StorageError("The storage began no upload.")
        upload = f"uploadId={quoted(found[1].decode())}"
        try:
            self._put_parts(key, path, upload, told)
        except BaseException:
            self._send("DELETE", key, query=upload)  # parts that nobody lists cost money
            raise

    def _put_parts(self, key: str, path: Path, upload: str, told: Callable[[], None]) -> None:
        tags = []
        with path.open("rb") as file:
            while body := file.read(PART):
                query = f"partNumber={len(tags) + 1}&{upload}"
                answer = self._send("PUT", key, query=query, body=body)
                tags.append(answer.headers.get("etag", ""))
                told()
        parts = "".join(
            f"<Part><PartNumber>{number}</PartNumber><ETag>{tag}</ETag></Part>"
            for number, tag in enumerate(tags, start=1)
        )
        whole = f"<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>".encode()
        answer = self._send("POST", key, query=upload, body=whole)
        if _CODE.search(answer.body):  # a 200 may still bring an error
            raise _error(answer)

    def size_of(self, key: str) -> int | None:
        """None where there is no such file."""
        answer = self._send("HEAD", key, allowed=(404,))
        return None if answer.status == 404 else int(answer.headers.get("content-length", "0"))

    def get(self, key: str, *, most_bytes: int = egress.MOST_BYTES) -> bytes:
        return self._send("GET", key, most_bytes=most_bytes).body

    def delete(self, key: str) -> None:
        self._send("DELETE", key)

    def _send(
        self,
        method: str,
        key: str,
        *,
        query: str = "",
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        allowed: tuple[int, ...] = (),
        most_bytes: int = egress.MOST_BYTES,
    ) -> egress.Answer:
        """One request, tried again where the storage is busy; a refusal is a sentence."""
        path = quoted(f"{self.name}/{key}", safe="/")
        url = f"{self.endpoint.rstrip('/')}/{path}" + (f"?{query}" if query else "")
        for tried in range(1, TRIES + 1):
            told = signed(
                method, url, headers or {}, sha256_of(body), self.credentials, self.now()
            )
            answer = egress.send(
                url,
                method=method,
                headers=told,
                body=body,
                most_bytes=most_bytes,
                network=self.network,
            )
            if answer.is_success or answer.status in allowed:
                return answer
            if answer.status not in AGAIN or tried == TRIES:
                break
            self.sleep(PAUSE * 2 ** (tried - 1))
        raise _error(answer)

    @property
    def host(self) -> str:
        return urlsplit(self.endpoint).netloc


def _error(answer: egress.Answer) -> StorageError:
    found = _CODE.search(answer.body)
    code = found[1].decode() if found else ""
    if 300 <= answer.status < 400:
        return StorageError(OTHER_PLACE)
    return StorageError(
        SENTENCES.get(code)
        or f"The storage answered {answer.status}{f' ({code})' if code else ''}."
    )
