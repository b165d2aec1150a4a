"""Hostile text wherever a labeler, a model or a file can put some, and a trap for what runs.

Each text begins with a mark of its own (`mark_of`): a page is asked for those first, for a page
that shows nothing proves nothing.
"""

import io
import itertools
import json

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from annotation.accounts.tokens import create_token
from annotation.core import audit
from annotation.core.models import Job
from annotation.core.names import unseen_at
from annotation.datasets.services import freeze_dataset
from annotation.labeling.feedback import answer_feedback, give_feedback
from annotation.labeling.models import Item, ItemReport
from annotation.labeling.queue import lend_next_item
from annotation.labeling.verdict import Highlight
from annotation.projects import services as projects
from annotation.projects.models import Membership
from annotation.projects.services import CriterionSpec, TagSpec
from annotation.prompts.attachments.services import attach
from annotation.quality.services import compute_report
from annotation.runs.models import ModelVersion, RunEvent, TrainingRun
from tests.browser.test_untrusted_markup import PLACES, PROVOKE, TRAP, payloads
from tests.factories import make_judgment, make_member, make_project
from tests.media import picture

PROBE = "\"'><svg onload=alert(1)>"
# What our own scripts act upon, and what their pages are found by.
OURS = [
    '<div hx-get="/theme/" hx-trigger="load" hx-target="body">x</div>',
    '<form hx-post="/sign-out/" hx-trigger="load"></form>',
    '<button data-act="undo" id="judgment" form="judgment">x</button>',
    '<p data-module="edit" id="words" data-modules=\'{"edit": "data:text/javascript,alert(1)"}\'>',
    '<template id="strength"><img src=x onerror=alert(1)></template>',
    "</textarea></select></title></noscript><img src=x onerror=alert(1)>",
    '{% include "x" %}{{ request.user.password }}${alert(1)}',
]
WATCH = """
document.addEventListener("securitypolicyviolation",
  (event) => violated(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`));
"""
# What no template of ours makes: a text that became an element, or took one's name.
BROKEN_OUT = """
() => {
  const found = [...document.querySelectorAll(
    "iframe, object, embed, base, style, frame, marquee, script:not([src^='/static/']), " +
    "link:not([rel=icon], [href^='/static/']), " +
    ".text :is(img, svg, form, input, button, template, [id], [style], " +
    "[data-act], [data-module], [hx-get], [hx-post])")];
  for (const node of document.querySelectorAll("*"))
    for (const { name } of node.attributes) if (name.startsWith("on")) found.push(node);
  const ids = [...document.querySelectorAll("[id]")].map((node) => node.id);
  return [...found.map((node) => node.outerHTML.slice(0, 200)),
          ...ids.filter((id, place) => ids.indexOf(id) !== place).map((id) => `twice: ${id}`)];
}
"""


def mark_of(name):
    """One word, so that no diff takes it apart and no file name loses a part of it."""
    return "Mark" + name.title().replace(" ", "")


class Trap:
    """What ran, what the policy had to stop, and what was asked for elsewhere on a page."""

    def __init__(self, visitor):
        self.at = visitor
        self.calls, self.violations, self.elsewhere = [], [], []
        page = visitor.page
        page.set_default_timeout(30_000)
        page.expose_function("executed", lambda frame: self.calls.append(frame))
        page.expose_function("violated", lambda what: self.violations.append(what))
        page.add_init_script(TRAP + WATCH)
        page.on("dialog", lambda dialog: dialog.dismiss())
        page.on("request", self._asked)
        page.route(self._is_elsewhere, lambda route: route.abort())

    def _is_elsewhere(self, url):
        return not url.startswith((self.at.server.url, "about:", "data:", "blob:"))

    def _asked(self, request):
        if self._is_elsewhere(request.url):
            self.elsewhere.append(request.url)

    def provoke(self):
        self.at.page.evaluate(PROVOKE)

    def caught(self):
        """Everything that a page of text must not do; provoke it first."""
        return {
            name: found
            for name, found in {
                "ran": self.calls,
                "stopped by the policy": self.violations,
                "asked elsewhere": self.elsewhere,
                "broke out": self.at.page.evaluate(BROKEN_OUT),
            }.items()
            if found
        }


