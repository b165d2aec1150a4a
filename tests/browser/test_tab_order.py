"""Every control of the desk by Tab alone: reached, seen to have the focus, and left again."""

import pytest
from playwright.sync_api import expect

from annotation.projects.services import TagSpec
from tests.factories import make_item, make_member, make_project

TAGS = [{"key": "fact", "label": "Wrong fact", "description": ""}]
# What can be used: of a group of radios Tab reaches one, the arrows the others.
CONTROLS = """
() => {
  const isShown = (node) => node.checkVisibility({visibilityProperty: true})
    && !node.closest("[inert]") && node.getClientRects().length > 0;
  const all = [...document.querySelectorAll(
    "a[href], button, input:not([type=hidden]), select, textarea, summary, audio, [tabindex='0']")]
    .filter((node) => isShown(node) && node.tabIndex >= 0 && !node.disabled);
  const groups = new Set();
  return all.filter((node) => {
    if (node.type !== "radio") return true;
    const isNew = !groups.has(node.name);
    groups.add(node.name);
    return isNew;
  }).map((node) => window.named(node));
}
"""
NAMED = """
() => {
  const numbers = new Map();
  window.named = (node) => {
    // The ratings on show are those of the response that had the focus last.
    if (node.type === "radio") return `radio ${node.name.replace(/^(rating_.*)_[a-i]$/, "$1")}`;
    if (!numbers.has(node)) numbers.set(node, numbers.size);
    const name = node.getAttribute("aria-label") || node.id || node.innerText || node.name;
    const short = name.replace(/\\s+/g, " ").trim().slice(0, 40);
    return `${node.localName} ${short} ${numbers.get(node)}`;
  };
}
"""
# A ring on the control, or for a covered radio on what stands for it; and nothing lies over it.
HERE = """
() => {
  const node = document.activeElement;
  if (!node || node === document.body) return null;
  const places = [node, node.nextElementSibling, node.parentElement];
  const ringed = places.filter(Boolean).some((one) => {
    const style = getComputedStyle(one);
    return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
  });
  const box = node.getBoundingClientRect();
  const isBeside = box.bottom <= 0 || box.right <= 0;
  const isOnScreen = !isBeside && box.top < innerHeight && box.left < innerWidth;
  return {name: window.named(node), isSeen: ringed && isOnScreen};
}
"""
KINDS = {
    "ranks": {},
    "scale": {"ordering": "scale"},
    "ratings only": {"ordering": "none"},
    "everything": {
        "allows_corrections": True,
        "demonstration": "always",
        "confidence": "required",
        "allows_recording": True,
    },
}


@pytest.fixture
def desk(visit):
    def start(texts=("One.", "Two."), **fields):
        tags = [TagSpec(**tag) for tag in TAGS]
        project = make_project(
            name="Everyday advice", overlap=1, flags=tags, error_labels=tags, **fields
        )
        make_item(project, texts)
        at = visit().sign_in(make_member(project)).open(f"/judge/{project.slug}/")
        expect(at.page.get_by_role("button", name="Submit")).to_be_visible()
        at.page.evaluate(NAMED)
        return at

    return start


def walk(at, key="Tab", limit=200):
    """Names of what Tab reaches, from the start of the page to its end, each seen or not."""
    at.page.evaluate(
        """() => {
          document.activeElement.blur();
          document.body.tabIndex = -1;
          document.body.focus();
          document.body.removeAttribute("tabindex");
        }"""
    )
    found = {}
    for _ in range(limit):
        at.press(key)
        here = at.page.evaluate(HERE)
        if here is None or here["name"] in found:
            return found
        found[here["name"]] = here["isSeen"]
    raise AssertionError(f"no end after {limit} presses: a trap?")


@pytest.mark.parametrize("kind", KINDS)
def test_tab_reaches_every_control_and_each_is_seen_to_have_the_focus(desk, kind):
    at = desk(**KINDS[kind])
    controls = at.page.evaluate(CONTROLS)
    assert len(controls) > 20
    reached = walk(at)
    assert sorted(set(controls) - set(reached)) == []
    assert next(iter(reached)).startswith("a Skip to content")
    assert [name for name, is_seen in reached.items() if not is_seen] == []


def test_the_board_of_tiers_is_reached_too(desk):
    at = desk()
    at.page.get_by_label("Layout").select_option("tiers")
    expect(at.page.get_by_role("button", name="Move response A up")).to_be_visible()
    controls = at.page.evaluate(CONTROLS)
    reached = walk(at)
    assert sorted(set(controls) - set(reached)) == []
    assert [name for name, is_seen in reached.items() if not is_seen] == []


@pytest.mark.parametrize(
    ("opener", "name"),
    [("Skip S", "Why skip this item?"), ("Keys ?", "Keys"), ("Pause P", "Paused")],
)
def test_what_opens_takes_the_focus_keeps_to_its_order_and_gives_it_back(desk, opener, name):
    at = desk()
    button = at.page.get_by_role("button", name=opener, exact=True)
    button.focus()
    at.press("Enter")
    opened = at.page.get_by_role("dialog", name=name)
    expect(opened).to_be_visible()
    assert opened.evaluate("node => node.contains(document.activeElement)")
    controls = opened.locator("button:visible, summary:visible, input:visible")
    wanted = controls.evaluate_all("nodes => nodes.map((node) => window.named(node))")
    reached = {at.page.evaluate(HERE)["name"]}
    for _ in range(len(wanted) + 1):
        at.press("Tab")
        here = at.page.evaluate(HERE)
        if here:
            reached.add(here["name"])
    assert wanted
    assert set(wanted) <= reached
    opened.locator("button:visible").first.focus()
    at.press("Escape")
    expect(opened).to_be_hidden()
    expect(button).to_be_focused()
