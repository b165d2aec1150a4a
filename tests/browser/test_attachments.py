"""Pictures, sounds and a recorded voice in Chromium."""

import io
import json

import pytest
from playwright.sync_api import expect

from annotation.labeling.imports.services import import_file
from annotation.labeling.models import Assignment, Judgment
from annotation.prompts.attachments.services import attach
from annotation.prompts.models import Attachment
from tests.factories import make_item, make_member, make_project
from tests.media import PDF, picture, sound

NO_MICROPHONE = """() => {
  navigator.mediaDevices.getUserMedia = () => Promise.reject(new Error("denied"));
}"""


@pytest.fixture(autouse=True)
def data_folder(settings, tmp_path):
    settings.DATA_DIR = tmp_path


@pytest.fixture
def talk(visit):
    """The desk of a project whose rationale may be spoken."""
    project = make_project("talk", allows_recording=True, rationale="required", overlap=1)
    make_item(project, external_id="x1")
    make_item(project, external_id="x2")
    at = visit().sign_in(make_member(project)).open("/judge/talk/")
    expect(at.page.get_by_role("button", name="Speak it")).to_be_visible()
    return at


def begin(at):
    at.page.get_by_role("button", name="Speak it").click()
    expect(at.page.locator("#recording [role=status]")).to_have_text("Recording")
    at.until("document.querySelector('[data-act=speak]').textContent.includes('0:01')")


def record(at):
    begin(at)
    at.page.get_by_role("button", name="Stop").click()


def heard(at):
    expect(at.page.locator("#recording audio")).to_be_visible()
    return at.page.locator("#recording [role=status]")


def test_a_voice_is_recorded_kept_and_submitted(talk):
    record(talk)
    expect(heard(talk)).to_have_text("The recording is kept with your judgment.")
    talk.until("document.querySelector('#recording audio').readyState > 0")  # it can be played
    talk.until("document.getElementById('saved').textContent === 'Saved'")
    assert Assignment.objects.live().get().draft["recording"] == Attachment.objects.get().sha256
    bad, passed = talk.violations()
    assert bad == []
    assert passed > 20
    talk.page.locator(".response").first.locator(".rank input").first.focus()
    talk.press("1", "2", "Control+Enter")
    expect(talk.page.get_by_role("button", name="Speak it")).to_be_visible()
    judgment = Judgment.objects.get()
    assert judgment.recording == Attachment.objects.get().sha256
    assert Attachment.objects.get().media_type == "audio/webm"
    assert judgment.rationale == ""


def test_a_submit_waits_for_the_recording(talk):
    talk.press("1", "2")
    begin(talk)
    talk.press("Control+Enter")
    expect(talk.page.locator("#recording [role=status]")).to_contain_text("Stop the recording")
    assert not Judgment.objects.exists()
    talk.page.get_by_role("button", name="Stop").click()
    heard(talk)
    talk.press("Control+Enter")
    expect(talk.page.get_by_role("button", name="Speak it")).to_be_visible()
    assert Judgment.objects.get().recording


def test_what_was_said_offline_goes_when_the_network_is_back(talk):
    talk.allow("ERR_INTERNET_DISCONNECTED")
    begin(talk)
    talk.page.context.set_offline(True)
    talk.page.get_by_role("button", name="Stop").click()
    expect(talk.page.locator("#recording [role=status]")).to_contain_text("stays in this browser")
    assert not Attachment.objects.exists()
    talk.page.context.set_offline(False)
    heard(talk)
    assert Attachment.objects.count() == 1


def spoken_offline(at):
    at.allow("ERR_INTERNET_DISCONNECTED")
    begin(at)
    at.page.context.set_offline(True)
    at.page.get_by_role("button", name="Stop").click()
    expect(at.page.get_by_role("button", name="Send it again")).to_be_visible()


def test_what_did_not_arrive_comes_back_with_its_item_on_another_page(talk):
    spoken_offline(talk)
    address = talk.page.url
    talk.page.goto("about:blank")
    talk.page.context.set_offline(False)
    talk.page.goto(address)
    heard(talk)
    assert Assignment.objects.live().get().draft["recording"] == Attachment.objects.get().sha256
    talk.until("!localStorage.getItem('concord:voices')")


def test_what_was_said_of_one_item_is_never_taken_for_another(talk):
    talk.allow("Failed to load resource")
    talk.page.route("**/recording/", lambda route: route.abort())
    begin(talk)
    talk.page.get_by_role("button", name="Stop").click()
    expect(talk.page.get_by_role("button", name="Send it again")).to_be_visible()
    first = Assignment.objects.live().get()
    talk.page.unroute("**/recording/")
    talk.press("Escape", "s", "1")
    expect(talk.page.get_by_role("button", name="Speak it")).to_be_visible()
    assert Assignment.objects.live().get() != first
    talk.page.evaluate("dispatchEvent(new Event('online'))")
    talk.page.locator(".response").first.locator(".rank input").first.focus()
    talk.press("1", "2")
    talk.page.locator("#rationale").fill("My words.")
    talk.press("Control+Enter")
    talk.until("!document.getElementById('recording')")  # nothing is left
    assert Judgment.objects.get().recording is None
    assert not Attachment.objects.exists()


