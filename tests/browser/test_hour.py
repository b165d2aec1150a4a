"""A labeler's hour in one session: every kind of judgment through the pages, in a project of ten
thousand items, and afterwards the export says what was entered, field by field."""

import io
import json
from dataclasses import replace
from datetime import datetime
from random import Random

import pytest
from django.db.models import Count
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from annotation.labeling.imports.services import import_file
from annotation.labeling.models import Assignment, Item, ItemReport, Judgment
from annotation.projects.models import Membership
from annotation.projects.services import TagSpec
from annotation.prompts.models import Import
from tests.browser.hand import Hand
from tests.browser.test_kinds import CRITERIA, FLAGS
from tests.factories import make_member, make_project

SEED = 20
ITEMS = 10_000
RANKED, BEST, SCALED, RATED = 8, 3, 3, 3  # items of each project; SCALED in each of three
JUDGED = RANKED + BEST + 3 * SCALED + RATED
POINTS = {
    4: (-2, "good", 1),
    7: (0, "bad", 3),
    9: (4, -4, -1),
}
LABELS = (TagSpec("fact", "Wrong fact"), TagSpec("tone", "Wrong tone"))
HARD = (
    "ק👩🏽‍🔬 <b>x</b> = 1;\n  second line"  # a script, a joined emoji, markup, line ends, spaces
)
EVERYTHING = {
    "overlap": 1,
    "flags": FLAGS,
    "confidence": "optional",
    "rationale": "optional",
    "criteria": CRITERIA,
}


def text_of(item, key):
    return f"Answer {key} of {item}. 👍🏽 The moon is made of *cheese* €5 שלום. So says {key}."


def make_world(lead):
    """Six projects; in the large one, ten thousand items of which the first ones get judged."""
    optional = tuple(replace(one, is_required=False) for one in CRITERIA)
    writing = {"allows_corrections": True, "error_labels": LABELS}
    kinds = {
        "large": {"criteria": optional, "demonstration": "fallback"} | writing,
        "best": {"criteria": optional, "ordering": "partial", "top_k": 3},
        "rated": {"ordering": "none", "demonstration": "always"} | writing,
    }
    kinds |= {f"scale-{n}": {"ordering": "scale", "scale_points": n} | writing for n in POINTS}
    counts = {"large": ITEMS, "best": BEST, "rated": RATED}
    projects = {}
    for slug, fields in kinds.items():
        projects[slug] = make_project(slug, actor=lead, **(EVERYTHING | fields))
        sizes = {"large": lambda n: n % 8 + 2 if n < 2 * RANKED else 2, "best": lambda n: 6}
        size = sizes.get(slug, lambda n: 2)
        lines = [line(n, size(n)) for n in range(counts.get(slug, SCALED))]
        stream = io.BytesIO("".join(lines).encode())
        imported = import_file(project=projects[slug], kind=Import.Kind.ITEMS, stream=stream)
        assert imported.state == Import.State.DONE, imported
    return projects


def line(n, size):
    """Every other item has its responses in another order than their names."""
    item, keys = f"x{n:05}", list("abcdefghi"[:size])
    responses = [{"id": key, "text": text_of(item, key)} for key in keys[:: -1 if n % 2 else 1]]
    row = {"id": item, "prompt": f"Question {item}?", "responses": responses}
    return json.dumps(row) + "\n"


class Notebook:
    """What was entered, by project and item."""

    def __init__(self):
        self.rows, self.further = {}, 0

    def write(self, slug, hand, revision=1):
        self.rows[slug, hand.item] = {
            "item": hand.item,
            "labeler": "w1",
            "revision": revision,
            "is_current": True,
            "purpose": "work",
            "is_surplus": False,
            "retracted": False,
            "origin": "desk",
            **hand.said,
            "order": hand.keys,
            "rubric_version": 1,
        }
        self.further += revision - 1


