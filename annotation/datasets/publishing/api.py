"""The API of destinations and pushes. No answer of it holds a secret, nor a part of one."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response
from rest_framework.views import APIView

from annotation.core.errors import NotFound
from annotation.datasets.access import open_to
from annotation.datasets.export_api import exported
from annotation.datasets.models import Dataset, DatasetPush, Destination
from annotation.datasets.publishing import destinations, pushing
from annotation.projects.permissions import project_for, row_for

WRITE_ONLY = "Sealed when it arrives; no answer holds it. A key's secret half, or a token."
SAID = ("endpoint", "region", "bucket", "prefix", "access_key", "repository")


class DestinationSerializer(serializers.ModelSerializer):
    project = serializers.SlugRelatedField(slug_field="slug", read_only=True)
    kind = serializers.CharField(help_text="s3 or hub.")

    class Meta:
        model = Destination
        fields = ["id", "project", "kind", "name", *SAID, "keeps_checkpoints", "created_at"]
        read_only_fields = ["id", "keeps_checkpoints", "created_at"]
        validators = []
        extra_kwargs = {name: {"required": False} for name in SAID}


class NewDestinationSerializer(DestinationSerializer):
    secret = serializers.CharField(write_only=True, help_text=WRITE_ONLY)

    class Meta(DestinationSerializer.Meta):
        fields = [*DestinationSerializer.Meta.fields, "secret"]


class SecretSerializer(serializers.Serializer):
    secret = serializers.CharField(write_only=True, help_text=WRITE_ONLY)


class CheckpointsSerializer(serializers.Serializer):
    keeps_checkpoints = serializers.BooleanField(
        help_text="Whether the project's trainings send their checkpoints to this bucket."
    )


class OrderedSerializer(serializers.Serializer):
    job = serializers.IntegerField(help_text="Its state and result: /api/jobs/<id>/.")


class PushSerializer(serializers.Serializer):
    """Where files went. `place` is empty until all of them arrived."""

    id = serializers.IntegerField()
    job = serializers.IntegerField(source="job_id")
    state = serializers.CharField(source="job.state")
    error = serializers.CharField(source="job.error")
    destination = serializers.SerializerMethodField()
    place = serializers.CharField()
    url = serializers.CharField()
    revision = serializers.CharField(help_text="The Hub's commit.")
    sha256 = serializers.CharField(help_text="Of the record, which names every other file.")
    files = serializers.JSONField()
    arrived_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()

    def get_destination(self, push) -> str:
        return push.destination.name


class DatasetPushSerializer(PushSerializer):
    form = serializers.CharField()
    is_parquet = serializers.BooleanField()


class NewPushSerializer(serializers.Serializer):
    destination = serializers.CharField(help_text="Its name in this project.")


class NewDatasetPushSerializer(NewPushSerializer):
    format = serializers.CharField(default="preference")
    parquet = serializers.BooleanField(default=False)
    handles = serializers.BooleanField(
        default=False, help_text="Name labelers by their handles; by pseudonyms otherwise."
    )


def destination_named(project, name: str) -> Destination:
    """The project's destination of that name, in any case."""
    found = project.destinations.kept().filter(name__iexact=name.strip()).first()
    if found is None:
        raise NotFound(f"There is no destination “{name}” in this project.")
    return found


def _destination(user, action, destination_id: int) -> Destination:
    return row_for(Destination.objects.kept().filter(pk=destination_id), user, action)


class DestinationsView(APIView):
    permission_classes = [IsAuthenticated]

    @extend_schema(
        operation_id="destinations_list",
        responses=DestinationSerializer(many=True),
        tags=["datasets"],
    )
    def get(self, request, slug):
        """Where the project's files may be sent."""
        project = project_for(request.user, slug, "see_datasets")
        rows = project.destinations.kept().select_related("project").order_by("name")
        return Response(DestinationSerializer(rows, many=True).data)

    @extend_schema(
        operation_id="destinations_create",
        request=NewDestinationSerializer,
        responses={201: DestinationSerializer},
        tags=["datasets"],
    )
    def post(self, request, slug):
        """Add a bucket (kind s3: endpoint, region, bucket, prefix, access_key) or a repository of
        the Hub (kind hub: repository)."""
        project = project_for(request.user, slug, "export")
        serializer = NewDestinationSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        made = destinations.add_destination(
            project=project, actor=request.user, **serializer.validated_data
        )
        return Response(DestinationSerializer(made).data, status=status.HTTP_201_CREATED)


