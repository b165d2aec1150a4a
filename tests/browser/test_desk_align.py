"""Rendered words and their places in the raw text, in Chromium: there and back, for every word."""

import json

import pytest
from playwright.sync_api import expect

from annotation.core.markup import render_untrusted
from annotation.core.text import reveal_invisible
from tests.browser.samples import ARABIC, CODE, HIDDEN, LOUD, SAVINGS, SHORT
from tests.data import shared
from tests.factories import make_user

TEXTS = {
    "savings": SAVINGS,
    "short": SHORT,
    "arabic": ARABIC,
    "code": CODE,
    "loud": LOUD,
    "hidden": HIDDEN,
    "emphasis": "**a** *b* ***c*** `d` ~~e~~ a\\*b \\_c\\_ _d_ __e__",
    "links": '[b](b)b [the b](https://b.b/b?b=b "b") b <https://b.b/> b [b][b] b\n\n[b]: https://b.b',
    "no links": "[x](javascript:alert(1)) x [y] (y) y](y) y",
    "entities": "a &amp; b &copy; c &lt;b&gt; &#65; &#x42; &nope; & d &hearts; e",
    "lists": "1. one\n2. two 2\n   - two\n   - 3 three\n10) one\n\n* a\n* b\n\n  b again",
    "table": "| a | b |\n|:--|--:|\n| a\\|b | - |\n| | a |\n\nafter a",
    "fences": "```python\npython = 1\n```\n\n~~~\nplain\n~~~\n\n    indented\n    code\n\npython",
    "quotes": "> quoted\n> > twice\n> still\n\nquoted",
    "headings": "# One #\n\nTwo\n===\n\nThree\n---\n\n###### Six six",
    "emoji": "👨‍👩‍👧 family 👍🏽 🇩🇪 flag e\u0301 é ﷽ 𝒳 x\ufe0f",
    "hebrew": "שלום **עולם** and [קישור](https://b.b/שלום) עולם",
    "line ends": "a\r\nb\rc  \nd\\\ne\r\n\r\nf",
    "bom": "\ufeffa b a\u00a0b &nbsp; c",
    "same words": "the the **the** the `the` [the](the) the " * 20,
    "rules": "a\n\n---\n\nb\n\n***\n\nc - d -- e",
}

# Every word of a text by a selection: what it is, where it lies, what lies there, and back.
WORDS = """
async ([url, raw, html, view]) => {
  const { alignRendered, alignRaw } = (await import(url)).default();
  const root = document.createElement("div");
  if (view === "raw") root.textContent = html; else root.innerHTML = html;
  document.body.append(root);
  const since = performance.now();
  const alignment = (view === "raw" ? alignRaw : alignRendered)(raw, root);
  const time = performance.now() - since;
  const found = [];
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (node.parentElement.closest("math")) continue;
    for (const match of node.data.matchAll(/\\S+/g)) {
      const range = document.createRange();
      range.setStart(node, match.index);
      range.setEnd(node, match.index + match[0].length);
      const place = alignment.offsetsOf(range);
      const words = place && alignment.words(place.start, place.end);
      const back = place && alignment.rangesOf(place.start, place.end).map(String).join("");
      found.push({ word: match[0], ...place, words, back });
    }
  }
  root.remove();
  return { found, time };
}
"""


@pytest.fixture
def aligner(visit):
    at = visit().sign_in(make_user()).open("/")
    expect(at.page.get_by_role("heading", level=1)).to_be_visible()

    def align(raw, html, view="rendered"):
        url = f"{at.server.url}/static/js/desk-align.js"
        return at.page.evaluate(WORDS, [url, raw, str(html), view])

    align.page, align.url = at.page, f"{at.server.url}/static/js/desk-align.js"
    return align


def wrong(raw, found, *, is_exact=False):
    """The words whose place is not theirs: another text, out of order, or not the way back."""
    bad, last = [], 0
    for one in found:
        if one.get("start") is None:
            bad.append(one)
            continue
        there = raw[one["start"] : one["end"]]
        says = there.replace("\\", "") if "\\" not in one["word"] else there
        is_spelled_out = "&" in there
        is_there = one["word"] == there if is_exact else one["word"] in says or is_spelled_out
        if (
            not is_there
            or there != one["words"]
            or one["start"] < last
            or one["word"] not in one["back"]
        ):
            bad.append(one)
        last = one["end"]
    return bad


def test_every_rendered_word_leads_to_itself_in_the_raw_text_and_back(aligner):
    for name, raw in TEXTS.items():
        found = aligner(raw, render_untrusted(raw))["found"]
        assert found, name
        assert wrong(raw, found) == [], name


def test_every_word_of_the_raw_view_leads_to_itself(aligner):
    for name, raw in TEXTS.items():
        shown = reveal_invisible(raw).replace("\r\n", "\n").replace("\r", "\n")  # as a parser does
        found = aligner(raw, shown, "raw")["found"]
        assert found, name
        for one in found:
            assert reveal_invisible(raw[one["start"] : one["end"]]) == one["word"], name


