from django.urls import path

from annotation.prompts.attachments.api import AttachmentsView

app_name = "prompts-api"
urlpatterns = [
    path("projects/<slug:slug>/attachments/", AttachmentsView.as_view(), name="attach"),
]
