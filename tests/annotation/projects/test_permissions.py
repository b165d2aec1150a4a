"""Who may open what: the one table of every address, and the walk over it.

A new address is a new row: its name and the action of `projects/permissions.py` that opens it
(or PUBLIC, SIGNED_IN, SITE_ADMIN). `methods` where it is not GET alone; `own=True` where it is
open only to the person whose object it is. An address without a row, and a row without an address,
fail. The objects that addresses name are made in `matrix/objects.py`, and so is each new kind.
"""

import logging

import pytest

from annotation.core import audit
from annotation.demo.services import SLUG as DEMO
from annotation.projects.models import Membership, Project
from annotation.projects.permissions import ACTIONS
from annotation.projects.templatetags.project_tabs import TABS
from tests.annotation.projects.matrix.caller import body_of
from tests.annotation.projects.matrix.routes import (
    ANY,
    PUBLIC,
    SIGNED_IN,
    SITE_ADMIN,
    Route,
    addresses,
    by_method,
)
from tests.annotation.projects.matrix.walk import Walk, undone

FORM = "GET POST"

ROUTES = [
    Route("health", PUBLIC, "GET POST PUT PATCH DELETE"),
    Route("set-theme", PUBLIC, "POST"),
    Route("set-language", PUBLIC, "POST"),
    # django-allauth leads on, or sees nothing there, before it looks at the method. Its forms and
    # what comes of them have tests of their own, in accounts/.
    Route("accounts:sign-in", PUBLIC, ANY, gives=(200, 302, 405, 422)),
    Route("accounts:sign-out", PUBLIC, "POST"),
    Route("accounts:demo-sign-in", PUBLIC, gives=(404,)),  # there is no demo here
    Route("account_login", PUBLIC, ANY, gives=(200, 302, 405, 422)),
    Route("account_logout", PUBLIC, "POST"),
    Route("account_inactive", PUBLIC),
    Route("account_signup", PUBLIC, ANY, gives=(200, 302, 405)),
    Route("account_reauthenticate", SIGNED_IN, ANY, gives=(404,)),  # nobody has a password here
    Route("account_change_password", SIGNED_IN, ANY, gives=(302,)),  # which sets a first one
    Route("account_set_password", SIGNED_IN, ANY, gives=(200, 405)),
    Route("account_reset_password", PUBLIC, ANY, gives=(200, 405)),
    Route("account_reset_password_done", PUBLIC),
    Route("account_reset_password_from_key", PUBLIC, ANY, gives=(200, 405)),
    Route("account_reset_password_from_key_done", PUBLIC),
    Route("account_email", SIGNED_IN, FORM),
    Route("account_email_verification_sent", PUBLIC),
    Route("account_confirm_email", PUBLIC, ANY, gives=(200, 404, 405)),
    Route("mfa_login_webauthn", PUBLIC, ANY, gives=(200, 302, 405)),
    Route("mfa_authenticate", PUBLIC, ANY, gives=(302,)),
    Route("mfa_reauthenticate", SIGNED_IN, ANY, gives=(404,)),
    Route("mfa_reauthenticate_webauthn", SIGNED_IN, ANY, gives=(404,)),
    Route("openid_connect_login", PUBLIC, ANY, gives=(404,)),  # no provider is set up here
    Route("openid_connect_callback", PUBLIC, ANY, gives=(404,)),
    Route("socialaccount_login_cancelled", PUBLIC),
    Route("socialaccount_login_error", SIGNED_IN, gives=(401,)),
    Route("mfa_index", SIGNED_IN),
    Route("mfa_list_webauthn", SIGNED_IN),
    Route("mfa_activate_totp", SIGNED_IN, ANY, gives=(200, 405)),
    Route("mfa_deactivate_totp", SIGNED_IN, ANY, gives=(404,)),  # nobody has one here
    Route("mfa_view_recovery_codes", SIGNED_IN, gives=(404,)),
    Route("mfa_generate_recovery_codes", SIGNED_IN, ANY, gives=(200, 302, 403, 404, 405)),
    Route("mfa_download_recovery_codes", SIGNED_IN, ANY, gives=(404, 405)),
    Route("mfa_add_webauthn", SIGNED_IN, ANY, gives=(200, 405)),
    Route("mfa_remove_webauthn", SIGNED_IN, ANY, gives=(200, 404, 405)),
    Route("mfa_edit_webauthn", SIGNED_IN, ANY, gives=(200, 404, 405)),
    # One's own account.
    Route("accounts:list-sessions", SIGNED_IN),
    Route("accounts:end-other-sessions", SIGNED_IN, "POST"),
    Route("accounts:end-session", SIGNED_IN, "POST", own=True),
    Route("accounts:edit-preferences", SIGNED_IN, FORM),
    Route("accounts:describe-oneself", SIGNED_IN, FORM),
    Route("accounts:profile", SIGNED_IN, FORM),
    Route("accounts:revoke-token", SIGNED_IN, "POST", own=True),
    Route("accounts:list-creators", SITE_ADMIN),
    Route("accounts:change-creator", SITE_ADMIN, "POST"),
    # One's own data, and everybody's for whom it is erased.
    Route("privacy:your-data", SIGNED_IN),
    Route("privacy:order-copy", SIGNED_IN, "POST"),
    Route("privacy:take-copy", SIGNED_IN, own=True),
    Route("privacy:ask-for-erasure", SIGNED_IN, "POST"),
    Route("privacy:list-people", SITE_ADMIN),
    Route("privacy:change-account", SITE_ADMIN, "POST"),
    Route("privacy:erase-person", SITE_ADMIN, FORM),
    # Projects.
    Route("projects:new-project", SITE_ADMIN, FORM),  # nobody else here may make one
    Route("projects:list-projects", SIGNED_IN, gives=(200, 302)),
    Route("projects:show-rubric", "judge"),
    Route("projects:edit-judging", "manage", FORM),
    Route("projects:list-people", "see_project"),
    Route("projects:change-member", "manage", "POST"),
    Route("projects:list-pools", "manage", FORM),
    Route("projects:show-pool", "manage", FORM, is_shared=True),
    Route("projects:invite-people", "manage", FORM),
    Route("projects:download-invite-report", "manage", "POST", gives=(404,)),  # none was made
    Route("projects:make-link", "manage", "POST"),
    Route("projects:list-invitations", "manage"),
    Route("projects:change-invitation", "manage", "POST"),
    # Open to whoever has the link, which nobody has here; links have tests of their own, in
    # test_accepting.py. Too many that are none are told to wait.
    Route("projects:accept-invitation", PUBLIC, FORM, gives=(404, 429)),
    Route("projects:list-events", "audit"),
    Route("projects:export-events", "audit"),
    Route("projects:export-events-csv", "audit"),
    Route("projects:list-site-events", SITE_ADMIN),
    Route("projects:export-site-events", SITE_ADMIN),
    Route("projects:export-site-events-csv", SITE_ADMIN),
    Route("projects:show-job", "see_project"),
    Route("projects:cancel-job", "manage", "POST"),
    Route("projects-api:projects", SITE_ADMIN, "POST"),
    Route("projects-api:rubric", "read_rubric"),
    Route("projects-api:job", "see_project"),
    Route("prompts:list-attachments", "import", FORM),
    Route("prompts:show-attachment", "judge"),
    Route("prompts-api:attach", "import", "POST"),
    # Whom to ask for responses.
    Route("candidates:list-runs", "see_runs"),
    Route("candidates:new-run", "train", FORM),
    Route("candidates:show-run", "see_runs", kwargs={"run_id": "generation_id"}),
    Route("candidates:cancel-run", "train", "POST", kwargs={"run_id": "generation_id"}),
    Route("candidates:resume-run", "train", "POST", kwargs={"run_id": "generation_id"}),
    Route("candidates:show-order", "see_runs"),
    Route("candidates:cancel-order", "train", "POST"),
    Route("candidates:resume-order", "train", "POST"),
    Route("candidates-api:orders", "train", "POST"),
    Route("candidates-api:estimate-order", "train", "POST"),
    Route("candidates-api:order", "see_runs"),
    Route("candidates-api:cancel-order", "train", "POST"),
    Route("candidates-api:resume-order", "train", "POST"),
    Route("candidates-api:generations", "train", "POST"),
    Route("candidates-api:estimate", "train", "POST"),
    Route("candidates-api:generation", "see_runs", kwargs={"run_id": "generation_id"}),
    Route("candidates-api:cancel-generation", "train", "POST", kwargs={"run_id": "generation_id"}),
    Route("candidates-api:resume-generation", "train", "POST", kwargs={"run_id": "generation_id"}),
    Route("candidates:list-endpoints", "see_runs"),
    Route("candidates:new-endpoint", "train", FORM),
    Route("candidates:show-endpoint", "see_runs"),
    Route("candidates:change-endpoint", "train", "POST"),
    Route("candidates-api:endpoints", "see_runs"),
    Route("candidates-api:endpoints", "train", "POST"),
    Route("candidates-api:endpoint", "see_runs"),
    Route("candidates-api:endpoint", "train", "PATCH DELETE"),
    Route("candidates-api:endpoint-key", "train", "PUT"),
    Route("candidates-api:try-endpoint", "train", "POST"),
    # Judging.
    Route("labeling:home", SIGNED_IN),
    Route("labeling:history", SIGNED_IN),
    Route("labeling:list-feedback", SIGNED_IN),
    Route("labeling:revise", "judge", FORM, own=True),
    Route("labeling:answer-feedback", "judge", "POST", own=True),
    Route("labeling:judge", "judge"),
    Route("labeling:read-rubric", "judge", "POST"),
    Route("labeling:submit-judgment", "judge", "POST", own=True),
    Route("labeling:submit-judgment", SIGNED_IN, gives=(302,)),  # somebody reloads: to the desk
    Route("labeling:save-draft", "judge", "POST", own=True),
    Route("labeling:renew-lease", "judge", "POST", own=True),
    Route("labeling:skip-item", "judge", "POST", own=True),
    Route("labeling:show-covered", "judge", "POST", own=True),
    Route("labeling:report", "judge", FORM, own=True),
    Route("labeling:undo", "judge", "POST", own=True),
    Route("labeling:keep-recording", "judge", "POST", own=True),
    Route("labeling:show-explanation", "judge", own=True, gives=(302,)),  # nothing to explain
    Route("labeling:own-qualification", "judge", gives=(200, 302)),  # an admin has none
    Route("labeling:start-test", "judge", "POST"),
    Route("labeling:repeat-training", "judge", "POST"),
    Route("labeling:appeal", "judge", "POST"),
    Route("labeling:read-raw", "judge", own=True),
    Route("labeling:show-diff", "judge", own=True, query="?of=a&against=b"),
    Route("labeling:show-diff", "judge", "POST", own=True, sends={"of": "a", "text": "x"}),
    Route("labeling:open-editor", "judge", own=True),
    Route("labeling:list-marks", "judge", "POST", own=True, sends={"of": "a"}),
    Route("labeling:preview-text", "judge", "POST", own=True),
    Route("labeling:locate-quote", "judge", "POST", own=True, sends={"response": "a"}),
    Route("labeling-api:next", "judge", "POST"),
    Route("labeling-api:judgment", "judge", "POST", own=True),
    # Who is lent how much of what.
    Route("labeling:list-slices", "manage"),
    Route("labeling:new-slice", "manage", FORM),
    Route("labeling:edit-slice", "manage", FORM),
    Route("labeling:show-workload", "manage"),
    Route("labeling:change-workload", "manage", "POST"),
    Route("labeling:limit-pool", "manage", "POST"),
    # Items, and what goes in and out.
    Route("labeling:import", "import", FORM),
    Route("labeling:show-import", "import"),
    Route("labeling:export-judgments", "export"),
    Route("labeling:export-judgments-csv", "export"),
    Route("labeling:list-items", "see_items"),
    Route("labeling:list-marked-responses", "see_items"),
    Route("quality:build-items", "import", FORM),
    Route("quality:withdraw-batch", "import", "POST"),
    Route("quality-api:build-items", "import", "POST"),
    Route("labeling:look-at-responses", "import", "POST"),
    Route("labeling:decide-marks", "import", "POST"),
    Route("labeling-api:marks", "see_items"),
    Route("labeling-api:marks", "import", "POST"),
    Route("labeling-api:decisions-on-responses", "import", "POST"),
    Route("labeling:show-item", "see_items"),
    Route("labeling:withdraw-item", "manage", "POST"),
    Route("labeling:restore-item", "manage", "POST"),
    Route("labeling:resolve-report", "review", "POST", kwargs={"item_id": "reported_id"}),
    Route("labeling:give-feedback", "review", "POST"),
    Route("labeling-api:import-items", "import", "POST"),
    Route("labeling-api:import-judgments", "import", "POST"),
    Route("labeling-api:export-judgments", "export"),
    # Known answers.
    Route("labeling:list-gold", "review"),
    Route("labeling:make-gold", "review", FORM),
    Route("labeling:import-gold", "review", "POST"),
    Route("labeling:export-gold", "review"),
    Route("labeling:set-gold-share", "manage", "POST"),
    Route("labeling:set-gold-rotation", "manage", "POST"),
    # Review.
    Route("labeling:list-reviews", "review"),
    Route("labeling:next-review", "review", gives=(302,)),
    Route("labeling:refresh-reviews", "review", "POST"),
    Route("labeling:save-review-settings", "manage", "POST"),
    Route("labeling:export-adjudications", "export"),
    Route("labeling:review-item", "review"),
    Route("labeling:settle-item", "review", "POST"),
    Route("labeling:approve-item", "review", "POST"),
    Route("labeling:return-judgment", "review", "POST"),
    Route("labeling:reopen-item", "review", "POST"),
    Route("labeling:unblind-item", "manage", "POST"),
    Route("labeling-api:export-adjudications", "export"),
    # What is told and asked.
    Route("labeling:list-announcements", "judge"),
    Route("labeling:list-announcements", "manage", "POST"),
    Route("labeling:withdraw-announcement", "manage", "POST"),
    Route("labeling:read-announcement", "judge", "POST"),
    Route("labeling:ask", "judge", FORM, own=True),
    Route("labeling:list-questions", "review"),
    Route(
        "labeling:answer-question", "review", "POST", kwargs={"question_id": "open_question_id"}
    ),
    Route("labeling:note-answer", "manage", "POST"),
    Route("labeling:read-answer", "judge", "POST", own=True),
    # The rubric's draft.
    Route("labeling:show-qualification", "manage"),
    Route("labeling:edit-qualification", "manage", FORM),
    Route("labeling:change-section", "manage", "POST"),
    Route("labeling:add-ladder-item", "manage", "POST"),
    Route("labeling:add-ladder-file", "manage", "POST"),
    Route("labeling:change-ladder-item", "manage", "POST"),
    Route("labeling:preview-ladder-item", "manage"),
    Route("labeling:show-climber", "manage", FORM),
    Route("labeling:edit-rubric", "manage", FORM),
    Route("labeling:preview-rubric", "manage"),
    Route("labeling:publish-rubric", "manage", FORM),
    Route("labeling:compare-rubrics", "judge"),
    Route("labeling:add-rubric-example", "manage", "POST"),
    # Calibration rounds: the page of one, and what it reveals, is for its members, too.
    Route("labeling:list-calibrations", "review"),
    Route("labeling:create-calibration", "manage", FORM),
    Route("labeling:show-calibration", "review"),
    Route("labeling:show-calibration-item", "review"),
    Route("quality:show-calibration-agreement", "review"),
    Route("quality:close-calibration", "manage", "POST"),
    Route("labeling:write-calibration-post", "review", "POST"),
    Route("labeling:change-calibration-post", "review", "POST", sends={"do": "remove"}),
    Route("labeling:conclude-calibration-item", "review", "POST"),
    Route("labeling:edit-calibration", "manage", FORM, gives=(302,)),  # it is revealed
    Route("labeling:delete-calibration", "manage", "POST"),
    Route("labeling:open-calibration", "manage", "POST"),
    Route("labeling:call-off-calibration", "manage", "POST"),
    Route("labeling:reveal-calibration", "manage", "POST"),
    Route("labeling:nudge-calibration", "manage", "POST"),
    Route(
        "labeling:excuse-calibration-member",
        "manage",
        "POST",
        kwargs={"member_id": "calibration_member_id"},
    ),
    # What the judgments are worth.
    Route("quality:show-own", SIGNED_IN),
    Route("quality:show-record", "review"),
    Route("quality:show-agreement", "see_agreement"),
    Route("quality:show-leaderboard", "see_agreement"),
    Route("quality:show-labelers", "review"),
    Route("quality:show-bias", "see_agreement"),
    Route("quality:show-prompts", "see_agreement"),
    Route("quality:show-consensus", "see_agreement"),
    Route("quality:show-item-consensus", "review"),
    Route("quality:show-report", "see_agreement"),
    Route("quality:compute-figures", "compute", "POST"),
    Route("quality:figures-progress", "see_agreement"),
    Route("quality:show-rubric-history", "see_agreement"),
    Route("quality:show-adaptive", "see_agreement"),
    Route("quality:set-adaptive", "manage", "POST"),
    Route("quality:set-repeats", "manage", "POST"),
    Route("quality:set-choosing", "manage", "POST"),
    Route("quality:propose-refill", "manage", "POST"),
    Route("quality:grant-refill", "manage", "POST"),
    Route("quality:drop-refill", "manage", "POST"),
    Route("quality:take-refill-back", "manage", "POST"),
    Route("quality:list-critiques", SIGNED_IN),
    Route("quality:read-critique", "judge", FORM, own=True),
    Route("quality:set-critiques", "manage", "POST"),
    Route("quality:list-judges", "see_agreement"),
    Route("quality:new-judge", "train", FORM),
    Route("quality:show-judge", "see_agreement"),
    Route("quality:change-principles", "train", "POST"),
    Route("quality:start-judge-run", "train", "POST"),
    Route("quality:show-judge-run", "see_agreement", kwargs={"run_id": "judge_run_id"}),
    Route("quality:cancel-judge-run", "train", "POST", kwargs={"run_id": "judge_run_id"}),
    Route("quality:resume-judge-run", "train", "POST", kwargs={"run_id": "judge_run_id"}),
    Route("quality:ask-people-after-judge", "manage", "POST", kwargs={"run_id": "judge_run_id"}),
    Route("quality-api:judges", "see_agreement"),
    Route("quality-api:judges", "train", "POST"),
    Route("quality-api:judge-principles", "train", "PUT"),
    Route("quality-api:judge-runs", "train", "POST"),
    Route("quality-api:judge-run", "see_agreement", kwargs={"run_id": "judge_run_id"}),
    Route("quality-api:cancel-judge-run", "train", "POST", kwargs={"run_id": "judge_run_id"}),
    Route("quality-api:agreement", "see_agreement", gives=(200, 202)),
    Route("quality-api:agreement", "compute", "POST"),
    Route("quality-api:figures", "see_agreement", gives=(200, 202)),
    # Who is told what.
    Route("oversight:show-costs", "see_costs"),
    Route("oversight:export-hours", "see_costs"),
    Route("oversight:edit-rates", "see_costs", FORM),
    Route("oversight:edit-alerts", "manage", FORM),
    Route("oversight:list-webhooks", "manage", FORM),
    Route("oversight:show-webhook", "manage"),
    Route("oversight:change-webhook", "manage", "POST"),
    # Datasets.
    Route("datasets:list-datasets", "see_datasets"),
    Route("datasets:new-dataset", "freeze", FORM),
    Route("datasets:show-freezing", "see_datasets"),
    Route("datasets:show-dataset", "see_datasets"),
    Route("datasets:show-report", "see_datasets"),
    Route("datasets:verify-dataset", "see_datasets", "POST"),
    Route("datasets:download-file", "see_datasets"),
    Route("datasets:show-exports", "export"),
    Route("datasets:download-export", "export", FORM),
    Route("datasets:take-export", "export"),
    Route("datasets:cancel-export", "export", "POST"),
    Route("datasets:set-licence", "export", "POST"),
    Route("datasets:show-diff", "see_datasets"),
    Route("datasets:choose-diff", "see_datasets", gives=(302,)),  # back to the list: none picked
    Route("runs:show-row", "see_datasets"),
    Route("runs:item-datasets", "see_datasets"),
    Route("datasets-api:datasets", "freeze", "POST"),
    Route("datasets-api:dataset", "see_datasets"),
    Route("datasets-api:file", "see_datasets"),
    Route("datasets-api:diff", "see_datasets", gives=(404,)),  # it wants a second one
    Route("datasets-api:exports", "export"),
    Route("datasets-api:export", "export", FORM),
    Route("datasets-api:ordered", "export", "GET DELETE"),
    Route("datasets-api:export-file", "export"),
    Route("datasets:list-destinations", "see_datasets"),
    Route("datasets:new-destination", "export", FORM),
    Route("datasets:show-destination", "see_datasets"),
    Route("datasets:change-destination", "export", "POST"),
    Route("datasets:push-dataset", "export", "POST"),
    Route("datasets:show-push", "see_datasets"),
    Route("datasets:change-push", "export", "POST"),
    Route("datasets-api:destinations", "see_datasets"),
    Route("datasets-api:destinations", "export", "POST"),
    Route("datasets-api:destination", "see_datasets"),
    Route("datasets-api:destination", "export", "DELETE"),
    Route("datasets-api:destination", "export", "PUT"),
    Route("datasets-api:destination-secret", "export", "PUT"),
    Route("datasets-api:try-destination", "export", "POST"),
    Route("datasets-api:pushes", "export"),
    Route("datasets-api:pushes", "export", "POST"),
    Route("datasets-api:push", "see_datasets"),
    # Models.
    Route("runs:show-project", "see_project"),
    Route("runs:list-runs", "see_runs"),
    Route("runs:start-run", "train", FORM),
    Route("runs:show-run", "see_runs"),
    Route("runs:cancel-run", "train", "POST"),
    Route("runs:resume-run", "train", "POST"),
    Route("runs:prioritise-run", "train", "POST"),
    Route("runs:list-model-versions", "see_runs"),
    Route("runs:show-model-version", "see_runs"),
    Route("runs:set-stage", "train", "POST"),
    Route("runs:measure-on-file", "train", "POST"),  # of a policy: a sentence
    Route("runs:remove-benchmark-file", "train", "POST"),
    Route("runs-api:benchmarks", "see_runs"),
    Route("runs-api:benchmarks", "train", "POST", sends={"file": "{file_id}"}, gives=(400,)),
    Route("runs-api:cancel-measurement", "train", "POST", gives=(202,)),
    Route("runs-api:benchmark-files", "train"),
    Route("runs-api:benchmark-files", "train", "POST", gives=(400,)),  # an empty one
    Route("runs-api:benchmark-file", "train", "DELETE", gives=(409,)),  # in use
    Route("runs:keep-model", "export", "POST"),
    Route("runs:show-push", "see_runs", kwargs={"push_id": "model_push_id"}),
    Route("runs:change-push", "export", "POST", kwargs={"push_id": "model_push_id"}),
    Route("runs-api:model-pushes", "export"),
    Route("runs-api:model-pushes", "export", "POST"),
    Route("runs:download-model", "export", gives=(302,)),  # the files of this one are gone
    Route(
        "runs-api:runs",
        "train",
        "POST",
        sends={"project": "{slug}", "kind": "sft", "dataset": "{digest}"},
    ),
    Route(
        "runs-api:estimate-run",
        "train",
        "POST",
        sends={"project": "{slug}", "kind": "sft", "dataset": "{digest}"},
    ),
    Route("runs-api:run", "see_runs"),
    Route("runs-api:cancel-run", "train", "POST"),
    Route("runs:check-accuracy", "train", "POST"),  # of a policy: a sentence
    Route("runs:order-harness", "train", FORM),
    Route("runs:show-harness", "see_runs"),
    Route("runs:cancel-harness", "train", "POST"),
    Route("runs:retry-harness", "train", "POST"),
    Route("runs-api:harness-orders", "see_runs"),
    Route("runs-api:harness-orders", "train", "POST", sends={}, gives=(400,)),
    Route("runs-api:harness", "see_runs"),
    Route("runs-api:cancel-harness", "train", "POST"),
    Route("runs:list-evaluations", "see_runs"),
    Route("runs:start-evaluation", "train", FORM),
    Route("runs:show-evaluation", "see_runs"),
    Route("runs:stop-evaluation", "train", "POST"),
    Route("runs:retry-evaluation", "train", "POST"),
    Route("runs:decide-evaluation", "train", "POST"),
    Route("runs:ask-judge-of-evaluation", "train", FORM),
    Route("runs:new-reward-judge", "train", FORM),
    Route("runs:start-reward-judge-run", "train", FORM, kwargs={"judge_id": "reward_judge_id"}),
    Route("runs:list-rounds", "see_runs"),
    Route("runs:begin-round", "train", "POST"),
    Route("runs:show-round", "see_runs"),
    Route("runs:show-round", "train", "POST"),
    Route("runs:seed-round", "train", "POST"),
    Route("runs-api:rounds", "see_runs"),
    Route("runs-api:rounds", "train", "POST", sends={}),
    Route("runs-api:round", "see_runs"),
    Route("runs-api:round", "train", "PATCH", sends={}),
    Route("runs-api:round-next", "train", "POST", sends={}, gives=(409,)),  # people's
    Route("runs-api:accuracy", "see_runs"),
    Route("runs-api:accuracy", "train", "POST", sends={}, gives=(400,)),  # of a policy
    Route(
        "runs-api:evaluations",
        "train",
        "POST",
        sends={"project": "{slug}", "new": "none", "old": "none"},
        gives=(400,),  # no such model
    ),
    Route("runs-api:evaluation", "see_runs"),
    Route("runs-api:reward-judges", "train", "POST"),
    Route(
        "runs-api:reward-judge-runs",
        "train",
        "POST",
        kwargs={"judge_id": "reward_judge_id"},
        gives=(400,),  # its model is none of ours
    ),
    Route("demo:start-round", "train", "POST"),
    Route("demo:show-round", "see_runs"),
    Route("demo:cancel-round", "train", "POST"),
    Route("api-schema", PUBLIC),
    Route("api-docs", PUBLIC),
]
TABLE = by_method(ROUTES)
SHOWN = 30
NAMESPACES = sorted({route.namespace for route in ROUTES})