class DestinationView(APIView):
    permission_classes = [IsAuthenticated]

    @extend_schema(
        operation_id="destinations_retrieve", responses=DestinationSerializer, tags=["datasets"]
    )
    def get(self, request, destination_id):
        """One destination."""
        found = _destination(request.user, "see_datasets", destination_id)
        return Response(DestinationSerializer(found).data)

    @extend_schema(
        operation_id="destinations_keep_checkpoints",
        request=CheckpointsSerializer,
        responses=DestinationSerializer,
        tags=["datasets"],
    )
    def put(self, request, destination_id):
        """Keep the checkpoints of trainings in this bucket, or no more."""
        found = _destination(request.user, "export", destination_id)
        serializer = CheckpointsSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        wanted = serializer.validated_data["keeps_checkpoints"]
        destinations.keep_checkpoints(destination=found, wanted=wanted, actor=request.user)
        return Response(DestinationSerializer(found).data)

    @extend_schema(operation_id="destinations_delete", responses={204: None}, tags=["datasets"])
    def delete(self, request, destination_id):
        """Remove it, and its secret with it. What was sent stays there."""
        found = _destination(request.user, "export", destination_id)
        destinations.remove_destination(destination=found, actor=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)


class DestinationSecretView(APIView):
    permission_classes = [IsAuthenticated]

    @extend_schema(
        operation_id="destinations_replace_secret",
        request=SecretSerializer,
        responses=DestinationSerializer,
        tags=["datasets"],
    )
    def put(self, request, destination_id):
        """Replace the secret."""
        found = _destination(request.user, "export", destination_id)
        serializer = SecretSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        secret = serializer.validated_data["secret"]
        destinations.replace_secret(destination=found, secret=secret, actor=request.user)
        return Response(DestinationSerializer(found).data)


class DestinationTrialView(APIView):
    permission_classes = [IsAuthenticated]

    @extend_schema(
        operation_id="destinations_try",
        request=None,
        responses={202: OrderedSerializer},
        tags=["datasets"],
    )
    def post(self, request, destination_id):
        """Ask whether it takes files; the job says what came of it."""
        found = _destination(request.user, "export", destination_id)
        job = destinations.request_trial(destination=found, actor=request.user)
        return Response({"job": job.pk}, status=status.HTTP_202_ACCEPTED)


class DatasetPushesView(APIView):
    permission_classes = [IsAuthenticated]

    @extend_schema(
        operation_id="datasets_pushes",
        responses=DatasetPushSerializer(many=True),
        tags=["datasets"],
    )
    def get(self, request, digest: str):
        """Where the dataset was sent, the newest first."""
        rows = exported(request.user, digest).pushes.select_related("destination", "job")
        return Response(DatasetPushSerializer(rows.order_by("-pk"), many=True).data)

    @extend_schema(
        operation_id="datasets_push",
        request=NewDatasetPushSerializer,
        responses={202: DatasetPushSerializer},
        tags=["datasets"],
    )
    def post(self, request, digest: str):
        """Send the dataset to a destination, in a format, with its card."""
        dataset = exported(request.user, digest)
        serializer = NewDatasetPushSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        said = serializer.validated_data
        push = pushing.push_dataset(
            dataset=dataset,
            destination=destination_named(dataset.project, said["destination"]),
            form=said["format"],
            as_parquet=said["parquet"],
            with_handles=said["handles"],
            actor=request.user,
        )
        return Response(DatasetPushSerializer(push).data, status=status.HTTP_202_ACCEPTED)


class DatasetPushView(APIView):
    permission_classes = [IsAuthenticated]

    @extend_schema(
        operation_id="datasets_push_retrieve", responses=DatasetPushSerializer, tags=["datasets"]
    )
    def get(self, request, push_id: int):
        """One push: how far it is, and what arrived."""
        seen = open_to(Dataset.objects.all(), request.user, "see_datasets")
        rows = DatasetPush.objects.filter(pk=push_id, dataset__in=seen)
        rows = rows.select_related("destination", "job")
        return Response(DatasetPushSerializer(row_for(rows, request.user, "see_datasets")).data)
