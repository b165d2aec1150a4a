"""What becomes of every column that could tell of a person, when the person is erased: as data.

A new model with a foreign key to a user, or with a text, fails a test until each such column is
here. The fate is what `erase` of the app's `personal.py` does with it; a column without a person
in it is kept, with the reason.
"""

from dataclasses import dataclass
from enum import StrEnum


class Does(StrEnum):
    KEEP = "keep"
    ANONYMISE = "anonymise"  # the row stays, the value is emptied or replaced
    DELETE = "delete"  # the row goes


@dataclass(frozen=True)
class Fate:
    does: Does
    why: str


# Kept.
NUMBER = Fate(Does.KEEP, "a user's number; the account behind it is nobody's then")
CODE = Fate(Does.KEEP, "written by our code: a name of a kind, a state, a hash, figures")
CONTENT = Fate(Does.KEEP, "the project's own content, whoever entered it")
SITE = Fate(Does.KEEP, "the site's own settings, of no person")
SEALED = Fate(Does.KEEP, "no column of a person: goes by its own rules, see docs/privacy.md")
# Changed.
EMPTIED = Fate(Does.ANONYMISE, "emptied, or the words in it are")
PSEUDONYM = Fate(Does.ANONYMISE, "the pseudonym takes its place")
BY_OPTION = Fate(Does.ANONYMISE, "emptied where free texts are removed, too; kept otherwise")
# Gone.
GONE = Fate(Does.DELETE, "the whole row goes")