def visible(name):
    """Without the characters that no name may have: with them the row is refused."""
    return "".join(one for one in name if unseen_at(one) is None)


class Corpus:
    def __init__(self):
        self.payloads = OURS + [text.replace("\0", "") for text in payloads()]
        self._next = itertools.cycle(text for text in self.payloads if len(text) <= 60)
        self.names = set()

    def some(self, name, limit=200):
        """A text of at most `limit` characters: its name, a probe, and the next payloads."""
        text = self._named(name) + PROBE
        while len(text) + 61 <= limit:
            text += " " + next(self._next)
        assert len(text) <= limit
        return text

    def all(self, name, share=slice(None)):
        """Every payload (or a share of them), in the places of Markdown by turns."""
        places = itertools.cycle(PLACES)
        filled = [place.format(text) for place, text in zip(places, self.payloads, strict=False)]
        return "\n\n".join([self._named(name), *filled[share]])

    def part(self, name, limit):
        text = self._named(name)
        for payload in self.payloads:
            if len(text) + len(payload) < limit:
                text += f"\n{payload}"
        return text

    def _named(self, name):
        self.names.add(name)
        return f"{mark_of(name)} "


class PlainWords:
    """The same world with ordinary texts: every page in its full state."""

    def some(self, name, limit=200):
        return f"{mark_of(name)} in a few words"[:limit]

    def all(self, name, share=slice(None)):
        return (
            f"{mark_of(name)}: a **text**, `code`, [a link](https://example.org).\n\n- One\n- Two"
        )

    def part(self, name, limit):
        return self.all(name)[:limit]


