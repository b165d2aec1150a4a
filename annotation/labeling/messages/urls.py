"""In the namespace of labeling."""

from django.urls import path

from annotation.labeling.messages import views

urlpatterns = [
    path(
        "announcements/<int:announcement_id>/read/",
        views.read_announcement,
        name="read-announcement",
    ),
    path("questions/<int:question_id>/read/", views.read_answer, name="read-answer"),
    path("judge/<slug:slug>/<int:assignment_id>/ask/", views.ask, name="ask"),
    path(
        "projects/<slug:slug>/announcements/",
        views.list_announcements,
        name="list-announcements",
    ),
    path(
        "projects/<slug:slug>/announcements/<int:announcement_id>/withdraw/",
        views.withdraw_announcement,
        name="withdraw-announcement",
    ),
    path("projects/<slug:slug>/questions/", views.list_questions, name="list-questions"),
    path(
        "projects/<slug:slug>/questions/<int:question_id>/answer/",
        views.answer_question,
        name="answer-question",
    ),
    path(
        "projects/<slug:slug>/questions/<int:question_id>/note/",
        views.note_answer,
        name="note-answer",
    ),
]
