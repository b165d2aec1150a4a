"""How far people agree elsewhere: what a raw agreement is held against."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from annotation.core.numbers import localised


@dataclass(frozen=True)
class Published:
    """Raw agreement of people who compared responses, as its authors report it."""

    share: str
    where: str
    source: str
    note: str | Promise

    @property
    def text(self) -> str:
        return localised(self.share)


PUBLISHED = (
    Published("0.63", "HH", "Bai et al. 2022", _("authors and crowd workers")),
    Published("0.73", "InstructGPT", "Ouyang et al. 2022", _("trained labelers; 0.77 held-out")),
    Published("0.72", "TL;DR", "Stiennon et al. 2020", _("labelers; 0.77 with the authors")),
    Published("0.81", "MT-bench", "Zheng et al. 2023", _("without ties")),
)
# The band in charts: what people usually reach.
USUAL_RAW = (0.65, 0.80)
