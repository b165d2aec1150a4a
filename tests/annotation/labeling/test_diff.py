"""What differs between two texts: both must come out again, and hostile ones cost little."""

import random
from time import thread_time

import pytest

from annotation.labeling.diff import ADDED, REMOVED, SAME, compare, words_of


def kinds(old, new):
    return [(piece.kind, piece.text) for piece in compare(old, new)]


def without(kind, pieces):
    return "".join(piece.text for piece in pieces if piece.kind != kind)


def test_a_changed_word_is_removed_and_added():
    assert kinds("The quick fox.", "The slow fox.") == [
        (SAME, "The "),
        (REMOVED, "quick"),
        (ADDED, "slow"),
        (SAME, " fox."),
    ]


def test_changed_words_with_one_space_between_are_one_change():
    assert kinds("a quick brown fox", "a slow red fox") == [
        (SAME, "a "),
        (REMOVED, "quick brown"),
        (ADDED, "slow red"),
        (SAME, " fox"),
    ]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("", "", []),
        ("", "x", [(ADDED, "x")]),
        ("x", "", [(REMOVED, "x")]),
        ("same", "same", [(SAME, "same")]),
        ("a\r\nb\rc", "a\nb\nc", [(SAME, "a\nb\nc")]),
        ("a", "a ", [(SAME, "a"), (ADDED, " ")]),
        ("one\ntwo\n", "one\ntwo", [(SAME, "one\ntwo"), (REMOVED, "\n")]),
    ],
)
def test_the_edges(old, new, expected):
    assert kinds(old, new) == expected


def test_a_line_that_moved_leaves_the_others_alone():
    assert kinds("one\ntwo\nthree\n", "two\nthree\none\n") == [
        (REMOVED, "one\n"),
        (SAME, "two\nthree\n"),
        (ADDED, "one\n"),
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("wo\u0301rd.", ["wo\u0301rd", "."]),
        ("नमस्ते दुनिया", ["नमस्ते", " ", "दुनिया"]),
        ("你好 世", ["你", "好", " ", "世"]),
        ("👨\u200d👩\u200d👧👍🏽!", ["👨\u200d👩\u200d👧", "👍🏽", "!"]),
        ("🇩🇪🇫🇷", ["🇩🇪", "🇫🇷"]),
        ("שלום, עולם", ["שלום", ",", " ", "עולם"]),
        ("€20,960.50.", ["€", "20,960.50", "."]),
        ("a_b  c\n\nd", ["a_b", "  ", "c", "\n", "\n", "d"]),
    ],
)
def test_what_a_reader_sees_as_one_is_never_cut(text, words):
    assert words_of(text) == words


WORDS = [
    "the",
    "of",
    "Wort",
    "שלום",
    "你好",
    "👍🏽",
    "e\u0301",
    " ",
    "  ",
    "\n",
    "\t",
    ",",
    "\u202e",
]


@pytest.mark.parametrize("seed", range(60))
def test_both_texts_come_out_again_whatever_they_are(seed):
    dice = random.Random(seed)  # noqa: S311  texts for a test
    old, new = ("".join(dice.choices(WORDS, k=dice.randrange(60))) for _ in range(2))

    pieces = compare(old, new)

    assert without(ADDED, pieces) == old
    assert without(REMOVED, pieces) == new
    assert all(
        one.kind != next_one.kind for one, next_one in zip(pieces, pieces[1:], strict=False)
    )


HOSTILE = {
    "words that all occur all over": ("a b " * 4_000, "b a " * 4_000),
    "a comma after every word": (
        " ".join(f"x{n}" for n in range(5_000)),
        " ".join(f"x{n}," for n in range(5_000)),
    ),
    "nothing in common with itself": ("a" + " a" * 5_000, "a" + " b a" * 2_500),
    "brackets": ("[" * 200_000, "]" + "[" * 190_000),
    "line ends": ("\n" * 100_000, "a" + "\n" * 90_000),
    "accents on nothing": ("\u0301" * 200_000, "e" + "\u0301" * 190_000),
    "one long word": ("x" * 200_000, "x" * 199_999),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_texts_are_compared_in_time_and_truly(name):
    old, new = HOSTILE[name]
    since = thread_time()

    pieces = compare(old, new)

    assert thread_time() - since < 3, "the budget holds"
    assert without(ADDED, pieces) == old
    assert without(REMOVED, pieces) == new
