from django.urls import re_path

from annotation.prompts.attachments.views import show_attachment

app_name = "prompts"
urlpatterns = [
    re_path(
        r"^projects/(?P<slug>[-\w]+)/attachments/(?P<sha256>[0-9a-f]{64})/$",
        show_attachment,
        name="show-attachment",
    ),
]
