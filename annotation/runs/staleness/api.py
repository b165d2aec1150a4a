"""The API of a reward model's accuracy on newer judgments."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response
from rest_framework.views import APIView

from annotation.projects.permissions import row_for
from annotation.runs.models import AccuracyCheck, ModelVersion
from annotation.runs.staleness.services import at_training, order_check

SHOWN = 50


class EndsSerializer(serializers.Serializer):
    value = serializers.FloatField()
    low = serializers.FloatField()
    high = serializers.FloatField()


class CheckSerializer(serializers.ModelSerializer):
    job_state = serializers.CharField(source="job.state", default="", read_only=True)
    error = serializers.CharField(source="job.error", default="", read_only=True)

    class Meta:
        model = AccuracyCheck
        fields = [
            "id",
            "job",
            "job_state",
            "error",
            "judgment_count",
            "comparison_count",
            "prompt_count",
            "value",
            "low",
            "high",
            "is_stale",
            "created_at",
            "measured_at",
        ]
        read_only_fields = fields


class AccuracySerializer(serializers.Serializer):
    model = serializers.CharField()
    at_training = EndsSerializer(allow_null=True)
    is_stale = serializers.BooleanField(
        allow_null=True, help_text="By the newest measurement; null without one."
    )
    checks = CheckSerializer(many=True, help_text="Newest first.")


def accuracy_json(version: ModelVersion) -> dict:
    checks = list(version.accuracy_checks.select_related("job").order_by("-pk")[:SHOWN])
    newest = next((one for one in checks if one.measured_at), None)
    then = at_training(version)
    return {
        "model": version.name,
        "at_training": then and dict(zip(("value", "low", "high"), then, strict=True)),
        "is_stale": newest and newest.is_stale,
        "checks": CheckSerializer(checks, many=True).data,
    }


class AccuracyView(APIView):
    permission_classes = [IsAuthenticated]

    def _version(self, user, version_id: int, action: str) -> ModelVersion:
        return row_for(ModelVersion.objects.filter(pk=version_id), user, action)

    @extend_schema(operation_id="models_accuracy", responses=AccuracySerializer, tags=["training"])
    def get(self, request, version_id: int):
        """A reward model's accuracy at its training and on judgments that came since."""
        return Response(accuracy_json(self._version(request.user, version_id, "see_runs")))

    @extend_schema(
        operation_id="models_measure_accuracy",
        request=None,
        responses={202: AccuracySerializer},
        tags=["training"],
    )
    def post(self, request, version_id: int):
        """Measure it again; while that is under way, the same measurement."""
        version = self._version(request.user, version_id, "train")
        order_check(version=version, actor=request.user)
        return Response(accuracy_json(version), status=status.HTTP_202_ACCEPTED)
