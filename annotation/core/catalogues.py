"""The catalogues of the interface's languages: what there is to translate, found with Babel.

Each app has its own at `<app>/locale/<language>/LC_MESSAGES/django.po`, with the compiled
`django.mo` beside it. Both are committed: whoever serves Concord needs neither Babel nor gettext.
What is written depends on the sources only (no dates, no line numbers, sorted), so that a second
run changes nothing and branches merge.
"""

import io
import re
from collections.abc import Iterator
from pathlib import Path

from babel.messages import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.apps import apps
from django.conf import settings
from django.utils.translation.template import templatize

# Texts of templates that lie in no app's folder (the frame of every page, the pages of errors).
COMMON_APP = "core"
# Folders that a package looks for its templates in, and the app of ours whose pages they are.
LENT = {"account": "accounts", "mfa": "accounts", "socialaccount": "accounts"}
KEYWORDS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
HEADER = "# Texts of “{app}”. Kept by `manage.py update_messages`: write only the msgstr."
_PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|\{\w*\}|%[sd]")

Text = str | tuple[str, ...]


class AppCatalog(Catalog):
    """A catalogue whose head says what gettext needs, and nothing of when and by whom."""

    @property
    def mime_headers(self) -> list[tuple[str, str]]:
        return [
            ("Language", str(self.locale)),
            ("MIME-Version", "1.0"),
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Content-Transfer-Encoding", "8bit"),
            ("Plural-Forms", f"{self.plural_forms}\n"),
        ]


def translated_languages() -> list[str]:
    """The languages that need catalogues: all but the one the sources are written in."""
    return [code for code, _ in settings.LANGUAGES if code != settings.LANGUAGE_CODE]


def our_apps() -> dict[str, Path]:
    """The platform's apps by their short names, each with its folder."""
    own = [app for app in apps.get_app_configs() if app.name.startswith("annotation.")]
    return {app.name.removeprefix("annotation."): Path(app.path) for app in own}


def catalogue_path(app: str, language: str) -> Path:
    return our_apps()[app] / "locale" / language / "LC_MESSAGES" / "django.po"


def kept_catalogue(app: str, language: str) -> Catalog:
    """What is translated so far."""
    path = catalogue_path(app, language)
    content = path.read_bytes() if path.exists() else b""
    return read_po(io.BytesIO(content), locale=language, abort_invalid=True)


def wanted_catalogue(app: str, language: str) -> Catalog:
    """Every text the app has today, with the translation it had.

    A text whose wording changed is a new one: the translation of a similar text would only be a
    guess that looks like an answer.
    """
    kept = kept_catalogue(app, language)
    wanted = AppCatalog(language, header_comment=HEADER.format(app=app), fuzzy=False)
    for place, text, context in texts_of(app):
        known = kept.get(text, context)
        if known is None or known.id != text or known.fuzzy:
            known = Message(text)
        wanted.add(text, known.string, [(place, 0)], context=context)
    return wanted


def files_of(app: str, language: str) -> dict[Path, bytes]:
    """The catalogue to be committed, readable and compiled; nothing for an app without texts."""
    catalogue = wanted_catalogue(app, language)
    if not len(catalogue):
        return {}
    readable, compiled = io.BytesIO(), io.BytesIO()
    write_po(readable, catalogue, width=0, sort_output=True, include_lineno=False)
    write_mo(compiled, catalogue)
    path = catalogue_path(app, language)
    return {
        path: readable.getvalue().rstrip() + b"\n",
        path.with_suffix(".mo"): compiled.getvalue(),
    }


def changed_files(app: str, language: str) -> dict[Path, bytes | None]:
    """What differs from the files that lie there; None for one that should not."""
    wanted: dict[Path, bytes | None] = dict(files_of(app, language))
    if not wanted:
        path = catalogue_path(app, language)
        wanted = {path: None, path.with_suffix(".mo"): None}
    return {
        path: content
        for path, content in wanted.items()
        if (path.read_bytes() if path.exists() else None) != content
    }


def write(path: Path, content: bytes | None) -> None:
    if content is None:
        path.unlink()
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def untranslated(catalogue: Catalog) -> list[Message]:
    return [message for message in catalogue if message.id and not all(strings_of(message))]


def strings_of(message: Message) -> list[str]:
    """The translation: one text, or one for each of the language's plural forms."""
    string = message.string or ""
    return [string] if isinstance(string, str) else list(string)


def placeholders(text: str) -> set[str]:
    """What a value takes the place of."""
    return {match[0] for match in _PLACEHOLDER.finditer(text)}


def texts_of(app: str) -> Iterator[tuple[str, Text, str | None]]:
    """Where, what, and in which context, for the app's Python files and templates."""
    for path in _python_files(app):
        yield from _found(path, path.read_text())
    for path in _templates(app):
        yield from _found(path, _as_python(path))


def _python_files(app: str) -> list[Path]:
    files = our_apps()[app].rglob("*.py")
    return sorted(path for path in files if "migrations" not in path.parts)


def _templates(app: str) -> list[Path]:
    names = our_apps()
    root = settings.BASE_DIR / "templates"
    folders = {path: path.relative_to(root).parts[0] for path in root.rglob("*.*")}
    owners = {path: LENT.get(folder, folder) for path, folder in folders.items()}
    return sorted(
        path
        for path, folder in owners.items()
        if (folder if folder in names else COMMON_APP) == app and path.is_file()
    )


def _as_python(template: Path) -> str:
    """The template's texts as calls of gettext. Without indents, which mean nothing here."""
    source = templatize(template.read_text(), origin=template.name)
    return "\n".join(line.strip() for line in source.splitlines())


def _found(path: Path, source: str) -> Iterator[tuple[str, Text, str | None]]:
    place = path.relative_to(settings.BASE_DIR).as_posix()
    found = extract("python", io.BytesIO(source.encode()), KEYWORDS, options={"encoding": "utf-8"})
    for _, text, _, context in found:
        yield place, text, context
