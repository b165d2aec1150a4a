"""Attempts at the test: beginning one, marking it, and how many there are."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from annotation.core import audit
from annotation.core.errors import Conflict
from annotation.labeling.gold.judged import is_met
from annotation.labeling.ladder import stages
from annotation.labeling.ladder.stages import Rule, Stage
from annotation.labeling.models import (
    Assignment,
    GoldItem,
    Judgment,
    Purpose,
    StageChange,
    StageNote,
    TestAttempt,
)


@dataclass(frozen=True)
class Allowance:
    """How often somebody may still try, and from when on."""

    used: int
    left: int
    not_before: datetime | None = None

    @property
    def is_open(self) -> bool:
        return self.left > 0 and self.not_before is None


def allowance_of(membership) -> Allowance:
    """Attempts since a lead last decided that there should be a test. Whoever repeats the training
    wins no further attempt; a retake that a lead allows needs no waiting."""
    rules = stages.settings_of(membership.project)
    changes = membership.stage_changes.filter(rule__in=[Rule.DECIDED, Rule.RETAKE])
    decided = changes.filter(rule=Rule.DECIDED).first()
    since = {"started_at__gt": decided.at} if decided else {}
    attempts = membership.test_attempts.filter(**since)
    used, last = attempts.count(), attempts.aggregate(at=Max("ended_at"))["at"]
    retakes = changes.filter(rule=Rule.RETAKE)
    if decided:
        retakes = retakes.filter(pk__gt=decided.pk)
    left = max(1 + rules.retakes + retakes.count() - used, 0)
    waits_until = last and last + timedelta(hours=rules.retake_wait_hours)
    granted = bool(last) and retakes.filter(at__gt=last).exists()
    is_waiting = waits_until is not None and waits_until > timezone.now() and not granted
    return Allowance(used, left, waits_until if is_waiting and left else None)


def start_attempt(*, membership) -> TestAttempt:
    """From now on the items of the test are lent, one after the other."""
    with transaction.atomic():
        mine = stages.locked(membership.pk)
        running = mine.test_attempts.filter(ended_at=None).first()
        if running is not None:
            return running  # a double click
        if mine.stage != Stage.TEST:
            raise Conflict(_("There is no test for you now."))
        if not stages.ladder_items(mine.project, GoldItem.Use.TEST).exists():
            raise Conflict(_("The test has no items yet."))
        allowance = allowance_of(mine)
        if not allowance.left:
            raise Conflict(_("All attempts are used. The project's lead decides what comes next."))
        if allowance.not_before:
            raise Conflict(
                _("The next attempt is possible from %(time)s on.")
                % {"time": _in_words(allowance.not_before)}
            )
        stages.make_lendable_again(mine, Purpose.TEST)
        last = mine.test_attempts.aggregate(last=Max("number"))["last"] or 0
        attempt = TestAttempt.objects.create(
            membership=mine, number=last + 1, started_at=timezone.now()
        )
        audit.record(
            "test.begun",
            actor=mine.user,
            project=mine.project,
            target=f"user:{mine.user_id}",
            attempt=attempt.number,
        )
        return attempt


def _in_words(moment: datetime) -> str:
    return date_format(timezone.localtime(moment), "DATETIME_FORMAT")


def end_attempt(attempt: TestAttempt, membership) -> None:
    """Mark it, and go on. Inside a transaction that holds the membership."""
    attempt.sections = marked_sections(membership)
    # A test whose items were taken away meanwhile was not passed.
    attempt.is_passed = bool(attempt.sections) and all(one["passed"] for one in attempt.sections)
    attempt.ended_at = timezone.now()
    attempt.save(update_fields=["sections", "is_passed", "ended_at"])
    audit.record(
        "test.ended",
        actor=membership.user,
        project=membership.project,
        target=f"user:{membership.user_id}",
        attempt=attempt.number,
        passed=attempt.is_passed,
    )
    evidence = {"attempt": attempt.number, "sections": in_short(attempt.sections)}
    if attempt.is_passed:
        to = stages.stage_after_test(membership.project)
        stages.step(membership=membership, to=to, rule=Rule.TEST_PASSED, evidence=evidence)
    elif not allowance_of(membership).left:
        StageNote.objects.create(
            membership=membership,
            kind=StageNote.Kind.NO_RETAKES,
            evidence=evidence,
            at=timezone.now(),
        )


def in_short(sections) -> list[dict]:
    """Without the single items: how many were right, of how many."""
    return [{name: one[name] for name in one if name != "items"} for one in sections]


def marked_sections(membership) -> list[dict]:
    """What was answered in the running attempt, section by section. A section is passed by its
    share of right answers; one of which nothing was answered is not."""
    golds = list(
        stages.ladder_items(membership.project, GoldItem.Use.TEST).select_related(
            "section", "item"
        )
    )
    answers = _answers(membership, [gold.item_id for gold in golds])
    by_section = defaultdict(list)
    for gold in golds:
        by_section[gold.section].append(gold)
    return [_marked(section, of_it, answers) for section, of_it in by_section.items()]


def _answers(membership, item_ids) -> dict[int, Judgment]:
    """The last judgment by item. Every assignment of the attempts before is "expired"."""
    judged = Judgment.objects.filter(
        labeler=membership.user_id,
        item__in=item_ids,
        purpose=Purpose.TEST,
        assignment__state=Assignment.State.SUBMITTED,
    )
    return {
        one.item_id: one for one in judged.select_related("rubric_version").order_by("revision")
    }


def _marked(section, golds, answers) -> dict:
    items = [
        {
            "item": gold.item_id,
            "judgment": answers[gold.item_id].pk,
            "is_right": is_met(gold, answers[gold.item_id]),
        }
        for gold in golds
        if gold.item_id in answers
    ]
    right = sum(one["is_right"] for one in items)
    return {
        "section": section.pk,
        "name": section.name,
        "pass_percent": section.pass_percent,
        "right": right,
        "asked": len(items),
        "kept_away": len(golds) - len(items),
        "passed": bool(items) and 100 * right >= section.pass_percent * len(items),
        "items": items,
    }


def allow_retake(*, membership, actor, reason: str) -> StageChange:
    """One attempt more for this person, at once."""
    reason = stages.in_words(reason)
    with transaction.atomic():
        mine = stages.locked(membership.pk)
        if mine.stage != Stage.TEST:
            raise Conflict(_("%(handle)s is not at the test.") % {"handle": mine.handle})
        if mine.test_attempts.filter(ended_at=None).exists():
            raise Conflict(
                _("%(handle)s is in the middle of an attempt.") % {"handle": mine.handle}
            )
        return stages.step(
            membership=mine, to=Stage.TEST, rule=Rule.RETAKE, actor=actor, reason=reason
        )
