"""A lead's first day, from an empty site to the export of hours, through the pages alone: the lead
in Chromium, fifty labelers by requests of their own. Nobody opens a shell."""

import csv
import json
import os
import re
from random import Random

import pytest
from playwright.sync_api import expect

from annotation.labeling.models import Feedback, Judgment, Purpose
from annotation.projects.models import Membership
from tests.browser.crowd import PASSWORD, Labeler, do_waiting_jobs, mailed_paths
from tests.factories import make_user

pytestmark = pytest.mark.slow

# `make first-day` takes the whole crowd; every run of the tests a small one.
IS_WHOLE = bool(os.environ.get("WHOLE_DAY"))
LABELERS, FAILING, ITEMS, OVERLAP = (50, 3, 500, 3) if IS_WHOLE else (12, 3, 40, 3)
SLUG = "first-light"


def line(name, **more):
    """An item of three responses; how good each is stands in it."""
    qualities = Random(name).sample(range(1, 10), 3)
    return {
        "id": name,
        "prompt": f"What would you rather have read about {name}?",
        "responses": [
            {"id": key, "text": f"An answer of quality {quality} to {name}."}
            for key, quality in zip("abc", qualities, strict=True)
        ],
    } | more


def bring(at, tmp_path, lines):
    path = tmp_path / f"{lines[0]['id']}.jsonl"
    path.write_text("".join(json.dumps(one) + "\n" for one in lines))
    at.open(f"/projects/{SLUG}/import/")
    at.page.get_by_label("JSON Lines file").set_input_files(path)
    at.page.get_by_role("button", name="Import").click()
    at.page.wait_for_load_state()
    do_waiting_jobs()


def sign_in(at, name):
    at.open("/")
    at.page.get_by_label("User name").fill(name)
    at.page.get_by_label("Password", exact=True).fill(PASSWORD)
    at.page.get_by_role("button", name="Sign in", exact=True).click()


def begin_a_project(at):
    expect(at.page.get_by_role("heading", name="Welcome to Concord")).to_be_visible()
    at.page.get_by_role("link", name="Create your first project").click()
    at.page.get_by_label("Name", exact=True).fill("First light")
    at.page.get_by_role("radio", name="Helpful, honest, harmless").check()
    at.page.get_by_role("button", name="Create the project").click()
    expect(at.page.get_by_role("heading", name="First light")).to_be_visible()


def write_the_rubric(at):
    at.open(f"/projects/{SLUG}/rubric/draft/")
    at.page.get_by_role("textbox", name="Guideline").fill("Read all of it, then rank.")
    at.page.get_by_role("button", name="Publish …").click()
    at.page.get_by_role("textbox", name="What changed").fill("In our own words.")
    at.page.get_by_role("button", name="Publish", exact=True).click()
    expect(at.page.get_by_role("heading", name="Version 2")).to_be_visible()


def invite_a_lead(at, visit):
    at.open(f"/projects/{SLUG}/people/invite/")
    at.page.locator("#id_link_role").select_option(Membership.Role.LEAD)
    at.page.get_by_role("button", name="Make a link").click()
    link = at.page.get_by_label("Link of the invitation").input_value()
    lead = visit()
    lead.open("/" + link.split("/", 3)[3])
    lead.page.get_by_label("User name").fill("lena")
    for field in lead.page.locator("input[type=password]").all():
        field.fill(PASSWORD)
    lead.page.locator("main").get_by_role("button").first.click()
    expect(lead.page.get_by_role("heading", name="First light")).to_be_visible()
    return lead


def invite_all(at, people):
    rows = "".join(f"{one.name}@labelers.example\n" for one in people)
    at.open(f"/projects/{SLUG}/people/invite/")
    at.page.get_by_label("E-mail addresses").fill("email\n" + rows)
    at.page.get_by_role("button", name="Send the invitations").click()
    expect(at.page.get_by_role("heading", level=1)).to_be_visible()
    do_waiting_jobs()
    paths = mailed_paths()
    assert len(paths) == len(people)
    for one, path in zip(people, paths, strict=True):
        one.accept(path)
    at.open(f"/projects/{SLUG}/people/invitations/?state=accepted")
    expect(at.page.get_by_role("row")).to_have_count(1 + min(50, 1 + len(people)))


def known(name, **more):
    """The answer to an item of `line`: best first."""
    said = line(name)["responses"]
    best_first = sorted(said, key=lambda one: one["text"], reverse=True)  # of one digit each
    return {"item": name, "ranking": [[one["id"]] for one in best_first]} | more


TRAINING = [f"lesson-{number}" for number in (1, 2)]
TEST = [f"exam-{number}" for number in (1, 2, 3, 4)]


def set_up_the_ladder(at, tmp_path):
    """Two lessons with explanations, a test of four items with a mark, and no probation."""
    bring(at, tmp_path, [line(name) for name in (*TRAINING, *TEST)])
    at.open(f"/projects/{SLUG}/qualification/rules/")
    at.page.locator("#new-name").fill("Reading")
    at.page.locator("#new-mark").fill("75")
    at.page.locator("#add-section").click()
    expect(at.page.get_by_role("heading", name="Test: Reading")).to_be_visible()
    answers = tmp_path / "answers.jsonl"
    rows = [known(name, use="training", explanation="Count it.") for name in TRAINING]
    rows += [known(name, use="test", section="Reading") for name in TEST]
    answers.write_text("".join(json.dumps(row) + "\n" for row in rows))
    at.page.locator("#add-file").set_input_files(answers)
    at.page.get_by_role("button", name="Add the file").click()
    expect(at.page.get_by_text("6 items were added.")).to_be_visible()
    at.page.locator("input[name=first_stage][value=training]").check()
    at.page.get_by_label("Items judged on probation").fill("0")
    at.page.locator("#save-rules").click()
    expect(at.page.get_by_text("Saved.")).to_be_visible()


