"""Hostile text in, safe HTML out: the one place where a model's words become markup.

    markdown-it (no raw HTML, no images) + mathematics as MathML + highlighted fences
    -> nh3 with an explicit allow-list

Two walls, each meant to hold alone: the first never writes a tag that the text brought along,
the second lets nothing through that is not listed. Where the text is too large or too deep for
a timely answer it is shown escaped, which is always right. The caller wraps the result in an
element with `hx-ignore`, and a labeler can always switch to the raw text.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import unquote

import nh3
from django.utils.html import escape
from django.utils.safestring import SafeString
from markdown_it import MarkdownIt
from markdown_it.common.utils import unescapeAll
from markdown_it.token import Token
from mdit_py_plugins.dollarmath import dollarmath_plugin
from mdit_py_plugins.texmath import texmath_plugin
from pygments.token import STANDARD_TYPES

from annotation.core.markup_parts import Budget, code_block, mathml

# Part of the key under which rendered HTML may be kept: raise it with every visible change.
RENDERER_VERSION = 2

MAX_CHARS = 200_000
MAX_NESTING = 40
# What makes the parser slow is not length but the openings it has to look back at. A real answer
# of 50 kB has a few hundred; above this number the text is shown escaped.
MAX_OPENINGS = 20_000
MAX_OPENINGS_A_BLOCK = 3_000
_CACHED_CHARS = 20_000

_LINK = re.compile(r"(?:https?://[^\s/]|mailto:[^\s@]+@|#)", re.IGNORECASE)
_OPENINGS = re.compile(r"[\[\]*_~`<>$|!\\&]")
_BLOCKS = re.compile(r"\n[ \t]*\n")


def _words(text: str) -> set[str]:
    return set(text.split())


_STRICT_TAGS = _words(
    """
    p br hr h3 h4 h5 h6 strong em s del code pre blockquote ul ol li a table thead tbody tr th
    td sub sup
    """
)
# No semantics, annotation or annotation-xml: the classic road of mutation attacks.
_MATH_TAGS = _words(
    """
    math mrow mi mo mn msup msub msubsup mfrac msqrt mroot mtext mspace mover munder
    munderover mtable mtr mtd mstyle mpadded mphantom
    """
)
_YES_NO = {"true", "false"}
_HERE = re.compile(r"#")
# A picture comes from an address of our own, that the caller gave for it, or not at all.
_OWN_FILE = re.compile(r"#|/projects/[-\w]+/attachments/[0-9a-f]{64}/\Z")


def _cleaner(image: dict[str, set[str]], relative: re.Pattern[str]) -> nh3.Cleaner:
    """`image`: the attributes of an allowed img, by its tag; `relative`: addresses of our own."""
    return nh3.Cleaner(
        tags=_STRICT_TAGS | _MATH_TAGS | {"span"} | set(image),
        clean_content_tags={"script", "style"},
        attributes={"a": {"href", "title"}, "ol": {"start"}} | image,
        tag_attribute_values={
            "th": {"align": {"left", "right", "center"}},
            "td": {"align": {"left", "right", "center"}},
            "pre": {"tabindex": {"0"}},
            "math": {"display": {"block", "inline"}},
            "mo": {
                "stretchy": _YES_NO,
                "fence": _YES_NO,
                "separator": _YES_NO,
                "form": {"prefix", "infix", "postfix"},
            },
            "mi": {"mathvariant": {"normal"}},
            "mfrac": {"linethickness": {"0", "0px"}},
            "mtd": {"columnalign": {"left", "right", "center"}},
            "mtable": {"displaystyle": _YES_NO},
            "mstyle": {"displaystyle": _YES_NO, "scriptlevel": {"0", "1", "2"}},
            "mspace": {"width": {"0.167em", "0.222em", "0.278em", "1em", "2em"}},
        },
        # Only the token classes of Pygments, so no class of ours can be borrowed.
        allowed_classes={"span": {name for name in STANDARD_TYPES.values() if name}},
        url_schemes={"http", "https", "mailto"},
        url_relative=lambda url: url if relative.match(url) else None,
        link_rel="noopener noreferrer nofollow",
        strip_comments=True,
    )


_SANITISER = _cleaner({}, _HERE)
_WITH_IMAGES = _cleaner({"img": {"src", "alt"}}, _OWN_FILE)
IMAGE = "attachment:"


def render_untrusted(text: str, *, kind: str = "markdown") -> SafeString:
    """HTML of a prompt's or a response's text; `kind` is "markdown" or "plain".

    Never raises for what the text holds. Costs about a millisecond per kilobyte of Markdown.
    """
    if kind == "plain" or not _is_bounded(text):
        return render_plain(text)
    if kind != "markdown":
        raise ValueError(f"unknown kind {kind!r}")
    return _remembered(text) if len(text) <= _CACHED_CHARS else _rendered(text)


def render_with_images(text: str, images: Mapping[str, str]) -> SafeString:
    """The same, and `![words](attachment:name)` is a picture where `images` has an address for
    that name. All others are shown as they were written."""
    if not _is_bounded(text):
        return render_plain(text)
    env = {"budget": Budget(), "images": images}
    return SafeString(_WITH_IMAGES.clean(_IMAGE_PARSER.render(text, env)))


def render_plain(text: str) -> SafeString:
    """The text as it stands, escaped, lines and spaces kept, readable with the keyboard."""
    return SafeString(f'<pre tabindex="0">{escape(text)}</pre>')


def _is_bounded(text: str) -> bool:
    if len(text) > MAX_CHARS:
        return False
    if len(text) <= MAX_OPENINGS_A_BLOCK:
        return True
    if len(_OPENINGS.findall(text)) <= MAX_OPENINGS_A_BLOCK:
        return True
    blocks = [len(_OPENINGS.findall(block)) for block in _BLOCKS.split(text)]
    return sum(blocks) <= MAX_OPENINGS and max(blocks) <= MAX_OPENINGS_A_BLOCK


def _rendered(text: str) -> SafeString:
    return SafeString(_SANITISER.clean(_PARSER.render(text, {"budget": Budget()})))


# One item is looked at by several labelers, its prompt again with each response: at most 512
# short texts are remembered, some 30 MB if all were of the greatest length.
_remembered = lru_cache(maxsize=512)(_rendered)


def _parser() -> MarkdownIt:
    parser = MarkdownIt(
        "commonmark",
        {"html": False, "linkify": False, "maxNesting": MAX_NESTING},
    )
    parser.enable(["table", "strikethrough"]).disable(["image", "html_block", "html_inline"])
    # The two spellings of mathematics that models use: $…$ and \\(…\\).
    dollarmath_plugin(
        parser, allow_labels=False, allow_space=False, allow_digits=False, double_inline=True
    )
    texmath_plugin(parser, delimiters="brackets")
    for name in ("math_inline", "math_single"):
        parser.add_render_rule(name, _inline_math)
    for name in ("math_inline_double", "math_block", "math_block_eqno"):
        parser.add_render_rule(name, _block_math)
    parser.add_render_rule("fence", _fenced_code)
    parser.add_render_rule("code_block", _indented_code)
    parser.validateLink = lambda url: _LINK.match(url) is not None  # type: ignore[method-assign]
    parser.core.ruler.push("concord", _adapt)
    return parser


def _inline_math(_renderer, tokens, index, _options, env) -> str:
    return mathml(tokens[index].content.strip(), budget=env["budget"], is_block=False)


def _block_math(_renderer, tokens, index, _options, env) -> str:
    return mathml(tokens[index].content.strip(), budget=env["budget"], is_block=True)


def _fenced_code(_renderer, tokens, index, _options, env) -> str:
    token = tokens[index]
    language = unescapeAll(token.info).strip().split(maxsplit=1)
    return code_block(token.content, language[0] if language else "", budget=env["budget"])


def _indented_code(_renderer, tokens, index, _options, env) -> str:
    return code_block(tokens[index].content, "", budget=env["budget"])


def _adapt(state) -> None:
    """Headings start below the page's own and skip no level; table cells use `align`, for styles
    are stripped."""
    above: list[str] = []
    for token in state.tokens:
        if token.type == "heading_open":
            above = [tag for tag in above if tag < token.tag] + [token.tag]
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(6, len(above) + 2)}"
        elif token.type in ("th_open", "td_open"):
            _align(token)


def _align(token: Token) -> None:
    style = token.attrs.pop("style", None)
    if isinstance(style, str):
        token.attrs["align"] = style.removeprefix("text-align:")


def _image(renderer, tokens, index, options, env) -> str:
    token = tokens[index]
    source, words = (
        str(token.attrs["src"]),
        renderer.renderInlineAsText(token.children or [], options, env),
    )
    address = env["images"].get(unquote(source.removeprefix(IMAGE)))
    if address is None or not source.startswith(IMAGE):
        return escape(f"![{words}]({source})")
    return f'<img src="{escape(address)}" alt="{escape(words)}">'


def _image_parser() -> MarkdownIt:
    parser = _parser().enable("image")
    parser.add_render_rule("image", _image)
    parser.validateLink = lambda url: (  # type: ignore[method-assign]
        _LINK.match(url) is not None or url.startswith(IMAGE)
    )
    return parser


_PARSER = _parser()
_IMAGE_PARSER = _image_parser()
