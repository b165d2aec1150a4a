"""Nothing, or not to the end: what counts as such, and what must not."""

import pytest

from annotation.candidates.marks.endings import find_ending

WHOLE = [
    "Paris",
    "What are you looking at",
    "Mach bitte das Licht an",
    "A long title without a full stop, as titles are",
    "Dear all,\n\nI look forward to seeing you.\n\nBest,",
    "- first\n- second\n- third",
    "```python\nprint(1)\n```",
    "~~~~\n~~~\n~~~~",
    "Follow us for more of it. " * 6 + "#SummerInternship",
    "Read more about how this works in practice. " * 4 + "Here it is: https://host.org/a/b",
    "Made in USA, 1.5-Ounce, of the finest steel that there is anywhere, by hands, for years and"
    " years to come, in Red",
    "Er ging nach Hause. Das war alles.",
]
CUT = {
    "I would love to tell you more about it, but the": "middle_of_sentence",
    "Es gibt drei Gründe dafür, und der erste ist, dass": "middle_of_sentence",
    "We have apples, pears,": "middle_of_sentence",
    "Here is the code:\n```python\nprint(1)": "open_code",
    "This is a whole sentence that says something about the matter. The next one, which is as "
    "long as it has to be, goes on for a while, then stops at a random": "no_full_stop",
}


@pytest.mark.parametrize("text", WHOLE)
def test_a_text_that_ends_is_not_called_cut(text):
    assert find_ending(text) == []


@pytest.mark.parametrize(("text", "rule"), CUT.items())
def test_a_text_that_breaks_off_is_marked_at_its_last_word(text, rule):
    (found,) = find_ending(text)

    assert (found.kind, found.detail) == ("truncated", rule)
    assert text[found.start : found.end] == text.split()[-1]


def test_the_finish_reason_settles_it():
    whole, cut = "All is said.", "I would love to, but the"

    assert [one.detail for one in find_ending(whole, finish_reason="length")] == ["limit"]
    assert find_ending(cut, finish_reason="stop") == []
    assert find_ending(cut) != []


@pytest.mark.parametrize("text", ["", "  \n\t", "\u200b\ufeff", "\u00a0"])
def test_what_shows_nothing_is_empty_unless_a_picture_stands_there(text):
    assert [one.kind for one in find_ending(text)] == ["empty"]
    assert find_ending(text, has_attachments=True) == []