def qualify(at, people):
    """Everybody learns and is tested; those who see it upside down fail."""
    for one in people:
        one.slips, usual = 0.0, one.slips
        assert one.judge(SLUG, most=len(TRAINING)) == len(TRAINING)
        one.post("labeling:start-test", SLUG)
        assert one.judge(SLUG, most=len(TEST)) == len(TEST)
        one.slips = usual
    stages = Membership.objects.filter(user__in=[one.user for one in people])
    assert stages.filter(stage=Membership.Stage.FULL).count() == len(people) - FAILING
    at.open(f"/projects/{SLUG}/qualification/?stage=test")
    expect(at.page.get_by_role("link", name="labeler-0", exact=False)).to_have_count(FAILING)


def calibrate(at, people):
    """Everybody judges the same three items, then it is revealed, talked about and settled."""
    at.open(f"/projects/{SLUG}/calibration/")
    at.page.get_by_role("link", name="New round").first.click()
    at.page.get_by_label("Name", exact=True).fill("The first three")
    at.page.get_by_role("textbox", name="Items").fill("shared-1\nshared-2\nshared-3")
    at.page.get_by_role("button", name="Save the draft").click()
    at.page.get_by_role("button", name="Open it").click()
    expect(at.page.get_by_text("Who has judged")).to_be_visible()
    for one in people:
        assert one.judge(SLUG, most=4) == 4  # one item of work lay on the desk
    at.page.reload()
    at.page.get_by_role("button", name="Reveal to everybody in it").click()
    at.page.get_by_role("link", name="about shared-1").click()
    expect(at.page.get_by_role("heading", name="Side by side")).to_be_visible()
    here = at.page.url.removeprefix(at.server.url)
    round_id, place = map(int, re.findall(r"(\d+)", here.split(SLUG)[1]))
    people[0].post("labeling:write-calibration-post", SLUG, round_id, place, text="I count them.")
    at.open(here)
    expect(at.page.get_by_text("I count them.")).to_be_visible()
    at.page.get_by_label("What do you say?").fill("So do I: *the number* says it.")
    at.page.get_by_role("button", name="Post", exact=True).click()
    expect(at.page.locator(".thread em")).to_have_text("the number")
    at.page.get_by_role("button", name="This is what we agreed on").click()
    at.page.get_by_text("Make it a gold item").click()
    at.page.get_by_role("button", name="Make it gold").click()
    expect(at.page.get_by_role("link", name="Known answer")).to_be_visible()


def adjudicate(at, people):
    """Settle the largest disagreement, send a judgment of the next one back to its labeler."""
    at.open(f"/projects/{SLUG}/review/")
    at.page.get_by_role("button", name="Refresh").click()
    at.page.get_by_role("link", name="Review the first").click()
    form = at.page.locator("#settle")
    for place, row in enumerate(form.locator("tr[data-row]").all(), start=1):
        row.get_by_role("radio").nth(place - 1).check(force=True)
    at.page.get_by_role("textbox", name="Why it is settled so").fill("Read the numbers in it.")
    at.page.get_by_role("button", name="Settle it so").click()
    expect(at.page.get_by_text("Those who judged it are told.")).to_be_visible()
    at.open(f"/projects/{SLUG}/review/next/")
    judge = at.page.locator("li.panel").first
    judge.get_by_text("Return it with feedback").click()
    judge.get_by_role("textbox").fill("Look again at the first.")
    judge.get_by_role("button", name="Return it").click()
    expect(at.page.get_by_text("The labeler finds it as feedback.")).to_be_visible()
    told = Feedback.objects.get(text="Look again at the first.")
    reader = next(one for one in people if one.user == told.labeler)
    assert "Look again at the first." in reader.get("labeling:list-feedback")


def export_hours(at) -> list[dict]:
    at.open(f"/projects/{SLUG}/costs/")
    with at.page.expect_download() as waiting:
        at.page.get_by_role("link", name="Export for pay").click()
    return list(csv.DictReader(waiting.value.path().read_text(encoding="utf-8-sig").splitlines()))


def test_a_leads_first_day(visit, tmp_path):
    make_user("root", is_superuser=True, is_staff=True, password=PASSWORD)
    crowd = [
        Labeler(f"labeler-{number:02}", slips=0.15, is_upside_down=number <= FAILING)
        for number in range(1, LABELERS + 1)
    ]
    admin = visit()
    sign_in(admin, "root")
    begin_a_project(admin)
    lead = invite_a_lead(admin, visit)
    write_the_rubric(lead)
    bring(lead, tmp_path, [line(f"item-{number:03}") for number in range(1, ITEMS + 1)])
    set_up_the_ladder(lead, tmp_path)
    invite_all(lead, crowd)
    qualify(lead, crowd)
    people = [one for one in crowd if not one.is_upside_down]
    bring(lead, tmp_path, [line(f"shared-{number}") for number in (1, 2, 3)])
    calibrate(lead, people)
    while sum(one.judge(SLUG, most=20) for one in crowd):
        pass

    judged = Judgment.objects.filter(project__slug=SLUG)
    assert judged.filter(purpose=Purpose.WORK).count() == ITEMS * OVERLAP
    assert judged.filter(purpose=Purpose.CALIBRATION).count() == 3 * len(people)
    failed = judged.filter(labeler__in=[one.user for one in crowd if one.is_upside_down])
    assert set(failed.values_list("purpose", flat=True)) == {Purpose.TRAINING, Purpose.TEST}
    adjudicate(lead, people)
    rows = export_hours(lead)
    assert len({row["labeler"] for row in rows}) == LABELERS
    assert sum(int(row["judgments"]) for row in rows) == judged.count()