@pytest.mark.slow
def test_every_judgment_of_an_hour_is_in_the_export_as_it_was_entered(visit):
    lead = make_member(make_project("another"), role=Membership.Role.LEAD)
    projects = make_world(lead)
    labeler = make_member(projects["large"], username="mira", handle="w1")
    for slug, project in projects.items():
        if slug != "large":
            Membership.objects.create(project=project, user=labeler, handle="w1")
    random, notebook, begun = Random(SEED), Notebook(), timezone.now()
    at = visit().sign_in(labeler)
    at.page.set_default_timeout(30_000)
    hand = Hand(at, random)

    judge_the_large_one(hand, notebook)
    judge_the_rest(hand, notebook)

    assert len(notebook.rows) == JUDGED == 23
    nothing_is_lost_and_nothing_doubled(notebook, labeler)
    wrong, client = [], Client()
    client.force_login(lead)
    for slug, project in projects.items():
        rows = export(client, project)
        assert {row["item"] for row in rows} == {i for s, i in notebook.rows if s == slug}
        for row in rows:
            seconds, submitted_at = row.pop("seconds"), row.pop("submitted_at")
            entered = notebook.rows[slug, row["item"]]
            wrong += [
                (slug, row["item"], name, entered.get(name), row.get(name))
                for name in entered | row
                if (name in entered, entered.get(name)) != (name in row, row.get(name))
            ]
            assert begun <= datetime.fromisoformat(submitted_at) <= timezone.now()
            assert 0 <= seconds <= (timezone.now() - begun).total_seconds()
    assert wrong == [], "(project, item, field, entered, exported)"
    everything = [row for p in projects.values() for row in export(client, p, "?revisions=all")]
    assert len(everything) == JUDGED + notebook.further
    assert ItemReport.objects.get().text == "A phone number."


def export(client, project, query=""):
    answer = client.get(reverse("labeling:export-judgments", args=[project.slug]) + query)
    assert answer.status_code == 200
    return [json.loads(line) for line in b"".join(answer.streaming_content).splitlines()]


def nothing_is_lost_and_nothing_doubled(notebook, labeler):
    current = Judgment.objects.current().filter(labeler=labeler)
    assert current.count() == JUDGED
    per_item = current.values("item").annotate(count=Count("pk"))
    assert {row["count"] for row in per_item} == {1}
    assert Judgment.objects.count() == JUDGED + notebook.further
    assert Assignment.objects.filter(state="submitted").count() == JUDGED
    assert Assignment.objects.filter(state="skipped").count() == 1
    # One more is lent: the next one of the large project. Nothing else was taken.
    assert Assignment.objects.live().count() == 1
    assert sorted(Item.objects.filter(taken__gt=0).values_list("taken", flat=True)) == (
        [1] * (JUDGED + 1)
    )


def judge_the_large_one(hand, notebook):
    hand.at.open("/judge/large/")
    hand.look()
    for n in range(RANKED):
        if n == 2:
            skip(hand, is_undone=True)
        if n == 4:
            skip(hand)
        enter_ranking(hand, n)
        if n == 6:
            report(hand)
        submit(hand, notebook, "large", is_undone=n == 7)
    revise(hand, notebook, "large")


def enter_ranking(hand, n):
    """Ties, gaps and the floor as they come, of two to nine; of one item nothing is acceptable."""
    random, keys = hand.random, hand.keys
    ranks = [*range(1, len(keys) + 1), "x"]
    is_hopeless = n == 3
    hand.rank({key: "x" if is_hopeless else random.choice(ranks) for key in keys})
    hand.say_strengths()
    if is_hopeless or not hand.said["ranking"]:
        hand.demonstrate(f"An ideal one for {hand.item}. {HARD}")
    some = keys if len(keys) < 5 else random.sample(keys, 2)
    hand.rate({key: points(random) for key in some})
    if n % 3 == 0:
        hand.flag(random.choice(keys), "broken", 2)
    if n % 4 == 1:
        hand.correct(keys[0], f"Corrected {hand.item}. {HARD}")
    if n % 4 == 2:
        mark(hand, keys[-1])
    add_words(hand, n)


def points(random):
    return {
        "overall": random.randint(1, 7),
        "follows": random.randint(0, 1),
        "coherence": random.choice([0, 1, 2, 3, 4, "na"]),
    }


def mark(hand, key):
    label, number = hand.random.choice([("fact", 1), ("tone", 2)])
    words = f"made of *cheese* €5 שלום. So says {key}"
    hand.mark(key, text_of(hand.item, key), words, label, number, f"No: {HARD.splitlines()[0]}")


