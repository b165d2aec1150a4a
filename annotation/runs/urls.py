from django.urls import path

from annotation.runs import overview, views

app_name = "runs"
urlpatterns = [
    path("projects/<slug:slug>/", overview.show_project, name="show-project"),
    path("projects/<slug:slug>/training/", views.run_list, name="list-runs"),
    path("projects/<slug:slug>/training/start/", views.start, name="start-run"),
    path("projects/<slug:slug>/training/<int:run_id>/", views.show, name="show-run"),
    path("projects/<slug:slug>/training/<int:run_id>/cancel/", views.cancel, name="cancel-run"),
    path("projects/<slug:slug>/training/<int:run_id>/resume/", views.resume, name="resume-run"),
    path(
        "projects/<slug:slug>/models/<int:version_id>/",
        views.model_version,
        name="show-model-version",
    ),
]
