"""Files in a bucket: put, look at, fetch, delete. Each request is bounded in time and size."""

import re
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.utils import timezone
from django.utils.translation import gettext_noop

from annotation.core import egress
from annotation.core.errors import DomainError
from annotation.core.object_storage.signing import Credentials, quoted, sha256_of, signed
from annotation.core.retrying import BUSY, send_again

# A part: small enough for the time that a request has, large enough that 10,000 are 156 GiB.
PART = 16 * 1024 * 1024
REFUSAL = 64 * 1024  # bytes that a refusal may have, whatever was asked for
CONTENT_TYPE = "application/octet-stream"
# What we say of a file beside it. It is kept with the file, and only once the file is whole.
SHA256 = "x-amz-meta-sha256"
_CODE = re.compile(rb"<Code>([A-Za-z]{1,64})</Code>")
_UPLOAD = re.compile(rb"<UploadId>([^<]{1,1024})</UploadId>")

BAD_KEY = gettext_noop("The storage does not accept the key: look at its two halves.")
NO_BUCKET = gettext_noop("There is no such bucket.")
NO_FILE = gettext_noop("The storage has no such file.")
NOT_ALLOWED = gettext_noop("The key may not do this in the bucket.")
OTHER_PLACE = gettext_noop("The bucket is in another region, or at another address.")
BAD_CLOCK = gettext_noop("The storage's clock and ours differ by more than it allows.")
NOT_BEGUN = gettext_noop("The storage began no upload.")
CUT = gettext_noop("The storage gave another part of the file than was asked for.")
IS_BUSY = gettext_noop("The storage is busy or out of order; it was asked several times.")
SENTENCES = {
    "InvalidAccessKeyId": BAD_KEY,
    "SignatureDoesNotMatch": BAD_KEY,
    "NoSuchBucket": NO_BUCKET,
    "NoSuchKey": NO_FILE,
    "AccessDenied": NOT_ALLOWED,
    "PermanentRedirect": OTHER_PLACE,
    "AuthorizationHeaderMalformed": OTHER_PLACE,
    "RequestTimeTooSkewed": BAD_CLOCK,
}


class StorageError(DomainError):
    """The storage refused, or did something else than asked."""

    status = 502


@dataclass(frozen=True)
class Kept:
    """What the storage says of a file; no `sha256` where somebody else put it there."""

    size: int
    sha256: str = ""


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
    seconds: float = egress.TOTAL_SECONDS

    def put(self, key: str, body: bytes, *, sha256: str = "") -> None:
        self._send("PUT", key, body=body, headers=_told(sha256))

    def put_file(
        self,
        key: str,
        path: Path,
        told: Callable[[], None] = lambda: None,
        *,
        sha256: str = "",
    ) -> None:
        """In parts where it is large; `told` is called after each, and may raise to stop."""
        if path.stat().st_size <= PART:
            self.put(key, path.read_bytes(), sha256=sha256)
            told()
            return
        begun = self._send("POST", key, query="uploads=", headers=_told(sha256))
        found = _UPLOAD.search(begun.body)
        if found is None:
            raise StorageError(NOT_BEGUN)
        upload = f"uploadId={quoted(found[1].decode())}"
        try:
            self._put_parts(key, path, upload, told)
        except BaseException:
            with suppress(DomainError):  # the first error is the one to tell
                self._send("DELETE", key, query=upload)  # parts that nobody lists cost money
            raise

    def _put_parts(self, key: str, path: Path, upload: str, told: Callable[[], None]) -> None:
        tags: list[str] = []
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

    def look(self, key: str, *, is_there: bool = False) -> Kept | None:
        """None where there is no such file. To a key that may not list, an absent one is
        forbidden; to a wrong key all are, which the next request tells in words. One that
        `is_there` may be looked at: to be forbidden is an error."""
        answer = self._send("HEAD", key, allowed=(404,) if is_there else (403, 404))
        if not answer.is_success:
            return None
        length = answer.headers.get("content-length", "")
        size = int(length) if length.isascii() and length.isdecimal() else -1
        return Kept(size, answer.headers.get(SHA256, ""))

    def get(self, key: str, *, most_bytes: int = egress.MOST_BYTES) -> bytes:
        return self._send("GET", key, most_bytes=most_bytes).body

    def get_file(
        self, key: str, path: Path, *, size: int, told: Callable[[], None] = lambda: None
    ) -> None:
        """Fetch `size` bytes, part by part. What they are is for the caller to check."""
        with path.open("wb") as file:
            for start in range(0, size, PART):
                wanted = min(PART, size - start)
                part = {"range": f"bytes={start}-{start + wanted - 1}"}
                answer = self._send("GET", key, headers=part, most_bytes=wanted + REFUSAL)
                if len(answer.body) != wanted or (answer.status != 206 and wanted != size):
                    raise StorageError(CUT)
                file.write(answer.body)
                told()

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
        digest = sha256_of(body)

        def ask() -> egress.Answer:
            return egress.send(
                url,
                method=method,
                headers=signed(method, url, headers or {}, digest, self.credentials, self.now()),
                body=body,
                most_bytes=most_bytes,
                seconds=self.seconds,
                network=self.network,
            )

        answer = send_again(ask, sleep=self.sleep)
        if answer.is_success or answer.status in allowed:
            return answer
        raise _error(answer)


def _told(sha256: str) -> dict[str, str]:
    return {"content-type": CONTENT_TYPE} | ({SHA256: sha256} if sha256 else {})


def _error(answer: egress.Answer) -> StorageError:
    found = _CODE.search(answer.body)
    code = found[1].decode() if found else ""
    if 300 <= answer.status < 400:
        return StorageError(OTHER_PLACE)
    if answer.status in BUSY:
        return StorageError(IS_BUSY)
    if not code and answer.status == 403:
        return StorageError(NOT_ALLOWED)
    return StorageError(
        SENTENCES.get(code)
        or f"The storage answered {answer.status}{f' ({code})' if code else ''}."
    )
