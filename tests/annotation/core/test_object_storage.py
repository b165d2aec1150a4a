"""Storage that speaks S3: signatures against AWS's examples, and a server that checks them."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from annotation.core import egress
from annotation.core.addresses import Origins, Refused
from annotation.core.object_storage import bucket as storage
from annotation.core.object_storage.bucket import Bucket, Kept, StorageError
from annotation.core.object_storage.signing import Credentials, sha256_of, signed
from annotation.core.retrying import TRIES
from tests.annotation.core.fake_s3 import KEYS, storing

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


@pytest.fixture
def server(settings):
    with storing() as server:
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
    assert bucket.look(key) == Kept(5)
    assert bucket.get(key) == b"hello"
    bucket.delete(key)
    assert bucket.look(key) is None


def test_a_key_that_may_not_list_sees_no_file_where_none_is(server, bucket):
    server.fixed = (403, b"")
    assert bucket.look("a") is None
    with pytest.raises(StorageError, match="may not do this"):
        bucket.put("a", b"x")


def test_a_large_file_goes_in_parts(server, bucket, tmp_path, monkeypatch):
    monkeypatch.setattr(storage, "PART", 1000)
    (tmp_path / "large").write_bytes(bytes(range(256)) * 10)
    told = []
    bucket.put_file("large", tmp_path / "large", lambda: told.append(1), sha256="ab12")
    assert server.kept["large"] == (tmp_path / "large").read_bytes()
    assert len(told) == 3
    assert bucket.look("large") == Kept(2560, "ab12")
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
    with pytest.raises(StorageError, match="busy"):
        bucket.put("b", b"x")
    assert len(server.seen) == 3 + TRIES


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


def test_a_large_file_is_fetched_in_parts(server, bucket, tmp_path, monkeypatch):
    monkeypatch.setattr(storage, "PART", 1000)
    server.kept["large"] = bytes(range(256)) * 10
    bucket.get_file("large", tmp_path / "back", size=2560)
    assert (tmp_path / "back").read_bytes() == server.kept["large"]
    assert len(server.seen) == 3
    with pytest.raises(StorageError, match="another part"):
        bucket.get_file("large", tmp_path / "back", size=2561)
    with pytest.raises(StorageError, match="404"):
        bucket.get_file("none", tmp_path / "back", size=1)


def test_a_storage_that_drips_ends_at_the_total_time(server, bucket):
    server.kept["slow"], server.drip = b"x" * 100, 0.05
    with pytest.raises(egress.Failed, match="too long"):
        replace(bucket, seconds=0.2).get("slow")
    assert len(server.seen) == 1, "asking again would take as long"


def test_an_answer_is_bounded(server, bucket):
    server.kept["large"] = b"x" * 1000
    with pytest.raises(egress.Failed, match="too large"):
        bucket.get("large", most_bytes=100)


def test_what_the_operator_did_not_list_is_not_connected_to(server, bucket, settings):
    settings.EGRESS_ORIGINS = Origins([])
    with pytest.raises(Refused):
        bucket.put("a", b"x")
    assert server.seen == []
