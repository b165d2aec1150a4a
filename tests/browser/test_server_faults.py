"""A real server is killed, a network cut, a browser killed: the words are there afterwards, and
one judgment exists."""

import contextlib
import os
import signal
import tempfile
from pathlib import Path

import pytest
from django.db import connection, transaction
from playwright.sync_api import Error, expect

from annotation.labeling.models import Assignment, Judgment
from tests.browser.conftest import Visitor
from tests.browser.samples import FOUR
from tests.browser.serving import Gunicorn
from tests.browser.test_left_behind import CUT, take_over
from tests.browser.test_saving import kept_here, prompt, rank_all, saved, why
from tests.factories import make_item, make_member, make_project, make_prompt
from tests.faults.living import await_none, living

FIRST = "The second one answers what was asked"
REST = ", and the others only sound as if they did."
WORDS = FIRST + REST
GONE = "ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE|ERR_SOCKET|Failed to fetch"
AGAIN = 40_000  # ms: the page waits up to 30 s between two tries


@pytest.fixture
def server(transactional_db):
    gunicorn = Gunicorn()
    gunicorn.start()
    yield gunicorn
    gunicorn.kill()


@pytest.fixture
def labeler():
    project = make_project("shop", overlap=1)
    for n in range(2):
        make_item(project, FOUR, prompt=make_prompt(project, f"Item {n}."))
    return make_member(project, username="mira")


@pytest.fixture
def desk(visit, labeler):
    def start(**options):
        at = visit(**options).sign_in(labeler)
        at.open("/judge/shop/")
        expect(prompt(at)).to_contain_text("Item 0.")
        return at

    return start


def the_judgment():
    """The one there is: neither lost nor doubled, with all the words and the whole order."""
    judgment = Judgment.objects.get()
    assert judgment.rationale == WORDS
    assert [judgment.ranks[position - 1] for position in judgment.order] == [1, 2, 3, 4]
    assert Assignment.objects.filter(state__in=["submitted", "surplus"]).count() == 1
    return judgment


def expect_item(at, number):
    expect(prompt(at)).to_contain_text(f"Item {number}.", timeout=AGAIN)


def test_a_server_killed_while_somebody_types_costs_no_word(desk, server):
    at = desk()
    at.allow(GONE)
    rank_all(at)
    why(at).press_sequentially(FIRST)
    saved(at).to_have_text("Saved")

    server.kill()
    why(at).press_sequentially(REST)
    saved(at).to_have_text("Not saved yet")
    assert Assignment.objects.get(state="live").draft["rationale"] == FIRST

    server.start()
    saved(at).to_have_text("Saved", timeout=AGAIN)
    assert Assignment.objects.get(state="live").draft["rationale"] == WORDS
    at.press("Control+Enter")
    expect_item(at, 1)
    the_judgment()


def test_a_server_killed_before_it_wrote_the_judgment_gets_it_again(desk, server):
    at = desk()
    at.allow(GONE)
    rank_all(at)
    why(at).fill(WORDS)
    saved(at).to_have_text("Saved")
    with transaction.atomic():
        Assignment.objects.select_for_update().get(state="live")
        at.press("Control+Enter")
        expect_a_waiting_server(at)
        server.kill()
    expect(at.page.locator("#trouble")).to_contain_text("goes by itself")
    assert not Judgment.objects.exists()

    server.start()

    expect_item(at, 1)
    the_judgment()


def expect_a_waiting_server(at):
    """The submit is inside the server, and waits for the row that this test holds."""
    for _ in range(200):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity"
                " WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
            if cursor.fetchone()[0]:
                return
        at.page.wait_for_timeout(50)
    pytest.fail("the submit never reached the database")


def test_a_server_killed_before_it_could_answer_does_not_judge_twice(desk, server):
    at = desk()
    at.allow(GONE)
    rank_all(at)
    why(at).fill(WORDS)
    saved(at).to_have_text("Saved")
    answered = []

    def lose_the_answer(route):
        answered.append(route.fetch().status)
        server.kill()
        route.abort("connectionreset")

    at.page.route(lambda url: url.endswith(submit_path()), lose_the_answer, times=1)
    at.press("Control+Enter")
    expect(at.page.locator("#trouble")).to_contain_text("goes by itself")
    assert answered == [200]
    key = the_judgment().key

    server.start()

    expect_item(at, 1)
    assert the_judgment().key == key


def submit_path():
    return f"/judge/shop/{Assignment.objects.earliest('pk').pk}/"


