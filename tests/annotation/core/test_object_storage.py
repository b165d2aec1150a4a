"""Storage that speaks S3: signatures against AWS's examples, and a server that checks them."""

import hashlib
import hmac
import re
import threading
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, quote, unquote, urlsplit

import pytest

from annotation.core import egress
from annotation.core.addresses import Origins, Refused
from annotation.core.object_storage import bucket as storage
from annotation.core.object_storage.bucket import Bucket, StorageError
from annotation.core.object_storage.signing import Credentials, sha256_of, signed

# "Examples: Signature Calculations", AWS's documentation of Signature Version 4 for S3.
EXAMPLE = Credentials(
    "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "us-east-1"
)
AT = datetime(2013, 5, 24, tzinfo=UTC)
HOST = "https://examplebucket.s3.amazonaws.com"
EXAMPLES = [
    (
        "GET", "/test.txt", {"Range": "bytes=0-9"}, b"",
        "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
    ),
    (
        "PUT", "/test%24file.text",
        {"Date": "Fri, 24 May 2013 00:00:00 GMT", "x-amz-storage-class": "REDUCED_REDUNDANCY"},
        b"Welcome to Amazon S3.",
        "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
    ),
    (
        "GET", "/?lifecycle", {}, b"",
        "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
    ),
    (
        "GET", "/?max-keys=2&prefix=J", {}, b"",
        "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path", "headers", "body", "signature"), EXAMPLES)
def test_a_request_is_signed_as_amazon_signs_it(method, path, headers, body, signature):
    told = signed(method, HOST + path, headers, sha256_of(body), EXAMPLE, AT)
    assert told["authorization"].endswith(f"Signature={signature}")


def test_the_secret_is_in_no_representation():
    assert EXAMPLE.secret not in repr(EXAMPLE)


KEYS = Credentials("concord", "s3cret", "eu-central-1")


class Fake(BaseHTTPRequestHandler):
    """A bucket called `shelf`. It computes each signature from what arrived, in its own way."""

    def do_any(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        self.server.seen.append((self.command, self.path))
        if self.server.busy:
            self.server.busy -= 1
            return self.answer(503, b"<Error><Code>SlowDown</Code></Error>")
        if self.server.fixed:
            return self.answer(*self.server.fixed)
        if not self.is_signed(body):
            return self.answer(403, b"<Error><Code>SignatureDoesNotMatch</Code></Error>")
        parts = urlsplit(self.path)
        name, _, key = unquote(parts.path).lstrip("/").partition("/")
        if name != "shelf":
            return self.answer(404, b"<Error><Code>NoSuchBucket</Code></Error>")
        return self.act(key, dict(parse_qsl(parts.query, keep_blank_values=True)), body)

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = do_any  # noqa: N815

    def act(self, key, query, body):
        kept, begun = self.server.kept, self.server.begun
        if self.command == "POST" and "uploads" in query:
            begun["u+1/"] = {}
            return self.answer(200, b"<R><UploadId>u+1/</UploadId></R>")
        if "uploadId" in query:
            parts = begun[query["uploadId"]]
            if self.command == "PUT":
                parts[int(query["partNumber"])] = body
                return self.answer(200, b"", {"ETag": f'"{query["partNumber"]}"'})
            if self.command == "POST":
                named = [int(n) for n in re.findall(rb"<PartNumber>(\d+)<", body)]
                kept[key] = b"".join(parts[number] for number in named)
            del begun[query["uploadId"]]
            return self.answer(200, b"<R/>")
        if self.command == "PUT":
            kept[key] = body
        elif self.command == "DELETE":
            kept.pop(key, None)
        elif key not in kept:
            return self.answer(404, b"")
        found = kept.get(key, b"")
        return self.answer(200, b"" if self.command == "PUT" else found)

    def is_signed(self, body):
        said = dict(re.findall(r"(\w+)=([^,]+)", self.headers["authorization"].split(" ", 1)[1]))
        access, day, region, service, last = said["Credential"].split("/")
        digest = hashlib.sha256(body).hexdigest()
        if access != KEYS.access_key or self.headers["x-amz-content-sha256"] != digest:
            return False
        path, _, query = self.path.partition("?")
        pairs = sorted(tuple(quote(unquote(p), safe="-._~") for p in pair.partition("=")[::2])
                       for pair in query.split("&") if pair)  # fmt: skip
        names = said["SignedHeaders"].split(";")
        lines = [self.command, path, "&".join("=".join(pair) for pair in pairs)]
        lines += [f"{name}:{self.headers[name].strip()}" for name in names]
        request = "\n".join([*lines, "", said["SignedHeaders"], digest])
        hashed = hashlib.sha256(request.encode()).hexdigest()
        scope = f"{day}/{region}/{service}/{last}"
        text = f"AWS4-HMAC-SHA256\n{self.headers['x-amz-date']}\n{scope}\n{hashed}"

        def mac(key, words):
            return hmac.digest(key, words.encode(), "sha256")

        key = mac(mac(mac(mac(f"AWS4{KEYS.secret}".encode(), day), region), service), last)
        return hmac.compare_digest(mac(key, text).hex(), said["Signature"])

    def answer(self, status, body, headers=()):
        self.send_response(status)
        for name, value in dict(headers).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *arguments):
        pass


