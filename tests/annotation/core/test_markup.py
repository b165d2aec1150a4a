"""Nothing a model writes becomes anything but the listed, harmless markup."""

import json
import re
import time
from html.parser import HTMLParser

import pytest
from django.utils.safestring import SafeString
from hypothesis import given, settings
from hypothesis import strategies as st

from annotation.core import markup, markup_parts
from annotation.core.markup import render_plain, render_untrusted
from tests.data import shared


def words(text):
    return set(text.split())


HARMLESS = words(
    """
    p br hr h3 h4 h5 h6 strong em s del code pre blockquote ul ol li a table thead tbody tr th
    td sub sup span math mrow mi mo mn msup msub msubsup mfrac msqrt mroot mtext mspace mover
    munder munderover mtable mtr mtd mstyle mpadded mphantom
    """
)
ATTRIBUTES = words(
    """
    href title rel align start tabindex class display stretchy fence separator form
    mathvariant linethickness columnalign displaystyle scriptlevel width
    """
)
OPENING = re.compile(r"^(https?://|mailto:|#)", re.I)


class Detector(HTMLParser):
    """Lists what a browser might obey, in any HTML, ours or not; shares no code with nh3."""

    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        if tag not in HARMLESS:
            self.found.append(tag)
        for name, value in attrs:
            if name not in ATTRIBUTES or (
                name == "href" and not OPENING.match(re.sub(r"[\x00-\x20]", "", value or ""))
            ):
                self.found.append(f"{tag}[{name}={value!r}]")

    def handle_comment(self, data):
        self.found.append("comment")


def dangers(html):
    detector = Detector()
    detector.feed(html)
    detector.close()
    return detector.found


def payloads():
    corpus = json.loads(shared("security/xss_corpus.json").read_text())
    assert len(corpus) == 612
    return [entry["payload"] for entry in corpus]


SETTINGS_OF_A_PAYLOAD = {
    "bare": "{}",
    "in a formula": "${}$",
    "in a block formula": "$$\n\\text{{{}}}\n$$",
    "in bracket mathematics": "\\({}\\)",
    "in a fence": "```html\n{}\n```",
    "as a fence's language": "```{}\nx\n```",
    "as a link's target": "[x]({})",
    "as a link's title": '[x](https://a.example "{}")',
    "in a table": "| a |\n|---|\n| {} |",
    "in a heading": "# {}",
    "as a reference": "[x]\n\n[x]: {}",
}


@pytest.mark.parametrize("place", SETTINGS_OF_A_PAYLOAD)
def test_no_payload_leaves_anything_dangerous_behind(place):
    left = {}
    for payload in payloads():
        found = dangers(render_untrusted(SETTINGS_OF_A_PAYLOAD[place].format(payload)))
        if found:
            left[payload] = found
    assert left == {}


def test_the_detector_finds_what_a_renderer_without_walls_lets_through():
    """Positive control: the same corpus and detector, no sanitiser."""
    dangerous = [payload for payload in payloads() if dangers(payload)]

    assert len(dangerous) >= 100


def test_the_second_wall_holds_alone():
    """Even if the parser let raw HTML through, the sanitiser would not."""
    assert [p for p in payloads() if dangers(markup._SANITISER.clean(p))] == []


def test_the_first_wall_holds_alone():
    written = [markup._PARSER.render(p, {"budget": markup_parts.Budget()}) for p in payloads()]

    assert [html for html in written if re.search(r"<(script|img|iframe|svg|style)", html)] == []


