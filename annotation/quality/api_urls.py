from django.urls import path

from annotation.quality import api

app_name = "quality-api"
urlpatterns = [
    path("projects/<slug:slug>/agreement/", api.AgreementView.as_view(), name="agreement"),
    path("projects/<slug:slug>/figures/<slug:kind>/", api.FiguresView.as_view(), name="figures"),
]