EQUAL_WORDS = [
    ("[b](https://b/b)b", "b", 1, (16, 17)),
    ('[a b](#b "b") b', "b", 1, (14, 15)),
    ("*b* b", "b", 1, (4, 5)),
    ("1. 1\n2. 2", "2", 0, (8, 9)),
    ("```b\nb\n```\nb", "b", 0, (5, 6)),
    ("| a | b |\n|---|---|\n| b | a |", "b", 1, (22, 23)),
    ("&amp; a &", "&", 0, (0, 5)),
    ("&amp; a &", "&", 1, (8, 9)),
    ("👍🏽 x", "x", 0, (3, 4)),
]


def test_of_equal_words_the_right_one_is_meant(aligner):
    for raw, word, nth, place in EQUAL_WORDS:
        found = [
            one for one in aligner(raw, render_untrusted(raw))["found"] if one["word"] == word
        ]
        assert (found[nth]["start"], found[nth]["end"]) == place, raw


FORMULAS = """
async ([url, raw, html]) => {
  const { alignRendered } = (await import(url)).default();
  const root = document.createElement("div");
  root.innerHTML = html;
  document.body.append(root);
  const alignment = alignRendered(raw, root);
  return [...root.querySelectorAll("math")].map((math) => {
    const range = document.createRange();
    range.selectNodeContents(math.querySelector("mi, mn") ?? math);
    const { start, end } = alignment.offsetsOf(range);
    return alignment.words(start, end);
  });
}
"""


UNITS = [
    ("It costs $5 and $x$ is $y_1$.", ["$x$", "$y_1$"]),
    ("$$F = p$$ then \\(a+b\\) and\n\n\\[c\\]", ["$$F = p$$", "\\(a+b\\)", "\\[c\\]"]),
    ("a $\\frac{a}{b}$ b $b$", ["$\\frac{a}{b}$", "$b$"]),
    (SAVINGS, ["$$F = p \\cdot \\frac{(1+i)^n - 1}{i}$$"]),
]


def test_a_formula_is_one_unit(aligner):
    for raw, formulas in UNITS:
        html = str(render_untrusted(raw))
        assert aligner.page.evaluate(FORMULAS, [aligner.url, raw, html]) == formulas


def test_a_selected_part_of_an_emoji_or_an_accent_is_the_whole(aligner):
    script = """
    async ([url, raw]) => {
      const { alignRaw } = (await import(url)).default();
      const root = document.createElement("div");
      root.textContent = raw;
      document.body.append(root);
      const range = document.createRange();
      range.setStart(root.firstChild, 2);
      range.setEnd(root.firstChild, 4);
      return alignRaw(raw, root).offsetsOf(range);
    }
    """
    assert aligner.page.evaluate(script, [aligner.url, "👨‍👩‍👧 x"]) == {"start": 0, "end": 5}
    assert aligner.page.evaluate(script, [aligner.url, "a e\u0301x"]) == {"start": 2, "end": 4}


HOSTILE = {
    "brackets": "[" * 50_000,
    "half links": "](" * 25_000,
    "dollars": "$" * 50_000,
    "same letter": "a " * 25_000,
    "ampersands": "&a" * 25_000,
    "spaces": " " * 50_000 + "x",
}


ORDINARY = " ".join(f"word{n}" for n in range(5_500))

# Milliseconds of the alignment alone.
ALIGN = """
async ([url, raw, html]) => {
  const { alignRendered } = (await import(url)).default();
  const root = document.createElement("div");
  root.innerHTML = html;
  document.body.append(root);
  const since = performance.now();
  const alignment = alignRendered(raw, root);
  const time = performance.now() - since;
  const range = document.createRange();
  range.selectNodeContents(root);
  const place = alignment.offsetsOf(range);
  root.remove();
  return { time, place };
}
"""


def test_hostile_texts_cost_no_more_than_a_few_ordinary_ones(aligner):
    """The steps grow with the text, not with its square: that would be some thousand times."""

    def cost_of(raw):
        found = aligner.page.evaluate(ALIGN, [aligner.url, raw, str(render_untrusted(raw))])
        assert found["place"]["end"] > 0
        return found["time"]

    dear = 20 * max(cost_of(ORDINARY), 50)
    costs = {name: cost_of(raw) for name, raw in HOSTILE.items()}
    assert {name: cost for name, cost in costs.items() if cost > dear} == {}


def test_hostile_payloads_are_found_where_they_stand(aligner):
    corpus = json.loads(shared("security/xss_corpus.json").read_text())
    payloads = [entry["payload"] for entry in corpus if entry["payload"].isprintable()][:80]
    assert len(payloads) == 80
    raw = "\n\n".join(payloads)

    found = aligner(raw, reveal_invisible(raw), "raw")["found"]

    assert wrong(raw, found, is_exact=True) == []
