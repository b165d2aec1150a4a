"""What is said between labelers, reviewers and leads: review, feedback, questions, news."""

from uuid import uuid4

from django.db.models import F

from annotation.demo.team import cast
from annotation.demo.team.known import known_of
from annotation.labeling.feedback import answer_feedback, give_feedback
from annotation.labeling.messages.services import announce, answer_question, ask
from annotation.labeling.models import Assignment, Feedback, ItemReview
from annotation.labeling.reports import report_problem
from annotation.labeling.review.entries import bring_up_to_date
from annotation.labeling.review.services import save_settings, settle
from annotation.projects.services import current_rubric


def review(project, everybody) -> None:
    """One item is settled, and a labeler disputes it; another judgment has a note that waits."""
    reviewer, lea = everybody[cast.REVIEWER], everybody[cast.LEA]
    save_settings(project=project, actor=everybody[cast.LEAD], audit_percent=5, spread_percent=25)
    bring_up_to_date(project)
    mine = project.judgments.work().current().filter(labeler=lea).select_related("item__prompt")
    apart = ItemReview.objects.filter(project=project, item__in=mine.values("item"))
    disputed = apart.order_by(F("spread").desc(nulls_last=True), "item")[0]
    item = project.items.select_related("prompt").get(pk=disputed.item_id)
    settle(
        item=item,
        reviewer=reviewer,
        verdict=known_of(item).verdict,
        reason="The action decides: the reply on top is the one that mends what is broken.",
        seen=0,
        key=uuid4(),
        rubric=current_rubric(project),
    )
    told = Feedback.objects.get(judgment__item=item, labeler=lea)
    answer_feedback(
        feedback=told,
        is_disputed=True,
        answer="The customer asked twice for an apology. Here the tone is what was asked for.",
    )
    other = mine.exclude(item=item).order_by("pk").first()
    give_feedback(
        judgment=other,
        reviewer=reviewer,
        text="Well argued. One thing: say in the rationale which reply names the wrong order.",
    )
    bring_up_to_date(project)


def questions_and_news(project, everybody) -> None:
    """An answered question, one that waits, a pinned announcement, a report about an item."""
    lead, lea, pau = (everybody[name] for name in (cast.LEAD, cast.LEA, cast.PROBATION))
    announce(
        project=project,
        author=lead,
        text="**Version 2 of the rubric is in force.** It has an example from our calibration "
        "round; the next round is open, please judge its three items first.",
        is_pinned=True,
    )
    asked = ask(
        assignment=_last(project, lea),
        text="The customer gives two order numbers. Which one is the right one?",
    )
    answer_question(
        question=asked,
        actor=lead,
        text="The one that the complaint is about. A reply that names both is fine, too.",
    )
    ask(
        assignment=_last(project, pau),
        text="Is a reply without a farewell less courteous, or only shorter?",
    )
    report_problem(
        assignment=_last(project, pau), kind="other", text="Two of the replies look alike."
    )


def _last(project, labeler) -> Assignment:
    mine = Assignment.objects.filter(project=project, labeler=labeler, purpose="work")
    return mine.select_related("project", "labeler", "item").order_by("-pk")[0]
