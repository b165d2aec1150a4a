"""The overview's figures in words and pictures."""

from datetime import timedelta

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from annotation.core.charts.bars import BarChart, bar_chart, marks_of_days
from annotation.core.charts.scales import span
from annotation.core.numbers import grouped, localised
from annotation.oversight.figures.health import health_of
from annotation.oversight.figures.throughput import Throughput, forecast_of, throughput_of
from annotation.quality.stats.forecast import LEAST_DAYS, LEAST_DAYS_WITH_WORK, Forecast


def overview_figures(project, progress: dict) -> dict:
    """What the overview shows beside its progress, by the names its templates use."""
    throughput = throughput_of(project)
    forecast = forecast_of(throughput, progress["remaining"])
    return {
        "throughput": throughput,
        "throughput_chart": throughput_chart(throughput),
        "forecast": forecast_words(forecast, has_items=bool(progress["wanted"])),
        "health": health_of(project),
    }


def throughput_chart(throughput: Throughput) -> BarChart:
    before = throughput.counts[:-1]
    mean = sum(before) / len(before)
    finding = _("%(mean)s judgments a day over the last %(days)d days, %(today)s today so far") % {
        "mean": _rounded(mean),
        "days": len(before),
        "today": grouped(throughput.today),
    }
    bars = [
        (date_format(day, _("j M")), float(count))
        for day, count in zip(throughput.days, throughput.counts, strict=True)
    ]
    return bar_chart(
        label=finding,
        bars=bars,
        value_name=_("Judgments"),
        last_is_unfinished=True,
        marks=marks_of_days(throughput.days),
    )


def forecast_words(forecast: Forecast, *, has_items: bool) -> dict[str, str]:
    """{"date", "interval", "basis"}, or {"none"} with the reason why there is no date."""
    if not has_items:
        return {"none": _("There are no items yet.")}
    if forecast.reason == "done":
        return {"none": _("Nothing remains to be judged.")}
    if forecast.reason == "no_work":
        return {"none": _("Nobody has judged anything in the last two weeks.")}
    if forecast.reason == "too_few_days":
        return {
            "none": _(
                "Not enough data yet: it needs %(least)d complete days, at least %(work)d of them "
                "with judgments, and has %(has)d."
            )
            % {"least": LEAST_DAYS, "work": LEAST_DAYS_WITH_WORK, "has": forecast.day_count}
        }
    basis = ngettext(
        "From the last %(count)d complete day: %(mean)s judgments a day on average.",
        "From the last %(count)d complete days: %(mean)s judgments a day on average.",
        forecast.day_count,
    ) % {"count": forecast.day_count, "mean": _rounded(forecast.per_day)}
    return {
        "date": _date(forecast.middle),
        "interval": span(_date(forecast.low), _date(forecast.high)),
        "basis": basis,
    }


def _date(days: int | None) -> str:
    if days is None:
        return _("more than two years")
    day = timezone.localdate() + timedelta(days=days)
    return date_format(day, _("j F") if day.year == timezone.localdate().year else _("j F Y"))


def _rounded(mean: float) -> str:
    return grouped(round(mean)) if mean >= 10 else localised(f"{mean:.1f}")
