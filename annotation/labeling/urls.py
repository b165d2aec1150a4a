from django.urls import include, path

from annotation.labeling import (
    feedback_views,
    history_views,
    item_views,
    recording_views,
    report_views,
    views,
    workload_views,
    writing_views,
)
from annotation.labeling.exports.views import download
from annotation.labeling.gold import exports as gold_exports
from annotation.labeling.gold import views as gold
from annotation.labeling.imports import views as imports
from annotation.labeling.ladder import own_views as own_ladder
from annotation.labeling.ladder import urls as ladder
from annotation.labeling.responses import urls as responses
from annotation.labeling.rubrics import views as rubrics
from annotation.labeling.slices import views as slices

app_name = "labeling"
urlpatterns = [
    *ladder.urlpatterns,
    *responses.urlpatterns,
    path("", views.home, name="home"),
    path("history/", history_views.history, name="history"),
    path("history/<int:judgment_id>/", history_views.revise, name="revise"),
    path("feedback/", feedback_views.list_feedback, name="list-feedback"),
    path("feedback/<int:feedback_id>/answer/", feedback_views.answer, name="answer-feedback"),
    path("judge/<slug:slug>/", views.judge, name="judge"),
    path("judge/<slug:slug>/rubric/", views.read_rubric, name="read-rubric"),
    path(
        "judge/<slug:slug>/qualification/",
        own_ladder.own_qualification,
        name="own-qualification",
    ),
    path("judge/<slug:slug>/qualification/test/", own_ladder.start_test, name="start-test"),
    path(
        "judge/<slug:slug>/qualification/training/",
        own_ladder.repeat_training,
        name="repeat-training",
    ),
    path("judge/<slug:slug>/qualification/appeal/", own_ladder.appeal, name="appeal"),
    path(
        "judge/<slug:slug>/<int:assignment_id>/known/",
        own_ladder.show_explanation,
        name="show-explanation",
    ),
    path("judge/<slug:slug>/<int:assignment_id>/", views.submit, name="submit-judgment"),
    path("judge/<slug:slug>/<int:assignment_id>/draft/", views.draft, name="save-draft"),
    path("judge/<slug:slug>/<int:assignment_id>/lease/", views.lease, name="renew-lease"),
    path("judge/<slug:slug>/<int:assignment_id>/skip/", views.skip, name="skip-item"),
    path("judge/<slug:slug>/<int:assignment_id>/show/", views.show_covered, name="show-covered"),
    path("judge/<slug:slug>/<int:assignment_id>/report/", report_views.report, name="report"),
    path("judge/<slug:slug>/<int:assignment_id>/undo/", views.undo, name="undo"),
    path(
        "judge/<slug:slug>/<int:assignment_id>/recording/",
        recording_views.keep_recording,
        name="keep-recording",
    ),
    path(
        "judge/<slug:slug>/<int:assignment_id>/raw/<slug:letter>/",
        writing_views.read_raw,
        name="read-raw",
    ),
    path("judge/<slug:slug>/<int:assignment_id>/diff/", writing_views.show_diff, name="show-diff"),
    path(
        "judge/<slug:slug>/<int:assignment_id>/edit/<slug:letter>/",
        writing_views.open_editor,
        name="open-editor",
    ),
    path(
        "judge/<slug:slug>/<int:assignment_id>/marks/",
        writing_views.list_marks,
        name="list-marks",
    ),
    path(
        "judge/<slug:slug>/<int:assignment_id>/preview/",
        writing_views.preview_text,
        name="preview-text",
    ),
    path(
        "judge/<slug:slug>/<int:assignment_id>/quote/",
        writing_views.locate_quote,
        name="locate-quote",
    ),
    path("projects/<slug:slug>/import/", imports.import_page, name="import"),
    path("projects/<slug:slug>/import/<int:import_id>/", imports.show_import, name="show-import"),
    path(
        "projects/<slug:slug>/judgments.jsonl",
        download,
        {"kind": "jsonl"},
        name="export-judgments",
    ),
    path(
        "projects/<slug:slug>/judgments.csv",
        download,
        {"kind": "csv"},
        name="export-judgments-csv",
    ),
    path("projects/<slug:slug>/slices/", slices.list_slices, name="list-slices"),
    path("projects/<slug:slug>/slices/new/", slices.edit_slice, name="new-slice"),
    path("projects/<slug:slug>/slices/<int:slice_id>/", slices.edit_slice, name="edit-slice"),
    path("projects/<slug:slug>/workload/", workload_views.show_workload, name="show-workload"),
    path("projects/<slug:slug>/workload/pool/", workload_views.limit_pool, name="limit-pool"),
    path(
        "projects/<slug:slug>/workload/<int:member_id>/",
        workload_views.change_workload,
        name="change-workload",
    ),
    path("projects/<slug:slug>/calibration/", include("annotation.labeling.calibration.urls")),
    path("", include("annotation.labeling.messages.urls")),
    path("projects/<slug:slug>/review/", include("annotation.labeling.review.urls")),
    path("projects/<slug:slug>/items/", item_views.list_items, name="list-items"),
    path("projects/<slug:slug>/items/<int:item_id>/", item_views.show_item, name="show-item"),
    path("projects/<slug:slug>/items/<int:item_id>/gold/", gold.make, name="make-gold"),
    path("projects/<slug:slug>/gold/", gold.list_gold, name="list-gold"),
    path("projects/<slug:slug>/gold/import/", gold.import_file, name="import-gold"),
    path("projects/<slug:slug>/gold.jsonl", gold_exports.download, name="export-gold"),
    path("projects/<slug:slug>/gold/share/", gold.change_share, name="set-gold-share"),
    path("projects/<slug:slug>/gold/rotation/", gold.change_rotation, name="set-gold-rotation"),
    path("projects/<slug:slug>/rubric/draft/", rubrics.edit, name="edit-rubric"),
    path("projects/<slug:slug>/rubric/draft/preview/", rubrics.preview, name="preview-rubric"),
    path("projects/<slug:slug>/rubric/draft/publish/", rubrics.publish, name="publish-rubric"),
    path("projects/<slug:slug>/rubric/compare/", rubrics.compare, name="compare-rubrics"),
    path(
        "projects/<slug:slug>/items/<int:item_id>/example/",
        rubrics.add_example,
        name="add-rubric-example",
    ),
    path(
        "projects/<slug:slug>/items/<int:item_id>/judgments/<int:judgment_id>/feedback/",
        feedback_views.give,
        name="give-feedback",
    ),
    path(
        "projects/<slug:slug>/items/<int:item_id>/withdraw/",
        report_views.withdraw,
        name="withdraw-item",
    ),
    path(
        "projects/<slug:slug>/items/<int:item_id>/restore/",
        report_views.restore,
        name="restore-item",
    ),
    path(
        "projects/<slug:slug>/items/<int:item_id>/reports/<int:report_id>/resolve/",
        report_views.resolve,
        name="resolve-report",
    ),
]
