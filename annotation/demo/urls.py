from django.urls import path, re_path

from annotation.demo import views
from annotation.demo.services import SLUG

app_name = "demo"
urlpatterns = [
    # Only the demo's project has this address: elsewhere the button has nowhere to lead.
    re_path(rf"^projects/(?P<slug>{SLUG})/round/$", views.start, name="start-round"),
    path("rounds/<int:round_id>/", views.show, name="show-round"),
    path("rounds/<int:round_id>/cancel/", views.cancel, name="cancel-round"),
]
