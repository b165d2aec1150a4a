from django.urls import path

from annotation.quality import api
from annotation.quality.building.api import BuildView

app_name = "quality-api"
urlpatterns = [
    path("projects/<slug:slug>/items/build/", BuildView.as_view(), name="build-items"),
    path("projects/<slug:slug>/agreement/", api.AgreementView.as_view(), name="agreement"),
    path("projects/<slug:slug>/figures/<slug:kind>/", api.FiguresView.as_view(), name="figures"),
]
