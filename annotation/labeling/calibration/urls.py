"""Below `projects/<slug>/calibration/`."""

from django.urls import path

from annotation.labeling.calibration import item_views, views

urlpatterns = [
    path("", views.list_rounds, name="list-calibrations"),
    path("new/", views.create, name="create-calibration"),
    path("<int:calibration_id>/", views.show, name="show-calibration"),
    path("<int:calibration_id>/edit/", views.edit, name="edit-calibration"),
    path("<int:calibration_id>/delete/", views.delete, name="delete-calibration"),
    path("<int:calibration_id>/open/", views.open_for_judging, name="open-calibration"),
    path("<int:calibration_id>/call-off/", views.call_off, name="call-off-calibration"),
    path("<int:calibration_id>/reveal/", views.reveal, name="reveal-calibration"),
    path("<int:calibration_id>/nudge/", views.nudge, name="nudge-calibration"),
    path(
        "<int:calibration_id>/members/<int:member_id>/",
        views.excuse,
        name="excuse-calibration-member",
    ),
    path(
        "<int:calibration_id>/items/<int:position>/",
        item_views.show_item,
        name="show-calibration-item",
    ),
    path(
        "<int:calibration_id>/items/<int:position>/posts/",
        item_views.say,
        name="write-calibration-post",
    ),
    path(
        "<int:calibration_id>/posts/<int:post_id>/",
        item_views.change_post,
        name="change-calibration-post",
    ),
    path(
        "<int:calibration_id>/items/<int:position>/outcome/",
        item_views.conclude,
        name="conclude-calibration-item",
    ),
]
