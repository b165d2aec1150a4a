"""The API of building items."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response
from rest_framework.views import APIView

from annotation.labeling.building import services
from annotation.labeling.building.pairing import RULES
from annotation.labeling.building.policy import DROPPABLE, MERGES, Policy
from annotation.projects.permissions import project_for
from annotation.quality.building.gains import gains_now, planned


class OrderSerializer(serializers.Serializer):
    """What docs/items.md says; `dry_run` counts and builds nothing."""

    batch = serializers.CharField(max_length=60)
    k = serializers.IntegerField(min_value=2, max_value=9, default=2)
    takes_fewer = serializers.BooleanField(default=True)
    rule = serializers.ChoiceField(choices=list(RULES), default="balanced")
    generators = serializers.ListField(child=serializers.IntegerField(), default=list)
    new = serializers.ListField(child=serializers.IntegerField(), default=list)
    drop = serializers.ListField(
        child=serializers.ChoiceField(choices=list(DROPPABLE)), default=["empty", "truncated"]
    )
    merge = serializers.ChoiceField(choices=list(MERGES), default="equal")
    only_fresh = serializers.BooleanField(default=True)
    most = serializers.IntegerField(min_value=1, allow_null=True, default=None)
    overlap = serializers.IntegerField(min_value=1, max_value=50, required=False)
    priority = serializers.IntegerField(min_value=-32768, max_value=32767, default=0)
    seed = serializers.IntegerField(min_value=0, max_value=2**31 - 1, default=1)
    dry_run = serializers.BooleanField(default=False)


class BuiltSerializer(serializers.Serializer):
    batch = serializers.CharField(allow_null=True, help_text="null: nothing was built.")
    items = serializers.IntegerField()
    prompts_without = serializers.DictField(child=serializers.IntegerField())
    responses_left_out = serializers.DictField(child=serializers.IntegerField())


class BuildView(APIView):
    permission_classes = [IsAuthenticated]

    @extend_schema(
        operation_id="items_build",
        request=OrderSerializer,
        responses={200: BuiltSerializer, 201: BuiltSerializer},
        tags=["items"],
    )
    def post(self, request, slug: str):
        """Build items from stored responses, or count what would be built."""
        project = project_for(request.user, slug, "import")
        said = OrderSerializer(data=request.data)
        said.is_valid(raise_exception=True)
        values = {"overlap": project.overlap} | said.validated_data
        is_dry = values.pop("dry_run")
        policy = Policy(**{n: tuple(v) if isinstance(v, list) else v for n, v in values.items()})
        if is_dry:
            return Response({"batch": None, **planned(project, policy).as_json()})
        gains = gains_now(project) if policy.is_adaptive else None
        batch = services.build_items(
            project=project, policy=policy, actor=request.user, gains=gains
        )
        return Response({"batch": batch.name, **batch.counts}, status=status.HTTP_201_CREATED)
