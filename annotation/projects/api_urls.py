from django.urls import path

from annotation.projects import api

app_name = "projects-api"
urlpatterns = [
    path("projects/", api.ProjectsView.as_view(), name="projects"),
    path("projects/<slug:slug>/rubric/", api.RubricView.as_view(), name="rubric"),
    path("jobs/<int:job_id>/", api.JobView.as_view(), name="job"),
]
