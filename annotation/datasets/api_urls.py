from django.urls import path

from annotation.datasets import api, diff_views, export_api

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
]
