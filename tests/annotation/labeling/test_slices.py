"""Which items belong to which slice, and that lending follows."""

import pytest
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from annotation.core import jobs
from annotation.labeling.models import Item
from annotation.labeling.queue import lend_next_item
from annotation.labeling.slices import services, sorting
from annotation.labeling.slices.conditions import (
    Condition,
    ConditionError,
    items_meeting,
    number_of,
    read_conditions,
)
from annotation.projects.models import Membership, Pool, ProjectPool, Slice
from tests.annotation.labeling.test_imports import items as bring_items
from tests.factories import make_item, make_member, make_project

pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    return make_project("shop")


@pytest.fixture
def lead(project):
    return make_member(project, Membership.Role.LEAD)


@pytest.fixture
def pool(project):
    pool = Pool.objects.create(name="Speakers of German", kind="language")
    ProjectPool.objects.create(project=project, pool=pool)
    return pool


def make_slice(project, lead, name="German", pools=(), *conditions):
    conditions = conditions or (Condition("language", "is", ("de",)),)
    return services.save_slice(
        project=project, name=name, conditions=list(conditions), pools=list(pools), actor=lead
    )


METADATA = {
    "text": {"language": "de"},
    "other": {"language": "en"},
    "none": {},
    "number": {"difficulty": 3},
    "decimal": {"difficulty": 2.5},
    "digits": {"difficulty": "4"},
    "yes": {"difficulty": True},
    "list": {"difficulty": [9], "tags": ["law", "tax"]},
    "lawyer": {"tags": ["lawyer"]},
    "words": {"tags": "On Law and order"},
    "null": {"difficulty": None, "language": None},
}


@pytest.mark.parametrize(
    ("condition", "met"),
    [
        (Condition("language", "is", ("de",)), {"text"}),
        (Condition("language", "is", ("de", "en")), {"text", "other"}),
        (Condition("language", "is_not", ("de",)), set(METADATA) - {"text"}),
        (Condition("difficulty", "is", ("3",)), {"number"}),
        (Condition("difficulty", "at_least", ("2.5",)), {"number", "decimal"}),
        (Condition("difficulty", "at_most", ("2.5",)), {"decimal"}),
        (Condition("tags", "contains", ("law",)), {"list", "words"}),
        (Condition("@batch", "is", ("import:1",)), {"text"}),
        (Condition("@batch", "contains", ("IMPORT",)), {"text"}),
        (Condition("@warning", "is", ("violence", "hate")), {"other"}),
        (Condition("@warning", "is_not", ("violence",)), set(METADATA) - {"other"}),
        (Condition("prompt__project__name", "is", ("Shop",)), set()),
        (Condition("language') OR 1=1 --", "is", ("de",)), set()),
    ],
)
def test_a_condition_finds_its_items_and_no_others(project, condition, met):
    for name, metadata in METADATA.items():
        make_item(
            project,
            external_id=name,
            metadata=metadata,
            batch="import:1" if name == "text" else "",
            warnings=["violence"] if name == "other" else [],
        )
    found = Item.objects.filter(items_meeting([condition]))
    assert set(found.values_list("external_id", flat=True)) == met


def test_all_conditions_must_hold(project):
    make_item(project, metadata={"language": "de", "difficulty": 1})
    hard = make_item(project, metadata={"language": "de", "difficulty": 5})
    both = [Condition("language", "is", ("de",)), Condition("difficulty", "at_least", ("3",))]
    assert Item.objects.get(items_meeting(both)) == hard


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"field": "password", "operator": "is", "values": ["x"]}, "choose a field"),
        ({"field": "language", "operator": "regex", "values": ["x"]}, "compared"),
        ({"field": "language", "operator": "is", "values": [" ", ""]}, "with what"),
        ({"field": "language", "operator": "at_least", "values": ["nan"]}, "not a number"),
        ({"field": "language", "operator": "at_least", "values": ["1e999"]}, "not a number"),
        ({"field": "language", "operator": "at_most", "values": ["1", "2"]}, "not a number"),
        ({"field": "language", "operator": "contains", "values": ["a", "b"]}, "one value"),
        ({"field": "@batch", "operator": "at_least", "values": ["1"]}, "no size"),
        ({"field": "language", "operator": "is", "values": ["a\0"]}, "NUL"),
        ({"field": "language", "operator": "is", "values": [str(n) for n in range(51)]}, "50"),
    ],
)
def test_a_wrong_condition_is_named(row, words):
    right = {"field": "language", "operator": "is", "values": ["de"]}
    with pytest.raises(Exception, match=words) as refused:
        read_conditions([right, row], fields=["language", "@batch"])
    if isinstance(refused.value, ConditionError):
        assert refused.value.place == 2


