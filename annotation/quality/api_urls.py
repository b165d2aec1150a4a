from django.urls import path

from annotation.quality import api
from annotation.quality.building.api import BuildView
from annotation.quality.judges import api as judges

app_name = "quality-api"
urlpatterns = [
    path("projects/<slug:slug>/items/build/", BuildView.as_view(), name="build-items"),
    path("projects/<slug:slug>/agreement/", api.AgreementView.as_view(), name="agreement"),
    path("projects/<slug:slug>/figures/<slug:kind>/", api.FiguresView.as_view(), name="figures"),
    path("projects/<slug:slug>/judges/", judges.JudgesView.as_view(), name="judges"),
    path(
        "projects/<slug:slug>/judges/<int:judge_id>/principles/",
        judges.JudgePrinciplesView.as_view(),
        name="judge-principles",
    ),
    path(
        "projects/<slug:slug>/judges/<int:judge_id>/runs/",
        judges.JudgeRunsView.as_view(),
        name="judge-runs",
    ),
    path("judge-runs/<int:run_id>/", judges.JudgeRunView.as_view(), name="judge-run"),
    path(
        "judge-runs/<int:run_id>/cancel/",
        judges.CancelJudgeRunView.as_view(),
        name="cancel-judge-run",
    ),
]
