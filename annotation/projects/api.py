"""The API of projects and jobs."""

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response
from rest_framework.views import APIView

from annotation.core.errors import NotFound
from annotation.core.models import Job
from annotation.projects import services
from annotation.projects.models import Criterion, Project, RubricVersion
from annotation.projects.permissions import job_for, may_create_projects, project_for


class ProjectSerializer(serializers.ModelSerializer):
    slug = serializers.CharField(max_length=60, help_text="Lower-case letters, digits, hyphens.")
    name = serializers.CharField(max_length=200, required=False, default="")
    overlap = serializers.IntegerField(
        min_value=1, max_value=50, default=3, help_text="Judgments wanted for each item."
    )

    class Meta:
        model = Project
        fields = ["slug", "name", "description", "overlap", "rationale", "created_at"]
        read_only_fields = ["created_at"]


class JobSerializer(serializers.ModelSerializer):
    project = serializers.SlugRelatedField(slug_field="slug", read_only=True)

    class Meta:
        model = Job
        fields = [
            "id",
            "kind",
            "state",
            "project",
            "target",
            "progress_done",
            "progress_total",
            "progress_note",
            "result",
            "error",
            "created_at",
            "started_at",
            "finished_at",
        ]


class ProjectsView(APIView):
    permission_classes = [IsAuthenticated]

    @extend_schema(
        operation_id="projects_create",
        request=ProjectSerializer,
        responses={201: ProjectSerializer},
        tags=["projects"],
    )
    def post(self, request):
        """Make a project. You become its lead."""
        if not may_create_projects(request.user):
            raise NotFound("There is no such page.")
        serializer = ProjectSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        project = services.create_project(actor=request.user, **serializer.validated_data)
        return Response(ProjectSerializer(project).data, status=status.HTTP_201_CREATED)


class CriterionSerializer(serializers.ModelSerializer):
    examples = serializers.ListField(
        source="example_list",
        child=serializers.DictField(),
        help_text="`text`, and `item_id` where it was taken from an item.",
    )

    class Meta:
        model = Criterion
        fields = [
            "key",
            "label",
            "description",
            "scale_min",
            "scale_max",
            "anchors",
            "is_yes_no",
            "allows_na",
            "is_required",
            "weight",
            "examples",
        ]


class RubricSerializer(serializers.ModelSerializer):
    criteria = CriterionSerializer(source="criteria_list", many=True)
    priorities = serializers.ListField(
        child=serializers.CharField(),
        help_text="Keys of criteria: which one wins where they conflict, the strongest first.",
    )

    class Meta:
        model = RubricVersion
        fields = [
            "number",
            "published_at",
            "note",
            "guideline",
            "criteria",
            "priorities",
            "flags",
            "error_labels",
        ]


class RubricView(APIView):
    permission_classes = [IsAuthenticated]

    @extend_schema(
        operation_id="rubric_retrieve",
        parameters=[OpenApiParameter("version", int, description="A number; else the newest.")],
        responses=RubricSerializer,
        tags=["projects"],
    )
    def get(self, request, slug: str):
        """What to judge by: a published version of the rubric, which never changes."""
        project = project_for(request.user, slug, "read_rubric")
        versions = project.rubric_versions.published().order_by("-number")
        if asked := request.query_params.get("version"):
            is_number = asked.isascii() and asked.isdigit() and len(asked) < 10
            versions = versions.filter(number=int(asked) if is_number else 0)
        pk = versions.values_list("pk", flat=True).first()
        if pk is None:
            raise NotFound("There is no such rubric version.")
        return Response(RubricSerializer(services.rubric_by_id(pk)).data)


class JobView(APIView):
    permission_classes = [IsAuthenticated]

    @extend_schema(operation_id="jobs_retrieve", responses=JobSerializer, tags=["jobs"])
    def get(self, request, job_id: int):
        """State, progress and result of a background job."""
        return Response(JobSerializer(job_for(request.user, job_id)).data)
