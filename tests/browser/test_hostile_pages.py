"""The corpus of hostile payloads on every page that shows it: nothing runs."""

import json

import pytest
from django.utils.html import escape
from playwright.sync_api import expect

from tests.browser.hostile import HostileWorld, Trap, mark_of

# (who looks, address, what the page must show of it)
PAGES = [
    ("labeler", "/", "project name; project description; prompt 0; labeler name"),
    ("labeler", "/history/", "prompt 0; rationale; project name"),
    ("labeler", "/feedback/", "new feedback; disputed feedback; dispute; prompt 0"),
    ("labeler", "/profile/", "token name"),
    ("lead", "/projects/", "project name; project description"),
    ("lead", "/projects/{slug}/", "project name"),
    ("lead", "/projects/{slug}/items/", "item id 0; item id 11; prompt 0; prompt 11"),
    (
        "lead",
        "/projects/{slug}/items/{item}/",
        "item id 0; prompt 0; system message; response 0; response 3; response key 0; "
        "generator name; rationale; error note; correction; demonstration; report; resolution; "
        "new feedback; dispute; labeler handle; picture text; transcript",
    ),
    (
        "lead",
        "/projects/{slug}/rubric/",
        "guideline; a criterion; a criterion text; a criterion anchor; an older criterion",
    ),
    ("lead", "/projects/{slug}/judging/", "flag; error label; flag description"),
    ("lead", "/projects/{slug}/people/", "labeler handle; other labeler handle"),
    ("lead", "/projects/{slug}/audit/", "event target; payload key; payload value"),
    ("lead", "/projects/{slug}/agreement/", "labeler handle; a criterion; item id 0; prompt 0"),
    ("lead", "/projects/{slug}/import/", "file name"),
    ("lead", "/projects/{slug}/attachments/", "attachment name"),
    ("lead", "/projects/{slug}/datasets/", "dataset name"),
    ("lead", "/projects/{slug}/datasets/new/", "project name"),
    ("lead", "/projects/{slug}/training/", "run name"),
    ("lead", "/projects/{slug}/training/{run}/", "run name; job error; log; warning"),
    ("lead", "/projects/{slug}/models/{version}/", "model version name; run name; card; artifact"),
    ("lead", "/jobs/{job}/", "job error; progress note; job target"),
]


@pytest.fixture
def world(settings, tmp_path):
    settings.DATA_DIR = tmp_path / "data"
    return HostileWorld()


@pytest.fixture
def look(visit, world, request):
    """`look("lead")`: a trap in a window of that person's, where the policy saves nobody unless
    the test asks for it."""

    def start(who, **options):
        at = visit(bypass_csp=getattr(request, "param", True), **options)
        return Trap(at.sign_in(getattr(world, who)))

    return start


def addresses(world):
    ids = {
        "slug": world.slug,
        "item": world.judged.pk,
        "run": world.run.pk,
        "version": world.version.pk,
        "job": world.job.pk,
    }
    return [(who, path.format(**ids), shown.split("; ")) for who, path, shown in PAGES]


def missing(page, names):
    """Which of the texts are not on the page: then it proves nothing of them."""
    html = page.content()
    return [name for name in names if mark_of(name) not in html]


def test_nothing_runs_on_any_page(look, world):
    windows = {who: look(who) for who in ("labeler", "lead")}
    wrong = {}
    for who, path, shown in addresses(world):
        trap = windows[who]
        trap.at.open(path)
        trap.provoke()
        if found := {"missing": missing(trap.at.page, shown)} | trap.caught():
            wrong[path] = found
    assert {path: found for path, found in wrong.items() if found != {"missing": []}} == {}


@pytest.mark.parametrize(
    "look", [False, True], indirect=True, ids=["with the policy", "without the policy"]
)
def test_nothing_runs_at_the_desk_in_any_of_its_views(look, world):
    trap = look("labeler")
    page = trap.at.open(f"/judge/{world.slug}/").page
    first = page.locator("#response-a")
    expect(first.locator(".rendered")).to_be_visible()
    texts = ["system message", "first turn", "prompt 1", "guideline", "flag", "error label"]
    texts += ["picture text", "transcript"]
    texts += [f"response {place}" for place in range(4)] + ["a criterion", "a criterion anchor"]
    assert missing(page, texts) == []
    # Rendered as Markdown, not shown as it stands because it would take too long.
    assert page.locator(".response .rendered > pre:only-child").count() == 0
    trap.provoke()

    page.locator("[name=rank_a]").first.focus()
    trap.at.press("m")
    expect(first.locator(".raw")).to_be_visible()
    page.locator("[name=rank_b]").first.focus()
    trap.at.press("d")
    expect(page.locator("#response-b .compare del").first).to_be_visible(timeout=30_000)
    page.locator("[name=rank_c]").first.focus()
    trap.at.press("e")
    expect(page.locator("#response-c").get_by_role("textbox")).to_be_focused(timeout=30_000)
    page.get_by_role("textbox", name="Write the response").fill(
        world.corpus.part("preview", 8_000)
    )
    page.get_by_role("button", name="Preview").click()
    preview = page.get_by_role("region", name="Preview of your response")
    expect(preview).to_contain_text(mark_of("preview"), timeout=30_000)
    for layout in ("tiers", "stacked", "columns"):
        page.get_by_label("Layout").select_option(layout)
        trap.provoke()

    assert trap.caught() == {}


