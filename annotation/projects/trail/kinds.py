"""Every kind of event in words, as data. Whoever records a new kind adds its row: a test looks
for kinds in the code that are not here. A kind without a row is still shown, as it is stored.

A sentence may name `who` did it, the `target`, and what the payload holds under its own names.
"""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

GROUPS = {
    "people": _("People"),
    "project": _("Project and rubric"),
    "judging": _("Judging"),
    "review": _("Review"),
    "data": _("Data in and out"),
    "training": _("Training"),
    "sign_on": _("Signing in"),
    "privacy": _("Personal data"),
}


@dataclass(frozen=True)
class Words:
    """`label` in the list of kinds; `sentence` for one event."""

    group: str
    label: str | Promise
    sentence: str | Promise


KINDS: dict[str, Words] = {
    "member.added": Words(
        "people",
        _("Person added"),
        _("%(who)s added %(target)s as %(role)s"),
    ),
    "member.changed": Words(
        "people",
        _("Role changed"),
        _("%(who)s made %(target)s %(a_role)s"),
    ),
    "member.removed": Words(
        "people", _("Person removed"), _("%(who)s removed %(target)s from the project")
    ),
    "member.restored": Words(
        "people", _("Person taken back"), _("%(who)s took %(target)s back into the project")
    ),
    "member.stage_changed": Words(
        "people",
        _("Stage changed"),
        _("%(who)s moved %(target)s from %(from_stage)s to %(to_stage)s"),
    ),
    "test.begun": Words("people", _("Test begun"), _("%(who)s began attempt %(attempt)s")),
    "test.ended": Words("people", _("Test ended"), _("%(who)s ended attempt %(attempt)s")),
    "suspension.appealed": Words(
        "people", _("Suspension appealed"), _("%(who)s appealed against the suspension")
    ),
    "suspension.upheld": Words(
        "people", _("Suspension upheld"), _("%(who)s upheld the suspension of %(target)s")
    ),
    "ladder.configured": Words(
        "project", _("Qualification changed"), _("%(who)s changed the rules of the qualification")
    ),
    "ladder.items_changed": Words(
        "project",
        _("Training or test changed"),
        _("%(who)s changed what the training or the test asks: %(target)s"),
    ),
    "member.limited": Words(
        "people",
        _("Quota or daily cap set"),
        _("%(who)s set how much %(target)s may judge"),
    ),
    "member.paused": Words("people", _("Person paused"), _("%(who)s paused %(target)s")),
    "member.resumed": Words(
        "people", _("Pause ended"), _("%(who)s ended the pause of %(target)s")
    ),
    "webhook.added": Words("project", _("Webhook added"), _("%(who)s added a webhook")),
    "webhook.changed": Words(
        "project", _("Webhook changed"), _("%(who)s changed what %(target)s is told")
    ),
    "webhook.secret_renewed": Words(
        "project", _("Webhook's secret renewed"), _("%(who)s made a new secret for %(target)s")
    ),
    "webhook.switched_on": Words(
        "project", _("Webhook switched on"), _("%(who)s switched %(target)s on again")
    ),
    "webhook.switched_off": Words(
        "project",
        _("Webhook switched off"),
        _("Concord switched %(target)s off: its last messages never arrived"),
    ),
    "webhook.removed": Words("project", _("Webhook removed"), _("%(who)s removed %(target)s")),
    "endpoint.added": Words("project", _("Endpoint added"), _("%(who)s added %(target)s")),
    "endpoint.changed": Words("project", _("Endpoint changed"), _("%(who)s changed %(target)s")),
    "endpoint.key_replaced": Words(
        "project",
        _("Endpoint's key replaced"),
        _("%(who)s replaced the key of %(target)s"),
    ),
    "endpoint.tried": Words("project", _("Endpoint tried"), _("%(who)s tried %(target)s")),
    "endpoint.removed": Words("project", _("Endpoint removed"), _("%(who)s removed %(target)s")),
    "judge.added": Words("project", _("Judge added"), _("%(who)s added %(target)s, %(name)s")),
    "judge.principles_set": Words(
        "project",
        _("Principles of a judge changed"),
        _("%(who)s gave %(target)s %(count)s principles, version %(number)s"),
    ),
    "judge.critiques_shown": Words(
        "project",
        _("Critiques of a judge shown"),
        _("%(who)s has labelers read what %(target)s says, after they judged"),
    ),
    "judge.critiques_hidden": Words(
        "project",
        _("Critiques of a judge hidden"),
        _("%(who)s shows labelers no more of what %(target)s says"),
    ),
    "judge_run.started": Words(
        "review", _("Judge asked"), _("%(who)s had a judge look at %(items)s items: %(target)s")
    ),
    "judge_run.cancelled": Words("review", _("Judge stopped"), _("%(who)s stopped %(target)s")),
    "judge_run.resumed": Words("review", _("Judge asked again"), _("%(who)s resumed %(target)s")),
    "judge_run.items_raised": Words(
        "review",
        _("People asked after a judge"),
        _("%(who)s asked one labeler more about each of %(items)s items of %(target)s"),
    ),
    "alerts.changed": Words("project", _("Alerts changed"), _("%(who)s changed the alerts")),
    "pay.changed": Words("project", _("Rates changed"), _("%(who)s changed the hourly rates")),
    "hours.exported": Words(
        "data",
        _("Hours exported"),
        _("%(who)s exported the hours from %(first)s to %(last)s"),
    ),
    "pool.saved": Words("people", _("Pool saved"), _("%(who)s saved a pool")),
    "pool.deleted": Words("people", _("Pool deleted"), _("%(who)s deleted a pool")),
    "pool.joined": Words(
        "people", _("Person put into a pool"), _("%(who)s put %(target)s into a pool")
    ),
    "pool.left": Words(
        "people", _("Person taken out of a pool"), _("%(who)s took %(target)s out of a pool")
    ),
    "pool.assigned": Words(
        "people", _("Pool assigned"), _("%(who)s let a pool work for the project")
    ),
    "pool.ended": Words(
        "people", _("Pool ended"), _("%(who)s ended a pool's work for the project")
    ),
    "slice.saved": Words("project", _("Slice saved"), _("%(who)s saved a slice of the items")),
    "slice.moved": Words(
        "project", _("Slice moved"), _("%(who)s changed the order of the slices")
    ),
    "slice.deleted": Words(
        "project", _("Slice deleted"), _("%(who)s deleted a slice of the items")
    ),
    "admin.created": Words(
        "people", _("First admin made"), _("%(target)s was made admin on the command line")
    ),
    "user.disabled": Words(
        "people", _("Account closed"), _("%(who)s closed the account of %(target)s")
    ),
    "user.enabled": Words(
        "people",
        _("Account opened again"),
        _("%(who)s opened the account of %(target)s again"),
    ),
    "user.may_create_projects": Words(
        "people", _("May make projects"), _("%(who)s allowed %(target)s to make projects")
    ),
    "user.may_not_create_projects": Words(
        "people",
        _("May make no projects"),
        _("%(who)s no longer allows %(target)s to make projects"),
    ),
    "invitations.made": Words(
        "people", _("People invited"), _("%(who)s invited %(count)s people by e-mail")
    ),
    "invitation.link_made": Words(
        "people",
        _("Link of an invitation made"),
        _("%(who)s made a link: %(target)s, as %(role)s"),
    ),
    "invitation.sent_again": Words(
        "people", _("Invitation sent again"), _("%(who)s sent %(target)s again")
    ),
    "invitation.revoked": Words(
        "people", _("Invitation revoked"), _("%(who)s revoked %(target)s")
    ),
    "invitation.accepted": Words(
        "people",
        _("Invitation accepted"),
        _("%(who)s accepted %(target)s and is %(a_role)s"),
    ),
    "project.created": Words(
        "project", _("Project made"), _("%(who)s made the project %(target)s")
    ),
    "project.judging_changed": Words(
        "project", _("Judging changed"), _("%(who)s changed what is asked of labelers")
    ),
    "rubric.draft_begun": Words(
        "project", _("Rubric draft begun"), _("%(who)s began a draft of the rubric")
    ),
    "rubric.draft_discarded": Words(
        "project", _("Rubric draft discarded"), _("%(who)s discarded the draft of the rubric")
    ),
    "rubric.template_applied": Words(
        "project",
        _("Rubric template applied"),
        _("%(who)s began the rubric from the template %(template)s"),
    ),
    "rubric.published": Words("project", _("Rubric published"), _("%(who)s published %(target)s")),
    "rubric.items_reasked": Words(
        "project",
        _("Items asked again"),
        _("%(who)s asked %(items)s items again under %(target)s"),
    ),
    "judgment.submitted": Words(
        "judging", _("Judgment submitted"), _("%(who)s judged item %(item)s")
    ),
    "judgment.revised": Words(
        "judging", _("Judgment changed"), _("%(who)s changed the judgment of item %(item)s")
    ),
    "judgment.made_final": Words(
        "judging",
        _("Judgment made final"),
        _("%(who)s made the judgment of item %(item)s final, to read what others say of it"),
    ),
    "judgment.retracted": Words(
        "judging",
        _("Judgment taken back"),
        _("%(who)s took the judgment of item %(item)s back"),
    ),
    "assignment.skipped": Words("judging", _("Item skipped"), _("%(who)s skipped item %(item)s")),
    "assignment.skip_undone": Words(
        "judging", _("Skip undone"), _("%(who)s took item %(item)s again after skipping it")
    ),
    "item.reported": Words("review", _("Item reported"), _("%(who)s reported %(target)s")),
    "item.report_resolved": Words(
        "review", _("Report resolved"), _("%(who)s resolved a report on %(target)s")
    ),
    "item.withdrawn": Words("review", _("Item withdrawn"), _("%(who)s withdrew %(target)s")),
    "item.restored": Words(
        "review", _("Item put back"), _("%(who)s put %(target)s back into the queue")
    ),
    "feedback.given": Words(
        "review", _("Feedback given"), _("%(who)s gave feedback on %(target)s")
    ),
    "feedback.acknowledged": Words(
        "review", _("Feedback read"), _("%(who)s read the feedback on %(target)s")
    ),
    "feedback.disputed": Words(
        "review", _("Feedback disputed"), _("%(who)s disputed the feedback on %(target)s")
    ),
    "item.approved": Words(
        "review", _("Item approved"), _("%(who)s approved the judgments of %(target)s")
    ),
    "item.settled": Words("review", _("Item settled"), _("%(who)s settled %(target)s")),
    "item.returned": Words(
        "review", _("Judgment returned"), _("%(who)s returned a judgment of %(target)s")
    ),
    "item.reopened": Words(
        "review", _("Decision taken back"), _("%(who)s took the decision on %(target)s back")
    ),
    "review.unblinded": Words(
        "review",
        _("Names shown"),
        _("%(who)s looked at who judged and what wrote the responses of %(target)s"),
    ),
    "review.settings_changed": Words(
        "review",
        _("Review settings changed"),
        _(
            "%(who)s changed what waits for reviewers (audit share %(audit_percent)s percent, "
            "disagreements from %(spread_percent)s percent)"
        ),
    ),
    "calibration.prepared": Words(
        "review", _("Calibration round prepared"), _("%(who)s prepared %(target)s")
    ),
    "calibration.changed": Words(
        "review", _("Calibration round changed"), _("%(who)s changed %(target)s")
    ),
    "calibration.deleted": Words(
        "review", _("Calibration round deleted"), _("%(who)s deleted the draft of %(target)s")
    ),
    "calibration.opened": Words(
        "review", _("Calibration round opened"), _("%(who)s opened %(target)s")
    ),
    "calibration.nudged": Words(
        "review", _("Calibration reminder"), _("%(who)s reminded %(members)s people of %(target)s")
    ),
    "calibration.excused": Words(
        "review",
        _("Excused from calibration"),
        _("%(who)s excused %(target)s from a calibration round"),
    ),
    "calibration.expected_again": Words(
        "review",
        _("Expected in calibration again"),
        _("%(who)s expects %(target)s in a calibration round again"),
    ),
    "calibration.revealed": Words(
        "review", _("Calibration round revealed"), _("%(who)s revealed %(target)s")
    ),
    "calibration.post_written": Words(
        "review", _("Calibration post"), _("%(who)s wrote in the discussion of %(target)s")
    ),
    "calibration.post_edited": Words(
        "review",
        _("Calibration post changed"),
        _("%(who)s changed a post in the discussion of %(target)s"),
    ),
    "calibration.post_removed": Words(
        "review",
        _("Calibration post removed"),
        _("%(who)s removed a post from the discussion of %(target)s"),
    ),
    "calibration.outcome": Words(
        "review",
        _("Calibration outcome"),
        _("%(who)s noted what came of calibrating %(target)s: %(outcome)s"),
    ),
    "calibration.closed": Words(
        "review", _("Calibration round closed"), _("%(who)s closed %(target)s")
    ),
    "calibration.called_off": Words(
        "review", _("Calibration round called off"), _("%(who)s called %(target)s off")
    ),
    "announcement.made": Words(
        "review", _("Announcement made"), _("%(who)s told everybody something: %(target)s")
    ),
    "announcement.withdrawn": Words(
        "review", _("Announcement withdrawn"), _("%(who)s withdrew %(target)s")
    ),
    "question.asked": Words("review", _("Question asked"), _("%(who)s asked about item %(item)s")),
    "question.answered": Words("review", _("Question answered"), _("%(who)s answered %(target)s")),
    "question.noted": Words(
        "review",
        _("Answer noted"),
        _("%(who)s put the answer to %(target)s into the draft of the guideline"),
    ),
    "gold.made": Words("review", _("Gold made"), _("%(who)s made gold of %(target)s")),
    "gold.changed": Words(
        "review", _("Gold changed"), _("%(who)s changed the known answer of %(target)s")
    ),
    "gold.retired": Words("review", _("Gold retired"), _("%(who)s retired the gold %(target)s")),
    "gold.taken_up": Words(
        "review", _("Gold taken up again"), _("%(who)s took the gold %(target)s up again")
    ),
    "gold.share_changed": Words(
        "review", _("Share of gold changed"), _("%(who)s changed the share of gold in the queue")
    ),
    "gold.rotation_changed": Words(
        "review",
        _("Rotation of gold changed"),
        _("%(who)s changed when a known answer is due to be retired"),
    ),
    "adaptive.changed": Words(
        "review",
        _("Adaptive work changed"),
        _("%(who)s changed when an item has been judged often enough"),
    ),
    "adaptive.raised": Words(
        "review",
        _("Unsure items go on"),
        _("The rule gave unsure items to one labeler more each"),
    ),
    "adaptive.granted": Words(
        "review",
        _("Further judgments granted"),
        _("%(who)s granted further judgments where they are worth most"),
    ),
    "adaptive.taken_back": Words(
        "review",
        _("Granted judgments taken back"),
        _("%(who)s took granted judgments back where nobody had begun"),
    ),
    "choosing.changed": Words(
        "review",
        _("Choosing of items changed"),
        _("%(who)s changed whether the next items are chosen by what they teach"),
    ),
    "repeats.changed": Words(
        "review",
        _("Hidden repeats changed"),
        _("%(who)s changed how often labelers are asked something again"),
    ),
    "import.done": Words("data", _("File imported"), _("%(who)s imported a file: %(target)s")),
    "import.unchanged": Words(
        "data",
        _("File imported again"),
        _("%(who)s imported a file with nothing new: %(target)s"),
    ),
    "import.refused": Words(
        "data", _("File refused"), _("a file of %(who)s was refused: %(target)s")
    ),
    "items.created": Words("data", _("Items made"), _("%(who)s made %(count)s items: %(target)s")),
    "marking.started": Words(
        "data",
        _("Responses looked at"),
        _("%(who)s had the responses looked at before they are judged"),
    ),
    "marking.decided": Words(
        "data",
        _("Decided on responses"),
        _("%(who)s decided on %(count)s marked responses"),
    ),
    "items.built": Words(
        "data", _("Items built"), _("%(who)s built %(count)s items from responses: %(target)s")
    ),
    "items.unbuilt": Words(
        "data",
        _("Batch withdrawn"),
        _("%(who)s withdrew the %(count)s items of %(target)s"),
    ),
    "judgments.exported": Words(
        "data", _("Judgments exported"), _("%(who)s downloaded the judgments as %(file)s")
    ),
    "adjudications.exported": Words(
        "data", _("Adjudications exported"), _("%(who)s downloaded the adjudications")
    ),
    "gold.exported": Words(
        "data", _("Known answers exported"), _("%(who)s downloaded the known answers")
    ),
    "events.exported": Words(
        "data", _("Audit trail exported"), _("%(who)s downloaded the audit trail as %(file)s")
    ),
    "dataset.frozen": Words("data", _("Dataset frozen"), _("%(who)s froze %(target)s")),
    "dataset.downloaded": Words(
        "data", _("Dataset downloaded"), _("%(who)s downloaded %(file)s of %(target)s")
    ),
    "dataset.exported": Words(
        "data", _("Dataset exported"), _("%(who)s exported %(target)s as %(format)s (%(how)s)")
    ),
    "dataset.pushed": Words(
        "data", _("Dataset pushed"), _("%(who)s sent %(target)s as %(format)s to “%(name)s”")
    ),
    "push.ordered": Words(
        "data", _("Push ordered"), _("%(who)s ordered %(target)s to be sent to “%(name)s”")
    ),
    "push.cancelled": Words(
        "data", _("Push called off"), _("%(who)s called off sending %(target)s to “%(name)s”")
    ),
    "push.resumed": Words(
        "data",
        _("Push taken up again"),
        _("%(who)s took up sending %(target)s to “%(name)s” again"),
    ),
    "destination.added": Words(
        "data", _("Destination added"), _("%(who)s added %(target)s, %(name)s")
    ),
    "destination.secret_replaced": Words(
        "data",
        _("Destination's secret replaced"),
        _("%(who)s replaced the secret of %(target)s, %(name)s"),
    ),
    "destination.tried": Words(
        "data", _("Destination tried"), _("%(who)s tried %(target)s, %(name)s")
    ),
    "destination.keeps_checkpoints": Words(
        "data",
        _("Checkpoints kept in a bucket"),
        _("%(who)s let trainings send checkpoints to %(target)s, %(name)s"),
    ),
    "destination.keeps_no_checkpoints": Words(
        "data",
        _("Checkpoints kept on the disk alone"),
        _("%(who)s let trainings send no more checkpoints to %(target)s, %(name)s"),
    ),
    "destination.removed": Words(
        "data", _("Destination removed"), _("%(who)s removed %(target)s, %(name)s")
    ),
    "dataset.licensed": Words(
        "data", _("Licence stated"), _("%(who)s put %(target)s under “%(licence)s”")
    ),
    "generation.started": Words(
        "training",
        _("Responses ordered"),
        _("%(who)s ordered %(n)s responses each to %(prompts)s prompts: %(target)s"),
    ),
    "generation.resumed": Words(
        "training", _("Candidates taken up again"), _("%(who)s took %(target)s up again")
    ),
    "generation.cancelled": Words(
        "training", _("Candidates called off"), _("%(who)s called %(target)s off")
    ),
    "run.started": Words("training", _("Training started"), _("%(who)s started %(target)s")),
    "run.cancelled": Words("training", _("Training stopped"), _("%(who)s stopped %(target)s")),
    "run.prioritised": Words(
        "training",
        _("Training moved in the queue"),
        _("%(who)s gave %(target)s the priority %(priority)s"),
    ),
    "run.resumed": Words("training", _("Training resumed"), _("%(who)s resumed %(target)s")),
    "model_version.registered": Words(
        "training",
        _("Model version registered"),
        _("training run %(run)s of %(who)s became %(target)s"),
    ),
    "model_version.promoted": Words(
        "training", _("Model version promoted"), _("%(who)s promoted %(target)s, %(name)s")
    ),
    "model_version.retired": Words(
        "training", _("Model version retired"), _("%(who)s retired %(target)s, %(name)s")
    ),
    "model_version.reopened": Words(
        "training",
        _("Model version made a candidate"),
        _("%(who)s made %(target)s, %(name)s, a candidate again"),
    ),
    "model_version.downloaded": Words(
        "data", _("Model downloaded"), _("%(who)s downloaded %(target)s, %(name)s")
    ),
    "model_version.pushed": Words(
        "data", _("Model pushed"), _("%(who)s sent %(target)s, %(version)s, to “%(name)s”")
    ),
    "model_version.offloaded": Words(
        "data",
        _("Model taken off the disk"),
        _("%(who)s left %(target)s, %(version)s, to “%(name)s” alone"),
    ),
    "model_version.fetched": Words(
        "data",
        _("Model fetched"),
        _("%(target)s, %(version)s, was fetched from “%(name)s”"),
    ),
    "model_version.benchmarked": Words(
        "training",
        _("Reward model measured on a benchmark"),
        _("%(who)s had %(target)s, %(name)s, measured on %(benchmark)s"),
    ),
    "benchmark_file.added": Words(
        "training",
        _("File to measure on added"),
        _("%(who)s added %(target)s, “%(name)s”, to measure reward models on"),
    ),
    "benchmark_file.removed": Words(
        "training",
        _("File to measure on removed"),
        _("%(who)s removed %(target)s, “%(name)s”"),
    ),
    "model_version.checked": Words(
        "training",
        _("Reward model measured"),
        _("%(who)s had %(target)s, %(name)s, measured on the newest judgments"),
    ),
    "model_version.on_harness": Words(
        "training",
        _("Policy put to harness tasks"),
        _("%(who)s had %(target)s, %(name)s, do harness tasks: %(tasks)s"),
    ),
    "harness.cancelled": Words(
        "training",
        _("Harness tasks cancelled"),
        _("%(who)s cancelled %(target)s"),
    ),
    "harness.retried": Words(
        "training",
        _("Harness tasks tried again"),
        _("%(who)s had %(target)s tried again"),
    ),
    "evaluation.started": Words(
        "training",
        _("Evaluation begun"),
        _("%(who)s began %(target)s: %(new)s against %(old)s"),
    ),
    "evaluation.stopped": Words(
        "training", _("Evaluation ended early"), _("%(who)s ended %(target)s early")
    ),
    "evaluation.resumed": Words(
        "training", _("Evaluation tried again"), _("%(who)s tried %(target)s again")
    ),
    "evaluation.decided": Words(
        "training", _("Evaluation decided"), _("%(who)s decided %(target)s of %(new)s: %(reason)s")
    ),
    "round.changed": Words(
        "training", _("Round changed"), _("%(who)s changed what belongs to %(target)s")
    ),
    "round.started": Words("training", _("Round started"), _("%(who)s started %(target)s")),
    "round.cancelled": Words("training", _("Round stopped"), _("%(who)s stopped %(target)s")),
    "sign_in.succeeded": Words("sign_on", _("Signed in"), _("%(who)s signed in")),
    "sign_in.refused": Words(
        "sign_on",
        _("Sign-ins refused"),
        _("%(count)s sign-ins were refused in the hour from %(hour)s"),
    ),
    "sessions.ended": Words(
        "sign_on", _("Browsers signed out"), _("%(who)s signed %(count)s other browsers out")
    ),
    "email.changed": Words(
        "sign_on", _("Address changed"), _("%(who)s changed the e-mail address")
    ),
    "password.changed": Words("sign_on", _("Password changed"), _("%(who)s changed the password")),
    "second_factor.added": Words(
        "sign_on", _("Second factor added"), _("%(who)s added a second factor")
    ),
    "second_factor.removed": Words(
        "sign_on", _("Second factor removed"), _("%(who)s removed a second factor")
    ),
    "second_factor.codes_renewed": Words(
        "sign_on", _("Recovery codes renewed"), _("%(who)s made new recovery codes")
    ),
    "second_factor.reset": Words(
        "sign_on",
        _("Second factors reset"),
        _("%(who)s reset the second factors of %(target)s"),
    ),
    "personal_copy.ordered": Words(
        "privacy", _("Own data ordered"), _("%(who)s ordered a copy of their own data")
    ),
    "personal_copy.taken": Words(
        "privacy", _("Own data taken"), _("%(who)s downloaded a copy of their own data")
    ),
    "erasure.asked": Words("privacy", _("Erasure asked for"), _("%(who)s asked to be erased")),
    "erasure.withdrawn": Words(
        "privacy",
        _("Erasure taken back"),
        _("%(who)s took the request to be erased back"),
    ),
    "person.erased": Words("privacy", _("Person erased"), _("%(who)s erased %(target)s")),
    "token.created": Words("sign_on", _("Token made"), _("%(who)s made %(target)s")),
    "token.revoked": Words("sign_on", _("Token revoked"), _("%(who)s revoked %(target)s")),
}

