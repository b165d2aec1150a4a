"""What is put around a prompt: once, where it belongs, and nothing of it read as code."""

from annotation.candidates.generation import options
from annotation.candidates.generation.framing import frame_of, framed

ASKED = [{"role": "user", "content": "Say {x}"}]
WITH_SYSTEM = [{"role": "system", "content": "Own."}, *ASKED]


def test_without_a_frame_messages_stay_as_they_are():
    assert framed(WITH_SYSTEM) == WITH_SYSTEM


def test_a_template_goes_around_the_last_message_alone():
    earlier = [*ASKED, {"role": "assistant", "content": "{prompt}"}, *ASKED]
    sent = framed(earlier, template="{a} <{prompt}> {prompt}")
    assert sent == [*earlier[:2], {"role": "user", "content": "{a} <Say {x}> Say {x}"}]
    assert earlier[-1] == ASKED[0]  # the prompt itself is not touched


def test_there_is_one_system_message_and_it_comes_first():
    assert framed(ASKED, system="Ours.") == [{"role": "system", "content": "Ours."}, *ASKED]
    sent = framed(WITH_SYSTEM, system="Ours.")
    assert sent == [{"role": "system", "content": "Ours.\n\nOwn."}, *ASKED]


def test_a_frame_is_what_is_said_of_it():
    assert frame_of({"n": 2, "system": "", "template": "{prompt}"}) == {"template": "{prompt}"}


def test_an_empty_frame_is_none():
    assert options.read({"system": "", "template": " "}) == options.read({})