class HostileWorld:
    """A project in which nobody wrote anything friendly; or, with PlainWords, everybody did."""

    slug = "hostile"

    def __init__(self, corpus=None):
        self.corpus = say = corpus or Corpus()
        self.project = make_project(
            self.slug,
            name=say.some("project name"),
            description=say.part("project description", 4_000),
            overlap=3,
            allows_corrections=True,
            demonstration="always",
            confidence="optional",
            guideline="Rank.",
            criteria=self._criteria("an older"),
        )
        projects.publish_rubric(
            project=self.project,
            guideline=say.part("guideline", 8_000),
            criteria=self._criteria("a"),
            flags=[TagSpec("f", say.some("flag"), say.some("flag description"))],
            error_labels=[TagSpec("e", say.some("error label"), say.some("error description"))],
        )
        self.lead = make_member(self.project, Membership.Role.LEAD, handle=say.some("lead", 150))
        self.labeler, self.other = (
            self._person(say.some(f"{who} name", 150), say.some(f"{who} handle", 150))
            for who in ("labeler", "other labeler")
        )
        self.labeler.membership.seen_rubric = projects.current_rubric(self.project)
        self.labeler.membership.save()
        self.picture, _ = attach(
            project=self.project,
            stream=io.BytesIO(picture()),
            actor=self.lead,
            name=say.some("attachment name"),
        )
        self._import()
        self._judge()
        self._run()
        audit.record(
            "hostile.event",
            actor=self.other,
            project=self.project,
            target=say.some("event target", 100),
            **{say.some("payload key"): say.some("payload value")},
        )
        create_token(user=self.labeler, name=say.some("token name", 100), rights=["read"])
        compute_report(project=self.project)

    def _criteria(self, whose):
        say = self.corpus
        anchors = {str(point): say.some(f"{whose} criterion anchor") for point in range(1, 6)}
        label, text = say.some(f"{whose} criterion", 80), say.some(f"{whose} criterion text")
        return [CriterionSpec("k", label, text, anchors=anchors)]

    def _person(self, name, handle):
        user = make_member(self.project, username=name[:140] + handle[1:4], handle=handle)
        user.first_name = name
        user.save()
        return user

    def items(self):
        """The rows of an items file. The first two hold everything, the others a bit of it."""
        say = self.corpus
        seen = {"sha256": self.picture.sha256}
        for number in range(12):
            is_whole = number < 2
            files = [
                seen | {"transcript": say.some("picture text", 120)},
                seen | {"transcript": say.part("transcript", 3_000)},
            ]
            responses = [
                {
                    "id": say.some(f"response key {place}", 100),
                    "text": say.all(f"response {place}", slice(place, None, 4))
                    if is_whole
                    else say.part(f"short response {place}", 600),
                    "generator": visible(say.some("generator name")),
                    "params": {say.some("param"): say.some("param value")},
                    "attachments": files if place == 0 else [],
                }
                for place in range(4 if is_whole else 2)
            ]
            prompt = [
                {"role": "system", "content": say.part("system message", 3_000)},
                {"role": "user", "content": say.part("first turn", 3_000)},
                {"role": "assistant", "content": say.part("assistant turn", 3_000)},
                {
                    "role": "user",
                    "content": say.some(f"prompt {number}", 100) + say.all("prompt"),
                    "attachments": files,
                },
            ]
            yield {
                "id": say.some(f"item id {number}"),
                "prompt": prompt,
                "responses": responses,
                "metadata": {say.some("metadata key"): say.some("metadata value")},
            }

    def _import(self):
        client = Client()
        client.force_login(self.lead)
        lines = "".join(json.dumps(row) + "\n" for row in self.items())
        name = mark_of("file name") + "'><svg onload=alert(1)>.jsonl"
        answer = client.post(
            f"/projects/{self.slug}/import/",
            {"kind": "items", "file": SimpleUploadedFile(name, lines.encode())},
        )
        assert answer.status_code == 302, answer.content.decode()[-3000:]
        assert Item.objects.filter(project=self.project).count() == 12
        self.judged, self.waiting, *_ = self.project.items.order_by("pk")

    def _judge(self):
        """The first item judged with everything that can be said; told about, and answered."""
        say = self.corpus
        for labeler, ranks in ((self.labeler, [1, 2, 3, 4]), (self.other, [4, 3, 2, 1])):
            lent = lend_next_item(project=self.project, labeler=labeler)
            assert lent.item == self.judged
            judgment = make_judgment(
                self.judged,
                labeler,
                ranks,
                assignment=lent,
                ended_as="submitted",
                rationale=say.part("rationale", 20_000),
                flags={"f": [1]},
                ratings={"k": [1, 2, 3, 4]},
                highlights=tuple(
                    Highlight(1, start, start + 60, "e", say.some("error note"))
                    for start in range(0, 2_000, 100)
                ),
                corrections={2: say.part("correction", 8_000)},
                demonstration=say.part("demonstration", 8_000),
                origin="desk",
            )
            for state in ("new", "disputed"):
                told = give_feedback(
                    judgment=judgment,
                    reviewer=self.lead,
                    text=say.part(f"{state} feedback", 4_000),
                )
                if state == "disputed":
                    reply = say.part("dispute", 4_000)
                    answer_feedback(feedback=told, is_disputed=True, answer=reply)
        mine = self.labeler.judgments.get()
        self.judgment = mine
        for kind in ("other", "prompt"):
            is_old = kind == "prompt"
            ItemReport.objects.create(
                item=self.judged,
                labeler=self.labeler,
                kind=kind,
                text=say.part("report", 2_000),
                resolved_at=timezone.now() if is_old else None,
                resolved_by=self.lead if is_old else None,
                resolution=say.part("resolution", 2_000) if is_old else "",
            )

    def _run(self):
        say = self.corpus
        dataset = freeze_dataset(project=self.project, name=say.some("dataset name", 100)).dataset
        self.job = Job.objects.create(
            kind="train",
            state="failed",
            project=self.project,
            created_by=self.other,
            target=say.some("job target", 100),
            error=say.part("job error", 4_000),
            progress_note=say.some("progress note"),
            started_at=timezone.now(),
            finished_at=timezone.now(),
        )
        self.run = TrainingRun.objects.create(
            project=self.project,
            kind="reward",
            name=say.some("run name", 100),
            dataset=dataset,
            job=self.job,
            log_tail=say.part("log", 8_000),
            created_by=self.other,
        )
        RunEvent.objects.create(
            run=self.run,
            token=1,
            line=1,
            type="warning",
            data={"message": say.part("warning", 2_000)},
            at=timezone.now(),
        )
        self.version = ModelVersion.objects.create(
            project=self.project,
            kind="reward",
            name=say.some("model version name", 100),
            run=self.run,
            dataset=dataset,
            artifact=say.some("artifact"),
            sha256="0" * 64,
            card=say.all("card"),
        )