# What a target such as "item:12" names. A user is shown by handle, and what has no row as it is.
TARGETS = {
    "announcement": _("announcement %(id)s"),
    "question": _("question %(id)s"),
    "assignment": _("assignment %(id)s"),
    "calibration": _("calibration round %(id)s"),
    "dataset": _("dataset %(id)s"),
    "endpoint": _("endpoint %(id)s"),
    "evaluation": _("evaluation %(id)s"),
    "generation": _("generation run %(id)s"),
    "import": _("import %(id)s"),
    "item": _("item %(id)s"),
    "judge": _("judge %(id)s"),
    "judge_run": _("judge run %(id)s"),
    "judgment": _("judgment %(id)s"),
    "model_version": _("model version %(id)s"),
    "destination": _("destination %(id)s"),
    "round": _("round %(id)s"),
    "rubric": _("rubric version %(id)s"),
    "invitation": _("invitation %(id)s"),
    "run": _("training run %(id)s"),
    "token": _("API token %(id)s"),
    "user": _("person %(id)s"),
    "webhook": _("webhook %(id)s"),
}

A_ROLE = {
    "labeler": _("a labeler"),
    "reviewer": _("a reviewer"),
    "lead": _("a lead"),
    "engineer": _("an engineer"),
    "admin": _("an admin"),
}


def grouped_choices(kinds) -> list[tuple[str | Promise, list[tuple[str, str | Promise]]]]:
    """[(group, [("group:people", "all of it"), (kind, label), …]), …] of those kinds, for a list
    to choose from."""
    choices = []
    for group, title in GROUPS.items():
        listed = [(kind, KINDS[kind].label) for kind in KINDS if KINDS[kind].group == group]
        if found := [one for one in listed if one[0] in kinds]:
            choices.append((title, [(f"group:{group}", _("All of this")), *found]))
    return choices


def kinds_of(choice: str) -> list[str]:
    """The kinds that a choice of `grouped_choices` stands for; none where it is no such choice."""
    if choice.startswith("group:"):
        return [kind for kind, words in KINDS.items() if f"group:{words.group}" == choice]
    return [choice] if choice in KINDS else []
