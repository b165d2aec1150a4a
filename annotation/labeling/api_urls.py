from django.urls import path

from annotation.labeling import api

app_name = "labeling-api"
urlpatterns = [
    path("projects/<slug:slug>/next/", api.NextView.as_view(), name="next"),
    path("assignments/<int:assignment_id>/judgment/", api.JudgmentView.as_view(), name="judgment"),
]
