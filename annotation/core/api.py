"""What all API views share: a broken rule becomes its status and a sentence."""

from django.core.exceptions import PermissionDenied
from django.http import Http404
from rest_framework import exceptions
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.response import Response
from rest_framework.views import exception_handler as drf_exception_handler
from rest_framework.views import set_rollback

from annotation.core.errors import DomainError


def exception_handler(error, context):
    """{"detail": "a sentence"}; DomainError carries its status; forbidden looks like absent."""
    if isinstance(error, DomainError):
        set_rollback()
        answer = {"detail": str(error)}
        if field := getattr(error, "field", ""):
            answer["field"] = field
        return Response(answer, status=error.status)
    if isinstance(error, PermissionDenied):
        error = Http404()
    if isinstance(error, Http404):
        error = exceptions.NotFound()
    return drf_exception_handler(error, context)


class AnyAccept(BaseContentNegotiation):
    """A file is what it is, whatever the client says it would like."""

    def select_parser(self, request, parsers):
        return parsers[0]

    def select_renderer(self, request, renderers, format_suffix=None):
        return renderers[0], renderers[0].media_type
