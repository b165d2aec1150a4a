from django.urls import path

from annotation.runs import lineage_views, overview, views
from annotation.runs.benchmarking import views as benchmarking
from annotation.runs.evaluation import views as evaluation
from annotation.runs.harness import views as harness
from annotation.runs.judging import views as judging
from annotation.runs.registry import push_views as pushes
from annotation.runs.registry import views as registry
from annotation.runs.rounds import views as rounds

app_name = "runs"
urlpatterns = [
    path("projects/<slug:slug>/", overview.show_project, name="show-project"),
    path("projects/<slug:slug>/training/", views.run_list, name="list-runs"),
    path("projects/<slug:slug>/training/start/", views.start, name="start-run"),
    path("projects/<slug:slug>/training/<int:run_id>/", views.show, name="show-run"),
    path("projects/<slug:slug>/training/<int:run_id>/cancel/", views.cancel, name="cancel-run"),
    path(
        "projects/<slug:slug>/training/<int:run_id>/priority/",
        views.prioritise,
        name="prioritise-run",
    ),
    path("projects/<slug:slug>/training/<int:run_id>/resume/", views.resume, name="resume-run"),
    path(
        "projects/<slug:slug>/judges/new-reward-model/",
        judging.new_judge,
        name="new-reward-judge",
    ),
    path(
        "projects/<slug:slug>/judges/<int:judge_id>/reward-run/",
        judging.start_run,
        name="start-reward-judge-run",
    ),
    path("projects/<slug:slug>/models/", registry.model_list, name="list-model-versions"),
    path(
        "projects/<slug:slug>/models/<int:version_id>/",
        registry.show,
        name="show-model-version",
    ),
    path(
        "projects/<slug:slug>/models/<int:version_id>/stage/",
        registry.set_stage,
        name="set-stage",
    ),
    path(
        "projects/<slug:slug>/models/<int:version_id>/files.tar",
        registry.take,
        name="download-model",
    ),
    path(
        "projects/<slug:slug>/models/<int:version_id>/measure/",
        registry.check,
        name="check-accuracy",
    ),
    path(
        "projects/<slug:slug>/models/<int:version_id>/benchmarks/",
        benchmarking.measure,
        name="measure-on-file",
    ),
    path(
        "projects/<slug:slug>/models/<int:version_id>/benchmarks/files/<int:file_id>/remove/",
        benchmarking.remove,
        name="remove-benchmark-file",
    ),
    path(
        "projects/<slug:slug>/models/<int:version_id>/harness/",
        harness.order,
        name="order-harness",
    ),
    path("projects/<slug:slug>/harness/<int:harness_id>/", harness.show, name="show-harness"),
    path(
        "projects/<slug:slug>/harness/<int:harness_id>/cancel/",
        harness.cancel,
        name="cancel-harness",
    ),
    path(
        "projects/<slug:slug>/harness/<int:harness_id>/retry/",
        harness.retry,
        name="retry-harness",
    ),
    path("projects/<slug:slug>/models/<int:version_id>/keep/", pushes.keep, name="keep-model"),
    path("projects/<slug:slug>/models/pushes/<int:push_id>/", pushes.show_push, name="show-push"),
    path(
        "projects/<slug:slug>/models/pushes/<int:push_id>/change/",
        pushes.change_push,
        name="change-push",
    ),
    path("projects/<slug:slug>/evaluations/", evaluation.evaluation_list, name="list-evaluations"),
    path("projects/<slug:slug>/evaluations/new/", evaluation.start, name="start-evaluation"),
    path(
        "projects/<slug:slug>/evaluations/<int:evaluation_id>/",
        evaluation.show,
        name="show-evaluation",
    ),
    path(
        "projects/<slug:slug>/evaluations/<int:evaluation_id>/judge/",
        evaluation.ask_judge,
        name="ask-judge-of-evaluation",
    ),
    path(
        "projects/<slug:slug>/evaluations/<int:evaluation_id>/stop/",
        evaluation.stop,
        name="stop-evaluation",
    ),
    path(
        "projects/<slug:slug>/evaluations/<int:evaluation_id>/retry/",
        evaluation.retry,
        name="retry-evaluation",
    ),
    path(
        "projects/<slug:slug>/evaluations/<int:evaluation_id>/decide/",
        evaluation.decide,
        name="decide-evaluation",
    ),
    path("projects/<slug:slug>/rounds/", rounds.round_list, name="list-rounds"),
    path("projects/<slug:slug>/rounds/new/", rounds.begin, name="begin-round"),
    path("projects/<slug:slug>/rounds/<int:number>/", rounds.show, name="show-round"),
    path("projects/<slug:slug>/rounds/<int:number>/next/", rounds.seed, name="seed-round"),
    path(
        "projects/<slug:slug>/datasets/<slug:digest>/rows/<path:line>/",
        lineage_views.show_row,
        name="show-row",
    ),
    path(
        "projects/<slug:slug>/items/<int:item_id>/datasets/",
        lineage_views.show_item_datasets,
        name="item-datasets",
    ),
]
