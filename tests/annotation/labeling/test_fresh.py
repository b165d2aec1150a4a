"""A page put together from drawn parts is, letter for letter, the page that the template draws."""

import re
import uuid

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.translation import override
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from annotation.core.markup import render_untrusted
from annotation.labeling.answers import Undo, render_desk
from annotation.labeling.bench import Bench, fresh
from annotation.labeling.bench.cards import LONG_RESPONSE
from annotation.labeling.bench.fresh import fresh_fragment, is_fresh
from annotation.labeling.desk import LETTERS, Card, Desk, Turn
from annotation.labeling.models import Assignment, Item
from annotation.projects.models import Project
from annotation.projects.services import (
    CriterionSpec,
    TagSpec,
    current_rubric,
    publish_rubric,
)
from annotation.prompts.attachments.references import Attached
from tests.factories import make_item, make_member, make_project, make_user

pytestmark = pytest.mark.django_db

TOKEN = re.compile(r'(name="csrfmiddlewaretoken" value=")([^"]+)')
HOSTILE = [
    "<script>alert(1)</script>",
    "</div></article></form><main>",
    '"><img src=x onerror=alert(1)>',
    "{{ bench.key }} {% csrf_token %} {# x #} {html} {raw} %(letter)s \\1 \\g<0> $1",
    "&amp; &lt;b&gt; ' \" ` &",
    "שלום ‮evil‬ مرحبا\u200f",
    "zero\u200bwidth\u00ad \x07 \x1b[31m",
    "line\r\nend\rs\n\n\nand\u2028more",
    "emoji 👩‍👩‍👧‍👦 and 𝔘𝔫𝔦𝔠𝔬𝔡𝔢",
    "# Title\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```python\nprint('<b>')\n```\n\n$x^2$",
    " ",
    "",
    "x" * (LONG_RESPONSE + 1),
    "card A",
]
PICTURE = Attached("a" * 64, "/p/a/", "image/png", 10, 20, 30, 'A "picture" <b>', 1)
SETTINGS = {
    "usual": {},
    "top of three": {"ordering": "partial", "top_k": 3, "has_floor": False},
    "partial": {"ordering": "partial", "asks_strength": False},
    "scale": {"ordering": "scale", "scale_points": 9},
    "scale alone": {"ordering": "scale", "scale_points": 4, "has_both": False},
    "no order": {"ordering": "none", "rationale": "off"},
    "everything asked": {
        "rationale": "required",
        "confidence": "required",
        "demonstration": "always",
        "allows_corrections": True,
        "allows_recording": True,
        "name": 'Nasty <b>"name"</b> & {{ co }}',
    },
    "little asked": {"rationale": "off", "guideline": "", "criteria": ()},
    "named errors": {
        "demonstration": "fallback",
        "flags": [TagSpec("unsafe", "Un<safe>", 'Says "why"'), TagSpec("other", "Other")],
        "error_labels": [TagSpec("fact", "Wrong <fact>", "It is not so.")],
        "criteria": [
            CriterionSpec(
                "ok", "Is it <ok>?", scale_min=0, scale_max=1, is_yes_no=True, allows_na=True
            ),
            CriterionSpec("deep", "Depth", scale_min=0, scale_max=10, is_required=True),
        ],
    },
}
PREFERENCES = [
    {},
    {"keys": {"skip": '"', "undo": "<"}, "advances": False, "break_minutes": 0},
    {"has_keys": False, "density": "compact"},
]

texts = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=200).map(lambda t: t.strip("\0")))
attachments = st.sampled_from([(), (), (), (PICTURE,), (PICTURE, PICTURE)])


@st.composite
def desks(draw):
    roles = st.sampled_from(["user", "user", "assistant", "system", "developer", "tool", "odd<b>"])
    turns = [
        Turn(draw(roles), text, render_untrusted(text), draw(attachments))
        for text in draw(st.lists(texts, min_size=1, max_size=4))
    ]
    shown = draw(st.lists(texts, max_size=9))
    cards = [
        Card(
            letter=LETTERS[n],
            position=n + 1,
            key="abcdefghi"[n],
            text=text,
            html=render_untrusted(text),
            equal_to=draw(st.sampled_from(["", "", "", "A"])),
            attachments=draw(attachments),
        )
        for n, text in enumerate(shown)
    ]
    return Desk(turns=turns, cards=cards)


def lent(project, **fields):
    item = Item(pk=7, project=project, state=fields.pop("state", Item.State.OPEN))
    return Assignment(
        **{"pk": 4711, "project": project, "item": item, "key": uuid.uuid4(), "token": 3} | fields
    )


def asked(rf, user, path="/judge/x/1/"):
    request = rf.post(path)
    request.user = user
    request.htmx = True
    return request


def drawn(request, assignment, desk, undo):
    """What the template makes of it, with the token of each of its forms left out."""
    rubric = current_rubric(assignment.project)
    bench = Bench(assignment, desk, rubric, is_whole_page=False)
    page = render_desk(request, assignment.project, bench, undo=undo).content.decode()
    return TOKEN.sub(r"\1", page)


def put_together(request, assignment, desk, undo):
    rubric = current_rubric(assignment.project)
    page = fresh_fragment(request, assignment, desk, rubric, undo)
    return TOKEN.sub(r"\1", page)


