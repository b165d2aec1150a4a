"""How far people agree elsewhere: what a raw agreement is held against."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from annotation.core.numbers import localised


@dataclass(frozen=True)
class Published:
    """Raw agreement of people who compared responses, as its authors report it."""

    share: str
    where: str
    task: str | Promise
    source: str
    note: str | Promise

    @property
    def text(self) -> str:
        return localised(self.share)


CAUTION = _(
    "A tie is one more way to differ, so where ties count a share is lower than without them."
)
PUBLISHED = (
    Published(
        "0.63",
        "HH",
        _("helpful and harmless chat"),
        "Bai et al. 2022",
        _("authors and crowd workers"),
    ),
    Published(
        "0.73",
        "InstructGPT",
        _("following instructions"),
        "Ouyang et al. 2022",
        _("trained labelers; 0.77 held-out"),
    ),
    Published(
        "0.72",
        "TL;DR",
        _("summaries"),
        "Stiennon et al. 2020",
        _("labelers; 0.77 with the authors"),
    ),
    Published(
        "0.81",
        "MT-bench",
        _("hard questions in two turns"),
        "Zheng et al. 2023",
        _("without ties"),
    ),
)
# The band in charts: what people usually reach.
USUAL_RAW = (0.65, 0.80)


def said_of_people() -> str:
    """What is known of people elsewhere, and for which tasks."""
    known = "; ".join(
        f"{one.text} {one.task} ({one.where}, {one.source}; {one.note})" for one in PUBLISHED
    )
    return gettext("Raw agreement reported elsewhere: %(known)s. %(caution)s") % {
        "known": known,
        "caution": CAUTION,
    }
