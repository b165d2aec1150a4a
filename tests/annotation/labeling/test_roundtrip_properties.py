"""Whatever may be said of an item goes out and comes in as it was said."""

import io
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from annotation.labeling.exports.streams import export
from annotation.labeling.imports import services
from annotation.labeling.models import Judgment
from annotation.labeling.record import record_judgment
from annotation.labeling.verdict import Highlight, verdict_from_choices
from annotation.projects.services import CriterionSpec, TagSpec, current_rubric, publish_rubric
from tests.factories import make_item, make_member, make_project

pytestmark = pytest.mark.django_db
TEXTS = ("👩‍🔬 One\t\\N.", "שתיים\r\ntwo", "Three.\u2028")
# Anything that PostgreSQL can keep, with what COPY and JSON might trip over drawn often.
texts = st.text(
    st.one_of(
        st.sampled_from("\\\t\r\n\"'{}\u2028\u202e\ufeff😀N."),
        st.characters(exclude_categories=["Cs"], exclude_characters="\x00"),
    ),
    max_size=12,
)
written = texts.filter(lambda text: text.strip())
places = st.integers(1, 3)


@st.composite
def highlights(draw):
    found = {}
    for _ in range(draw(st.integers(0, 3))):
        place = draw(places)
        start = draw(st.integers(0, len(TEXTS[place - 1]) - 1))
        end = draw(st.integers(start + 1, len(TEXTS[place - 1])))
        label = draw(st.sampled_from(["fact", "style"]))
        found[place, start, end, label] = draw(texts)
    return tuple(sorted(Highlight(*where, note) for where, note in found.items()))


@st.composite
def verdicts(draw):
    ranks = draw(st.lists(st.sampled_from([None, "x", 1, 2, 3]), min_size=3, max_size=3))
    strength = draw(st.lists(st.sampled_from([None, 1, 2, 3]), min_size=2, max_size=2))
    rated = st.dictionaries(places, st.sampled_from([1, 5, "na"]), min_size=1)
    flagged = st.sets(places, min_size=1).map(sorted)
    return verdict_from_choices(
        dict(enumerate(ranks, start=1)),
        response_count=3,
        strength=strength,
        ratings=draw(st.dictionaries(st.sampled_from(["deep", "clear"]), rated)),
        flags=draw(st.dictionaries(st.sampled_from(["unsafe", "odd"]), flagged)),
        highlights=draw(highlights()),
        confidence=draw(st.none() | st.integers(1, 5)),
        corrections=draw(st.dictionaries(places, written.filter(lambda t: t not in TEXTS))),
        demonstration=draw(st.just("") | written),
        rationale=draw(texts),
        rest_below=draw(st.booleans()),
    )


def make_world():
    project = make_project(ordering="partial", allows_corrections=True, demonstration="fallback")
    publish_rubric(
        project=project,
        guideline="",
        criteria=[CriterionSpec(key, key, allows_na=True) for key in ("deep", "clear")],
        flags=[TagSpec("unsafe", "Unsafe"), TagSpec("odd", "Odd")],
        error_labels=[TagSpec("fact", "Wrong"), TagSpec("style", "Clumsy")],
    )
    make_item(project, TEXTS, external_id="x1")
    return project


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    verdicts().filter(lambda said: any(said.ranks) or any(said.unacceptable)),
    st.none() | st.floats(0, 1e6),
    st.permutations([1, 2, 3]) | st.just([]),
)
def test_what_goes_out_comes_in(verdict, seconds, order):
    home, other = make_world(), make_world()
    record_judgment(
        item=home.items.get(),
        labeler=make_member(home, handle="w1"),
        verdict=verdict,
        origin=Judgment.Origin.DESK,
        rubric_version=current_rubric(home),
        seconds=seconds,
        order=order,
    )
    content = b"".join(export(home, "jsonl"))

    def bring(project):
        imported = services.import_file(
            project=project, kind="judgments", stream=io.BytesIO(content), create=True
        )
        assert not imported.error_count, [str(error) for error in imported.errors.all()]
        return imported.state

    assert bring(home) == "unchanged"
    assert bring(other) == "done"
    (there,) = other.judgments.all()
    assert there.content_sha256 == verdict.sha256
    again = b"".join(export(other, "jsonl"))
    assert json.loads(again) == json.loads(content) | {"origin": "import"}
