from django.urls import path

from annotation.datasets import api, diff_views, export_api
from annotation.datasets.publishing import api as publishing

app_name = "datasets-api"
urlpatterns = [
    path("projects/<slug:slug>/datasets/", api.DatasetsView.as_view(), name="datasets"),
    path("datasets/<slug:digest>/", api.DatasetView.as_view(), name="dataset"),
    path("datasets/<slug:digest>/files/<path:name>", api.DatasetFileView.as_view(), name="file"),
    path("datasets/<slug:digest>/diff/", diff_views.DiffView.as_view(), name="diff"),
    path("datasets/<slug:digest>/exports/", export_api.ExportsView.as_view(), name="exports"),
    path(
        "datasets/<slug:digest>/exports/<slug:form>/",
        export_api.ExportView.as_view(),
        name="export",
    ),
    path("exports/<int:export_id>/", export_api.OrderedExportView.as_view(), name="ordered"),
    path("exports/<int:export_id>/file/", export_api.ExportFileView.as_view(), name="export-file"),
    path("datasets/<slug:digest>/pushes/", publishing.DatasetPushesView.as_view(), name="pushes"),
    path("pushes/<int:push_id>/", publishing.DatasetPushView.as_view(), name="push"),
    path(
        "projects/<slug:slug>/destinations/",
        publishing.DestinationsView.as_view(),
        name="destinations",
    ),
    path(
        "destinations/<int:destination_id>/",
        publishing.DestinationView.as_view(),
        name="destination",
    ),
    path(
        "destinations/<int:destination_id>/secret/",
        publishing.DestinationSecretView.as_view(),
        name="destination-secret",
    ),
    path(
        "destinations/<int:destination_id>/try/",
        publishing.DestinationTrialView.as_view(),
        name="try-destination",
    ),
]
