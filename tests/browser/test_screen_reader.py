"""What a screen reader is given while an item of four is judged: docs/accessibility.md tells it,
and every line of that walk is checked here, by the accessibility tree that Chromium hands over."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.factories import make_item, make_member, make_project, make_prompt

DOCUMENT = Path(__file__).parents[2] / "docs" / "accessibility.md"
# A live region is read when its text changes; an alert also when it appears.
LISTEN = """
() => {
  window.heard = [];
  const say = (node) => {
    const text = node.innerText.replace(/\\s+/g, " ").trim();
    if (text && window.heard.at(-1) !== text) window.heard.push(text);
  };
  const alerts = (node) => node.nodeType === 1
    ? [node, ...node.querySelectorAll("*")].filter((one) => one.role === "alert" && !one.hidden)
    : [];
  new MutationObserver((changes) => {
    const added = new Set(changes.flatMap((change) => [...change.addedNodes]));
    for (const { target, addedNodes, type } of changes) {
      const region = (target.closest ? target : target.parentElement)
        ?.closest("[role=status], [role=alert], [aria-live]");
      const isNew = [...added].some((node) => node.contains(region));
      if (region && !isNew && !region.hidden && (type !== "attributes" || region === target))
        say(region);
      for (const node of addedNodes) alerts(node).filter((one) => one.isConnected).forEach(say);
    }
  }).observe(document.body, {
    subtree: true, childList: true, characterData: true, attributeFilter: ["hidden"],
  });
}
"""
GROUPS = {"article", "group", "radiogroup", "dialog", "alert"}


class Listener:
    """Chromium's accessibility tree at the focus, and what live regions said since last asked."""

    def __init__(self, visitor):
        self.at = visitor
        self.cdp = visitor.page.context.new_cdp_session(visitor.page)
        self.cdp.send("Accessibility.enable")
        visitor.page.evaluate(LISTEN)

    def focus(self):
        """`article Response A, group Rank of response A, radio Rank 1`, outermost first."""
        tree = self.cdp.send("Accessibility.getFullAXTree")["nodes"]
        nodes = {node["nodeId"]: node for node in tree}
        node = [one for one in tree if self._is_focused(one)][-1]
        path = [self._name(node)]
        while node := nodes.get(node.get("parentId")):
            if not node["ignored"] and node["role"]["value"] in GROUPS:
                path.append(self._name(node))
        return ", ".join(reversed(path))

    def _is_focused(self, node):
        found = {one["name"]: one["value"].get("value") for one in node.get("properties", [])}
        return bool(found.get("focused")) and node["role"]["value"] != "RootWebArea"

    def _name(self, node):
        name = node.get("name", {}).get("value", "")
        return f"{node['role']['value']} {name}".strip()

    def heard(self):
        return self.at.page.evaluate("window.heard.splice(0).join(' / ')")


@pytest.fixture
def desk(visit):
    project = make_project(name="Everyday advice", overlap=1)
    labeler = make_member(project, username="mira")
    for number in range(2):
        prompt = make_prompt(project, f"Question {number}?")
        make_item(project, ("One.", "Two.", "Three.", "Four."), prompt=prompt)
    at = visit().sign_in(labeler).open(f"/judge/{project.slug}/")
    expect(at.page.locator("[name=rank_a]").first).to_be_focused()
    return at


def told(title):
    """The rows of the table under this heading, without its head: lists of cells."""
    section = DOCUMENT.read_text().split(f"\n## {title}\n")[1].split("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]


def test_the_walk_in_the_document_is_what_happens(desk):
    desk.allow("422|ERR_INTERNET_DISCONNECTED|Failed to fetch")
    page, ear = desk.page, Listener(desk)
    second = page.locator(".prompt .rendered", has_text="Question 1?")
    happens = {
        "(opened)": lambda: None,
        "3": lambda: expect(page.locator("#order")).to_contain_text("A"),
        "1": lambda: expect(page.locator("#order")).to_contain_text("B"),
        "=": lambda: expect(page.locator("#order")).to_contain_text("C"),
        "Ctrl+Enter": lambda: expect(page.locator("#problem")).to_be_focused(),
        "Tab": lambda: expect(page.get_by_role("link", name="Rank response D.")).to_be_focused(),
        "Enter": lambda: expect(page.locator("[name=rank_d]").first).to_be_focused(),
        "X": lambda: expect(page.locator("#order")).to_contain_text("D unacceptable"),
        "S": lambda: expect(page.locator("#skip")).to_be_visible(),
        "Escape": lambda: expect(page.locator("#skip")).to_be_hidden(),
        "Ctrl+Enter again": lambda: expect(second).to_be_visible(),
        "(offline) 2": lambda: expect(page.locator("#saved")).to_have_text("Not saved yet"),
        "(online)": lambda: expect(page.locator("#saved")).to_have_text("Saved"),
        "1, 3, 4, Ctrl+Enter": lambda: expect(page.locator("#judge.has-item")).to_have_count(0),
    }
    walked = []
    for key, _focus, _said in told("Judging an item of four, step by step"):
        press(desk, key)
        happens[key]()
        walked.append([key, ear.focus(), ear.heard()])
    assert [row[0] for row in walked] == list(happens)
    assert walked == told("Judging an item of four, step by step")


def press(at, keys):
    if keys.startswith("("):
        at.page.context.set_offline("offline" in keys)
    keys = keys.replace(" again", "").replace("Ctrl", "Control")
    for key in keys.rpartition(")")[2].strip().split(", "):
        if key:
            at.press(key.lower() if len(key) == 1 else key)


def test_the_page_reads_in_the_order_of_the_document(desk):
    """The outline in the document, in order; what lies between its lines may be more."""
    outline = DOCUMENT.read_text().split("```yaml\n")[1].split("```")[0]
    assert outline.count("\n") > 20
    expect(desk.page.locator("body")).to_match_aria_snapshot(outline)


def test_no_control_on_the_page_is_without_a_name(desk):
    cdp = Listener(desk).cdp
    tree = cdp.send("Accessibility.getFullAXTree")["nodes"]
    needs = {"button", "link", "radio", "checkbox", "combobox", "textbox", "region", "group"}
    asked = [node for node in tree if not node["ignored"] and node["role"]["value"] in needs]
    nameless = [
        cdp.send("DOM.describeNode", {"backendNodeId": node["backendDOMNodeId"]})["node"]
        for node in asked
        if not node.get("name", {}).get("value")
    ]
    assert len(asked) > 60
    # A <details> is a group that its summary speaks for.
    assert [node for node in nameless if node["localName"] != "details"] == []
