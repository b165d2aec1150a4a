from django.urls import path

from annotation.privacy import admin_views, own_views

app_name = "privacy"
urlpatterns = [
    path("profile/your-data/", own_views.your_data, name="your-data"),
    path("profile/your-data/copy/", own_views.order_copy, name="order-copy"),
    path("profile/your-data/copy/<int:copy_id>/", own_views.take_copy, name="take-copy"),
    path("profile/your-data/erasure/", own_views.ask_for_erasure, name="ask-for-erasure"),
    path("people/", admin_views.list_people, name="list-people"),
    path("people/<int:user_id>/account/", admin_views.change_account, name="change-account"),
    path("people/<int:user_id>/erase/", admin_views.erase, name="erase-person"),
]
