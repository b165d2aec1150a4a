"""A storage that speaks S3, with one bucket, which checks every signature in its own way."""

import contextlib
import hashlib
import hmac
import re
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from annotation.core.object_storage.signing import Credentials

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
        told = self.headers.get("x-amz-meta-sha256", "")
        if self.command == "POST" and "uploads" in query:
            begun["u+1/"], self.server.told[key] = {}, told
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
            kept[key], self.server.told[key] = body[: self.server.most], told
        elif self.command == "DELETE":
            kept.pop(key, None)
        elif key not in kept:
            return self.answer(404, b"")
        if self.command != "HEAD" and self.command != "GET":
            return self.answer(200, b"")
        said = {"x-amz-meta-sha256": self.server.told[key]} if self.server.told.get(key) else {}
        if part := re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("range", "")):
            return self.answer(206, kept[key][int(part[1]) : int(part[2]) + 1], said)
        return self.answer(200, kept[key], said)

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
            self.drip(body) if self.server.drip else self.wfile.write(body)

    def drip(self, body):
        with contextlib.suppress(OSError):  # nobody waits for the rest
            for place in range(len(body)):
                self.wfile.write(body[place : place + 1])
                time.sleep(self.server.drip)

    def log_message(self, *arguments):
        pass


@contextmanager
def storing():
    with ThreadingHTTPServer(("127.0.0.1", 0), Fake) as server:
        server.seen, server.kept, server.begun, server.told = [], {}, {}, {}
        # How it misbehaves: so often busy, one answer to all, no file is longer, so slow a byte.
        server.busy, server.fixed, server.most, server.drip = 0, None, None, 0.0
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        try:
            yield server
        finally:
            server.shutdown()
