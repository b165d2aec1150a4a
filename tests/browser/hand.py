"""A labeler's hand at the desk: it enters a verdict by keys or by pointer, as it comes, and writes
down as plain data what it entered, in the words of the export."""

import hashlib
import re
from copy import deepcopy

from playwright.sync_api import expect

UNSAID = {
    "ranking": [],
    "unacceptable": [],
    "rest_below": False,
    "strength": [],
    "scale": None,
    "preference": None,
    "preference_words": "",
    "both": "",
    "ratings": {},
    "flags": {},
    "highlights": [],
    "confidence": None,
    "corrections": {},
    "demonstration": None,
    "rationale": "",
    "recording": None,
}
HOW_MUCH = {1: "slightly", 2: "clearly", 3: "far", 4: "far"}

# The item on the desk, by what can be read there; null while the next one is on its way.
ON_THE_DESK = """(before) => {
  const read = (node, pattern) => node?.textContent.match(pattern)?.[1];
  const item = read(document.querySelector(".prompt .text.rendered"), /Question (x[0-9]+)/);
  const isOver = !item && document.querySelector("#judge .empty");
  if (isOver) return {item: null, keys: []};
  if (!item || item === before || document.activeElement === document.body) return null;
  const cards = [...document.querySelectorAll(".response")];
  return {item, keys: cards.map((card) => read(card, /Answer ([a-i]) of/))};
}"""


def written(text):
    return {"text": text, "sha256": hashlib.sha256(text.encode()).hexdigest()}


