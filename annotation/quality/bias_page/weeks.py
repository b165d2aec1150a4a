"""What moves from week to week, as small charts side by side."""

from dataclasses import dataclass
from datetime import date

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from annotation.core.charts.lines import LineChart, Series, line_chart
from annotation.core.charts.scales import short_share
from annotation.quality.presentation import USUAL_RAW
from annotation.quality.share_rows import LEVEL, chance
from annotation.quality.wording import explain

NAMES = {
    "agreement": gettext_lazy("Two labelers say the same"),
    "first": gettext_lazy("The first shown is preferred"),
    "longer": gettext_lazy("The best is longer than the others"),
    "ties": gettext_lazy("Everything tied"),
    "bad": gettext_lazy("Everything unacceptable"),
    "slow": gettext_lazy("Slower than the project’s median"),
}


@dataclass(frozen=True)
class Weekly:
    name: str
    said: str
    chart: LineChart | None
    is_found: bool


def weekly(series: list[dict]) -> list[Weekly]:
    return [_one(one) for one in series]


def _one(one: dict) -> Weekly:
    name = str(NAMES[one["key"]])
    found = one["q"] is not None and one["q"] <= LEVEL
    if one["p"] is None:
        return Weekly(name, explain(one["reason"]), None, is_found=False)
    said = _("It moves") if found else _("It does not move more than chance moves it")
    usual = (*USUAL_RAW, _("usual")) if one["key"] == "agreement" else None
    points = list(enumerate(one["values"]))
    chart = line_chart(
        label=f"{name}: {said}",
        series=[
            Series(
                "",
                points,
                low=[low for low, _high in one["intervals"]],
                high=[high for _low, high in one["intervals"]],
            )
        ],
        x_name=_("Week of"),
        y_name=_("Share"),
        x_labels=[date_format(date.fromisoformat(week), _("j M")) for week in one["weeks"]],
        usual=usual,
        limit=(0.5, _("no bias")) if one["key"] == "first" else None,
        y_format=short_share,
    )
    return Weekly(name, f"{said}; {chance(one['q'])}", chart, is_found=found)