def test_it_can_be_discarded_where_it_cannot_be_sent(talk):
    spoken_offline(talk)
    talk.page.get_by_role("button", name="Discard it").click()
    expect(talk.page.get_by_role("button", name="Speak it")).to_be_focused()
    talk.page.context.set_offline(False)
    talk.until("!localStorage.getItem('concord:voices')")
    assert not Attachment.objects.exists()


@pytest.mark.parametrize("status", [404, 413])
def test_what_the_server_does_not_take_blocks_nothing(talk, status):
    talk.allow(str(status))
    talk.page.route("**/recording/", lambda route: route.fulfill(status=status))
    begin(talk)
    talk.page.get_by_role("button", name="Stop").click()
    said = talk.page.locator("#recording [role=status]")
    expect(said).to_contain_text("does not take this recording")
    talk.page.locator("#rationale").fill("In words, then.")
    talk.page.locator(".response").first.locator(".rank input").first.focus()
    talk.press("1", "2", "Control+Enter")
    expect(talk.page.locator("#rationale")).to_have_value("")
    assert Judgment.objects.get().rationale == "In words, then."


def test_it_can_be_taken_out_again(talk):
    record(talk)
    heard(talk)
    talk.page.get_by_role("button", name="Take it out").click()
    expect(talk.page.locator("#recording [role=status]")).to_have_text(
        "The recording is taken out."
    )
    expect(talk.page.locator("[name=recording]")).to_have_count(0)
    expect(talk.page.get_by_role("button", name="Speak it")).to_be_focused()


def test_a_sound_file_does_as_well_and_what_is_none_is_refused(talk):
    talk.allow("422")
    with talk.page.expect_file_chooser() as chooser:
        talk.page.get_by_role("button", name="Sound file").click()
    chooser.value.set_files({"name": "v.wav", "mimeType": "audio/wav", "buffer": b"<svg/>"})
    expect(talk.page.locator("#recording [role=status]")).to_contain_text("no sound")
    with talk.page.expect_file_chooser() as chooser:
        talk.page.get_by_role("button", name="Sound file").click()
    chooser.value.set_files({"name": "v.wav", "mimeType": "audio/wav", "buffer": sound(1)})
    heard(talk)


def test_without_a_microphone_it_says_what_to_do(talk):
    talk.page.evaluate(NO_MICROPHONE)
    talk.page.get_by_role("button", name="Speak it").click()
    expect(talk.page.locator("#recording [role=status]")).to_contain_text("microphone")


def test_pictures_sounds_and_papers_stand_in_their_places(visit):
    project = make_project("gallery", overlap=1)
    for name, body in {
        "cat.png": picture(1200, 300),
        "voice.wav": sound(1),
        "paper.pdf": PDF,
    }.items():
        attach(project=project, stream=io.BytesIO(body), actor=None, name=name)
    question = [{"file": "cat.png", "transcript": "A cat on a wall."}]
    row = {
        "id": "x1",
        "prompt": [{"role": "user", "content": "What is it?", "attachments": question}],
        "responses": [
            {"id": "a", "text": "", "attachments": [{"file": "voice.wav"}]},
            {"id": "b", "text": "A cat.", "attachments": [{"file": "paper.pdf"}]},
        ],
    }
    stream = io.BytesIO(json.dumps(row).encode())
    assert import_file(project=project, kind="items", stream=stream).state == "done"
    for width in (1280, 360):
        at = visit(viewport={"width": width, "height": 800}).sign_in(make_member(project))
        at.open("/judge/gallery/")
        picture_at = at.page.get_by_role("img", name="A cat on a wall.")
        expect(picture_at).to_be_visible()
        at.until("document.querySelector('.attachment img').complete")
        box = picture_at.bounding_box()
        assert abs(box["width"] / box["height"] - 4) < 0.1
        at.page.locator("audio").scroll_into_view_if_needed()
        at.until("document.querySelector('audio').readyState > 0")
        expect(at.page.get_by_role("link", name="PDF 1")).to_be_visible()
        assert at.page.evaluate("document.documentElement.scrollWidth") <= width
        assert at.violations()[0] == []
        at.page.context.clear_cookies()
        Assignment.objects.all().delete()
        project.items.update(taken=0)


@pytest.mark.parametrize("declared", ["text/html", "image/svg+xml"])
def test_a_type_that_lies_runs_nothing(visit, declared):
    """HTML behind the first bytes of a picture, opened as a page of our own origin."""
    project = make_project("lies")
    polyglot = picture() + b"<html><body><script>document.title = 'fired'</script></body></html>"
    upload = io.BytesIO(polyglot)
    row, _ = attach(project=project, stream=upload, actor=None, name="lie.html")
    at = visit().sign_in(make_member(project))
    at.allow("Applying inline style")  # the browser's own frame around a picture
    at.page.set_extra_http_headers({"Accept": declared})
    at.open(f"/projects/lies/attachments/{row.sha256}/")
    assert at.page.evaluate("document.contentType") == "image/png"
    assert at.page.title() != "fired"
