"""Under `/projects/<slug>/review/`, in the namespace of labeling."""

from django.urls import path

from annotation.labeling.review import exports, views

urlpatterns = [
    path("", views.list_reviews, name="list-reviews"),
    path("next/", views.next_review, name="next-review"),
    path("refresh/", views.refresh_reviews, name="refresh-reviews"),
    path("settings/", views.save_settings, name="save-review-settings"),
    path("adjudications.jsonl", exports.download, name="export-adjudications"),
    path("<int:item_id>/", views.review_item, name="review-item"),
    path("<int:item_id>/settle/", views.settle, name="settle-item"),
    path("<int:item_id>/approve/", views.approve, name="approve-item"),
    path("<int:item_id>/return/<int:judgment_id>/", views.send_back, name="return-judgment"),
    path("<int:item_id>/reopen/", views.reopen, name="reopen-item"),
    path("<int:item_id>/unblind/", views.unblind, name="unblind-item"),
]