def test_nothing_runs_where_a_judgment_with_everything_in_it_is_changed(look, world):
    trap = look("labeler")
    page = trap.at.open(f"/history/{world.judgment.pk}/").page
    expect(page.locator(".changes ins").first).to_be_visible()
    expect(page.locator(".marks li").first).to_contain_text(mark_of("error note"))
    assert missing(page, ["rationale", "correction", "demonstration", "error label"]) == []
    trap.provoke()
    page.get_by_role("button", name="Change").first.click()
    expect(page.get_by_role("dialog", name="Mark an error")).to_be_visible()
    trap.provoke()
    assert trap.caught() == {}


def test_nothing_runs_in_the_news_of_a_rubric(look, world):
    trap = look("other")
    world.other.membership.seen_rubric = world.project.rubric_versions.get(number=1)
    world.other.membership.save()
    page = trap.at.open(f"/judge/{world.slug}/").page
    expect(page.get_by_role("heading", level=1)).to_contain_text("The rubric has changed")
    news = ["guideline", "a criterion", "flag", "error label"]
    assert missing(page, news) == []
    trap.provoke()
    assert trap.caught() == {}


def test_nothing_runs_in_what_is_wrong_with_a_file(look, world):
    """Names of fields, ids and values come back in the reasons."""
    say = world.corpus
    row = {
        "id": say.some("wrong id"),
        "prompt": [{"role": say.some("wrong role"), "content": 1}],
        "responses": [{"id": "a", "text": "x", say.some("wrong key", 150): 1}] * 2,
        say.some("wrong field", 150): 1,
    }
    judgment = {
        "item": world.judged.external_id,
        "labeler": say.some("who", 80),
        "ranking": [[say.some("wrong response", 100)]] * 2,
    }
    trap = look("lead")
    page = trap.at.page
    for kind, rows, shown in (
        ("Items", [row, row], ["wrong file", "wrong key", "wrong field"]),
        ("Judgments", [judgment], ["wrong file", "wrong response"]),
    ):
        trap.at.open(f"/projects/{world.slug}/import/")
        page.get_by_label(kind, exact=True).check()
        page.get_by_label("JSON Lines file").set_input_files(
            {
                "name": say.some("wrong file", 120).replace("/", ""),
                "mimeType": "application/jsonl",
                "buffer": "".join(json.dumps(one) + "\n" for one in rows).encode(),
            }
        )
        page.get_by_role("button", name="Import").click()
        expect(page.get_by_role("heading", name="What is wrong")).to_be_visible()
        assert missing(page, shown) == [], page.get_by_role("table").inner_text()
        trap.provoke()
    assert trap.caught() == {}


def test_the_same_payloads_without_the_renderer_are_caught(visit, world):
    """Positive control: on a page of ours, by the same trap, each payload raw in its own frame."""
    loud = [
        text for text in world.corpus.payloads if "onerror=alert" in text or "<script>" in text
    ]
    assert len(loud) >= 50
    frames = "".join(
        f'<iframe name="payload-{number}" srcdoc="{escape(payload)}"></iframe>'
        for number, payload in enumerate(loud)
    )
    frames += '<img src="http://elsewhere.invalid/seen.png">'
    caught = {}
    for is_bypassed in (True, False):
        at = visit(bypass_csp=is_bypassed).sign_in(world.labeler)
        at.allow("")
        trap = Trap(at.open("/"))
        trap.at.page.reload()
        at.page.unroute_all()
        at.page.context.set_offline(True)  # hundreds of pictures that are not there, at once
        at.page.evaluate("html => document.body.insertAdjacentHTML('beforeend', html)", frames)
        at.page.wait_for_timeout(2_000)
        trap.provoke()
        caught[is_bypassed] = trap
    assert len(set(caught[True].calls)) >= 10, "they run"
    assert caught[True].violations == []
    assert len(caught[False].violations) >= 10, "the policy stops them, and that is seen"
    assert "http://elsewhere.invalid/seen.png" in caught[True].elsewhere
    assert all("broke out" in trap.caught() for trap in caught.values())