def test_numbers_are_finite():
    assert number_of("3") == 3
    assert [number_of(text) for text in ("", "inf", "-inf", "nan", "1e999", "x")] == [None] * 6


def test_an_item_belongs_to_the_first_slice_it_fits(project, lead):
    item = make_item(project, metadata={"language": "de", "difficulty": 5})
    german = make_slice(project, lead)
    hard = make_slice(project, lead, "Hard", (), Condition("difficulty", "at_least", ("3",)))
    item.refresh_from_db()
    assert (item.slice, item.lane) == (german, german.pk)

    services.move_slice(moved=hard, up=True, actor=lead)
    item.refresh_from_db()
    assert item.slice == hard

    services.delete_slice(deleted=hard, actor=lead)
    item.refresh_from_db()
    assert item.slice == german

    services.delete_slice(deleted=german, actor=lead)
    item.refresh_from_db()
    assert (item.slice, item.lane) == (None, 0)


def test_moving_beyond_the_ends_changes_nothing(project, lead):
    first = make_slice(project, lead)
    services.move_slice(moved=first, up=True, actor=lead)
    services.move_slice(moved=first, up=False, actor=lead)
    first.refresh_from_db()
    assert first.position == 1


def test_imported_items_find_their_slice(project, lead, pool):
    german = make_slice(project, lead, "German", [pool])
    lines = [
        {"id": f"x{n}", "prompt": f"{n}?", "metadata": {"language": language},
         "responses": [{"id": "a", "text": "A"}, {"id": "b", "text": "B"}]}
        for n, language in enumerate(("de", "en"))
    ]  # fmt: skip

    bring_items(project, *lines)

    assert list(project.items.order_by("external_id").values_list("slice", flat=True)) == [
        german.pk,
        None,
    ]


def test_lending_follows_the_slice_as_soon_as_it_is_saved(project, lead, pool):
    make_item(project, metadata={"language": "de"})
    labeler, speaker = make_member(project), make_member(project)
    pool.members.create(user=speaker)
    make_slice(project, lead, "German", [pool])

    assert lend_next_item(project=project, labeler=labeler) is None
    assert lend_next_item(project=project, labeler=speaker)


def test_a_large_project_is_sorted_by_a_job(project, lead, monkeypatch):
    monkeypatch.setattr(services, "AT_ONCE", 1)
    items = [make_item(project, metadata={"language": "de"}) for _ in range(2)]

    german = make_slice(project, lead)
    assert not Item.objects.exclude(slice=None).exists()
    jobs.run(project.jobs.get().pk)

    assert Item.objects.filter(slice=german).count() == len(items)


@pytest.fixture
def in_pieces(monkeypatch):
    """What a hundred thousand items are, with five."""
    monkeypatch.setattr(services, "AT_ONCE", 1)
    monkeypatch.setattr(sorting, "PIECE", 2)


def test_only_labelers_who_could_be_lent_an_item_are_counted(client, project, lead, pool):
    """Not who reviews, whose account is closed, who is paused, removed or still in training."""
    make_slice(project, lead)

    def counted():
        return client.get(reverse("labeling:list-slices", args=["shop"])).context["labeler_count"]

    client.force_login(lead)
    before = counted()
    for role, changed in (
        ("reviewer", {}),
        ("labeler", {"paused_at": timezone.now()}),
        ("labeler", {"is_active": False}),
        ("labeler", {"stage": "training"}),
    ):
        member = make_member(project, role)
        Membership.objects.filter(user=member).update(**changed)
    closed = make_member(project)
    type(closed).objects.filter(pk=closed.pk).update(is_active=False)
    assert counted() == before

    make_member(project)
    assert counted() == before + 1


