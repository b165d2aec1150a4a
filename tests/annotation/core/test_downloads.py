"""Files to take along: whole before the first byte, and never run by a browser."""

import json

import pytest

from annotation.core.downloads import JSON_LINES, attachment, json_lines


def pieces_of(content, seen):
    for piece in content:
        seen.append(piece)
        yield piece


def test_everything_is_read_before_anything_is_sent():
    """Whoever produces the pieces holds a transaction as long: a slow reader must not."""
    seen = []
    answer = attachment(pieces_of([b"a\n", b"b\n"], seen), name="x.jsonl", content_type=JSON_LINES)

    assert seen == [b"a\n", b"b\n"]
    assert answer.headers["Content-Length"] == "4"
    assert answer.getvalue() == b"a\nb\n"


def test_what_goes_wrong_half_way_is_an_error_and_no_short_file():
    def pieces():
        yield b"a\n"
        raise ValueError("the database is gone")

    with pytest.raises(ValueError, match="the database is gone"):
        attachment(pieces(), name="x.jsonl", content_type=JSON_LINES)


@pytest.mark.django_db  # the end of an answer looks after connections
def test_a_browser_keeps_it_and_runs_nothing():
    answer = attachment([b"<script>"], name="shop.jsonl", content_type=JSON_LINES)
    assert answer.headers["Content-Disposition"] == 'attachment; filename="shop.jsonl"'
    assert answer.headers["Content-Type"] == JSON_LINES
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "private, no-store"
    answer.close()


def test_a_line_is_a_row_and_what_is_no_json_is_refused():
    lines = list(json_lines([{"a": "ö\n"}, {"b": 1}]))
    assert [json.loads(line) for line in lines] == [{"a": "ö\n"}, {"b": 1}]
    assert all(line.count(b"\n") == 1 and line.endswith(b"\n") for line in lines)
    assert "ö".encode() in lines[0]
    with pytest.raises(ValueError, match="JSON"):
        list(json_lines([{"a": float("nan")}]))
