"""The import page in a browser: a file in, errors read, everything accessible."""

import json

import pytest
from playwright.sync_api import expect

from annotation.projects.models import Membership
from tests.factories import make_member, make_project

ITEM = {
    "id": "x1",
    "prompt": "Name a prime.",
    "responses": [{"id": "a", "text": "11"}, {"id": "b", "text": "12"}],
}


@pytest.fixture
def project():
    return make_project("shop")


def open_page(visit, project, **options):
    at = visit(**options).sign_in(make_member(project, Membership.Role.ENGINEER))
    return at.open("/projects/shop/import/")


def bring(at, tmp_path, *rows):
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    at.page.get_by_label("JSON Lines file").set_input_files(path)
    at.page.get_by_role("button", name="Import").click()


def test_a_file_is_refused_by_line_then_comes_in_corrected(visit, project, tmp_path):
    at = open_page(visit, project)
    wrong = {**ITEM, "responses": [{"id": "a", "text": True}, {"id": "b", "text": "12"}]}
    bring(at, tmp_path, ITEM, {**wrong, "id": "x2"})

    expect(at.page.get_by_role("alert")).to_contain_text("1 error in 2 lines")
    expect(at.page.get_by_role("row", name="2 responses[0].text")).to_be_visible()
    assert not project.items.exists()

    at.page.get_by_role("link", name="Import another file").click()
    at.page.get_by_label("Turn numbers and booleans").check()
    bring(at, tmp_path, ITEM, {**wrong, "id": "x2"})
    expect(at.page.locator("main").get_by_role("status")).to_contain_text("Imported 2 items")
    assert project.items.count() == 2


def test_the_import_pages_are_accessible_and_fit(visit, project, tmp_path):
    at = open_page(visit, project)
    bring(at, tmp_path, {"id": 1})
    expect(at.page.get_by_role("alert")).to_be_visible()
    for shown in ("Import another file", "rows.jsonl"):  # the result; the form, with what came in
        link = at.page.get_by_role("link", name=shown)
        expect(link).to_be_visible()
        assert at.faults() == []
        link.click()