@pytest.fixture(scope="module")
def walk(django_db_setup, django_db_blocker):
    """One world for all of it: each call in it is taken back."""
    logger = logging.getLogger("django.request")
    level = logger.level
    logger.setLevel(logging.ERROR)  # thousands of refusals are no news
    with django_db_blocker.unblock(), undone():
        found = Walk()
        yield found
        found.tables.close()
    logger.setLevel(level)


def test_every_address_has_a_row_and_every_row_an_address():
    known, told = {address.name for address in addresses()}, {route.name for route in ROUTES}
    assert known - told == set(), "these need a row in ROUTES"
    assert told - known == set(), "these rows lead nowhere"


@pytest.mark.django_db
@pytest.mark.parametrize("namespace", NAMESPACES)
def test_every_call_is_answered_as_the_table_says(walk, namespace, record_property):
    walk.counts.clear()
    problems = []
    for address in addresses():
        name = address.name.split(":")[0] if ":" in address.name else "root"
        if name == namespace and any(route.name == address.name for route in ROUTES):
            problems += walk.of(address, TABLE)
            walk.counts["addresses"] += 1
    assert walk.tables.hashes() == walk.hashes, "the walk did not take everything back"
    record_property("permission matrix", dict(walk.counts) | {"tables": len(walk.tables.names)})
    listed = "\n".join(problems[:SHOWN])
    assert not problems, f"{len(problems)} calls of {namespace}, such as:\n{listed}"


