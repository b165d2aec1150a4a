"""Pages of responses before they are judged; part of the labeling namespace."""

from django.urls import path

from annotation.labeling.responses import views

urlpatterns = [
    path("projects/<slug:slug>/responses/", views.list_marks, name="list-marked-responses"),
    path("projects/<slug:slug>/responses/look/", views.look, name="look-at-responses"),
    path("projects/<slug:slug>/responses/decide/", views.decide_marks, name="decide-marks"),
]
