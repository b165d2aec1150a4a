from django.urls import path

from annotation.candidates.endpoints import api as endpoints

app_name = "candidates-api"
urlpatterns = [
    path("projects/<slug:slug>/endpoints/", endpoints.EndpointsView.as_view(), name="endpoints"),
    path("endpoints/<int:endpoint_id>/", endpoints.EndpointView.as_view(), name="endpoint"),
    path(
        "endpoints/<int:endpoint_id>/key/",
        endpoints.EndpointKeyView.as_view(),
        name="endpoint-key",
    ),
    path(
        "endpoints/<int:endpoint_id>/try/",
        endpoints.EndpointTrialView.as_view(),
        name="try-endpoint",
    ),
]
