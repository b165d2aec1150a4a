"""What is in a person's copy, in words and in their language."""

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

FILES = {
    "account": gettext_lazy("your names, addresses, ways to sign in, API tokens; no secrets"),
    "preferences": gettext_lazy("how Concord looks and acts for you"),
    "sessions": gettext_lazy("the browsers in which you are signed in"),
    "self_description": gettext_lazy("what you said about yourself, with your consent"),
    "memberships": gettext_lazy("the projects you are in, your role and your handle there"),
    "pools": gettext_lazy("the pools you are in"),
    "imports": gettext_lazy("files that you brought in"),
    "recordings": gettext_lazy("rationales that you spoke: when, and where the sound is"),
    "judgments": gettext_lazy("every judgment of yours with its rationale, also earlier ones"),
    "drafts": gettext_lazy("what you entered and did not submit"),
    "feedback_received": gettext_lazy("what reviewers told you; their names are replaced"),
    "feedback_given": gettext_lazy("what you told others about their judgments"),
    "questions": gettext_lazy("what you asked about items, and the answers"),
    "posts": gettext_lazy("what you said in calibration rounds"),
    "ladder": gettext_lazy("your steps on the qualification ladder, reasons and appeals"),
    "reports": gettext_lazy("problems with items that you reported"),
    "events": gettext_lazy("what the audit trail holds by you and about you"),
}


def readme(user) -> str:
    head = _("What Concord keeps about %(name)s, as of %(day)s.") % {
        "name": user.display_name,
        "day": timezone.now().date().isoformat(),
    }
    rest = _(
        "Names of other people are left out or replaced. Prompts and responses are not yours and "
        "are named by the id of their item only. Files are JSON, texts are UTF-8."
    )
    listed = "\n".join(f"{name}.json: {words}" for name, words in FILES.items())
    return f"{head}\n\n{listed}\n\n{rest}\n"
