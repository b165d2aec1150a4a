from django.urls import path, re_path

from annotation.prompts.attachments.pages import list_attachments
from annotation.prompts.attachments.views import show_attachment

app_name = "prompts"
urlpatterns = [
    path("projects/<slug:slug>/attachments/", list_attachments, name="list-attachments"),
    re_path(
        r"^projects/(?P<slug>[-\w]+)/attachments/(?P<sha256>[0-9a-f]{64})/$",
        show_attachment,
        name="show-attachment",
    ),
]
