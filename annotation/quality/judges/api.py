"""The API of judges behind endpoints: add one, order a run, watch it, read what it found. Reward
models are added and ordered in `runs`; their runs are read here like all others."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response
from rest_framework.views import APIView

from annotation.core.errors import DomainError, NotFound
from annotation.projects.permissions import project_for, row_for
from annotation.quality.judges import services
from annotation.quality.judges.documents import findings_document, run_document
from annotation.quality.judges.items import MOST_ITEMS, estimate
from annotation.quality.judges.models import MOST_TOKENS, Judge, JudgeRun
from annotation.quality.judges.principles import current_list, principles_of, set_principles
from annotation.quality.judges.stored import stored_findings

TAGS = ["judges"]


class JudgeSerializer(serializers.ModelSerializer):
    kind = serializers.SerializerMethodField(help_text="endpoint or reward_model")
    model = serializers.CharField(read_only=True)
    endpoint = serializers.CharField(source="endpoint.name", default=None)
    principles = serializers.SerializerMethodField()
    principles_version = serializers.SerializerMethodField()
    rubric_version = serializers.IntegerField(source="rubric_version.number", default=None)

    class Meta:
        model = Judge
        fields = [
            "id",
            "name",
            "kind",
            "model",
            "endpoint",
            "instructions",
            "principles",
            "principles_version",
            "rubric_version",
            "max_tokens",
            "is_json_demanded",
            "tie_below",
            "is_read_by_labelers",
            "created_at",
        ]
        read_only_fields = fields

    def get_principles(self, judge) -> list[str]:
        return principles_of(current_list(judge))

    def get_principles_version(self, judge) -> int | None:
        current = current_list(judge)
        return current.number if current else None

    def get_kind(self, judge) -> str:
        return "reward_model" if judge.reward_model else "endpoint"


class JudgeOrderSerializer(serializers.Serializer):
    name = serializers.CharField(max_length=80)
    endpoint = serializers.CharField(help_text="The name of an endpoint of the project.")
    instructions = serializers.CharField(
        default="", allow_blank=True, max_length=services.LONGEST_INSTRUCTIONS
    )
    max_tokens = serializers.IntegerField(
        default=1024, min_value=services.LEAST_TOKENS, max_value=MOST_TOKENS
    )
    is_json_demanded = serializers.BooleanField(default=True)
    principles = serializers.ListField(
        child=serializers.CharField(),
        default=list,
        help_text="One of them is drawn for each question.",
    )


class PrinciplesSerializer(serializers.Serializer):
    principles = serializers.ListField(child=serializers.CharField(), allow_empty=True)


class JudgeRunOrderSerializer(serializers.Serializer):
    items = serializers.IntegerField(default=200, min_value=1, max_value=MOST_ITEMS)
    unjudged = serializers.BooleanField(
        default=False, help_text="Also items that nobody has judged yet."
    )
    seed = serializers.IntegerField(default=1, min_value=0, max_value=2**31 - 1)
    estimate = serializers.BooleanField(
        default=False, help_text="Ask nothing: say what it would take."
    )


class JudgeRunSerializer(serializers.Serializer):
    """As `ask_judge --now` prints it."""

    id = serializers.IntegerField()
    judge = serializers.CharField()
    principles_version = serializers.IntegerField(allow_null=True)
    kind = serializers.CharField()
    model = serializers.CharField()
    state = serializers.CharField()
    error = serializers.CharField()
    items = serializers.IntegerField()
    items_left_out = serializers.IntegerField()
    questions = serializers.IntegerField()
    answered = serializers.IntegerField()
    failed_answers = serializers.IntegerField()
    answers_left_out = serializers.IntegerField(
        help_text="Of responses that have left their items: they count when those are put back."
    )
    tokens_in = serializers.IntegerField()
    tokens_out = serializers.IntegerField()
    cost = serializers.CharField(allow_null=True)
    currency = serializers.CharField()
    findings = serializers.JSONField(
        required=False, help_text="docs/judges.md says what each figure means; once it is over."
    )


class JudgesView(APIView):
    permission_classes = [IsAuthenticated]

    @extend_schema(operation_id="judges_list", responses=JudgeSerializer(many=True), tags=TAGS)
    def get(self, request, slug: str):
        """The project's judges, by name."""
        project = project_for(request.user, slug, "see_agreement")
        rows = project.judges.select_related("endpoint", "rubric_version").order_by("name")
        rows = rows.prefetch_related("principle_lists")
        return Response(JudgeSerializer(rows, many=True).data)

    @extend_schema(
        operation_id="judges_create",
        request=JudgeOrderSerializer,
        responses={201: JudgeSerializer},
        tags=TAGS,
    )
    def post(self, request, slug: str):
        """A judge behind an endpoint, by the rubric version in force."""
        project = project_for(request.user, slug, "train")
        serializer = JudgeOrderSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        order = dict(serializer.validated_data)
        name = order.pop("endpoint")
        endpoint = project.endpoints.kept().filter(name=name).first()
        if endpoint is None:
            raise DomainError(f"The project has no endpoint “{name}”.")
        judge = services.add_judge(project=project, endpoint=endpoint, actor=request.user, **order)
        return Response(JudgeSerializer(judge).data, status=status.HTTP_201_CREATED)


