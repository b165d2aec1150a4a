"""Hours and their cost, for who pays for them."""

from datetime import timedelta

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from annotation.accounts.recent import AN_HOUR, needs_recent_sign_in
from annotation.core import audit
from annotation.core.charts.bars import bar_chart, marks_of_days
from annotation.core.downloads import attachment
from annotation.core.numbers import localised
from annotation.oversight.costs import hours, services, table
from annotation.oversight.costs.forms import PayForm, PeriodForm
from annotation.projects.permissions import project_for

MOST_BARS = 62


@require_safe
def show_costs(request, slug):
    project = project_for(request.user, slug, "see_costs")
    period = PeriodForm.asked(request.GET)
    context = {"project": project, "tab": "overview", "period": period}
    if not period.is_valid():
        return render(request, "oversight/costs.html", context, status=422)
    first, last = period.cleaned_data["first"], period.cleaned_data["last"]
    days = hours.days_of(project, first, last)
    context |= {
        "pay": hours.pay_of(project),
        "cap_minutes": hours.DEFAULT_CAP_MINUTES,
        "totals": hours.totals_of(days),
        "sum": hours.Total.of("", days),
        "capped_count": sum(day.capped_count for day in days),
        "unmeasured_count": sum(day.unmeasured_count for day in days),
        "chart": _chart(days, first, last),
        "query": period.data,
    }
    return render(request, "oversight/costs.html", context)


def _chart(days, first, last):
    """Hours a day, of periods that fit into it."""
    length = (last - first).days + 1
    if not days or length > MOST_BARS:
        return None
    seconds = dict.fromkeys([first + timedelta(days=n) for n in range(length)], 0)
    for day in days:
        seconds[day.day] += day.seconds
    whole = sum(seconds.values()) / 3600
    label = _("%(hours)s hours in %(days)d days") % {
        "hours": localised(f"{whole:,.1f}"),
        "days": length,
    }
    bars = [(date_format(day, _("j M")), count / 3600) for day, count in seconds.items()]
    return bar_chart(
        label=label,
        bars=bars,
        value_name=_("Hours"),
        number=lambda n: localised(f"{n:.1f}"),
        marks=marks_of_days(list(seconds)),
    )


@require_safe
@needs_recent_sign_in(also_get=True, within=AN_HOUR)
def export_hours(request, slug):
    project = project_for(request.user, slug, "see_costs")
    period = PeriodForm.asked(request.GET)
    if not period.is_valid():
        return show_costs(request, slug)
    first, last = period.cleaned_data["first"], period.cleaned_data["last"]
    pay = hours.pay_of(project)
    content = table.as_csv(hours.days_of(project, first, last), pay.currency if pay else "")
    audit.record(
        "hours.exported",
        actor=request.user,
        project=project,
        target=project.slug,
        first=first.isoformat(),
        last=last.isoformat(),
    )
    name = f"{project.slug}-hours-{first}-{last}.csv"
    return attachment([content], name=name, content_type="text/csv; charset=utf-8")


@require_http_methods(["GET", "HEAD", "POST"])
def edit_rates(request, slug):
    project = project_for(request.user, slug, "see_costs")
    form = PayForm(request.POST or None, project=project, pay=hours.pay_of(project))
    if request.method == "POST" and form.is_valid():
        said = {name: form.cleaned_data[name] for name in PayForm.base_fields}
        services.set_pay(project=project, own_rates=form.own_rates, actor=request.user, **said)
        messages.success(request, _("Saved."))
        return redirect("oversight:show-costs", slug)
    context = {"project": project, "tab": "overview", "form": form}
    return render(request, "oversight/rates.html", context, status=422 if form.errors else 200)
