"""What wins besides quality: the place, the length, the form, the week."""

from django.utils.translation import gettext_noop

from annotation.quality.analyses.bias.choices import choices_of
from annotation.quality.analyses.bias.form import form_figures
from annotation.quality.analyses.bias.position import position_figures
from annotation.quality.analyses.bias.reward import reward_figures
from annotation.quality.analyses.bias.weeks import drift_figures
from annotation.quality.figures import Progress
from annotation.quality.snapshot import Snapshot
from annotation.quality.stats.chance import adjust_for_discoveries

CODE_VERSION = "2"


def compute(snapshot: Snapshot, progress: Progress) -> dict:
    """{"extent", "position", "form", "drift", "reward"}: docs/statistics.md has each."""
    choices = choices_of(snapshot)
    progress(0, 3, gettext_noop("Looking at places"))
    position = position_figures(snapshot, choices)
    progress(1, 3, gettext_noop("Looking at length and form"))
    form = form_figures(snapshot, choices)
    progress(2, 3, gettext_noop("Looking at the weeks"))
    _adjust(position, form)
    return {
        "extent": {
            "judgments": len(snapshot.item),
            "labelers": len(snapshot.handles),
            "comparisons": len(choices),
            "decisive": len(choices.decisive),
        },
        "position": position,
        "form": form,
        "drift": drift_figures(snapshot, choices),
        "reward": reward_figures(snapshot, choices),
    }


def _adjust(position: dict, form: dict) -> None:
    """q over all questions about place and form: who asks ten finds one."""
    asked = [position["first"], form["length"], *(mark["odds"] for mark in form["marks"].values())]
    asked += position["places"]
    for one, q in zip(asked, adjust_for_discoveries([one["p"] for one in asked]), strict=True):
        one["q"] = q
