"""The catalogues of the interface's languages: whole, up to date, and true to their texts."""

import pytest
from django.core.management import CommandError, call_command

from annotation.core import catalogues
from tests.annotation.core.template_texts import ENGLISH, TEMPLATES, unmarked

LANGUAGES = catalogues.translated_languages()
APPS = sorted(catalogues.our_apps())
kept = catalogues.kept_catalogue


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("app", APPS)
def test_the_catalogue_and_its_compiled_form_are_up_to_date(app, language):
    stale = [path.name for path in catalogues.changed_files(app, language)]

    assert not stale, "run `manage.py update_messages`"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("app", APPS)
def test_every_text_has_its_translation(app, language):
    missing = [message.id for message in catalogues.untranslated(kept(app, language))]

    assert missing == []


def test_the_catalogues_are_not_empty():
    """What the tests around here walk through."""
    for language in LANGUAGES:
        assert sum(len(kept(app, language)) for app in APPS) > 500


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("app", APPS)
def test_no_translation_is_only_a_guess(app, language):
    assert [message.id for message in kept(app, language) if message.id and message.fuzzy] == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("app", APPS)
def test_a_translation_has_the_placeholders_of_its_text(app, language):
    for message in kept(app, language):
        texts = [message.id] if isinstance(message.id, str) else message.id
        wanted = {name for text in texts for name in catalogues.placeholders(text)}
        for string in filter(None, catalogues.strings_of(message) if message.id else []):
            # One of several forms may say its number as a word: “ein Antwort…”.
            assert catalogues.placeholders(string) <= wanted, message.id
            assert len(texts) == 2 or catalogues.placeholders(string) == wanted, message.id


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_text_of_several_apps_has_one_translation(language):
    """Django puts the catalogues together: of two translations one would never be seen."""
    seen = {}
    for app in APPS:
        for message in kept(app, language):
            if message.id and any(catalogues.strings_of(message)):
                key = (message.id, message.context)
                assert seen.setdefault(key, message.string) == message.string, key


def test_all_kinds_of_texts_are_found():
    """In Python and in templates; plain, counted and with a context."""
    found = {text: context for _, text, context in catalogues.texts_of("labeling")}

    assert "How sure you are; then a number" in found  # a template's {% translate %}
    assert ("%(count)s turn", "%(count)s turns") in found  # {% blocktranslate count %}
    assert "%(point)d of %(last)d" in found  # Python


def test_the_check_fails_where_a_catalogue_lacks(settings):
    call_command("update_messages", check=True)
    settings.LANGUAGES = [*settings.LANGUAGES, ("fr", "Français")]

    with pytest.raises(CommandError, match="update_messages"):
        call_command("update_messages", check=True)


def test_a_language_that_is_not_offered_is_refused():
    with pytest.raises(CommandError, match="xx"):
        call_command("update_messages", language=["xx"], check=True)


PAGES = [path for path in sorted(TEMPLATES.rglob("*.html")) if path.name not in ENGLISH]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(TEMPLATES)))
def test_a_template_says_nothing_that_no_tag_translates(page):
    assert unmarked(page.read_text()) == []


@pytest.mark.parametrize(
    ("template", "found"),
    [
        ("<p>Save it</p>", ["Save it"]),
        ('<p>{% translate "Save it" %}</p>', []),
        ("<p>{% blocktranslate %}Save {{ it }}{% endblocktranslate %} now</p>", ["now"]),
        ("<p>{{ count }} of {{ total }}</p>", ["of"]),
        ('<input placeholder="Begins with" value="light" type="text">', ["Begins with"]),
        ('<input type="submit" value="Save">', ["Save"]),
        ('<b title="{% translate "Save it" %}" data-more-text="See more">×</b>', ["See more"]),
        ('{% include "_empty.html" with title="Nothing yet" %}', ["Nothing yet"]),
        ('{% include "_empty.html" with title=_("Nothing yet") kind="plain" %}', []),
        ('{{ name|default:"without a name" }}', ["without a name"]),
        ("<kbd>Esc</kbd> <code>manage.py</code> {# a comment #}", []),
    ],
)
def test_an_untranslated_text_is_found(template, found):
    assert unmarked(template) == found
