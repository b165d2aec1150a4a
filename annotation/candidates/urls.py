from django.urls import path

from annotation.candidates.endpoints import views as endpoints

app_name = "candidates"
urlpatterns = [
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
