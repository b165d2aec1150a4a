"""Where quoted words stand in the raw text: found through what Markdown hides, never guessed."""

from time import thread_time

import pytest

from annotation.core.errors import DomainError
from annotation.labeling.quotes import find_quote

TEXT = (
    'You have about **€20,960**: *your own* money at [the bank](https://x.y/z "The bank").\n'
    "- Cafe\u0301 &amp; tea `x = 1`\n- cafés | 3 |\n\nשלום **עולם** 👍🏽 done, and done."
)


@pytest.mark.parametrize(
    ("quote", "raw"),
    [
        ("your own", "your own"),
        ("about €20,960: your own", "about **€20,960**: *your own"),
        ("the bank", "the bank"),
        ("at the bank.", 'at [the bank](https://x.y/z "The bank").'),
        ("Café & tea", "Cafe\u0301 &amp; tea"),
        ("CAFÉ", "Cafe\u0301"),
        ("x = 1\ncafés", "x = 1`\n- cafés"),
        ("x = 1\r\n", "x = 1"),
        ("שלום עולם", "שלום **עולם"),
        ("👍🏽", "👍🏽"),
    ],
)
def test_words_are_found_as_they_are_read(quote, raw):
    start, end = find_quote(TEXT, quote)
    assert TEXT[start:end].startswith(raw)
    assert TEXT[start:end].strip("*`") == raw.strip("*`")


def test_a_whole_word_is_meant_rather_than_a_part_of_one():
    text = "This is it."
    assert find_quote(text, "is") == (5, 7)


@pytest.mark.parametrize(
    ("quote", "sentence"),
    [
        ("", "Quote the words"),
        (" \r\n ", "Quote the words"),
        ("x" * 2_001, "at most 2,000 characters"),
        ("nowhere", "“nowhere” is not in this response"),
        ("done", "“done” is there 2 times"),
        ("**", "“**” is there 4 times"),
        ("word " * 30, "word…” is not in this response"),
    ],
)
def test_what_is_not_there_or_not_one_place_gets_a_sentence(quote, sentence):
    with pytest.raises(DomainError) as refused:
        find_quote(TEXT, quote)
    assert sentence in str(refused.value)


@pytest.mark.parametrize("part", ["[", "](", "&", "](a ", "&a", '](" ', "\u0301", "*"])
def test_hostile_texts_are_searched_in_time(part):
    text = part * (200_000 // len(part))
    since = thread_time()
    with pytest.raises(DomainError):
        find_quote(text, "zz top")
    assert thread_time() - since < 2
