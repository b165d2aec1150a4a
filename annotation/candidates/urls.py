from django.urls import path

from annotation.candidates.endpoints import views as endpoints
from annotation.candidates.generation import views as generation

app_name = "candidates"
urlpatterns = [
    path("projects/<slug:slug>/candidates/", generation.run_list, name="list-runs"),
    path("projects/<slug:slug>/candidates/new/", generation.new_run, name="new-run"),
    path(
        "projects/<slug:slug>/candidates/orders/<int:order_id>/",
        generation.show_order,
        name="show-order",
    ),
    path(
        "projects/<slug:slug>/candidates/orders/<int:order_id>/cancel/",
        generation.cancel_order,
        name="cancel-order",
    ),
    path(
        "projects/<slug:slug>/candidates/orders/<int:order_id>/resume/",
        generation.resume_order,
        name="resume-order",
    ),
    path("projects/<slug:slug>/candidates/<int:run_id>/", generation.show_run, name="show-run"),
    path(
        "projects/<slug:slug>/candidates/<int:run_id>/cancel/",
        generation.cancel_run,
        name="cancel-run",
    ),
    path(
        "projects/<slug:slug>/candidates/<int:run_id>/resume/",
        generation.resume_run,
        name="resume-run",
    ),
    path(
        "projects/<slug:slug>/endpoints/",
        endpoints.endpoint_list,
        name="list-endpoints",
    ),
    path("projects/<slug:slug>/endpoints/new/", endpoints.new_endpoint, name="new-endpoint"),
    path(
        "projects/<slug:slug>/endpoints/<int:endpoint_id>/",
        endpoints.show_endpoint,
        name="show-endpoint",
    ),
    path(
        "projects/<slug:slug>/endpoints/<int:endpoint_id>/change/",
        endpoints.change_endpoint,
        name="change-endpoint",
    ),
]