class Hand:
    """`random` decides between keys and pointer. `item` and `keys` are what is on the desk: the
    responses' names in the order of their letters."""

    def __init__(self, at, random):
        self.at, self.page, self.random = at, at.page, random
        self.item, self.keys, self.said = None, [], {}

    def look(self, before=None):
        """Wait for another item than `before`, or for the end of them."""
        self.at.until(f"(before) => Boolean(({ON_THE_DESK})(before))", before, seconds=30)
        found = self.page.evaluate(ON_THE_DESK, before)
        self.item, self.keys = found["item"], found["keys"]
        self.said = deepcopy(UNSAID)

    def by_keys(self):
        return self.random.random() < 0.5

    def letter(self, key):
        return "abcdefghi"[self.keys.index(key)]

    def card(self, key):
        return self.page.locator(f"#response-{self.letter(key)}")

    def go_to(self, key):
        """To something of the response that is there also while an editor hides its text."""
        self.card(key).locator(".show-raw").focus()

    def rank(self, choices):
        """{key: a rank, "x" or None}."""
        in_order = [choices[key] for key in self.keys]
        if self.by_keys() and None not in in_order:
            self.page.locator("[name=rank_a]").first.focus()
            self.at.press(*map(str, in_order))
        else:
            for key, rank in choices.items():
                if rank is not None:
                    box = f"[name=rank_{self.letter(key)}][value='{rank}']"
                    self.page.locator(box).check()
        ranked = [rank for rank in choices.values() if isinstance(rank, int)]
        self.said["ranking"] = [
            sorted(key for key, rank in choices.items() if rank == tier)
            for tier in sorted(set(ranked))
        ]
        self.said["unacceptable"] = sorted(k for k, rank in choices.items() if rank == "x")

    def say_strengths(self):
        """How far apart neighbouring tiers are; of some nothing is said."""
        steps = range(1, len(self.said["ranking"]))
        said = [self.random.choice((None, 1, 2, 3)) for _ in steps]
        for step, strength in zip(steps, said, strict=True):
            if strength:
                box = self.page.locator(f"#order select[name=strength_{step}]")
                box.select_option(str(strength))
        self.said["strength"] = said if any(said) else []

    def prefer(self, points, value):
        """`value` as shown: below 0 the left one is better; or "good", "bad" for both."""
        values = {4: [-2, -1, 1, 2], 7: list(range(-3, 4)), 9: list(range(-4, 5))}[points]
        if self.by_keys():
            both = {"good": "g", "bad": "b"}
            self.at.press(both[value] if value in both else str(values.index(value) + 1))
        else:
            self.page.locator(f"#preference [value='{value}']").check()
        expect(self.page.locator("[name=preference]:checked")).to_have_value(str(value))
        first, second = self.keys
        self.said["scale"] = points
        if value in ("good", "bad"):
            is_good = value == "good"
            self.said |= {
                "both": value,
                "preference_words": f"both {value}",
                "ranking": [sorted(self.keys)] if is_good else [],
                "unacceptable": [] if is_good else sorted(self.keys),
            }
            return
        self.said["preference"] = value if first < second else -value
        if value == 0:
            words, ranking, strength = "about the same", [sorted(self.keys)], []
        else:
            better, worse = (first, second) if value < 0 else (second, first)
            words = f"{better} is {HOW_MUCH[abs(value)]} better"
            ranking, strength = [[better], [worse]], [min(abs(value), 3)]
        self.said |= {"preference_words": words, "ranking": ranking, "strength": strength}

    def rate(self, ratings):
        """{key: {criterion: value}}: by keys, where each response is rated by all of them."""
        count = len(self.page.locator(".ratings-a .criterion").all())
        is_whole = list(ratings) == self.keys and all(len(r) == count for r in ratings.values())
        if is_whole and self.by_keys():
            self.go_to(self.keys[0])
            self.at.press("r")
            for values in ratings.values():
                self.at.press(*("n" if value == "na" else str(value) for value in values.values()))
        else:
            for key, values in ratings.items():
                letter = self.letter(key)
                self.page.locator(f"#on-{letter}").check()
                for criterion, value in values.items():
                    name = f"rating_{criterion}_{letter}"
                    self.page.locator(f"[name={name}][value='{value}']").check()
        for key, values in ratings.items():
            for criterion, value in values.items():
                self.said["ratings"].setdefault(criterion, {})[key] = value

    def flag(self, key, flag, number):
        letter = self.letter(key)
        box = self.page.locator(f"[name=flag_{flag}_{letter}]")
        if self.by_keys():
            self.go_to(key)
            self.at.press("f")
            expect(self.page.locator(f"#response-{letter} .flags :focus")).to_have_count(1)
            self.at.press(str(number), "Escape")
        else:
            self.card(key).get_by_label("Flags of response").first.check()
            box.check()
        expect(box).to_be_checked()
        self.said["flags"][flag] = sorted([*self.said["flags"].get(flag, []), key])

    def correct(self, key, text):
        if self.by_keys():
            self.go_to(key)
            self.at.press("e")
        else:
            self.card(key).get_by_role("button", name=re.compile("^Edit")).click()
        editor = self.page.locator(f"#edit_{self.letter(key)}")
        expect(editor).to_be_focused()
        editor.fill(text)
        self.said["corrections"][key] = written(text)

    def mark(self, key, original, words, label, number, note):
        """Mark these words of the original text, which are there once."""
        if self.by_keys():
            self.go_to(key)
            self.at.press("h")
        else:
            self.card(key).get_by_role("button", name="Mark an error").click()
        dialog = self.page.locator("#marking")
        dialog.get_by_label("Quote the words").fill(words)
        dialog.locator(f"[name=label][value={label}]").check()
        dialog.get_by_label("Note").fill(note)
        dialog.get_by_role("button", name="Mark them").click()
        expect(self.card(key).locator(".marks li")).to_contain_text([words])
        start = original.index(words)
        self.said["highlights"].append(
            {
                "response": key,
                "start": start,
                "end": start + len(words),
                "label": label,
                "note": note,
                "text": words,
            }
        )

    def demonstrate(self, text):
        self.page.locator("#demonstration").fill(text)
        self.said["demonstration"] = written(text)

    def explain(self, text):
        why = self.page.locator("#rationale")
        if self.by_keys():
            self.go_to(self.keys[0])
            self.at.press("c")
            expect(why).to_be_focused()
            self.at.press("Control+a")
            self.page.keyboard.insert_text(text)
            self.at.press("Escape")
        else:
            why.fill(text)
        self.said["rationale"] = text

    def be_sure(self, confidence):
        if self.by_keys():
            self.go_to(self.keys[0])
            self.at.press("v", str(confidence))
        else:
            self.page.locator(f"[name=confidence][value='{confidence}']").check()
        self.said["confidence"] = confidence

    def submit(self):
        if self.by_keys():
            self.at.press("Control+Enter")
        else:
            self.page.locator("#submit").click()

    def take_back(self, item):
        """Undo what was just done to this item."""
        said = self.said
        self.at.press("z")
        expect(self.page.get_by_text("Taken back.")).to_be_visible()
        self.look()
        assert self.item == item
        self.said = said
