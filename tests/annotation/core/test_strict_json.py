"""The corpora of what parsers disagree on, and our own list of what an import file may hold."""

import io
import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation.core import strict_json
from annotation.core.errors import DomainError, TooLarge
from annotation.core.strict_json import JSONProblem, LineReader, canonical, line_value, loads
from tests.data import shared

# What the suite accepts and we do not: two keys of one name leave the reader to guess.
DUPLICATE_KEYS = {"y_object_duplicated_key.json", "y_object_duplicated_key_and_value.json"}
# What is JSON, but no text column can keep it.
UNSTORABLE = {"y_object_escaped_null_in_key.json", "y_string_null_escape.json"}


def corpus(kind):
    files = sorted(shared("security/jsontestsuite/test_parsing").glob(f"{kind}_*.json"))
    assert len(files) == {"n": 188, "y": 95, "i": 35}[kind]
    return files


def test_every_text_that_is_not_json_is_refused_with_a_sentence():
    for file in corpus("n"):
        with pytest.raises(DomainError) as caught:
            loads(file.read_bytes())
        assert len(str(caught.value)) > 10, file.name


def test_every_json_text_is_read_like_any_other_reader_reads_it():
    for file in corpus("y"):
        if file.name not in DUPLICATE_KEYS:
            value = loads(file.read_bytes(), storable=False)
            assert value == json.loads(file.read_bytes()), file.name


def test_of_the_valid_texts_only_the_named_four_are_refused():
    refused = set()
    for file in corpus("y"):
        try:
            loads(file.read_bytes())
        except JSONProblem:
            refused.add(file.name)

    assert refused == DUPLICATE_KEYS | UNSTORABLE


def test_what_the_standard_leaves_open_is_a_value_or_a_sentence_never_a_crash():
    outcomes = []
    for file in corpus("i"):
        try:
            outcomes.append(loads(file.read_bytes()))
        except JSONProblem as problem:
            outcomes.append(str(problem))
    assert len(outcomes) == 35


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (b"", "line 1, column 1: is empty"),
        (b" \n", "line 2, column 1: is empty"),
        (b'{"a": 1e999}', "line 1, column 7: 1e999 is too large"),
        (b'{"a": -1E400}', "line 1, column 7: -1E400 is too large"),
        (b'["1e999", NaN]', "line 1, column 11: NaN is not JSON"),
        (b"[-Infinity]", "line 1, column 2: -Infinity is not JSON"),
        (b'{"a": 1, "b": 2, "a": 3}', 'line 1, column 18: the key "a" appears twice'),
        (b'[{"a": 1}, {"b": 1, "\\u0062": 2}]', 'column 21: the key "b" appears twice'),
        (b"[9007199254740993]", "column 2: 9007199254740993 is outside"),
        (b"[-9007199254740993]", "column 2: -9007199254740993 is outside"),
        (b"[" + b"1" * 5000 + b"]", "(5000 digits) is outside"),
        (b"[" * 65 + b"]" * 65, "column 65: is nested deeper than 64 levels"),
        (b'{"a":' * 65 + b"1" + b"}" * 65, "is nested deeper than 64 levels"),
        (b"\xef\xbb\xbf{}", "column 1: starts with a byte order mark"),
        (b'["\xff"]', "column 3: is not UTF-8 (byte 0xFF)"),
        ('["é\xff'.encode("latin-1"), "column 3: is not UTF-8 (byte 0xE9)"),
        (b'{"a": 1} x', "column 10: has more text after the end"),
        (b'["a\nb"]', "column 4: is not valid JSON (invalid control character)"),
        (b'{"a": {"b": ["ok", "x\\u0000"]}}', "a.b[1]: has a NUL character at position 2"),
        (b'{"a": "\\ud800"}', "a: has half a surrogate pair (U+D800) at position 1"),
        (b'{"\\udc00": 1}', "A key has half a surrogate pair"),
    ],
)
def test_each_kind_of_trouble_is_named_with_its_place(source, said):
    with pytest.raises(JSONProblem) as caught:
        loads(source)

    assert said in str(caught.value)


@pytest.mark.parametrize(
    "source",
    [
        b"[9007199254740992, -9007199254740992]",
        b"[" * 64 + b"]" * 64,
        b'["' + b"[" * 1000 + b'"]',
        b'["\\"[[[[' + b"{" * 100 + b'"]',
        b"[1e-999, 1e308, -0.0]",
        b'["\\ud83d\\ude00"]',
        b'[{"a": 1}, {"a": 2}]',
        b'{"__proto__": 1, "": 2}',
    ],
)
def test_what_only_looks_like_trouble_is_read(source):
    assert loads(source) == json.loads(source)


