"""The API of evaluations."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response
from rest_framework.views import APIView

from annotation.projects.permissions import project_for, row_for
from annotation.runs.evaluation import judged, presentation, services, stored
from annotation.runs.models import Evaluation


class EvaluationOrderSerializer(serializers.Serializer):
    project = serializers.SlugField(help_text="The project's short name.")
    new = serializers.CharField(help_text="Name or id of the new model version.")
    old = serializers.CharField(help_text="Name or id of the old generator.")
    kind = serializers.ChoiceField(choices=Evaluation.Kind.choices, default="people")
    judge = serializers.CharField(
        required=False, allow_null=True, help_text="Name or id of the reward model; reward alone."
    )
    count = serializers.IntegerField(
        default=100, min_value=1, max_value=services.MOST_PROMPTS, help_text="How many prompts."
    )
    n = serializers.IntegerField(default=1, min_value=1, max_value=services.MOST_EACH)
    overlap = serializers.IntegerField(
        required=False,
        allow_null=True,
        min_value=1,
        max_value=50,
        help_text="Judgments of a pair.",
    )
    batch = serializers.CharField(
        default="", allow_blank=True, help_text="Prompts of this batch of items alone."
    )
    seed = serializers.IntegerField(default=11, min_value=0, max_value=2**31 - 1)
    temperature = serializers.FloatField(required=False, min_value=0, max_value=10)
    max_new_tokens = serializers.IntegerField(required=False, min_value=1, max_value=32768)


class EvaluationSerializer(serializers.ModelSerializer):
    project = serializers.SlugRelatedField(slug_field="slug", read_only=True)
    new = serializers.SlugRelatedField(slug_field="name", read_only=True)
    old = serializers.SlugRelatedField(slug_field="name", read_only=True)
    judge = serializers.SlugRelatedField(slug_field="name", read_only=True, allow_null=True)
    state = serializers.SerializerMethodField()
    error = serializers.SerializerMethodField()
    figures = serializers.SerializerMethodField(help_text="As they are now.")
    judges = serializers.SerializerMethodField(
        help_text="What AI judges and reward models say of the pairs that people have judged."
    )

    class Meta:
        model = Evaluation
        fields = [
            "id",
            "project",
            "kind",
            "new",
            "old",
            "judge",
            "options",
            "state",
            "error",
            "figures",
            "judges",
            "decision",
            "reason",
            "decided_at",
            "created_at",
        ]
        read_only_fields = fields

    def _figures(self, evaluation):
        if not hasattr(evaluation, "read"):
            evaluation.read = stored.read(evaluation)
        return evaluation.read

    def get_state(self, evaluation) -> str:
        return presentation.state_of(evaluation, self._figures(evaluation)).key

    def get_error(self, evaluation) -> str:
        return evaluation.job.error if evaluation.job else ""

    def get_figures(self, evaluation) -> dict:
        return self._figures(evaluation)

    def get_judges(self, evaluation) -> list[dict]:
        return judged.judges_document(evaluation)


class EvaluationsView(APIView):
    permission_classes = [IsAuthenticated]

    @extend_schema(
        operation_id="evaluations_create",
        request=EvaluationOrderSerializer,
        responses={201: EvaluationSerializer},
        tags=["training"],
    )
    def post(self, request):
        """Compare a new model version with an old generator."""
        serializer = EvaluationOrderSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        order = dict(serializer.validated_data)
        project = project_for(request.user, order.pop("project"), "train")
        made = services.order_evaluation(project=project, actor=request.user, **order)
        return Response(EvaluationSerializer(made).data, status=status.HTTP_201_CREATED)


class EvaluationView(APIView):
    permission_classes = [IsAuthenticated]

    @extend_schema(
        operation_id="evaluations_retrieve", responses=EvaluationSerializer, tags=["training"]
    )
    def get(self, request, evaluation_id: int):
        """State and figures as they are now: win rate, the interval that holds at every look, the
        win rate at equal length, and by slice."""
        rows = Evaluation.objects.select_related("new", "old", "judge", "job")
        found = row_for(rows.filter(pk=evaluation_id), request.user, "see_runs")
        return Response(EvaluationSerializer(found).data)
