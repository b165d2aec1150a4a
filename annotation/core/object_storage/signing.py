"""Signature Version 4 of requests to S3. Pure: AWS's published examples are the test.

https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import parse_qsl, quote, urlsplit

ALGORITHM = "AWS4-HMAC-SHA256"


@dataclass(frozen=True)
class Credentials:
    access_key: str
    secret: str
    region: str

    def __repr__(self) -> str:
        return f"Credentials({self.access_key}, {self.region})"  # never the secret


def sha256_of(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def signed(
    method: str,
    url: str,
    headers: Mapping[str, str],
    body_sha256: str,
    credentials: Credentials,
    at: datetime,
) -> dict[str, str]:
    """The headers with those that prove who asks, and for what exactly. `url` as it is sent."""
    parts = urlsplit(url)
    stamp = at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    scope = f"{stamp[:8]}/{credentials.region}/s3/aws4_request"
    told = {
        **{name.lower(): value.strip() for name, value in headers.items()},
        "x-amz-content-sha256": body_sha256,
        "x-amz-date": stamp,
    }
    named = {**told, "host": parts.netloc}
    names = ";".join(sorted(named))
    request = "\n".join(
        [
            method,
            parts.path or "/",
            _query(parts.query),
            *(f"{name}:{named[name]}" for name in sorted(named)),
            "",
            names,
            body_sha256,
        ]
    )
    text = "\n".join([ALGORITHM, stamp, scope, sha256_of(request.encode())])
    key = f"AWS4{credentials.secret}".encode()
    for part in (*scope.split("/"), text):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    told["authorization"] = (
        f"{ALGORITHM} Credential={credentials.access_key}/{scope},"
        f"SignedHeaders={names},Signature={key.hex()}"
    )
    return told


def _query(query: str) -> str:
    pairs = sorted(parse_qsl(query, keep_blank_values=True))
    return "&".join(f"{quoted(name)}={quoted(value)}" for name, value in pairs)


def quoted(text: str, *, safe: str = "") -> str:
    """As the signature wants it: everything but letters, digits and -._~ in hexadecimal."""
    return quote(text, safe=f"-._~{safe}")
