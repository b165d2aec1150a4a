"""Every address of the platform. Each app names its own pages and its part of the API."""

from django.urls import include, path

from annotation.core import language, theme, views

urlpatterns = [
    path("health/", views.health, name="health"),
    path("theme/", theme.set_theme, name="set-theme"),
    path("language/", language.set_language, name="set-language"),
    path("", include("annotation.accounts.urls")),
    path("", include("annotation.accounts.sign_on_urls")),
    path("", include("annotation.projects.urls")),
    path("", include("annotation.prompts.urls")),
    path("", include("annotation.candidates.urls")),
    path("", include("annotation.labeling.urls")),
    path("", include("annotation.quality.urls")),
    path("", include("annotation.oversight.urls")),
    path("", include("annotation.datasets.urls")),
    path("", include("annotation.runs.urls")),
    path("", include("annotation.privacy.urls")),
    path("", include("annotation.demo.urls")),
    path("api/", include("annotation.api_urls")),
]
handler400 = "annotation.core.views.bad_request"
handler403 = "annotation.core.views.forbidden"
handler404 = "annotation.core.views.not_found"
handler500 = "annotation.core.views.server_error"
