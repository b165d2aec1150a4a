from django.urls import path

from annotation.quality import views

app_name = "quality"
urlpatterns = [
    path("projects/<slug:slug>/agreement/", views.agreement, name="show-agreement"),
    path("projects/<slug:slug>/agreement/compute/", views.compute, name="compute-agreement"),
    path("projects/<slug:slug>/agreement/progress/", views.progress, name="agreement-progress"),
]
