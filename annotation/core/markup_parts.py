"""The two foreign languages inside a response: program code and LaTeX.

What comes out of here is still untrusted: `core.markup` sends it through the sanitiser.
"""

from functools import cache
from html import unescape
from time import thread_time
from typing import Self
from xml.etree.ElementTree import tostring

from django.utils.html import escape
from latex2mathml.converter import convert_to_element
from pygments import lex
from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name
from pygments.token import STANDARD_TYPES, _TokenType
from pygments.util import ClassNotFound

MAX_CODE = 10_000
MAX_FORMULA = 2_000

# The languages models answer in. A closed list: of the 500 others some are slow beyond measure
# on text that was written to make them so, and in one step, where no budget is looked at.
_LANGUAGES = """
    bash sh shell zsh c cpp c++ csharp c# cs css diff docker dockerfile go golang
    haskell hs html ini java javascript js json jsx julia kotlin latex tex lua makefile make
    nginx perl php powershell python py python3 r ruby rb rust rs scala scss sql
    postgresql swift toml typescript ts tsx xml yaml yml
"""
LANGUAGES = frozenset(_LANGUAGES.split())


class Budget:
    """The processor time one text may spend on highlighting and mathematics.

    Some lexers are quadratic on text written to make them so ("a\\n" 10,000 times in C#), and
    no length cap both spares real programs and stops those. Processor time of this thread, not
    the clock, so that a busy machine does not change what is shown.
    """

    def __init__(self, seconds: float = 0.5):
        self._left = seconds
        self._since: float | None = None

    def __enter__(self) -> Self:
        self._since = thread_time()
        return self

    def __exit__(self, *_: object) -> None:
        self._left -= thread_time() - (self._since or 0)

    @property
    def is_spent(self) -> bool:
        return self._left <= 0

    def is_running_out(self) -> bool:
        """Asked between two steps of the work inside the `with`."""
        return thread_time() - (self._since or 0) > self._left


def code_block(code: str, language: str, *, budget: Budget) -> str:
    """A block of code with Pygments' classes, or only escaped where that is not possible."""
    body = None
    known = language.lower() in LANGUAGES and len(code) <= MAX_CODE and not budget.is_spent
    if known and (lexer := _lexer(language.lower())):
        with budget:
            body = _highlighted(lexer, code, budget)
    return f'<pre tabindex="0"><code>{escape(code) if body is None else body}</code></pre>\n'


def _highlighted(lexer: Lexer, code: str, budget: Budget) -> str | None:
    runs: list[tuple[str, list[str]]] = []
    for kind, value in lex(code, lexer):
        if budget.is_running_out():
            return None
        name = _class_of(kind)
        if runs and runs[-1][0] == name:
            runs[-1][1].append(value)
        else:
            runs.append((name, [value]))
    return "".join(_span(name, "".join(values)) for name, values in runs)


def _span(name: str, text: str) -> str:
    return f'<span class="{name}">{escape(text)}</span>' if name else escape(text)


@cache
def _lexer(language: str) -> Lexer | None:
    try:
        return get_lexer_by_name(language, stripnl=False, ensurenl=False)
    except ClassNotFound:
        return None


@cache
def _class_of(kind: _TokenType) -> str:
    while kind not in STANDARD_TYPES:
        kind = kind.parent
    name = STANDARD_TYPES[kind]
    return "" if name == "w" else name  # a space needs no colour


def mathml(source: str, *, budget: Budget, is_block: bool) -> str:
    """LaTeX as MathML; as code where it is broken, unknown or too long."""
    markup = None
    if len(source) <= MAX_FORMULA and not budget.is_spent:
        with budget:
            markup = _converted(source, "block" if is_block else "inline")
    if markup is None:
        code = f"<code>{escape(source)}</code>"
        return f"<p>{code}</p>" if is_block else code
    return markup


def _converted(source: str, display: str) -> str | None:
    try:
        element = convert_to_element(source, display=display)
    except Exception:  # a converter of free text: whatever it raises means "this is not LaTeX"
        return None
    # The converter writes character references into the text and leaves `<` of \text{} as it
    # is; resolved first and escaped by the serialiser, both come out right.
    for part in element.iter():
        part.text = unescape(part.text) if part.text else part.text
    return tostring(element, encoding="unicode")