@pytest.mark.parametrize("name", SETTINGS)
@settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    desk=desks(),
    language=st.sampled_from(["en", "de"]),
    preferences=st.sampled_from(PREFERENCES),
    undo=st.sampled_from([None, Undo('Sub<mit>ted & "done".', "/judge/x/9/undo/")]),
    pk=st.integers(1, 2**62),
)
def test_it_is_the_page_that_the_template_draws(rf, name, desk, language, preferences, undo, pk):
    project = _project(name)
    request = asked(rf, make_user(preferences=preferences), f"/judge/a b&c/{pk}/")
    assignment = lent(project, pk=pk, token=pk % 2_000_000_000)

    with override(language):
        wanted = drawn(request, assignment, desk, undo)
        made = put_together(request, assignment, desk, undo)

    assert made == wanted
    assert str(assignment.key) in made
    assert f"/{pk}/" in made


def _project(name):
    """Each is made once in the test's transaction, whose examples share it."""
    slug = name.replace(" ", "-")
    return Project.objects.filter(slug=slug).first() or make_project(slug, **SETTINGS[name])


@pytest.fixture
def project():
    return make_project("p")


@pytest.fixture
def user():
    return make_user("vera")


def two(*texts):
    cards = [
        Card(letter, n, letter, text, render_untrusted(text))
        for n, (letter, text) in enumerate(zip(LETTERS, texts, strict=False), start=1)
    ]
    return Desk([Turn("user", "Which?", render_untrusted("Which?"))], cards)


def test_every_kind_of_text_goes_into_its_own_place(rf, project, user):
    page = put_together(asked(rf, user), lent(project), two(*HOSTILE[:9]), None)

    assert page == drawn(
        asked(rf, user), lent(project, key=_key_in(page)), two(*HOSTILE[:9]), None
    )
    places = [page.index(f'id="response-{letter}"') for letter in "abcdefghi"]
    assert places == sorted(places)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page[places[0] : places[1]]
    assert "<script" not in page


def _key_in(page):
    return uuid.UUID(re.search(r'name="key" value="([^"]+)', page)[1])


def test_the_token_is_the_one_of_the_person_who_asks(project):
    """Of three items the first is judged with the page's token, the others with the fragments'."""
    for _ in range(10):
        make_item(project, ("Left.", "Right."), overlap=2)
    tokens = {}
    for name in ("vera", "otto"):
        client = Client(enforce_csrf_checks=True)
        client.force_login(make_member(project, username=name))
        page = client.get(reverse("labeling:judge", args=[project.slug]))
        for _ in range(3):
            assert page.status_code == 200
            page = _submit(client, page, _token_in(page))
        tokens[client] = _token_in(page)
    mine, others = tokens.values()

    assert mine != others
    assert _submit(client, page, mine).status_code == 403
    assert _submit(client, page, others).status_code == 200


def _token_in(page):
    (token,) = {token for _, token in TOKEN.findall(page.content.decode())}
    return token


def _submit(client, page, token):
    html = page.content.decode()
    form = {"key": _key_in(html), "rank_a": 1, "rank_b": 2, "csrfmiddlewaretoken": token}
    address = re.search(r'action="(/judge/[^"]+?/\d+/)"', html)[1]
    headers = {"HX-Request": "true", "HX-Request-Type": "partial"}
    return client.post(address, form, headers=headers)


def test_a_changed_setting_or_rubric_or_language_is_seen_at_once(rf, project, user):
    def page(language="en"):
        with override(language):
            return put_together(asked(rf, user), lent(project), two("a", "b"), None)

    first = page()
    assert "Unacceptable" in first
    assert "No word of this." not in first
    assert page("de") != first

    project.has_floor = False
    assert "Unacceptable" not in page()
    project.name = "Renamed"
    assert "Renamed" in page()
    publish_rubric(project=project, guideline="No word of this.", criteria=())
    assert "No word of this." in page()


def test_what_one_labeler_sees_holds_nothing_of_another(rf, project):
    def page(user, text, pk):
        desk = two(text, "b")
        return put_together(
            asked(rf, user), lent(project, pk=pk), desk, Undo("Done.", f"/u/{pk}/")
        )

    mine = page(make_user("vera"), "MINE", 1111)
    other = page(make_user("otto"), "OTHER", 2222)

    assert "MINE" in mine
    assert "1111" in mine
    assert "OTHER" in other
    assert "MINE" not in other
    assert "1111" not in other


def test_nothing_of_the_drawing_is_left_on_the_page(rf, project, user):
    page = put_together(asked(rf, user), lent(project), two("a", "b"), Undo("Done.", "/u/1/"))
    key = _key_in(page)

    assert re.findall(r"\d{18}", page.replace(str(key), "")) == []
    assert re.findall(r"[0-9a-f]{32}", page) == []


def test_only_what_is_drawn_is_kept_and_only_so_much_of_it(rf, user):
    before = fresh._drawn.cache_info()
    project = make_project("kept")
    for text in ("a", "b", "c"):
        put_together(asked(rf, user), lent(project), two(text, text * 2), None)
    after = fresh._drawn.cache_info()

    assert after.misses == before.misses + 1
    assert after.hits >= before.hits + 2
    assert after.maxsize is not None


@pytest.mark.parametrize(
    "fields",
    [{"draft": {"rank_a": "1"}}, {"draft": {"shown": "1"}}, {"draft_at": "2026-01-01"},
     {"state": Item.State.WITHDRAWN}],
)  # fmt: skip
def test_what_was_entered_or_withdrawn_is_not_fresh(project, fields):
    assert is_fresh(lent(project))
    assert not is_fresh(lent(project, **fields))
