"""The content security policy forbids inline script and style; find them before a browser does."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted((ROOT / "templates").rglob("*.html"))
BANNED = {
    "inline style": re.compile(r"<style\b|\sstyle\s*=", re.I),
    "inline script": re.compile(r"<script(?![^>]*\bsrc=)[^>]*>", re.I),
    "event attribute": re.compile(r"\son[a-z]+\s*=\s*[\"']", re.I),
    "htmx script": re.compile(r"hx-on|javascript:|[\"']js:", re.I),
    "safe filter": re.compile(r"\|\s*safe\b|autoescape\s+off|mark_safe"),
}


@pytest.mark.parametrize("what", BANNED)
def test_no_template_holds(what):
    assert PAGES
    found = [str(p.relative_to(ROOT)) for p in PAGES if BANNED[what].search(p.read_text())]

    assert found == []


@pytest.mark.parametrize(
    ("what", "sample"),
    [
        ("inline style", '<p style="color:red">'),
        ("inline script", "<script>go()</script>"),
        ("event attribute", '<a onclick="go()">'),
        ("htmx script", '<a hx-on:click="go()">'),
        ("safe filter", "{{ text|safe }}"),
    ],
)
def test_each_rule_finds_a_bad_sample(what, sample):
    assert BANNED[what].search(sample)


def test_no_colour_is_named_below_the_tokens():
    for name in ("base", "pages", "judge"):
        path = ROOT / f"static/css/{name}.css"
        if not path.exists():
            continue
        below = path.read_text().split("@layer layout", 1)[1].split("@media print")[0]
        named = [
            line.strip()
            for line in below.splitlines()
            if re.search(r"#[0-9a-f]{3,8}\b", line, re.I) and "light-dark(" not in line
        ]
        assert named == []
