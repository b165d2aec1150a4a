from django.urls import path

from annotation.labeling import api
from annotation.labeling.exports.api import JudgmentsExportView
from annotation.labeling.imports import api as imports
from annotation.labeling.responses import api as responses
from annotation.labeling.review.exports import AdjudicationsExportView

app_name = "labeling-api"
urlpatterns = [
    path(
        "projects/<slug:slug>/items/import/",
        imports.ItemsImportView.as_view(),
        name="import-items",
    ),
    path(
        "projects/<slug:slug>/judgments/", JudgmentsExportView.as_view(), name="export-judgments"
    ),
    path(
        "projects/<slug:slug>/judgments/import/",
        imports.JudgmentsImportView.as_view(),
        name="import-judgments",
    ),
    path(
        "projects/<slug:slug>/adjudications/",
        AdjudicationsExportView.as_view(),
        name="export-adjudications",
    ),
    path("projects/<slug:slug>/marks/", responses.MarksView.as_view(), name="marks"),
    path(
        "projects/<slug:slug>/marks/decisions/",
        responses.DecisionsView.as_view(),
        name="decisions-on-responses",
    ),
    path("projects/<slug:slug>/next/", api.NextView.as_view(), name="next"),
    path("assignments/<int:assignment_id>/judgment/", api.JudgmentView.as_view(), name="judgment"),
]
