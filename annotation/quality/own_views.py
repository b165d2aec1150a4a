"""The labeler's own figures: a fragment of the home page, and a page without script."""

from django.shortcuts import render
from django.views.decorators.http import require_safe

from annotation.quality.own_figures import own_figures


@require_safe
def show_own(request):
    template = "quality/_own.html" if request.htmx else "quality/own.html"
    return render(request, template, {"figures": own_figures(request.user)})
