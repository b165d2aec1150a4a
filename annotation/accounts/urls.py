from django.contrib.auth import views as auth_views
from django.contrib.auth.decorators import login_not_required
from django.urls import path

from annotation.accounts import creator_views, sign_on_views, token_views, views
from annotation.accounts.self_description.views import about_you

app_name = "accounts"
urlpatterns = [
    # Both also have django-allauth's names, in sign_on_urls.py.
    path("sign-in/", sign_on_views.SignIn.as_view(), name="sign-in"),
    # Also out of a sign-in that waits for its second factor.
    path("sign-out/", login_not_required(auth_views.LogoutView.as_view()), name="sign-out"),
    path("demo/sign-in/<str:signed>/", views.demo_sign_in, name="demo-sign-in"),
    path("security/sessions/", sign_on_views.list_sessions, name="list-sessions"),
    path("security/sessions/end/", sign_on_views.end_other_sessions, name="end-other-sessions"),
    path("security/sessions/<str:public_id>/end/", sign_on_views.end_session, name="end-session"),
    path("site/people/", creator_views.list_creators, name="list-creators"),
    path("site/people/<int:user_id>/", creator_views.change_creator, name="change-creator"),
    path("preferences/", views.edit_preferences, name="edit-preferences"),
    path("profile/", token_views.profile, name="profile"),
    path("profile/about-you/", about_you, name="describe-oneself"),
    path("profile/tokens/<int:token_id>/revoke/", token_views.revoke_token, name="revoke-token"),
]
