"""The labeler's own figures: a fragment of the home page, and a page without script."""

from django.shortcuts import render
from django.views.decorators.http import require_safe

from annotation.quality.own_figures import own_figures
from annotation.quality.signals.person import own_signals


@require_safe
def show_own(request):
    context = {"figures": own_figures(request.user)}
    if request.htmx:
        return render(request, "quality/_own.html", context)
    return render(request, "quality/own.html", context | {"signals": own_signals(request.user)})
