"""A model that names itself is found; Claude Monet is not."""

import pytest

from annotation.candidates.marks.identity import find_identity

LEAKS = {
    "As an AI model trained by OpenAI, I think so.": ["OpenAI"],
    "I am a large language model, trained by Google.": ["Google"],
    "I'm Claude, an AI assistant made by Anthropic.": ["Claude", "Anthropic"],
    "My name is ChatGPT and I help.": ["ChatGPT"],
    "As ChatGPT, I cannot know.": ["ChatGPT"],
    "As Claude, I would say no.": ["Claude"],
    "I am Qwen, created by Alibaba Cloud.": ["Qwen", "Alibaba Cloud"],
    "Ich bin ein Sprachmodell, das von OpenAI entwickelt wurde.": ["OpenAI"],
    "Ich wurde von Google trainiert.": ["Google"],
    "I was developed by Meta AI.": ["Meta AI"],
    "Unlike GPT-4, the sky is blue.": ["GPT-4"],
}
NONE = [
    "Claude Monet painted lilies in Giverny.",
    "Gemini is the third sign of the zodiac.",
    "Llamas and alpacas spit; koalas sleep.",
    "The search giant Google was founded in 1998.",
    "I am bloom-ing, said the rose.",
    "I am falconer by trade.",
    "The mistral blows from the north-west.",
    "I'm metaphorically lost.",
    "Microsoft Excel can do that: open it from Microsoft's page.",
    "",
]


@pytest.mark.parametrize(("text", "names"), LEAKS.items())
def test_the_name_alone_is_the_place(text, names):
    found = find_identity(text)

    assert [text[one.start : one.end] for one in found] == names
    assert {one.kind for one in found} == {"identity"}


@pytest.mark.parametrize("text", NONE)
def test_a_word_that_is_a_name_elsewhere_is_none(text):
    assert find_identity(text) == []


def test_a_name_that_the_prompt_said_first_tells_nothing():
    text = "OpenAI was founded in 2015."

    assert find_identity(text) != []
    assert find_identity(text, prompt="When was OpenAI founded?") == []
    assert find_identity("I was trained by OpenAI.", prompt="Are you by OpenAI?") != []


def test_the_projects_own_generators_are_names_too():
    text = "Hello, I am Wombat. Made with wombat-7b-v2, I like tea."

    assert find_identity(text) == []
    assert [text[one.start : one.end] for one in find_identity(text, names=["wombat-7b-v2"])] == [
        "Wombat",
        "wombat-7b-v2",
    ]
