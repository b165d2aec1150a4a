"""What a snapshot knows of items and responses, and what it costs to know it."""

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from annotation.labeling.models import GoldItem, Purpose
from annotation.quality.adaptive.beliefs import beliefs_of
from annotation.quality.analyses import ANALYSES
from annotation.quality.figures import unheard
from annotation.quality.models import ResponseStyle
from annotation.quality.snapshot import facts, style, take_snapshot
from annotation.quality.snapshot.ballots import take_ballots
from annotation.quality.snapshot.style import keep_styles, marks_of
from tests.factories import make_item, make_judgment, make_member, make_project

pytestmark = pytest.mark.django_db

# A comment and a command line in code are no heading and no list; a name with underscores is not
# bold, nor is what stands in quoted code.
CODE = """Try this:

```sh
# a comment
- x
**not bold**
```

Call `obj.__init__(**kwargs, **more)`, or my__case__name.

# A heading
1. one
2. two
**three**
"""


@pytest.fixture
def project():
    return make_project()


@pytest.fixture
def labelers(project):
    return [make_member(project, handle=f"w{number}") for number in (1, 2, 3)]


def marks_in(snapshot):
    return {name: int(marks[0, 0]) for name, marks in snapshot.facts.style.items()}


def test_style_is_counted_outside_of_code(project, labelers):
    make_judgment(make_item(project, (CODE, "Plain.")), labelers[0], [1, 2])
    marks = marks_in(take_snapshot(project))
    assert marks == {"characters": len(CODE.strip()), "headers": 1, "lists": 2, "bold": 1}


def test_a_response_is_counted_once(project, labelers):
    item = make_item(project, ("One.", "Two."))
    make_item(project, ("Never", "judged"))
    make_judgment(item, labelers[0], [1, 2])
    take_snapshot(project)
    judged = set(item.item_responses.values_list("response", flat=True))
    assert set(ResponseStyle.objects.values_list("pk", flat=True)) == judged
    ResponseStyle.objects.update(headers=7)

    make_judgment(item, labelers[1], [1, 2])

    assert marks_in(take_snapshot(project))["headers"] == 7, "read, not counted again"


def test_other_rules_count_everything_again(project, labelers, monkeypatch):
    make_judgment(make_item(project, ("One.", "Two.")), labelers[0], [1, 2])
    take_snapshot(project)
    ResponseStyle.objects.update(headers=7)
    newer = style.VERSION + 1
    for module in (style, facts):
        monkeypatch.setattr(module, "VERSION", newer)
    assert marks_in(take_snapshot(project))["headers"] == 0
    assert ResponseStyle.objects.filter(version=newer, headers=0).count() == 2


def test_what_is_judged_while_others_are_counted_is_counted_too(project, labelers):
    """Between the counting and the moment of the snapshot there are judgments."""
    make_judgment(make_item(project, (CODE, "Plain.")), labelers[0], [1, 2])
    known = facts.read_facts(project)
    assert not ResponseStyle.objects.exists()
    assert [known.style[name][0, 0] for name in style.STYLE] == list(marks_of(CODE))


def test_a_long_count_shows_that_it_lives(project, labelers, monkeypatch):
    for _ in range(3):
        make_judgment(make_item(project), labelers[0], [1, 2])
    monkeypatch.setattr(style, "CHUNK", 2)
    seen = []
    keep_styles(project, lambda: seen.append(1))
    assert len(seen) == 3
    assert ResponseStyle.objects.count() == 6


def test_responses_are_read_once_for_work_and_known_answers(project, labelers):
    make_judgment(make_item(project), labelers[0], [1, 2])
    known = make_item(project, ("Gold.", "Dross is longer."))
    make_judgment(known, labelers[0], [1, 2], purpose=Purpose.GOLD)
    GoldItem.objects.create(project=project, item=known, ranks=[1, 2], unacceptable=[False] * 2)
    with CaptureQueriesContext(connection) as seen:
        snapshot = take_snapshot(project)
    assert sum("JOIN quality_responsestyle style" in one["sql"] for one in seen) == 1
    assert snapshot.gold.item_ids.tolist() == [known.pk]
    assert snapshot.gold.facts.style["characters"][0, :2].tolist() == [5, 16]


def test_a_look_for_unsure_items_reads_no_responses(project, labelers):
    for number in range(40):
        item = make_item(project, ("A", "B", "C") if number % 2 else ("A", "B"))
        ranks = [1, 2, 3] if number % 2 else [1, 2]
        for place, labeler in enumerate(labelers):
            make_judgment(item, labeler, ranks[::-1] if (number + place) % 4 == 0 else ranks)
    with CaptureQueriesContext(connection) as seen:
        ballots = take_ballots(project)
    statements = " ".join(one["sql"] for one in seen)
    assert len(ballots.item) == 120
    assert "prompts_response" not in statements
    assert "labeling_golditem" not in statements
    few, all_of_it = beliefs_of(ballots), beliefs_of(take_snapshot(project))
    for name in ("item_ids", "sure", "gain", "n_judgments"):
        assert getattr(few, name).tolist() == getattr(all_of_it, name).tolist()
    assert few.accuracy == all_of_it.accuracy


def test_the_facets_said_of_most_items_are_kept_and_the_others_counted(project, labelers):
    for number in range(6):
        metadata = {f"common{key:02}": number % 2 for key in range(facts.MOST_FACETS)}
        if number < 4:
            metadata |= {"a_rare": number % 2, "b_rare": number % 2}
        item = make_item(project, metadata=metadata | {"the_same": 1, f"own{number}": 1})
        make_judgment(item, labelers[0], [1, 2])

    snapshot = take_snapshot(project)

    assert list(snapshot.facts.facets) == [f"common{key:02}" for key in range(facts.MOST_FACETS)]
    assert snapshot.facts.facets_left_out == 2
    kinds = ("agreement", "abilities", "prompts")
    said = {kind: ANALYSES[kind].compute(snapshot, unheard) for kind in kinds}
    assert said["agreement"]["extent"]["facets_left_out"] == 2
    assert said["abilities"]["facets_left_out"] == 2
    assert said["prompts"]["extent"]["facets_left_out"] == 2


def test_the_number_of_responses_is_that_of_the_item(project, labelers):
    make_judgment(make_item(project, ("A", "B", "C")), labelers[0], [1, None, 2])
    assert take_snapshot(project).response_count.tolist() == [3]
    assert take_ballots(project).response_count.tolist() == [3]
    assert np.isnan(take_snapshot(project).ranks[0, 1])