class JudgePrinciplesView(APIView):
    permission_classes = [IsAuthenticated]

    @extend_schema(
        operation_id="judges_set_principles",
        request=PrinciplesSerializer,
        responses=JudgeSerializer,
        tags=TAGS,
    )
    def put(self, request, slug: str, judge_id: int):
        """The judge's principles from now on: another list is its next version."""
        project = project_for(request.user, slug, "train")
        judge = project.judges.select_related("project", "endpoint", "rubric_version")
        judge = judge.filter(pk=judge_id).first()
        if judge is None:
            raise NotFound("There is no such judge.")
        serializer = PrinciplesSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        set_principles(judge=judge, actor=request.user, **serializer.validated_data)
        return Response(JudgeSerializer(judge).data)


class JudgeRunsView(APIView):
    permission_classes = [IsAuthenticated]

    @extend_schema(
        operation_id="judge_runs_create",
        request=JudgeRunOrderSerializer,
        responses={201: JudgeRunSerializer},
        tags=TAGS,
    )
    def post(self, request, slug: str, judge_id: int):
        """Ask a judge about a random sample of items. With `estimate` nothing is asked, and the
        answer (200) says what it would take."""
        project = project_for(request.user, slug, "train")
        judge = project.judges.select_related("project", "endpoint", "rubric_version")
        judge = judge.filter(pk=judge_id, reward_model="").first()
        if judge is None:
            raise NotFound("There is no such judge behind an endpoint.")
        serializer = JudgeRunOrderSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        asked = serializer.validated_data
        items = services.items_for(
            judge, most=asked["items"], only_judged=not asked["unjudged"], seed=asked["seed"]
        )
        if asked["estimate"]:
            return Response(takes_document(estimate(judge, items)))
        run = services.start_run(judge=judge, item_ids=items, actor=request.user)
        return Response(run_document(run), status=status.HTTP_201_CREATED)


def takes_document(takes) -> dict:
    cost = takes.cost_most
    return vars(takes) | {"cost_most": None if cost is None else str(cost)}


class JudgeRunView(APIView):
    permission_classes = [IsAuthenticated]

    @extend_schema(operation_id="judge_runs_retrieve", responses=JudgeRunSerializer, tags=TAGS)
    def get(self, request, run_id: int):
        """How far it is, and once it is over what it found, as people's judgments are now."""
        run = _run(request, run_id, "see_agreement")
        document = run_document(run)
        if document["answered"] and not run.job.is_active:
            document["findings"] = findings_document(stored_findings(run))
        return Response(document)


class CancelJudgeRunView(APIView):
    permission_classes = [IsAuthenticated]

    @extend_schema(
        operation_id="judge_runs_cancel",
        request=None,
        responses=JudgeRunSerializer,
        tags=TAGS,
    )
    def post(self, request, run_id: int):
        """What was answered stays."""
        run = _run(request, run_id, "train")
        services.cancel_run(run=run, actor=request.user)
        run.job.refresh_from_db()
        return Response(run_document(run))


def _run(request, run_id: int, action: str) -> JudgeRun:
    rows = JudgeRun.objects.filter(pk=run_id).select_related(
        "job", "judge__endpoint", "principle_list"
    )
    return row_for(rows, request.user, action)
