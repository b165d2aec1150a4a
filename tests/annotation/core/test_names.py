"""Names: what a reader can tell from another one, or a sentence that says what is wrong."""

import pytest

from annotation.core.errors import DomainError
from annotation.core.names import checked_name
from annotation.core.options import BadOption


def named(name, **more):
    return checked_name(name, label="Name of the model", longest=12, **more)


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("Judge", "Judge"),
        ("  Judge 2 ", "Judge 2"),
        ("", ""),
        ("   ", ""),
        ("acme/judge", "acme/judge"),
        ("Größe, 大", "Größe, 大"),
        ("x" * 12, "x" * 12),
        ("\U0001f469\u200d\U0001f52c", "\U0001f469\u200d\U0001f52c"),  # one emoji of two
    ],
)
def test_what_can_be_read_stays_as_it_is(name, kept):
    assert named(name) == kept


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("a\x00b", "character 2 is one that nobody sees (NULL)"),
        ("a\nb", "character 2 is one that nobody sees (LINE FEED)"),
        ("a\tb", "character 2 is one that nobody sees (HORIZONTAL TABULATION)"),
        ("Judge\x07", "character 6 is one that nobody sees (BELL)"),
        ("\u202eegduJ", "character 1 is one that nobody sees (RLO)"),
        ("\ufeffJudge", "character 1 is one that nobody sees (BOM)"),
        ("Jud\ud800ge", "character 4 is one that nobody sees (U+D800)"),
        ("\u200d\u200d", "nothing of it can be seen"),
        ("x" * 13, "at most 12 characters fit, these are 13."),
        ("/judge", "it begins or ends with a slash"),
        ("judge/ ", "it begins or ends with a slash"),
    ],
)
def test_what_cannot_is_refused_with_the_fields_name(name, reason):
    with pytest.raises(DomainError) as refused:
        named(name)
    assert str(refused.value).startswith(f"Name of the model: {reason}")


def test_a_models_name_may_be_a_path_and_a_form_gets_its_field():
    assert named("/models/one", may_be_a_path=True) == "/models/one"
    with pytest.raises(BadOption) as refused:
        named("/one", raises=lambda said: BadOption("name", said))
    assert refused.value.field == "name"