def test_every_tab_has_its_row_in_the_table():
    assert [TABLE[name, "GET"].may for _, name, _ in TABS] == [action for _, _, action in TABS]


def pages_of_the_project(walk):
    """Every page that takes a project's slug and is not for all its members."""
    for address in addresses():
        route = TABLE.get((address.name, "GET"))
        if route and route.may in ACTIONS and not route.own and "slug" in address.kwargs:
            path, _body = walk.path(address, route, walk.world.actors[0], walk.world.shop.ids)
            if path and Membership.Role.LABELER not in ACTIONS[route.may] and not route.is_api:
                yield path


@pytest.mark.django_db
@pytest.mark.parametrize("change", [{"is_active": False}, {"role": Membership.Role.LABELER}])
def test_a_changed_role_counts_with_the_next_request(walk, change):
    lead = next(actor for actor in walk.world.actors if actor.name == Membership.Role.LEAD)
    paths = list(pages_of_the_project(walk))
    assert len(paths) > 20

    def answers():
        found = [lead.caller.call("GET", path, {}, is_api=False) for path in paths]
        return {answer.status_code for answer in found if body_of(answer)}

    with undone():
        assert answers() == {200}
        lead.user.memberships.update(**change)
        assert answers() == {404}


@pytest.mark.django_db
@pytest.mark.parametrize(
    "write",
    [
        lambda project: audit.record("planted", project=project),
        lambda project: Project.objects.filter(pk=project.pk).update(overlap=1),
        lambda project: Membership.objects.filter(project=project).delete(),
    ],
    ids=["insert", "update", "delete"],
)
def test_a_write_in_a_denied_call_would_be_seen(walk, monkeypatch, write):
    """The control: the refusal itself is made to write, in each of the ways to write."""
    from annotation.projects import views

    real = views.project_for

    def writes_first(user, slug, action):
        write(Project.objects.get(slug=slug))
        return real(user, slug, action)

    stranger = next(actor for actor in walk.world.actors if actor.name == "labeler elsewhere")
    route, path = TABLE["projects:list-people", "GET"], f"/projects/{DEMO}/people/"
    with undone():
        assert walk.call(route, "GET", stranger, path, {}, "404")[0] is None
        monkeypatch.setattr(views, "project_for", writes_first)
        problem, _answer = walk.call(route, "GET", stranger, path, {}, "404")
        assert "denied, yet it changed" in problem
    walk.hashes = walk.tables.hashes()


@pytest.mark.django_db
def test_a_word_or_a_row_of_another_project_would_be_seen(walk, monkeypatch):
    """The control of what an allowed call leaves alone: a page that takes the wrong project."""
    other = walk.world.other
    other.project.role = Membership.Role.LEAD
    monkeypatch.setattr("annotation.projects.views.project_for", lambda *_: other.project)
    lead = next(actor for actor in walk.world.actors if actor.name == Membership.Role.LEAD)

    def problem(name, method, path, body):
        return walk.call(TABLE[name, method], method, lead, path, body, "allowed")[0]

    people, change = f"/projects/{DEMO}/people/", {"do": "change", "role": "reviewer"}
    member = f"{people}{other.ids['member_id']}/"
    assert "shows something" in problem("projects:list-people", "GET", people, {})
    assert "changed rows" in problem("projects:change-member", "POST", member, change)
