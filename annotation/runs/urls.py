from django.urls import path

from annotation.runs import overview

app_name = "runs"
urlpatterns = [
    path("projects/<slug:slug>/", overview.show_project, name="show-project"),
]
