from django.urls import path

from annotation.oversight.webhooks import views as webhooks

app_name = "oversight"
urlpatterns = [
    path("projects/<slug:slug>/webhooks/", webhooks.webhook_list, name="list-webhooks"),
    path(
        "projects/<slug:slug>/webhooks/<int:webhook_id>/",
        webhooks.show_webhook,
        name="show-webhook",
    ),
    path(
        "projects/<slug:slug>/webhooks/<int:webhook_id>/change/",
        webhooks.change_webhook,
        name="change-webhook",
    ),
]