@pytest.mark.parametrize("opening", [b"[", b'{"a":', b'[{"a":'])
def test_a_depth_bomb_gets_a_sentence_at_once(opening):
    started = time.perf_counter()
    with pytest.raises(JSONProblem, match="nested deeper than 64"):
        loads(opening * (100_000 // len(opening)))

    assert time.perf_counter() - started < 0.5


def test_a_body_over_the_limit_is_refused_before_it_is_read():
    with pytest.raises(TooLarge, match="at most 10 are taken"):
        loads(b"[" + b" " * 20 + b"]", max_bytes=10)


def test_the_canonical_spelling_ignores_order_and_keeps_text():
    one = {"b": [1, 2.5, None, True], "a": "é\u2028<>"}
    other = {"a": "é\u2028<>", "b": [1, 2.5, None, True]}

    assert canonical(one) == canonical(other)
    assert canonical(one) == '{"a":"é\u2028<>","b":[1,2.5,null,true]}'.encode()


def test_the_canonical_spelling_refuses_what_is_not_json():
    with pytest.raises(ValueError, match="JSON compliant"):
        canonical({"a": float("nan")})


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\x00")),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(
            st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\x00")), inner
        )
    ),
    max_leaves=20,
)


@given(values)
def test_a_canonical_text_reads_back_as_the_same_value(value):
    assert loads(canonical(value)) == value


@given(st.binary(max_size=60))
def test_any_bytes_are_a_value_or_a_json_problem(data):
    try:
        value = loads(data)
    except JSONProblem:
        return
    assert json.loads(data) == value


def lines_of(data, **limits):
    reader = LineReader(io.BytesIO(data), **limits)
    return reader, list(reader)


def test_lines_keep_the_numbers_an_editor_shows():
    reader, lines = lines_of(b'{"a":1}\n\n  \r\n{"a":2}\r\n{"a":3}')

    assert [(line.number, line.data) for line in lines] == [
        (1, b'{"a":1}'),
        (4, b'{"a":2}'),
        (5, b'{"a":3}'),
    ]
    assert (reader.line_count, reader.blank_count, reader.byte_count) == (5, 2, 29)
    assert [line.is_cut for line in lines] == [False, False, True]


def test_an_empty_file_has_no_lines():
    reader, lines = lines_of(b"")

    assert lines == []
    assert reader.byte_count == 0


def test_a_byte_order_mark_is_taken_off_the_first_line_only_and_said():
    reader, lines = lines_of(b'\xef\xbb\xbf{"a":1}\n\xef\xbb\xbf{"a":2}\n')

    assert line_value(lines[0]) == {"a": 1}
    assert reader.had_bom
    with pytest.raises(JSONProblem, match="line 2, column 1: starts with a byte order mark"):
        line_value(lines[1])


def test_a_line_over_the_limit_is_named_and_the_next_one_is_read():
    giant = b'{"a":"' + b"x" * 5000 + b'"}'
    reader, lines = lines_of(giant + b'\n{"a":1}\n', max_line=1000)

    assert [line.number for line in lines] == [1, 2]
    with pytest.raises(JSONProblem, match="line 1: the line is longer than 1,000 bytes"):
        line_value(lines[0], max_bytes=1000)
    assert line_value(lines[1]) == {"a": 1}
    assert reader.byte_count == len(giant) + 9


def test_a_line_of_just_the_limit_is_taken():
    data = b'"' + b"x" * 98 + b'"'
    _, lines = lines_of(data + b"\n", max_line=100)

    assert line_value(lines[0], max_bytes=100) == "x" * 98


def test_a_file_cut_in_the_middle_of_a_line_says_so():
    _, lines = lines_of(b'{"a": 1}\n{"a": "unfin')

    with pytest.raises(JSONProblem, match="line 2, .*the file ends in the middle of this line"):
        line_value(lines[1])


def test_a_broken_line_that_was_ended_is_not_called_cut():
    _, lines = lines_of(b'{"a": "unfin\n')

    with pytest.raises(JSONProblem) as caught:
        line_value(lines[0])
    assert "middle" not in str(caught.value)


def test_the_hostile_rows_are_refused_line_by_line_and_the_odd_but_legal_ones_are_read():
    refused, read = {}, []
    with shared("security/imports/hostile_rows.jsonl").open("rb") as stream:
        reader = LineReader(stream)
        for line in reader:
            try:
                line_value(line)
                read.append(line.number)
            except JSONProblem as problem:
                refused[line.number] = problem.reason

    assert set(refused) == {2, 3, 4, 5, 6, 7, 8, 9, 10, 13, 14, 15, 16, 22}
    assert read == [1, 11, 12, 17, 18, 19, 20, 21, 23, 24]
    assert reader.blank_count == 1  # a lone carriage return


def test_a_300_mb_line_is_skipped_without_being_held():
    """The stream counts the largest piece that was asked for."""

    class Endless(io.RawIOBase):
        left = 300 * 1024 * 1024
        largest = 0

        def readline(self, size=-1):
            self.largest = max(self.largest, size)
            piece = min(size, self.left)
            self.left -= piece
            return b"x" * piece

    stream = Endless()
    lines = list(LineReader(stream))

    assert [line.data for line in lines] == [None]
    assert 0 < stream.largest <= strict_json.MAX_BYTES + 1
