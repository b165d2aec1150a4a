from django.urls import path

from annotation.projects import job_views, judging_views, starting_views, views
from annotation.projects.invitations import accept_views
from annotation.projects.invitations import views as invitations
from annotation.projects.pools import views as pools
from annotation.projects.trail import views as trail

app_name = "projects"
urlpatterns = [
    path("projects/", views.project_list, name="list-projects"),
    path("projects/new/", starting_views.new_project, name="new-project"),
    path("projects/<slug:slug>/rubric/", views.rubric, name="show-rubric"),
    path("projects/<slug:slug>/judging/", judging_views.edit_judging, name="edit-judging"),
    path("projects/<slug:slug>/people/", views.people, name="list-people"),
    path(
        "projects/<slug:slug>/people/<int:member_id>/", views.change_member, name="change-member"
    ),
    path("projects/<slug:slug>/pools/", pools.list_pools, name="list-pools"),
    path("projects/<slug:slug>/pools/<int:pool_id>/", pools.show_pool, name="show-pool"),
    path("projects/<slug:slug>/people/invite/", invitations.invite, name="invite-people"),
    path(
        "projects/<slug:slug>/people/invite/report/",
        invitations.download_report,
        name="download-invite-report",
    ),
    path("projects/<slug:slug>/people/invite/link/", invitations.make_link, name="make-link"),
    path(
        "projects/<slug:slug>/people/invitations/",
        invitations.list_invitations,
        name="list-invitations",
    ),
    path(
        "projects/<slug:slug>/people/invitations/<int:invitation_id>/",
        invitations.change_invitation,
        name="change-invitation",
    ),
    path("invitation/<str:token>/", accept_views.accept_invitation, name="accept-invitation"),
    path("projects/<slug:slug>/audit/", trail.project_trail, name="list-events"),
    path(
        "projects/<slug:slug>/audit.jsonl",
        trail.export_project_trail,
        {"kind": "jsonl"},
        name="export-events",
    ),
    path(
        "projects/<slug:slug>/audit.csv",
        trail.export_project_trail,
        {"kind": "csv"},
        name="export-events-csv",
    ),
    path("audit/", trail.site_trail, name="list-site-events"),
    path("audit.jsonl", trail.export_site_trail, {"kind": "jsonl"}, name="export-site-events"),
    path("audit.csv", trail.export_site_trail, {"kind": "csv"}, name="export-site-events-csv"),
    path("jobs/<int:job_id>/", job_views.job, name="show-job"),
    path("jobs/<int:job_id>/cancel/", job_views.cancel, name="cancel-job"),
]