def add_words(hand, n):
    if n % 2:
        hand.be_sure(hand.random.randint(1, 5))
    if n % 3 != 1:
        hand.explain(f"Because of {hand.item}. {HARD}")


def judge_the_rest(hand, notebook):
    work = {"best": (BEST, enter_best), "rated": (RATED, enter_ratings)}
    work |= {f"scale-{count}": (SCALED, enter_preference(count)) for count in POINTS}
    for slug, (count, enter) in work.items():
        hand.at.open(f"/judge/{slug}/")
        hand.look()
        for n in range(count):
            enter(hand, n)
            submit(hand, notebook, slug, is_undone=n == 1)
        expect(hand.page.get_by_role("heading", name="Nothing left for you here")).to_be_visible()
        revise(hand, notebook, slug)


def enter_best(hand, n):
    best = hand.random.sample(hand.keys, 3 + n % 2)
    ranks = dict.fromkeys(hand.keys) | {key: place for place, key in enumerate(best, start=1)}
    if n % 3 == 2:
        left = next(key for key in hand.keys if ranks[key] is None)
        ranks[left] = "x"
    hand.rank(ranks)
    hand.said["rest_below"] = None in ranks.values()
    hand.say_strengths()
    add_words(hand, n)


def enter_ratings(hand, n):
    hand.rate({key: points(hand.random) for key in hand.keys})
    hand.demonstrate(f"An ideal one for {hand.item}. {HARD}")
    if n % 2:
        hand.correct(hand.keys[1], f"Corrected {hand.item}. {HARD}")
    add_words(hand, n)


def enter_preference(count):
    def enter(hand, n):
        hand.prefer(count, POINTS[count][n])
        hand.rate({key: points(hand.random) for key in hand.keys})
        if n % 2:
            hand.flag(hand.keys[n % 4 == 1], "unsafe", 1)
        else:
            mark(hand, hand.keys[0])
        add_words(hand, n)

    return enter


def submit(hand, notebook, slug, is_undone=False):
    item, keys, said = hand.item, hand.keys, hand.said
    hand.submit()
    if is_undone:
        hand.look(before=item)
        following = hand.item
        hand.said = said
        hand.take_back(item)
        assert hand.keys == keys
        hand.explain(f"Thought again about {item}. {HARD}")
        hand.submit()
    # Undone, a second revision took the first one back.
    notebook.write(slug, hand, revision=3 if is_undone else 1)
    hand.look(before=item)
    if is_undone:
        assert hand.item == following, "what was lent since waits for its turn"


def skip(hand, is_undone=False):
    item = hand.item
    hand.at.press("s", "2")
    hand.look(before=item)
    if is_undone:
        hand.take_back(item)


def report(hand):
    hand.at.press("Escape")
    hand.page.locator("#response-a .body").focus()
    hand.at.press("s")
    hand.page.get_by_text("Something is wrong with the item itself").click()
    hand.page.get_by_label("Personal data").check()
    hand.page.get_by_label("In your words").fill("A phone number.")
    hand.page.get_by_role("button", name="Report it").click()
    expect(hand.page.get_by_text("Thank you.")).to_be_visible()
    hand.at.press("Escape")
    expect(hand.page.locator("#skip")).to_be_hidden()
    hand.page.locator("#response-a .body").focus()


def revise(hand, notebook, slug):
    """Change the last one from the history: all that it said is there, and one thing is new."""
    item = [item for one, item in notebook.rows if one == slug][-1]
    row = notebook.rows[slug, item]
    hand.at.open(f"/history/?project={slug}")
    entry = hand.page.get_by_role("listitem").filter(has_text=f"Question {item}?")
    entry.get_by_role("link", name="Change").click()
    hand.look()
    assert (hand.item, hand.keys) == (item, row["order"])
    hand.said = {name: row[name] for name in hand.said}
    hand.explain(f"Revised {item}. {HARD}")
    hand.submit()
    revision = row["revision"] + 1
    expect(hand.page.get_by_role("heading", level=1)).to_contain_text(f"revision {revision}")
    notebook.rows[slug, item] = row | hand.said | {"revision": revision}
    notebook.further += 1