@contextmanager
def serving():
    with ThreadingHTTPServer(("127.0.0.1", 0), Fake) as server:
        server.seen, server.kept, server.begun, server.busy, server.fixed = [], {}, {}, 0, None
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        try:
            yield server
        finally:
            server.shutdown()


@pytest.fixture
def server(settings):
    with serving() as server:
        settings.EGRESS_ORIGINS = Origins([f"http://127.0.0.1:{server.server_port}"])
        yield server


@pytest.fixture
def bucket(server):
    return make_bucket(server)


def make_bucket(server, name="shelf", secret=KEYS.secret):
    keys = Credentials(KEYS.access_key, secret, KEYS.region)
    address = f"http://127.0.0.1:{server.server_port}/"
    return Bucket(address, name, keys, sleep=lambda seconds: None)


@pytest.mark.parametrize("key", ["a.txt", "deep/er/é ü+&=$.txt", "~-_.()'*"])
def test_what_is_put_is_found_fetched_and_deleted(server, bucket, key):
    bucket.put(key, b"hello")
    assert server.kept == {key: b"hello"}
    assert bucket.size_of(key) == 5
    assert bucket.get(key) == b"hello"
    bucket.delete(key)
    assert bucket.size_of(key) is None


def test_a_large_file_goes_in_parts(server, bucket, tmp_path, monkeypatch):
    monkeypatch.setattr(storage, "PART", 1000)
    (tmp_path / "large").write_bytes(bytes(range(256)) * 10)
    told = []
    bucket.put_file("large", tmp_path / "large", lambda: told.append(1))
    assert server.kept["large"] == (tmp_path / "large").read_bytes()
    assert len(told) == 3
    assert server.begun == {}


def test_a_stopped_upload_leaves_no_parts_behind(server, bucket, tmp_path, monkeypatch):
    monkeypatch.setattr(storage, "PART", 1000)
    (tmp_path / "large").write_bytes(b"x" * 2500)

    def stop():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        bucket.put_file("large", tmp_path / "large", stop)
    assert server.begun == {}
    assert server.kept == {}


def test_a_busy_storage_is_asked_again_and_not_for_ever(server, bucket):
    server.busy = 2
    bucket.put("a", b"x")
    assert len(server.seen) == 3
    server.busy = 99
    with pytest.raises(StorageError, match="503 .SlowDown."):
        bucket.put("b", b"x")
    assert len(server.seen) == 3 + storage.TRIES


def test_a_wrong_secret_and_a_wrong_bucket_are_named(server):
    with pytest.raises(StorageError, match="does not accept the key"):
        make_bucket(server, secret="wrong").put("a", b"x")
    with pytest.raises(StorageError, match="no such bucket"):
        make_bucket(server, name="other").put("a", b"x")
    assert server.kept == {}


@pytest.mark.parametrize(
    ("fixed", "said"),
    [
        ((307, b"", {"Location": "http://169.254.169.254/"}), "another region"),
        ((400, b"<Code>AuthorizationHeaderMalformed</Code>"), "another region"),
        ((403, b"<Code>RequestTimeTooSkewed</Code>"), "clock"),
        ((418, b"<html>tea"), "answered 418"),
    ],
)
def test_an_answer_that_does_not_help_is_a_sentence(server, bucket, fixed, said):
    server.fixed = fixed
    with pytest.raises(StorageError, match=said):
        bucket.put("a", b"x")
    assert len(server.seen) == 1


def test_an_answer_is_bounded(server, bucket):
    server.kept["large"] = b"x" * 1000
    with pytest.raises(egress.Failed, match="too large"):
        bucket.get("large", most_bytes=100)


def test_what_the_operator_did_not_list_is_not_connected_to(server, bucket, settings):
    settings.EGRESS_ORIGINS = Origins([])
    with pytest.raises(Refused):
        bucket.put("a", b"x")
    assert server.seen == []
