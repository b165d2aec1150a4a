"""The draft beside the version in force: what is kept, what is refused, what is published."""

import pytest

from annotation.core.errors import DomainError, NotFound
from annotation.core.models import Event
from annotation.projects.judging import configure_judging
from annotation.projects.models import Membership, RubricDraft
from annotation.projects.rubrics import drafts
from annotation.projects.rubrics.document import (
    blank_criterion,
    document_of,
    points_of,
    read,
    spec_of_version,
)
from annotation.projects.rubrics.editing import edited, row_of
from annotation.projects.services import (
    CriterionSpec,
    ExampleSpec,
    TagSpec,
    current_rubric,
    publish_rubric,
)
from tests.factories import make_member, make_project

pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    return make_project("shop")


@pytest.fixture
def lead(project):
    return make_member(project, Membership.Role.LEAD)


def save(project, content, revision, actor=None):
    return drafts.save_draft(project=project, content=content, revision=revision, actor=actor)


def changed(project, **fields):
    return drafts.draft_of(project).content | fields


def test_a_draft_begins_as_the_version_in_force_and_nothing_is_written_for_looking(project):
    draft = drafts.draft_of(project)
    live = current_rubric(project)
    assert (draft.revision, draft.based_on) == (0, live)
    assert read(draft.content) == (spec_of_version(live), [])
    assert save(project, draft.content, 0).revision == 0
    assert not RubricDraft.objects.exists()


def test_any_version_survives_being_edited(project):
    publish_rubric(
        project=project,
        guideline="All of it.",
        criteria=[
            CriterionSpec("a", "A", "what", -2, 3, {"-2": "low", "3": "high"}, weight=0.25),
            CriterionSpec("b", "B", "", 0, 1, is_yes_no=True, allows_na=True, is_required=True),
            CriterionSpec("c", "C", "", 1, 7, examples=(ExampleSpec("case", 4),)),
            CriterionSpec("d", "D", "", 0, 1),
        ],
        flags=[TagSpec("rude", "Rude", "Insults.")],
        error_labels=[TagSpec("fact", "Fact")],
        priorities=["c", "a"],
    )
    spec = spec_of_version(current_rubric(project))
    assert read(document_of(spec)) == (spec, [])


def test_what_is_half_typed_is_kept(project, lead):
    content = changed(project, guideline="New", criteria=[blank_criterion()])
    draft = save(project, content, 0, lead)
    assert (draft.revision, draft.updated_by) == (1, lead)
    assert drafts.draft_of(project).content == content
    assert save(project, content | {"guideline": "Newer"}, 1, lead).revision == 2
    assert Event.objects.filter(kind="rubric.draft_begun", actor=lead).count() == 1
    assert current_rubric(project).number == 1


def test_two_leads_at_once_and_the_second_is_told(project, lead):
    other = make_member(project, Membership.Role.LEAD)
    save(project, changed(project, guideline="First"), 0, lead)
    with pytest.raises(drafts.DraftConflict) as told:
        save(project, changed(project, guideline="Second"), 0, other)
    assert told.value.draft.updated_by == lead
    assert drafts.draft_of(project).content["guideline"] == "First"

    save(project, changed(project, guideline="Third"), 1, other)
    with pytest.raises(drafts.DraftConflict):
        save(project, changed(project, guideline="Fourth"), 1, lead)
    with pytest.raises(drafts.DraftConflict):
        drafts.discard_draft(project=project, revision=1, actor=lead)
    with pytest.raises(drafts.DraftConflict):
        drafts.publish_draft(project=project, revision=1, note="x", actor=lead)
    assert drafts.draft_of(project).content["guideline"] == "Third"


def test_a_discarded_draft_is_gone(project, lead):
    save(project, changed(project, guideline="New"), 0, lead)
    drafts.discard_draft(project=project, revision=1, actor=lead)
    drafts.discard_draft(project=project, revision=1, actor=lead)  # twice is once
    assert drafts.draft_of(project).revision == 0
    assert Event.objects.filter(kind="rubric.draft_discarded").count() == 1


def test_publishing_ends_the_draft(project, lead):
    criterion = blank_criterion() | {
        "label": "Tone",
        "scale": "own",
        "scale_min": "-1",
        "scale_max": "1",
        "anchors": {"-1": "Rude.", "1": ""},
        "weight": "0,5",
        "priority": "1",
        "examples": [{"text": " “Sure!” ", "item": "12"}],
    }
    save(project, changed(project, criteria=[criterion], flags="Rude: insults"), 0, lead)
    version = drafts.publish_draft(project=project, revision=1, note=" Tone only. ", actor=lead)

    rubric = current_rubric(project)
    assert (rubric, rubric.number, rubric.published_by) == (version, 2, lead)
    assert (rubric.note, rubric.priorities) == ("Tone only.", ["tone"])
    assert rubric.flags == [{"key": "rude", "label": "Rude", "description": "insults"}]
    (tone,) = rubric.criteria_list
    assert (tone.key, tone.scale_min, tone.scale_max, tone.weight) == ("tone", -1, 1, 0.5)
    assert tone.anchors == {"-1": "Rude."}
    assert tone.example_list == [{"text": "“Sure!”", "item_id": 12}]
    assert not RubricDraft.objects.exists()
    assert Event.objects.filter(kind="rubric.published", actor=lead).count() == 1


TONE = blank_criterion() | {"label": "Tone"}


