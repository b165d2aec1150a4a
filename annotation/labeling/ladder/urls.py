"""The lead's pages of the ladder."""

from django.urls import path

from annotation.labeling.ladder import views

HERE = "projects/<slug:slug>/qualification/"

urlpatterns = [
    path(HERE, views.show_qualification, name="show-qualification"),
    path(f"{HERE}rules/", views.edit_qualification, name="edit-qualification"),
    path(f"{HERE}sections/", views.change_section, name="change-section"),
    path(f"{HERE}items/", views.add_item, name="add-ladder-item"),
    path(f"{HERE}items/file/", views.add_file, name="add-ladder-file"),
    path(f"{HERE}items/<int:gold_id>/", views.change_item, name="change-ladder-item"),
    path(f"{HERE}items/<int:gold_id>/preview/", views.preview_item, name="preview-ladder-item"),
    path(f"{HERE}people/<int:member_id>/", views.show_climber, name="show-climber"),
]
