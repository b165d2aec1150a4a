"""The API of endpoints. No answer of it holds a key, nor a part of one."""

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response
from rest_framework.views import APIView

from annotation.candidates.endpoints import services
from annotation.candidates.endpoints.services import SETTINGS
from annotation.candidates.models import Endpoint
from annotation.projects.permissions import project_for, row_for

KEY_HELP = "Sealed when it arrives; no answer holds it. Empty where the server asks for none."


class EndpointSerializer(serializers.ModelSerializer):
    project = serializers.SlugRelatedField(slug_field="slug", read_only=True)
    has_key = serializers.BooleanField(read_only=True)

    class Meta:
        model = Endpoint
        fields = ["id", "project", *SETTINGS, "has_key", "created_at"]
        read_only_fields = ["id", "created_at"]
        validators = []


class NewEndpointSerializer(EndpointSerializer):
    key = serializers.CharField(
        required=False, default="", allow_blank=True, write_only=True, help_text=KEY_HELP
    )

    class Meta(EndpointSerializer.Meta):
        fields = [*EndpointSerializer.Meta.fields, "key"]


class KeySerializer(serializers.Serializer):
    key = serializers.CharField(allow_blank=True, write_only=True, help_text=KEY_HELP)


class TrialSerializer(serializers.Serializer):
    job = serializers.IntegerField(help_text="Its state and result: /api/jobs/<id>/.")


def _endpoint(user, action, endpoint_id: int) -> Endpoint:
    return row_for(Endpoint.objects.kept().filter(pk=endpoint_id), user, action)


class EndpointsView(APIView):
    permission_classes = [IsAuthenticated]

    @extend_schema(
        operation_id="endpoints_list",
        responses=EndpointSerializer(many=True),
        tags=["candidates"],
    )
    def get(self, request, slug):
        """The project's endpoints."""
        project = project_for(request.user, slug, "see_runs")
        rows = project.endpoints.kept().select_related("project").order_by("name")
        return Response(EndpointSerializer(rows, many=True).data)

    @extend_schema(
        operation_id="endpoints_create",
        request=NewEndpointSerializer,
        responses={201: EndpointSerializer},
        tags=["candidates"],
    )
    def post(self, request, slug):
        """Add an endpoint that speaks the OpenAI protocol."""
        project = project_for(request.user, slug, "train")
        serializer = NewEndpointSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        endpoint = services.add_endpoint(
            project=project, actor=request.user, **serializer.validated_data
        )
        return Response(EndpointSerializer(endpoint).data, status=status.HTTP_201_CREATED)


class EndpointView(APIView):
    permission_classes = [IsAuthenticated]

    @extend_schema(
        operation_id="endpoints_retrieve", responses=EndpointSerializer, tags=["candidates"]
    )
    def get(self, request, endpoint_id):
        """One endpoint."""
        return Response(EndpointSerializer(_endpoint(request.user, "see_runs", endpoint_id)).data)

    @extend_schema(
        operation_id="endpoints_update",
        request=EndpointSerializer,
        responses=EndpointSerializer,
        tags=["candidates"],
    )
    def patch(self, request, endpoint_id):
        """Change some of its settings. An address on another server needs an endpoint of its
        own: the key is sent nowhere else."""
        endpoint = _endpoint(request.user, "train", endpoint_id)
        serializer = EndpointSerializer(endpoint, data=request.data, partial=True)
        serializer.is_valid(raise_exception=True)
        services.change_endpoint(
            endpoint=get_object_or_404(Endpoint, pk=endpoint.pk),
            actor=request.user,
            **serializer.validated_data,
        )
        return Response(EndpointSerializer(_endpoint(request.user, "train", endpoint_id)).data)

    @extend_schema(operation_id="endpoints_delete", responses={204: None}, tags=["candidates"])
    def delete(self, request, endpoint_id):
        """Remove it, and its key with it. What it wrote stays."""
        endpoint = _endpoint(request.user, "train", endpoint_id)
        services.remove_endpoint(endpoint=endpoint, actor=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)


class EndpointKeyView(APIView):
    permission_classes = [IsAuthenticated]

    @extend_schema(
        operation_id="endpoints_replace_key",
        request=KeySerializer,
        responses=EndpointSerializer,
        tags=["candidates"],
    )
    def put(self, request, endpoint_id):
        """Replace the key."""
        endpoint = _endpoint(request.user, "train", endpoint_id)
        serializer = KeySerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        services.replace_key(
            endpoint=endpoint, key=serializer.validated_data["key"], actor=request.user
        )
        return Response(EndpointSerializer(endpoint).data)


class EndpointTrialView(APIView):
    permission_classes = [IsAuthenticated]

    @extend_schema(
        operation_id="endpoints_try",
        request=None,
        responses={202: TrialSerializer},
        tags=["candidates"],
    )
    def post(self, request, endpoint_id):
        """Send it one small request; the job's result says what came back."""
        endpoint = _endpoint(request.user, "train", endpoint_id)
        job = services.request_trial(endpoint=endpoint, actor=request.user)
        return Response({"job": job.pk}, status=status.HTTP_202_ACCEPTED)
