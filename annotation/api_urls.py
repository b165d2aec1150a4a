"""The API: each app's part of it, its schema, and a page to read it on."""

from django.urls import include, path

from annotation.accounts.api_docs import DocsView, SchemaView

urlpatterns = [
    path("schema/", SchemaView.as_view(), name="api-schema"),
    path("docs/", DocsView.as_view(), name="api-docs"),
    path("", include("annotation.projects.api_urls")),
    path("", include("annotation.prompts.api_urls")),
    path("", include("annotation.candidates.api_urls")),
    path("", include("annotation.labeling.api_urls")),
    path("", include("annotation.quality.api_urls")),
    path("", include("annotation.datasets.api_urls")),
    path("", include("annotation.runs.api_urls")),
]
