from django.urls import path

from annotation.runs import api
from annotation.runs.benchmarking import api as benchmarking
from annotation.runs.evaluation import api as evaluation
from annotation.runs.harness import api as harness
from annotation.runs.judging import api as judging
from annotation.runs.registry import push_api
from annotation.runs.rounds import api as rounds
from annotation.runs.staleness import api as staleness

app_name = "runs-api"
urlpatterns = [
    path("runs/", api.RunsView.as_view(), name="runs"),
    path("runs/estimate/", api.RunEstimateView.as_view(), name="estimate-run"),
    path("runs/<int:run_id>/", api.RunView.as_view(), name="run"),
    path("runs/<int:run_id>/cancel/", api.RunCancelView.as_view(), name="cancel-run"),
    path(
        "models/<int:version_id>/pushes/", push_api.ModelPushesView.as_view(), name="model-pushes"
    ),
    path(
        "models/<int:version_id>/benchmarks/",
        benchmarking.BenchmarksView.as_view(),
        name="benchmarks",
    ),
    path(
        "models/<int:version_id>/benchmarks/<int:measurement_id>/cancel/",
        benchmarking.CancelMeasurementView.as_view(),
        name="cancel-measurement",
    ),
    path(
        "projects/<slug:slug>/benchmark-files/",
        benchmarking.BenchmarkFilesView.as_view(),
        name="benchmark-files",
    ),
    path(
        "projects/<slug:slug>/benchmark-files/<int:file_id>/",
        benchmarking.BenchmarkFileView.as_view(),
        name="benchmark-file",
    ),
    path("evaluations/", evaluation.EvaluationsView.as_view(), name="evaluations"),
    path("projects/<slug:slug>/rounds/", rounds.RoundsView.as_view(), name="rounds"),
    path(
        "projects/<slug:slug>/rounds/<int:number>/",
        rounds.RoundView.as_view(),
        name="round",
    ),
    path(
        "projects/<slug:slug>/rounds/<int:number>/next/",
        rounds.RoundNextView.as_view(),
        name="round-next",
    ),
    path(
        "models/<int:version_id>/harness/",
        harness.HarnessOrdersView.as_view(),
        name="harness-orders",
    ),
    path("harness/<int:harness_id>/", harness.HarnessView.as_view(), name="harness"),
    path(
        "harness/<int:harness_id>/cancel/",
        harness.HarnessCancelView.as_view(),
        name="cancel-harness",
    ),
    path("models/<int:version_id>/accuracy/", staleness.AccuracyView.as_view(), name="accuracy"),
    path(
        "evaluations/<int:evaluation_id>/",
        evaluation.EvaluationView.as_view(),
        name="evaluation",
    ),
    path(
        "projects/<slug:slug>/reward-judges/",
        judging.RewardJudgesView.as_view(),
        name="reward-judges",
    ),
    path(
        "projects/<slug:slug>/reward-judges/<int:judge_id>/runs/",
        judging.RewardJudgeRunsView.as_view(),
        name="reward-judge-runs",
    ),
]
