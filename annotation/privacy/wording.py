"""What the counts of an erasure mean."""

from django.utils.translation import gettext_lazy as _

WORDS = {
    "items_given_back": _("Items given back to the queue"),
    "drafts": _("Drafts"),
    "skip_reasons": _("Reasons for skipping"),
    "feedback": _("Messages to and from reviewers, their words"),
    "reports": _("Reports on items, their words"),
    "questions": _("Questions and answers about items, their words"),
    "posts": _("What they said in calibration rounds"),
    "decisions": _("Reasons of decisions to and by them"),
    "ladder": _("Reasons and appeals on the qualification ladder, their words"),
    "recordings": _("Voice recordings"),
    "rationales": _("Judgments with free texts, their texts (only if you choose so)"),
    "responses": _("Responses they wrote (only if you choose so)"),
    "file_names": _("Names of files they imported"),
    "figures": _("Agreement reports that name their handle"),
    "copies": _("Copies of their data"),
    "jobs": _("Jobs they ordered, the words in them"),
    "events": _("Lines of the audit trail, the words in them"),
    "memberships": _("Places in projects, under the pseudonym"),
    "pools": _("Places in pools"),
    "invitations": _("Invitations, their addresses"),
    "sessions": _("Signed-in browsers"),
    "tokens": _("API tokens"),
    "second_factors": _("Second factors"),
    "addresses": _("Proven e-mail addresses"),
    "single_sign_on": _("Links to single sign-on"),
    "self_description": _("Self-description"),
}


def lines(counts: dict[str, int]) -> list[tuple[str, int]]:
    """[(words, how many), …] of what goes."""
    return [(words, counts[name]) for name, words in WORDS.items() if counts.get(name)]