def test_a_minute_without_a_network_costs_no_word(visit, labeler):
    at = visit().sign_in(labeler)
    at.allow(CUT)
    at.page.clock.install()
    at.open("/judge/shop/")
    expect_item(at, 0)
    rank_all(at)
    why(at).press_sequentially(FIRST)
    at.page.clock.run_for(1_000)
    saved(at).to_have_text("Saved")

    at.page.context.set_offline(True)
    why(at).press_sequentially(REST)
    at.page.clock.run_for(60_000)
    saved(at).to_have_text("Not saved yet")
    assert Assignment.objects.get(state="live").draft["rationale"] == FIRST

    at.page.context.set_offline(False)
    at.page.clock.run_for(31_000)  # the longest wait before the next try
    saved(at).to_have_text("Saved")
    assert Assignment.objects.get(state="live").draft["rationale"] == WORDS
    at.press("Control+Enter")
    expect_item(at, 1)
    the_judgment()


class KilledBrowser:
    """A browser with a profile on the disk, ended as a power cut ends it, and opened again."""

    def __init__(self, browser_type, options, folder, server, labeler):
        self.browser_type, self.options, self.folder = browser_type, options, folder
        self.server, self.labeler = server, labeler
        self.said = []

    def open(self):
        self.context = self.browser_type.launch_persistent_context(self.folder, **self.options)
        at = Visitor(self.context.pages[0], self.server).sign_in(self.labeler)
        at.allow(CUT)
        self.at = at
        return at

    def kill(self):
        """Once Chromium has written what the page keeps to the disk, which it does on its own."""
        end = 60 * 20
        store = self.folder / "Default" / "Local Storage" / "leveldb"
        while not any(REST.encode() in log.read_bytes() for log in store.glob("*.log")):
            assert (end := end - 1), "the words never reached the disk"
            self.at.page.wait_for_timeout(50)
        self.said += self.at.unexpected()
        for pid in living(self.folder):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        assert not await_none(self.folder, seconds=20)
        with contextlib.suppress(Error):
            self.context.close()

    def close(self):
        self.said += self.at.unexpected()
        self.context.close()
        assert self.said == [], "the console must stay clean"


@pytest.fixture
def killable(visit, browser_type, browser_type_launch_args, server, labeler):
    """`visit` is asked for with it: it marks the test as one in a browser."""
    with tempfile.TemporaryDirectory(prefix="concord-chromium-") as folder:
        options = {**browser_type_launch_args, "viewport": {"width": 1280, "height": 800}}
        made = KilledBrowser(browser_type, options, Path(folder), server, labeler)
        yield made
        made.close()


def write_offline(killable):
    at = killable.open().open("/judge/shop/")
    expect_item(at, 0)
    at.page.context.set_offline(True)
    rank_all(at)
    why(at).fill(WORDS)
    kept_here(at, REST)
    return at


def submit_offline(killable):
    at = write_offline(killable)
    at.press("Control+Enter")
    expect(at.page.locator("#trouble")).to_contain_text("goes by itself")


def test_a_browser_killed_without_a_network_has_the_words_when_it_is_opened_again(killable):
    write_offline(killable)
    killable.kill()
    assert not Assignment.objects.get().draft

    at = killable.open().open("/judge/shop/")

    expect(at.page.get_by_text("is back")).to_be_visible()
    expect(why(at)).to_have_value(WORDS)
    saved(at).to_have_text("Saved")
    assert not Judgment.objects.exists(), "nobody has submitted it"
    at.press("Control+Enter")
    expect_item(at, 1)
    the_judgment()


def test_what_was_submitted_without_a_network_goes_when_the_killed_browser_is_back(killable):
    submit_offline(killable)
    killable.kill()
    assert not Judgment.objects.exists()

    at = killable.open().open("/judge/shop/")

    expect(at.page.get_by_text("without a connection has arrived")).to_be_visible()
    expect_item(at, 1)
    the_judgment()
    at.open("/judge/shop/")
    expect_item(at, 1)
    expect(at.page.get_by_text("without a connection")).to_have_count(0)
    the_judgment()


def test_it_goes_as_surplus_where_somebody_else_had_the_item_meanwhile(killable, labeler):
    submit_offline(killable)
    killable.kill()
    first = Assignment.objects.get()
    take_over(first.item)

    at = killable.open().open("/judge/shop/")

    expect(at.page.get_by_text("without a connection has arrived")).to_be_visible()
    expect_item(at, 1)
    late = Judgment.objects.get(labeler=labeler)
    assert (late.item, late.is_surplus, late.rationale) == (first.item, True, WORDS)
    assert Judgment.objects.count() == 2
