"""What is said to a person where the framework would answer with an empty page."""

from django.http import HttpResponseNotAllowed
from django.shortcuts import render


class NotAllowedPageMiddleware:
    """A page of ours for whoever opens the address of a form's button. A program, which reads the
    status and `Allow`, gets the answer as it is, and so does htmx."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        if not isinstance(response, HttpResponseNotAllowed) or request.method != "GET":
            return response
        if request.htmx or request.path.startswith("/api/"):
            return response
        page = render(request, "405.html", status=response.status_code)
        page["Allow"] = response["Allow"]
        return page
