from django.urls import path

from annotation.runs import api
from annotation.runs.evaluation import api as evaluation
from annotation.runs.registry import push_api

app_name = "runs-api"
urlpatterns = [
    path("runs/", api.RunsView.as_view(), name="runs"),
    path("runs/estimate/", api.RunEstimateView.as_view(), name="estimate-run"),
    path("runs/<int:run_id>/", api.RunView.as_view(), name="run"),
    path("runs/<int:run_id>/cancel/", api.RunCancelView.as_view(), name="cancel-run"),
    path(
        "models/<int:version_id>/pushes/", push_api.ModelPushesView.as_view(), name="model-pushes"
    ),
    path("evaluations/", evaluation.EvaluationsView.as_view(), name="evaluations"),
    path(
        "evaluations/<int:evaluation_id>/",
        evaluation.EvaluationView.as_view(),
        name="evaluation",
    ),
]
