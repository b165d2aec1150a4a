from django.urls import path

from annotation.quality import calibration_views, own_views, views
from annotation.quality.adaptive import views as adaptive
from annotation.quality.building import views as building
from annotation.quality.item_consensus import views as item_consensus
from annotation.quality.judges import critique_views
from annotation.quality.judges import views as judges
from annotation.quality.reporting import views as reporting_views
from annotation.quality.signals import views as signals

app_name = "quality"
urlpatterns = [
    path("me/figures/", own_views.show_own, name="show-own"),
    path(
        "projects/<slug:slug>/people/<int:member_id>/record/",
        views.show_record,
        name="show-record",
    ),
    path("projects/<slug:slug>/items/build/", building.build, name="build-items"),
    path(
        "projects/<slug:slug>/items/build/<int:batch_id>/withdraw/",
        building.withdraw,
        name="withdraw-batch",
    ),
    path("projects/<slug:slug>/agreement/", views.agreement, name="show-agreement"),
    path("projects/<slug:slug>/leaderboard/", views.leaderboard, name="show-leaderboard"),
    path("projects/<slug:slug>/consensus/", views.consensus, name="show-consensus"),
    path(
        "projects/<slug:slug>/items/<int:item_id>/consensus/",
        item_consensus.show,
        name="show-item-consensus",
    ),
    path("projects/<slug:slug>/labelers/", signals.labelers, name="show-labelers"),
    path("projects/<slug:slug>/bias/", views.bias, name="show-bias"),
    path("projects/<slug:slug>/prompts/", views.prompts, name="show-prompts"),
    path("projects/<slug:slug>/report/", reporting_views.show_report, name="show-report"),
    path("projects/<slug:slug>/figures/compute/", views.compute, name="compute-figures"),
    path("projects/<slug:slug>/figures/progress/", views.progress, name="figures-progress"),
    path("projects/<slug:slug>/adaptive/", adaptive.show, name="show-adaptive"),
    path("projects/<slug:slug>/adaptive/set/", adaptive.configure, name="set-adaptive"),
    path("projects/<slug:slug>/adaptive/choosing/", adaptive.set_choosing, name="set-choosing"),
    path("projects/<slug:slug>/adaptive/repeats/", adaptive.set_repeats, name="set-repeats"),
    path("projects/<slug:slug>/adaptive/budget/", adaptive.propose, name="propose-refill"),
    path(
        "projects/<slug:slug>/adaptive/budget/<int:refill_id>/grant/",
        adaptive.grant,
        name="grant-refill",
    ),
    path(
        "projects/<slug:slug>/adaptive/budget/<int:refill_id>/drop/",
        adaptive.drop,
        name="drop-refill",
    ),
    path(
        "projects/<slug:slug>/adaptive/budget/<int:refill_id>/take-back/",
        adaptive.take_back,
        name="take-refill-back",
    ),
    path("me/critiques/", critique_views.list_critiques, name="list-critiques"),
    path("me/critiques/<int:judgment_id>/", critique_views.read_critique, name="read-critique"),
    path(
        "projects/<slug:slug>/judges/<int:judge_id>/critiques/",
        critique_views.set_critiques,
        name="set-critiques",
    ),
    path("projects/<slug:slug>/judges/", judges.judge_list, name="list-judges"),
    path("projects/<slug:slug>/judges/new/", judges.new_judge, name="new-judge"),
    path("projects/<slug:slug>/judges/<int:judge_id>/", judges.show_judge, name="show-judge"),
    path(
        "projects/<slug:slug>/judges/<int:judge_id>/principles/",
        judges.change_principles,
        name="change-principles",
    ),
    path(
        "projects/<slug:slug>/judges/<int:judge_id>/start/",
        judges.start_run,
        name="start-judge-run",
    ),
    path("projects/<slug:slug>/judge-runs/<int:run_id>/", judges.show_run, name="show-judge-run"),
    path(
        "projects/<slug:slug>/judge-runs/<int:run_id>/cancel/",
        judges.cancel_run,
        name="cancel-judge-run",
    ),
    path(
        "projects/<slug:slug>/judge-runs/<int:run_id>/resume/",
        judges.resume_run,
        name="resume-judge-run",
    ),
    path(
        "projects/<slug:slug>/judge-runs/<int:run_id>/ask-people/",
        judges.ask_people,
        name="ask-people-after-judge",
    ),
    path("projects/<slug:slug>/rubric/history/", views.rubric_history, name="show-rubric-history"),
    path(
        "projects/<slug:slug>/calibration/<int:calibration_id>/agreement/",
        calibration_views.show_agreement,
        name="show-calibration-agreement",
    ),
    path(
        "projects/<slug:slug>/calibration/<int:calibration_id>/close/",
        calibration_views.close,
        name="close-calibration",
    ),
]