@pytest.mark.parametrize(
    ("source", "html"),
    [
        ("**a** *b* `c` ~~d~~", "<strong>a</strong> <em>b</em> <code>c</code> <s>d</s>"),
        ("# One", "<h3>One</h3>"),
        ("# One\n\n### Deep", "<h4>Deep</h4>"),
        ("###### Six", "<h3>Six</h3>"),
        ("1. a\n2. b", "<ol>\n<li>a</li>\n<li>b</li>\n</ol>"),
        ("3. a", '<ol start="3">'),
        ("> q", "<blockquote>\n<p>q</p>\n</blockquote>"),
        ("| a | b |\n|:--|--:|\n| 1 | 2 |", '<th align="left">a</th>\n<th align="right">b</th>'),
        ("[a](https://a.example/x?y=1&z=2)", 'href="https://a.example/x?y=1&amp;z=2"'),
        ("[a](mailto:x@a.example)", 'href="mailto:x@a.example"'),
        ("[a](#part)", 'href="#part"'),
        ("[a](https://a.example)", 'rel="noopener noreferrer nofollow"'),
        ("<b>x</b>", "&lt;b&gt;x&lt;/b&gt;"),
        ("```python\ndef f(): pass\n```", '<pre tabindex="0"><code><span class="k">def</span>'),
        ("```\n<x>\n```", '<pre tabindex="0"><code>&lt;x&gt;\n</code></pre>'),
        ("```nosuchlanguage\nx\n```", '<pre tabindex="0"><code>x\n</code></pre>'),
        ("    indented", '<pre tabindex="0"><code>indented'),
        ("$x^2$", "<msup><mi>x</mi><mn>2</mn></msup>"),
        ("\\(x^2\\)", "<msup><mi>x</mi><mn>2</mn></msup>"),
        ("$$\n\\frac{a}{b}\n$$", '<math display="block"><mrow><mfrac>'),
        ("\\[\n\\frac{a}{b}\n\\]", '<math display="block"><mrow><mfrac>'),
        ("$\\text{a<b}$", "<mtext>a&lt;b</mtext>"),
        ("$a<b$", "&lt;"),
        ("$\\frac{$", "<code>\\frac{</code>"),
    ],
)
def test_what_models_write_is_shown_as_they_mean_it(source, html):
    assert html in render_untrusted(source)


@pytest.mark.parametrize(
    ("source", "absent"),
    [
        ("[a](javascript:alert(1))", "<a"),
        ("[a](java%09script:alert(1))", "<a"),
        ("[a](//other.example)", "<a"),
        ("[a](/projects/1/delete)", "<a"),
        ("[a](data:text/html,x)", "<a"),
        ("<https://a.example> ![x](https://a.example/p.png)", "<img"),
        ("$\\href{javascript:alert(1)}{x}$", "javascript"),
        ("$\\class{primary}{x}$", "primary"),
        ("$\\style{position:fixed}{x}$", "position"),
        ("$\\hspace{9999em}x$", "9999"),
        ("It costs $5 and then $6.", "<math"),
        ('```python" onload="x\na\n```', "onload"),
    ],
)
def test_what_could_harm_or_mislead_is_not_there(source, absent):
    html = render_untrusted(source)

    assert absent not in html
    assert html.strip()


def test_the_text_of_a_refused_link_stays_readable():
    assert "[a](javascript:alert(1))" in render_untrusted("[a](javascript:alert(1))")


def test_no_class_of_ours_can_be_borrowed():
    assert markup._SANITISER.clean('<span class="k primary h5">x</span>') == (
        '<span class="k">x</span>'
    )


def test_plain_text_is_escaped_and_whole():
    assert render_plain("<b> & 'x'\n  y") == (
        '<pre tabindex="0">&lt;b&gt; &amp; &#x27;x&#x27;\n  y</pre>'
    )
    assert render_untrusted("**a**", kind="plain") == '<pre tabindex="0">**a**</pre>'


def test_an_unknown_kind_is_a_defect_of_the_caller():
    with pytest.raises(ValueError, match="unknown kind 'html'"):
        render_untrusted("a", kind="html")


def test_an_empty_text_is_empty():
    assert render_untrusted("") == ""


@pytest.mark.parametrize("text", ["x" * 200_001, "*a " * 20_000, "[" * 50_000])
def test_what_is_too_much_is_shown_escaped_and_whole(text):
    assert render_untrusted(text) == render_plain(text)


ORDINARY = "\n\n".join(["A **strong** point with `code` and [a link](https://a.example)."] * 2000)


def test_a_long_ordinary_answer_is_still_rendered():
    assert 100_000 < len(ORDINARY) < 200_000

    assert render_untrusted(ORDINARY).count("<strong>") == 2000


