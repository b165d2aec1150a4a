"""Why prompts give no item and responses take no part, in words."""

from django.utils.translation import gettext_lazy as _

from annotation.candidates.models import ResponseDecision, ResponseMark
from annotation.labeling.building.pairing import ADAPTIVE, ANY, BALANCED, NEW_AGAINST_OLD
from annotation.labeling.building.planning import UNCLASSIFIED

RULES = {
    BALANCED: _("Balanced: every two generators meet equally often"),
    NEW_AGAINST_OLD: _("New against old: each item has both"),
    ADAPTIVE: _("Adaptive: the pairs that the leaderboard knows least about"),
    ANY: _("Any responses, of one generator too"),
}
PROMPTS = {
    "has_items": _("has items already"),
    "all_left_out": _("none of its responses takes part"),
    "too_few": _("too few responses take part"),
    "too_few_generators": _("its responses are by too few generators"),
    "no_new": _("nothing of a new generator"),
    "no_old": _("nothing of an old generator"),
    "beyond_limit": _("beyond the limit"),
}
RESPONSES = {
    **dict(ResponseMark.Kind.choices),
    **dict(ResponseDecision.Choice.choices),
    UNCLASSIFIED: _("No verdict of the classifier"),
    "other_generator": _("By another generator"),
    "repeats": _("Repeats one that takes part"),
}