COLUMNS: dict[str, dict[str, Fate]] = {
    "auth.Permission": {"name": CODE, "codename": CODE},
    "auth.Group": {"name": SITE},
    "contenttypes.ContentType": {"app_label": CODE, "model": CODE},
    "account.EmailAddress": {"user": GONE, "email": GONE},
    "account.EmailConfirmation": {"key": GONE},
    "mfa.Authenticator": {"user": GONE, "data": GONE},
    "socialaccount.SocialApp": {
        "provider": SITE,
        "provider_id": SITE,
        "name": SITE,
        "client_id": SITE,
        "secret": SITE,
        "key": SITE,
        "settings": SITE,
    },
    "socialaccount.SocialAccount": {
        "user": GONE,
        "provider": GONE,
        "uid": GONE,
        "extra_data": GONE,
    },
    "socialaccount.SocialToken": {"token": GONE, "token_secret": GONE},
    "core.Job": {
        "kind": CODE,
        "queue": CODE,
        "created_by": NUMBER,
        "target": CODE,
        "payload": EMPTIED,
        "progress_note": PSEUDONYM,
        "result": PSEUDONYM,
        "error": PSEUDONYM,
    },
    "core.Event": {"actor": NUMBER, "kind": CODE, "target": CODE, "payload": EMPTIED},
    # A cache by content: what was made of a text goes where the text goes.
    "core.RenderedText": {"sha256": GONE, "renderer": CODE, "html": GONE},
    "accounts.User_groups": {"user": GONE},
    "accounts.User_user_permissions": {"user": GONE},
    "accounts.User": {
        "password": EMPTIED,
        "username": PSEUDONYM,
        "first_name": EMPTIED,
        "last_name": EMPTIED,
        "email": EMPTIED,
        "preferences": EMPTIED,
    },
    "accounts.ApiToken": {"user": GONE, "name": GONE, "digest": GONE},
    "accounts.Session": {"session_key": GONE, "session_data": GONE, "user": GONE, "agent": GONE},
    # Hashes and addresses of attempts to sign in, of nobody known; they end within a day.
    "accounts.Limit": {"key": SEALED, "value": SEALED},
    "accounts.SelfDescription": {"name": GONE, "envelope": GONE},
    "projects.Project": {
        "slug": CONTENT,
        "name": CONTENT,
        "description": CONTENT,
        "created_by": NUMBER,
    },
    "projects.Membership": {"user": NUMBER, "handle": PSEUDONYM, "pause_reason": EMPTIED},
    # The person's own: the address goes, one not yet accepted is revoked.
    "projects.Invitation": {
        "email": EMPTIED,
        "handle": EMPTIED,
        "pool_names": CONTENT,
        "token_digest": EMPTIED,
        "error": EMPTIED,
        "invited_by": NUMBER,
        "accepted_by": NUMBER,
    },
    "projects.Pool": {"name": CONTENT, "description": CONTENT, "created_by": NUMBER},
    "projects.PoolMember": {"user": GONE},
    "projects.Slice": {"name": CONTENT, "conditions": CONTENT},
    "projects.RubricVersion": {
        "guideline": CONTENT,
        "flags": CONTENT,
        "error_labels": CONTENT,
        "priorities": CONTENT,
        "note": CONTENT,
        "published_by": NUMBER,
    },
    "projects.Criterion": {
        "key": CONTENT,
        "label": CONTENT,
        "description": CONTENT,
        "anchors": CONTENT,
    },
    "projects.RubricExample": {"text": CONTENT},
    "projects.RubricDraft": {"content": CONTENT, "updated_by": NUMBER},
    "prompts.Prompt": {"messages": CONTENT, "sha256": CODE},
    "prompts.Generator": {
        "name": CONTENT,
        "revision": CONTENT,
        "artifact": CODE,
        "artifact_sha256": CODE,
    },
    "prompts.Response": {
        "text": BY_OPTION,
        "text_sha256": BY_OPTION,
        "author": NUMBER,
        "attachments": CONTENT,
        "params": CONTENT,
        "finish_reason": CODE,
    },
    # A recording goes, row and file; other attachments are the project's content.
    "prompts.Attachment": {
        "sha256": GONE,
        "name": CONTENT,
        "media_type": CODE,
        "created_by": NUMBER,
    },
    "prompts.Import": {
        "file_name": EMPTIED,
        "sha256": CODE,
        "options": CODE,
        "counts": CODE,
        "created_by": NUMBER,
    },
    "prompts.LineError": {"field": CODE, "reason": CONTENT},
    "candidates.Endpoint": {
        "name": CONTENT,
        "base_url": CONTENT,
        "model": CONTENT,
        "sealed_key": CONTENT,
        "currency": CODE,
        "created_by": NUMBER,
    },
    "candidates.GenerationOrder": {"created_by": NUMBER},
    "candidates.GenerationRun": {"params": CONTENT, "terms": CODE, "created_by": NUMBER},
    "candidates.GenerationRequest": {
        "fault": CODE,
        "detail": CONTENT,
        "model": CODE,
        "fingerprint": CODE,
    },
    "candidates.Marking": {"classifier": CODE, "protocol": CODE, "version": CODE},
    "candidates.SafetyVerdict": {
        "classifier": CODE,
        "harms": CODE,
        "fault": CODE,
        "detail": CONTENT,
    },
    # Places in a text instead of its words.
    "candidates.ResponseMark": {"detail": CODE, "version": CODE},
    "candidates.ResponseDecision": {"masked_text": CONTENT, "decided_by": NUMBER},
    "labeling.Item": {
        "external_id": CONTENT,
        "content_sha256": CODE,
        "batch": CONTENT,
        "metadata": CONTENT,
        "warnings": CONTENT,
    },
    "labeling.ItemResponse": {"key": CONTENT, "shown_text": CONTENT, "shown_sha256": CODE},
    "labeling.RemovedPlace": {"key": CONTENT},
    "labeling.BuiltBatch": {
        "name": CONTENT,
        "policy": CODE,
        "counts": CODE,
        "created_by": NUMBER,
    },
    "labeling.Assignment": {"labeler": NUMBER, "skip_reason": EMPTIED, "draft": EMPTIED},
    "labeling.CalibrationRound": {
        "name": CONTENT,
        "samples": CODE,
        "agreement": CODE,
        "reveal_reason": EMPTIED,
        "created_by": NUMBER,
        "revealed_by": NUMBER,
    },
    "labeling.CalibrationPost": {"author": NUMBER, "text": EMPTIED},
    "labeling.CalibrationReading": {"reader": NUMBER},
    # What a whole round came to: the project's, whoever wrote it down.
    "labeling.CalibrationOutcome": {
        "author": NUMBER,
        "both": CODE,
        "note": CONTENT,
        "ratings": CODE,
    },
    "labeling.CalibrationMember": {"labeler": NUMBER, "excuse": EMPTIED},
    "labeling.Judgment": {
        "labeler": NUMBER,
        "content_sha256": BY_OPTION,
        "both": CODE,
        "ratings": CODE,
        "flags": CODE,
        "highlights": BY_OPTION,
        "rationale": BY_OPTION,
        "recording": EMPTIED,
    },
    "labeling.Feedback": {
        "labeler": NUMBER,
        "reviewer": NUMBER,
        "text": EMPTIED,
        "answer": EMPTIED,
    },
    "labeling.FinalJudgment": {"labeler": NUMBER},
    # Told to everybody: the project's; but a question quoted in it goes with the question. A
    # question and its answer are between two people.
    "labeling.Announcement": {"author": NUMBER, "text": CONTENT},
    "labeling.AnnouncementRead": {"user": NUMBER},
    "labeling.Question": {
        "asker": NUMBER,
        "text": EMPTIED,
        "answer": EMPTIED,
        "answered_by": NUMBER,
    },
    "labeling.TestSection": {"name": CONTENT},
    "labeling.GoldItem": {"ratings": CODE, "explanation": CONTENT, "made_by": NUMBER},
    "labeling.StageChange": {"changed_by": NUMBER, "reason": EMPTIED, "evidence": CODE},
    "labeling.StageNote": {"evidence": CODE},
    "labeling.TestAttempt": {"sections": CODE},
    "labeling.Appeal": {"text": EMPTIED, "answer": EMPTIED, "answered_by": NUMBER},
    # What went back to somebody is about them, and goes; other reasons are like a rationale.
    "labeling.Adjudication": {
        "reviewer": NUMBER,
        "reason": BY_OPTION,
        "both": CODE,
        "ratings": CODE,
    },
    "labeling.ItemReview": {"flags": CODE, "rating_spreads": CODE},
    "labeling.ReviewSettings": {"audit_seed": CODE},
    "labeling.ItemReport": {
        "labeler": NUMBER,
        "text": EMPTIED,
        "resolved_by": NUMBER,
        "resolution": EMPTIED,
    },
    "quality.Report": {
        "kind": CODE,
        "input_sha256": CODE,
        "code_version": CODE,
        "gold_state": CODE,
        "result": PSEUDONYM,
    },
    "quality.Refill": {"actor": NUMBER},
    "quality.AdaptiveWork": {"standing": CODE},
    "quality.Choice": {"input_sha256": CODE},
    "quality.Judge": {
        "name": CONTENT,
        "reward_model": CONTENT,
        "instructions": CONTENT,
        "created_by": NUMBER,
    },
    "quality.PrincipleList": {"principles": CONTENT, "created_by": NUMBER},
    "quality.JudgeRun": {"terms": CODE, "created_by": NUMBER},
    "quality.JudgeFindings": {"state": CODE, "found": CONTENT},
    # Written by a model, about responses; see quality/judges/models.py.
    "quality.Opinion": {
        "ratings": CODE,
        "critique": CONTENT,
        "fault": CODE,
        "detail": CONTENT,
        "model": CONTENT,
    },
    "oversight.Webhook": {
        "url": CONTENT,
        "sealed_secret": CONTENT,
        "created_by": NUMBER,
    },
    "oversight.Pay": {"currency": CODE, "changed_by": NUMBER},
    "oversight.Alert": {"base_url": SITE, "changed_by": NUMBER},
    "oversight.Alert_mail_to": {"user": NUMBER},
    "oversight.Delivery": {"body": CODE, "error": CODE},
    "datasets.Dataset": {
        "hash": CODE,
        "name": CONTENT,
        "licence": CONTENT,
        "policy": CODE,
        "counts": CODE,
        "manifest": CODE,
        "created_by": NUMBER,
    },
    "datasets.Destination": {
        "name": CONTENT,
        "endpoint": CONTENT,
        "region": CONTENT,
        "bucket": CONTENT,
        "prefix": CONTENT,
        "access_key": CONTENT,
        "repository": CONTENT,
        "sealed_secret": CONTENT,
        "created_by": NUMBER,
    },
    "datasets.Export": {
        "form": CODE,
        "split": CODE,
        "key": CODE,
        "sha256": CODE,
        "created_by": NUMBER,
    },
    "datasets.DatasetPush": {
        "place": CONTENT,
        "url": CONTENT,
        "revision": CODE,
        "sha256": CODE,
        "files": CODE,
        "form": CODE,
        "created_by": NUMBER,
    },
    "datasets.DatasetPerson": {"user": NUMBER, "name": CODE},
    "runs.TrainingRun": {
        "name": CONTENT,
        "options": CODE,
        "report": CODE,
        "log_tail": CODE,
        "copy_fault": CODE,
        "created_by": NUMBER,
    },
    "runs.CheckpointCopy": {"sha256": CODE, "folder": CODE, "files": CODE},
    "runs.RunEvent": {"type": CODE, "data": CODE},
    "runs.ModelVersion": {
        "name": CONTENT,
        "artifact": CODE,
        "sha256": CODE,
        "metrics": CODE,
        "card": CONTENT,
    },
    "runs.ModelPush": {
        "place": CONTENT,
        "url": CONTENT,
        "revision": CODE,
        "sha256": CODE,
        "files": CODE,
        "created_by": NUMBER,
    },
    "runs.AccuracyCheck": {"created_by": NUMBER},
    # From elsewhere, of nobody here; whoever brought it in keeps their number.
    "runs.BenchmarkFile": {"sha256": CODE, "name": CONTENT, "created_by": NUMBER},
    "runs.BenchmarkSubset": {"benchmark": CONTENT, "name": CONTENT, "figures": CODE},
    "runs.Measurement": {"name": CONTENT, "created_by": NUMBER},
    "runs.HarnessEvaluation": {
        "tasks": CODE,
        "options": CODE,
        "log_tail": CODE,
        "harness": CODE,
        "created_by": NUMBER,
    },
    "runs.HarnessFigure": {
        "task": CODE,
        "metric": CODE,
        "filter": CODE,
        "task_version": CODE,
        "examples": CODE,
    },
    "runs.Evaluation": {
        "options": CODE,
        "reason": CONTENT,
        "decided_by": NUMBER,
        "created_by": NUMBER,
    },
    "runs.EvaluationFigures": {"state": CODE, "figures": CODE},
    "runs.Round": {
        "batches": CODE,
        "options": CODE,
        "stages": CODE,
        "result": CODE,
        "created_by": NUMBER,
    },
    "privacy.PersonalCopy": {"user": GONE, "name": GONE},
    "privacy.ErasureRequest": {"user": NUMBER},
    "privacy.Erasure": {
        "user": NUMBER,
        "actor": NUMBER,
        "pseudonym": CODE,
        "datasets": CODE,
        "model_versions": CODE,
    },
}