@pytest.mark.parametrize(
    ("criteria", "field", "words"),
    [
        ([TONE | {"label": " "}], "c-0-label", "Name the criterion"),
        ([TONE | {"label": "x" * 81}], "c-0-label", "80"),
        ([TONE | {"key": "Tone!"}], "c-0-key", "lower-case"),
        ([TONE | {"label": "口調"}], "c-0-key", "lower-case"),
        ([TONE, TONE], "c-1-key", "“tone” already"),
        ([TONE, TONE | {"key": "b", "priority": "1"}, TONE | {"key": "c", "priority": "1"}],
         "c-2-priority", "place 1"),
        ([TONE | {"scale": "own"}], "c-0-scale", "empty"),
        ([TONE | {"scale": "own", "scale_min": "5", "scale_max": "5"}], "c-0-scale", "empty"),
        ([TONE | {"scale": "own", "scale_min": "1", "scale_max": "99"}], "c-0-scale", "10"),
        ([TONE | {"scale": "nothing"}], "c-0-scale", "empty"),
        ([TONE | {"anchors": {"1": "ok", "6": "six"}}], "c-0-anchor-6", "no point 6"),
        ([TONE | {"scale": "yes-no", "anchors": {"5": "five"}}], "c-0-anchor-5", "no point 5"),
        ([TONE | {"weight": "heavy"}], "c-0-weight", "0 to 100"),
        ([TONE | {"weight": "nan"}], "c-0-weight", "0 to 100"),
        ([TONE | {"examples": [{"text": " ", "item": ""}]}], "c-0-example-0", "empty"),
    ],
)  # fmt: skip
def test_what_cannot_be_judged_by_is_refused_at_its_field(project, lead, criteria, field, words):
    save(project, changed(project, criteria=criteria), 0, lead)
    with pytest.raises(drafts.DraftProblems) as refused:
        drafts.publish_draft(project=project, revision=1, note="New.", actor=lead)
    found = {problem.field: problem.text for problem in refused.value.problems}
    assert words in found[field]
    assert current_rubric(project).number == 1
    assert drafts.draft_of(project).revision == 1


@pytest.mark.parametrize(
    ("fields", "note", "field"),
    [
        ({"criteria": [], "guideline": " "}, "New.", "guideline"),
        ({"flags": ": nothing"}, "New.", "flags"),
        ({"error_labels": "A\nA"}, "New.", "error_labels"),
        ({"guideline": "Other."}, " ", "note"),
        ({"flags": "\n"}, "New.", "note"),  # differs from the version in force in nothing
    ],
)
def test_what_is_missing_is_said(project, lead, fields, note, field):
    save(project, changed(project, **fields), 0, lead)
    with pytest.raises(drafts.DraftProblems) as refused:
        drafts.publish_draft(project=project, revision=1, note=note, actor=lead)
    assert [problem.field for problem in refused.value.problems] == [field]


def test_text_that_cannot_be_stored_or_is_endless_is_refused(project):
    for guideline in ("a\x00b", "\ud800", "x" * 600_000):
        with pytest.raises((DomainError, ValueError)):
            save(project, changed(project, guideline=guideline), 0)
    assert not RubricDraft.objects.exists()


def test_examples_are_put_at_the_end_of_their_criterion(project, lead):
    drafts.add_example(project=project, key="clarity", text=" A case. ", item_id=3, actor=lead)
    draft = drafts.add_example(project=project, key="clarity", text="B", item_id=None, actor=lead)
    assert draft.content["criteria"][2]["examples"] == [
        {"text": "A case.", "item": "3"},
        {"text": "B", "item": ""},
    ]
    with pytest.raises(NotFound):
        drafts.add_example(project=project, key="nothing", text="x", item_id=None)
    with pytest.raises(DomainError):
        drafts.add_example(project=project, key="clarity", text=" ", item_id=None)
    assert drafts.draft_of(project) == draft


def test_other_flags_keep_weights_priorities_and_examples(project):
    publish_rubric(
        project=project,
        guideline="G",
        criteria=[CriterionSpec("a", "A", weight=3, examples=(ExampleSpec("case"),))],
        priorities=["a"],
    )
    before = spec_of_version(current_rubric(project))
    configure_judging(project=project, flags=[TagSpec("rude", "Rude")])
    after = spec_of_version(current_rubric(project))
    assert after.flags
    assert (after.criteria, after.priorities) == (before.criteria, before.priorities)


def keys(document):
    return [criterion["key"] for criterion in document["criteria"]]


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        ("add-criterion", ["a", "b", "c", ""]),
        ("remove-1", ["a", "c"]),
        ("up-2", ["a", "c", "b"]),
        ("down-0", ["b", "a", "c"]),
        ("up-0", ["a", "b", "c"]),
        ("down-2", ["a", "b", "c"]),
        ("remove-9", ["a", "b", "c"]),
        ("remove-example-9-0", ["a", "b", "c"]),
        ("burn-everything", ["a", "b", "c"]),
    ],
)
def test_rows_are_added_removed_and_moved(action, expected):
    document = {"criteria": [blank_criterion() | {"key": key} for key in "abc"]}
    assert keys(edited(document, action)) == expected
    assert keys(document) == ["a", "b", "c"]


def test_examples_are_rows_of_their_criterion():
    document = edited({"criteria": [blank_criterion()]}, "add-example-0")
    assert document["criteria"][0]["examples"] == [{"text": "", "item": ""}]
    assert edited(document, "remove-example-0-0")["criteria"][0]["examples"] == []
    assert edited(document, "remove-example-0-5") == document
    assert (row_of("up-2"), row_of("down-0"), row_of("add-criterion")) == ("c-1", "c-1", "c-last")


def test_the_points_of_a_scale():
    assert list(points_of(TONE | {"scale": "0-4"})) == [0, 1, 2, 3, 4]
    assert list(points_of(TONE | {"scale": "own", "scale_min": "−1", "scale_max": "1"})) == [
        -1, 0, 1,
    ]  # fmt: skip
    assert list(points_of(TONE | {"scale": "own", "scale_min": "x"})) == []