def test_a_large_slice_is_deleted_by_a_job_in_pieces(client, project, lead, pool, in_pieces):
    items = [make_item(project, metadata={"language": "de"}) for _ in range(5)]
    german, again = make_slice(project, lead), make_slice(project, lead, "Also German", [pool])
    jobs.run(project.jobs.get().pk)
    assert Item.objects.filter(slice=german).count() == len(items)
    client.force_login(lead)

    client.post(reverse("labeling:edit-slice", args=["shop", german.pk]), {"do": "delete"})

    assert Item.objects.filter(slice=german).count() == len(items), "nothing in the request"
    page = client.get(reverse("labeling:list-slices", args=["shop"])).content.decode()
    assert "Being deleted" in page
    late = make_item(project, metadata={"language": "de"}, batch="late")
    with transaction.atomic():
        services.assign_new(project, batch="late")
    late.refresh_from_db()
    assert late.slice_id == again.pk, "it takes no more"
    job = project.jobs.active().get()
    jobs.run(job.pk)
    job.refresh_from_db()
    assert (job.state, job.result, job.progress_done) == ("done", {"moved": 5}, 5)
    assert set(Item.objects.values_list("slice", flat=True)) == {again.pk}
    assert list(project.slices.all()) == [again]


def test_a_change_while_a_job_sorts_is_seen_to_its_end(project, lead, in_pieces, monkeypatch):
    for _ in range(5):
        make_item(project, metadata={"language": "de"})
    german = make_slice(project, lead)
    sort, seen = sorting.assign_items, []

    def and_then_another_comes(project, **which):
        moved = sort(project, **which)
        if not seen:
            other = make_slice(project, lead, "First now")
            services.move_slice(moved=other, up=True, actor=lead)
        seen.append(which["pks"])
        return moved

    monkeypatch.setattr(sorting, "assign_items", and_then_another_comes)
    jobs.run(project.jobs.get().pk)

    first = project.slices.get(name="First now")
    assert set(Item.objects.values_list("slice", flat=True)) == {first.pk}
    assert german.pk != first.pk
    assert len(seen) == 1 + 3, "it began anew after the first piece"
    assert not project.jobs.active().exists()


def test_moving_a_slice_looks_only_at_what_both_have(project, lead, in_pieces):
    both = make_item(project, metadata={"language": "de"})
    for _ in range(3):
        make_item(project, metadata={"language": "fr"})
    one, other = make_slice(project, lead), make_slice(project, lead, "Also German")
    jobs.run(project.jobs.get().pk)
    assert Item.objects.get(pk=both.pk).slice_id == one.pk

    services.move_slice(moved=other, up=True, actor=lead)

    assert Item.objects.get(pk=both.pk).slice_id == other.pk
    assert not project.jobs.active().exists(), "one item is little"


def test_a_second_slice_of_that_name_is_refused(project, lead):
    make_slice(project, lead)
    with pytest.raises(Exception, match="already"):
        make_slice(project, lead)
    assert Slice.objects.count() == 1


def form_of(**fields):
    return {
        "name": "German", "field_1": "language", "operator_1": "is", "values_1": "de, at",
        "do": "save",
    } | fields  # fmt: skip


def test_the_page_counts_saves_moves_and_deletes(client, project, lead, pool):
    make_item(project, metadata={"language": "de"})
    client.force_login(lead)
    new = reverse("labeling:new-slice", args=["shop"])

    counted = client.post(new, form_of(do="count"))
    assert "1 item meets" in counted.content.decode()
    assert not Slice.objects.exists()

    assert client.post(new, form_of(pools=[pool.pk])).status_code == 302
    made = Slice.objects.get()
    assert made.conditions == [{"field": "language", "operator": "is", "values": ["de", "at"]}]
    assert list(made.pools.all()) == [pool]
    listed = client.get(reverse("labeling:list-slices", args=["shop"])).content.decode()
    assert "nobody can take these" in listed

    edit = reverse("labeling:edit-slice", args=["shop", made.pk])
    assert 'value="de, at"' in client.get(edit).content.decode()
    assert client.post(edit, {"do": "down"}).status_code == 302
    assert client.post(edit, {"do": "delete"}).status_code == 302
    assert not Slice.objects.exists()


def test_the_page_names_what_is_wrong_and_keeps_what_was_typed(client, project, lead):
    make_item(project, metadata={"language": "de"})
    client.force_login(lead)
    answer = client.post(
        reverse("labeling:new-slice", args=["shop"]),
        form_of(operator_1="at_least", values_1="many"),
    )
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "Condition 1: “many” is not a number." in page
    assert 'value="many"' in page
    assert not Slice.objects.exists()


def test_a_slice_of_another_project_is_absent(client, project, lead):
    other = make_project("other")
    theirs = make_slice(other, None)
    client.force_login(lead)
    url = reverse("labeling:edit-slice", args=["shop", theirs.pk])
    assert client.get(url).status_code == client.post(url, {"do": "delete"}).status_code == 404
    assert Slice.objects.filter(pk=theirs.pk).exists()
