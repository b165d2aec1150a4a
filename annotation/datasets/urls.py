from django.urls import path

from annotation.datasets import diff_views, export_views, report_views, views
from annotation.datasets.publishing import push_views as pushes
from annotation.datasets.publishing import views as destinations

app_name = "datasets"
urlpatterns = [
    path("projects/<slug:slug>/datasets/", views.dataset_list, name="list-datasets"),
    path("projects/<slug:slug>/datasets/new/", views.new, name="new-dataset"),
    path("projects/<slug:slug>/datasets/compare/", diff_views.choose_diff, name="choose-diff"),
    path(
        "projects/<slug:slug>/datasets/freezing/<int:job_id>/",
        views.freezing,
        name="show-freezing",
    ),
    path("projects/<slug:slug>/datasets/<slug:digest>/", views.show, name="show-dataset"),
    path(
        "projects/<slug:slug>/datasets/<slug:digest>/report/",
        report_views.show_report,
        name="show-report",
    ),
    path(
        "projects/<slug:slug>/datasets/<slug:digest>/verify/", views.verify, name="verify-dataset"
    ),
    path(
        "projects/<slug:slug>/datasets/<slug:digest>/exports/",
        export_views.show_exports,
        name="show-exports",
    ),
    path(
        "projects/<slug:slug>/datasets/<slug:digest>/exports/<slug:form>/",
        export_views.download_export,
        name="download-export",
    ),
    path(
        "projects/<slug:slug>/exports/<int:export_id>/",
        export_views.take_export_file,
        name="take-export",
    ),
    path(
        "projects/<slug:slug>/exports/<int:export_id>/cancel/",
        export_views.cancel_export,
        name="cancel-export",
    ),
    path(
        "projects/<slug:slug>/datasets/<slug:digest>/diff/",
        diff_views.show_diff,
        name="show-diff",
    ),
    path(
        "projects/<slug:slug>/datasets/<slug:digest>/licence/",
        export_views.set_licence,
        name="set-licence",
    ),
    path(
        "projects/<slug:slug>/datasets/<slug:digest>/files/<path:name>",
        views.file,
        name="download-file",
    ),
    path("projects/<slug:slug>/datasets/<slug:digest>/push/", pushes.push, name="push-dataset"),
    path("projects/<slug:slug>/pushes/<int:push_id>/", pushes.show_push, name="show-push"),
    path(
        "projects/<slug:slug>/pushes/<int:push_id>/change/",
        pushes.change_push,
        name="change-push",
    ),
    path(
        "projects/<slug:slug>/destinations/",
        destinations.destination_list,
        name="list-destinations",
    ),
    path(
        "projects/<slug:slug>/destinations/new/<slug:storage>/",
        destinations.new_destination,
        name="new-destination",
    ),
    path(
        "projects/<slug:slug>/destinations/<int:destination_id>/",
        destinations.show_destination,
        name="show-destination",
    ),
    path(
        "projects/<slug:slug>/destinations/<int:destination_id>/change/",
        destinations.change_destination,
        name="change-destination",
    ),
]
