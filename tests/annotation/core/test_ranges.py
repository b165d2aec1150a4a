"""Files in parts, as RFC 9110 has it."""

import pytest
from django.test import RequestFactory

from annotation.core.ranges import ranged_response

TEN = b"0123456789"


@pytest.fixture
def ask(tmp_path):
    def asked(content=TEN, **headers):
        path = tmp_path / "file"
        path.write_bytes(content)
        request = RequestFactory().get("/", headers=headers)
        answer = ranged_response(request, path, "abc")
        body = b"".join(answer.streaming_content) if answer.streaming else answer.content
        return answer, body

    return asked


def test_the_whole_says_that_parts_may_be_asked_for(ask):
    answer, body = ask()
    assert (answer.status_code, body) == (200, TEN)
    assert answer.headers["Content-Length"] == "10"
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert "Content-Range" not in answer.headers


def test_a_part_says_where_it_lies(ask):
    answer, body = ask(range="bytes=2-4")
    assert (answer.status_code, body) == (206, b"234")
    assert answer.headers["Content-Length"] == "3"
    assert answer.headers["Content-Range"] == "bytes 2-4/10"


def test_an_empty_file_is_given_whole_and_has_no_parts(ask):
    answer, body = ask(b"")
    assert (answer.status_code, body, answer.headers["Content-Length"]) == (200, b"", "0")
    answer, body = ask(b"", range="bytes=0-")
    assert (answer.status_code, body) == (416, b"")
    assert answer.headers["Content-Range"] == "bytes */0"


def test_what_lies_outside_is_refused_with_the_size(ask):
    answer, body = ask(range="bytes=10-")
    assert (answer.status_code, body) == (416, b"")
    assert answer.headers["Content-Range"] == "bytes */10"


@pytest.mark.parametrize("tags", ['"abc"', 'W/"abc"', '"x", "abc"', "*"])
def test_what_is_known_is_not_sent_again(ask, tags):
    answer, body = ask(**{"if-none-match": tags, "range": "bytes=2-4"})
    assert (answer.status_code, body) == (304, b"")
    assert answer.headers["ETag"] == '"abc"'


@pytest.mark.parametrize(("tag", "status", "found"), [('"abc"', 206, b"234"), ('"old"', 200, TEN)])
def test_a_part_is_only_of_the_file_that_was_begun(ask, tag, status, found):
    answer, body = ask(**{"if-range": tag, "range": "bytes=2-4"})
    assert (answer.status_code, body) == (status, found)


def test_the_head_has_the_lengths_of_what_would_come(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(TEN)
    answer = ranged_response(RequestFactory().head("/"), path, "abc")
    assert (answer.status_code, answer.headers["Content-Length"]) == (200, "10")