BOMBS = {
    "brackets": "[" * 50_000,
    "quotes": ">" * 10_000,
    "quotes on lines": "".join("> " * depth + "a\n" for depth in range(200)),
    "emphasis": "*a **a " * 8_000,
    "emphasis under the cap": "\n\n".join(["*a **a " * 900] * 6),
    "brackets under the cap": "\n\n".join(["[" * 2_900] * 6),
    "images under the cap": "\n\n".join(["![" * 1_450] * 6),
    "open mathematics under the cap": "\n\n".join(["\\(a " * 2_900] * 6),
    "backticks": "".join("e" + "`" * n for n in range(1, 300)),
    "nested lists": "\n".join("  " * depth + "- a" for depth in range(300)),
    "list markers": "- " * 50_000,
    "tabs": "\t" * 50_000,
    "wide table": "|a" * 10_000 + "\n" + "|-" * 10_000,
    "long table": "|a" * 700 + "\n" + "|-" * 700 + "\n" + "a\n" * 3_000,
    "references": "".join(f"[a{n}]: b\n" for n in range(5_000)),
    "deep formula": "$" + "{" * 1_900 + "$",
    "long formulas": ("$" + "x" * 1_990 + "$\n\n") * 90,
    "slow lexer": ("```c#\n" + "a\n" * 4_900 + "```\n\n") * 10,
    "another slow lexer": ("```c\n" + "\n" * 9_900 + "```\n\n") * 10,
    "headings": "# a\n" * 12_000,
    "items": "- a\n" * 12_000,
}


def work_of(text):
    """(what it costs, its HTML). Seconds of this thread's processor: compare them, for how much is
    done in one depends on the machine and on what else it does."""
    started = time.thread_time()
    html = render_untrusted(text)
    return time.thread_time() - started, html


@pytest.fixture(scope="module")
def dear():
    """Thirty times what a long answer costs here and now."""
    return 30 * work_of(ORDINARY)[0]


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_costs_no_more_than_a_few_long_answers(bomb, dear):
    """The dearest one costs five of them; without the walls the slow lexer alone costs 400."""
    cost, html = work_of(BOMBS[bomb])

    assert cost < dear
    assert dangers(html) == []


class Steps(markup_parts.Budget):
    """Runs out after so many steps, however long they take."""

    def __init__(self, most):
        super().__init__(seconds=3600)
        self.asked, self.most = 0, most

    def is_running_out(self):
        self.asked += 1
        return self.asked > self.most


@pytest.mark.parametrize("lines", [50, 4_900])
def test_a_slow_lexer_is_given_up_and_the_code_shown_without_colours(lines):
    slow, budget = "a\n" * lines, Steps(20)
    html = markup_parts.code_block(slow, "c#", budget=budget)

    assert html == f'<pre tabindex="0"><code>{slow}</code></pre>\n'
    assert budget.asked == 21, "nothing was done after that"


def test_with_time_enough_the_same_code_has_its_colours():
    """Positive control beside the slow lexer."""
    html = markup_parts.code_block("a\n" * 50, "c#", budget=Steps(1_000))

    assert html.count("<span") == 50


def test_what_was_spent_on_one_block_is_gone_for_the_next():
    budget = markup_parts.Budget(seconds=0.01)
    markup_parts.code_block("a\n" * 4_900, "c#", budget=budget)

    assert budget.is_spent
    assert markup_parts.mathml("x", budget=budget, is_block=False) == "<code>x</code>"
    assert "<span" not in markup_parts.code_block("x = 1", "python", budget=budget)
    assert "<span" in markup_parts.code_block("x = 1", "python", budget=markup_parts.Budget(3600))


def test_every_language_of_the_list_has_a_lexer():
    missing = [name for name in markup_parts.LANGUAGES if markup_parts._lexer(name) is None]

    assert len(markup_parts.LANGUAGES) > 50
    assert missing == []


@settings(max_examples=300)
@given(st.text(alphabet="abc \n\t*_`~[](){}<>!#>-+|$\\&;:/\"'=1\u202e\x00", max_size=200))
def test_any_mixture_of_marks_is_harmless_and_never_raises(text):
    html = render_untrusted(text)

    assert isinstance(html, SafeString)
    assert dangers(html) == []
