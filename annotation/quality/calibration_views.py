"""The figures of a calibration round, and closing it, which keeps them."""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from annotation.core.errors import DomainError
from annotation.labeling.calibration.seats import managed_round, seat_for
from annotation.quality.calibration import agreement_of, close_round
from annotation.quality.calibration_page import present


@require_safe
def show_agreement(request, slug, calibration_id):
    seat = seat_for(request.user, slug, calibration_id)
    if not seat.round.is_shown:
        raise Http404
    context = {
        "project": seat.project,
        "tab": "review",
        "seat": seat,
        "round": seat.round,
        "agreement": present(agreement_of(seat.round)),
    }
    name = "_calibration" if request.htmx else "calibration"
    return render(request, f"quality/{name}.html", context)


@require_POST
def close(request, slug, calibration_id):
    round_ = managed_round(request.user, slug, calibration_id)
    try:
        close_round(round_=round_, actor=request.user)
        messages.success(request, _("Closed. What was said and counted stays as it is."))
    except DomainError as error:
        messages.error(request, str(error))
    return redirect("labeling:show-calibration", slug, round_.pk)
