"""The API's schema, and a page of it for people: server-rendered, no script."""

from django.shortcuts import render
from django.utils.decorators import method_decorator
from django.views.decorators.cache import cache_control
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView
from rest_framework.permissions import AllowAny
from rest_framework.views import APIView

METHODS = ("get", "post", "put", "patch", "delete")


@extend_schema(exclude=True)
@method_decorator(cache_control(max_age=300), name="dispatch")
class SchemaView(SpectacularAPIView):
    """OpenAPI 3 (`?format=json` for JSON)."""

    permission_classes = [AllowAny]


@extend_schema(exclude=True)
class DocsView(APIView):
    """The same schema as a page."""

    permission_classes = [AllowAny]

    def get(self, request):
        schema = SchemaGenerator().get_schema(request=None, public=True)
        return render(request._request, "api_docs.html", {"groups": operations(schema)})


def operations(schema) -> list[dict]:
    """Operations grouped by tag, each with what a reader needs, references resolved one level."""
    groups: dict[str, list] = {}
    for path, item in schema["paths"].items():
        for method in METHODS:
            if operation := item.get(method):
                groups.setdefault(operation.get("tags", ["api"])[0], []).append(
                    {
                        "method": method.upper(),
                        "path": path,
                        "id": operation["operationId"],
                        "text": operation.get("description", ""),
                        "parameters": operation.get("parameters", []),
                        "body": _body(operation.get("requestBody"), schema),
                        "answers": [
                            {
                                "status": status,
                                "text": answer.get("description", ""),
                                "body": _body(answer, schema),
                            }
                            for status, answer in operation["responses"].items()
                        ],
                    }
                )
    return [{"name": name, "operations": found} for name, found in sorted(groups.items())]


def _body(holder, schema):
    """[(media type, schema name, [fields])] of a request or an answer."""
    bodies = []
    for media_type, content in (holder or {}).get("content", {}).items():
        shape = content.get("schema", {})
        name = shape.get("$ref", "").rsplit("/", 1)[-1]
        if name:
            shape = schema["components"]["schemas"][name]
        required = shape.get("required", [])
        fields = [
            {
                "name": field,
                "type": details.get("type") or details.get("$ref", "").rsplit("/", 1)[-1] or "any",
                "is_required": field in required,
                "text": details.get("description", ""),
            }
            for field, details in shape.get("properties", {}).items()
        ]
        bodies.append({"media_type": media_type, "name": name, "fields": fields})
    return bodies
