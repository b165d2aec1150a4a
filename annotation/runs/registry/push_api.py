"""The API of pushed model versions."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response
from rest_framework.views import APIView

from annotation.datasets.publishing.api import (
    NewPushSerializer,
    PushSerializer,
    destination_named,
)
from annotation.projects.permissions import row_for
from annotation.runs.models import ModelVersion
from annotation.runs.registry.pushing import push_model


class ModelPushSerializer(PushSerializer):
    version = serializers.SerializerMethodField()

    def get_version(self, push) -> str:
        return push.version.name


class ModelPushesView(APIView):
    permission_classes = [IsAuthenticated]

    @extend_schema(
        operation_id="models_pushes", responses=ModelPushSerializer(many=True), tags=["runs"]
    )
    def get(self, request, version_id: int):
        """Where the model version was sent, the newest first."""
        version = row_for(ModelVersion.objects.filter(pk=version_id), request.user, "export")
        rows = version.pushes.select_related("destination", "job", "version").order_by("-pk")
        return Response(ModelPushSerializer(rows, many=True).data)

    @extend_schema(
        operation_id="models_push",
        request=NewPushSerializer,
        responses={202: ModelPushSerializer},
        tags=["runs"],
    )
    def post(self, request, version_id: int):
        """Send its folder, card and manifest with it, to a destination."""
        version = row_for(ModelVersion.objects.filter(pk=version_id), request.user, "export")
        serializer = NewPushSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        destination = destination_named(version.project, serializer.validated_data["destination"])
        push = push_model(version=version, destination=destination, actor=request.user)
        return Response(ModelPushSerializer(push).data, status=status.HTTP_202_ACCEPTED)
