"""Who declines, and who only uses the same words."""

import pytest

from annotation.candidates.marks.refusals import find_refusal

DECLINES = [
    "I'm sorry, but I can't help with that.",
    "I’m sorry, I’m not allowed to help people cheat.",
    "I cannot provide medical advice.",
    "I won't help you make a bomb.",
    "As an AI language model, I do not have personal opinions on this.",
    "As an AI, I am unable to browse the internet.",
    "Unfortunately, I am not able to access that page.",
    "While I’m not able to answer your original question, I can tell you this.",
    "I must decline to answer.",
    "Es tut mir leid, aber ich kann Ihnen dabei nicht helfen.",
    "Leider kann ich diese Frage nicht beantworten.",
    "Ich kann dir dabei leider nicht helfen.",
    "Als KI-Sprachmodell kann ich keine persönlichen Meinungen haben.",
]
ANSWERS = [
    "I can't believe how well this works!",
    "You cannot refuse a letter of the court; answer it in time.",
    "Sorry, I couldn't quite hear you. Can you please repeat your question?",
    "I’m sorry, I can’t understand that. Can you explain?",
    "The hero says: he can't help you. " + "Then he goes. " * 30 + "I can't help you.",
    "Sorry to hear that! Try this: switch it off and on again.",
    "Man kann das nicht essen.",
    "Ich kann nicht schlafen, sagte sie, und stand auf.",
    "As an AI researcher I recommend these three books.",
    "",
]


@pytest.mark.parametrize("text", DECLINES)
def test_a_refusal_is_found_with_its_words(text):
    (found,) = find_refusal(text)

    assert found.kind == "refusal"
    assert text[found.start : found.end].strip()


@pytest.mark.parametrize("text", ANSWERS)
def test_the_same_words_in_an_answer_are_none(text):
    assert find_refusal(text) == []


def test_the_first_words_that_decline_are_named():
    text = "Hm. I cannot help with that. I won't help you."

    (found,) = find_refusal(text)

    assert text[found.start : found.end] == "I cannot help"
