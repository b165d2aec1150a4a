from django.urls import path

from annotation.oversight.alerts import views as alerts
from annotation.oversight.costs import views as costs
from annotation.oversight.webhooks import views as webhooks

app_name = "oversight"
urlpatterns = [
    path("projects/<slug:slug>/alerts/", alerts.edit_alerts, name="edit-alerts"),
    path("projects/<slug:slug>/costs/", costs.show_costs, name="show-costs"),
    path("projects/<slug:slug>/costs/export/", costs.export_hours, name="export-hours"),
    path("projects/<slug:slug>/costs/rates/", costs.edit_rates, name="edit-rates"),
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
