"""A Hub with repositories, large files and commits, and the storage that its large files go to.

It keeps what it was sent as the real one does: objects by their sha256, commits by a number; what
is uploaded is in no repository before a commit names it.
"""

import base64
import contextlib
import hashlib
import json
import re
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

TOKEN = "hf_never-to-be-seen"
LFS = "application/vnd.git-lfs+json"
SIGNATURE = "?X-Amz-Signature=" + "5" * 900  # as long as real ones are


class FakeHub(BaseHTTPRequestHandler):
    def do_any(self):
        hub, path = self.server, urlsplit(self.path).path
        self.body = self.rfile.read(int(self.headers.get("content-length", 0)))
        hub.seen.append((self.command, path))
        if hub.busy:
            hub.busy -= 1
            return self.answer(503, {})
        for pattern, said in hub.fixed.items():
            if re.search(pattern, f"{self.command} {path}"):
                return self.answer(*said)
        if path.startswith("/storage/"):
            hub.tokens_to_storage += bool(self.headers.get("authorization"))
            return self.store(path)
        if self.headers.get("authorization") != f"Bearer {TOKEN}":
            return self.answer(401, {"error": "Invalid username or password."})
        if path == "/api/whoami-v2":
            return self.answer(200, {"name": "ann", "auth": {"accessToken": {"role": hub.role}}})
        if hub.role == "read" and self.command == "POST" and "paths-info" not in path:
            return self.answer(403, {"error": "Forbidden"})
        if path == "/api/repos/create":
            said = json.loads(self.body)
            hub.repos[f"{said['type']}s/{said['organization']}/{said['name']}"] = [{}]
            return self.answer(200, {"url": "made"})
        if found := re.fullmatch(r"/(datasets/)?([^/]+/[^/]+)\.git/info/lfs/objects/batch", path):
            return self.offer(f"{found[1] or 'models/'}{found[2]}")
        found = re.fullmatch(r"/api/((?:dataset|model)s/[^/]+/[^/]+)(?:/([a-z-]+)/(\w+))?", path)
        if path == "/verify":
            said = json.loads(self.body)
            return self.answer(200 if len(hub.objects[said["oid"]]) == said["size"] else 422, {})
        if found is None or found[1] not in hub.repos:
            return self.answer(404, {"error": "Repository not found"})
        return self.act(hub.repos[found[1]], found[2], found[3])

    do_GET = do_PUT = do_POST = do_any  # noqa: N815

    def act(self, commits, what, revision):
        if what is None:
            return self.answer(200, {"sha": oid_of(len(commits) - 1)})
        if what == "preupload":
            rows = json.loads(self.body)["files"]
            modes = [{"path": one["path"], "uploadMode": self.mode(one)} for one in rows]
            return self.answer(200, {"files": modes})
        if what == "paths-info":
            files = commits[int(revision, 16)]
            names = parse_qs(self.body.decode())["paths"]
            rows = [entry(name, *files[name]) for name in names if name in files]
            return self.answer(200, rows)
        return self.commit(commits)

    def mode(self, one):
        assert base64.b64decode(one["sample"]) is not None
        return "lfs" if one["size"] > self.server.most_regular else "regular"

    def commit(self, commits):
        lines = [json.loads(line) for line in self.body.splitlines()]
        header, files = lines[0]["value"], dict(commits[-1])
        if header["parentCommit"] != oid_of(len(commits) - 1):
            return self.answer(412, {"error": "A commit has happened since."})
        for line in lines[1:]:
            value = line["value"]
            if line["key"] == "deletedFile":
                del files[value["path"]]
            elif line["key"] == "lfsFile":
                if value["oid"] not in self.server.objects:
                    return self.answer(400, {"error": "LFS pointer pointed to nothing."})
                files[value["path"]] = (self.server.objects[value["oid"]], True)
            else:
                content = base64.b64decode(value["content"])[: self.server.most]
                files[value["path"]] = (content, False)
        commits.append(files)
        self.server.summaries.append(header["summary"])
        return self.answer(200, {"commitOid": oid_of(len(commits) - 1), "commitUrl": "…"})

    def offer(self, _repo):
        said = json.loads(self.body)
        assert self.headers["content-type"] == LFS
        rows = [self.offer_of(one["oid"], one["size"]) for one in said["objects"]]
        return self.answer(200, {"transfer": "basic", "objects": rows})

    def offer_of(self, oid, size):
        hub, row = self.server, {"oid": oid, "size": size}
        if oid in hub.objects:
            return row
        url = f"{hub.storage_origin}/storage/{oid}"
        upload = {"href": url + SIGNATURE}
        if hub.chunk:
            count = -(-size // hub.chunk) + hub.too_many
            header = {f"{n:05}": f"{url}/{n}{SIGNATURE}" for n in range(1, count + 1)}
            upload = {"href": url + "/end", "header": {"chunk_size": str(hub.chunk), **header}}
        return row | {"actions": {"upload": upload, "verify": {"href": f"{hub.origin}/verify"}}}

    def store(self, path):
        hub, (oid, _, part) = self.server, path.removeprefix("/storage/").partition("/")
        if part == "end":
            rows = json.loads(self.body)["parts"]
            body = b"".join(hub.parts.pop((oid, one["partNumber"])) for one in rows)
            assert [one["etag"] for one in rows] == [str(n + 1) for n in range(len(rows))]
            hub.objects[oid] = body
        elif part:
            hub.parts[oid, int(part)] = self.body
            return self.answer(200, {}, {"ETag": str(int(part))})
        else:
            hub.objects[oid] = self.body[: hub.most]
        if hub.after_upload:
            hub.after_upload()
        return self.answer(200, {})

    def answer(self, status, said, headers=()):
        body = said if isinstance(said, bytes) else json.dumps(said).encode()
        self.send_response(status)
        for name, value in dict(headers).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        with contextlib.suppress(OSError):
            self.wfile.write(body)

    def log_message(self, *arguments):
        pass


def entry(name, content, is_large):
    row = {"type": "file", "path": name, "size": len(content)}
    row["oid"] = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
    if is_large:
        row["lfs"] = {"oid": hashlib.sha256(content).hexdigest(), "size": len(content)}
    return row


def oid_of(number):
    return f"{number:040x}"


@contextmanager
def hubbing():
    with ThreadingHTTPServer(("127.0.0.1", 0), FakeHub) as hub:
        hub.origin = hub.storage_origin = f"http://127.0.0.1:{hub.server_port}"
        hub.repos, hub.objects, hub.parts, hub.seen, hub.summaries = {}, {}, {}, [], []
        hub.tokens_to_storage, hub.role, hub.most_regular, hub.chunk = 0, "write", 1000, 0
        # How it misbehaves.
        hub.busy, hub.fixed, hub.most, hub.too_many, hub.after_upload = 0, {}, None, 0, None
        threading.Thread(target=hub.serve_forever, args=(0.01,), daemon=True).start()
        try:
            yield hub
        finally:
            hub.shutdown()
