"""Judging by program: borrow an item, send a verdict, get the next. Never who wrote a response."""

from uuid import UUID

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response
from rest_framework.views import APIView

from annotation.core.errors import DomainError
from annotation.labeling import services
from annotation.labeling.models import Assignment, ItemResponse, Judgment
from annotation.labeling.verdict import verdict_from_ranking
from annotation.projects.permissions import project_for


class MessageSerializer(serializers.Serializer):
    role = serializers.CharField()
    content = serializers.CharField()


class ShownResponseSerializer(serializers.Serializer):
    id = serializers.CharField(help_text="The response's name within its item.")
    text = serializers.CharField()


class AssignmentSerializer(serializers.Serializer):
    """An item lent to you, its responses in the order you are to read them."""

    id = serializers.IntegerField()
    item = serializers.CharField(help_text="The item's id.")
    key = serializers.UUIDField(help_text="An Idempotency-Key you may use for the judgment.")
    lease_until = serializers.DateTimeField()
    prompt = MessageSerializer(many=True)
    responses = ShownResponseSerializer(many=True)


class NextSerializer(serializers.Serializer):
    assignment = AssignmentSerializer(
        allow_null=True, help_text="null: nothing is left for you in this project."
    )


class ResponseKeyField(serializers.CharField):
    """A response's id, to the letter: a space at its end is part of it."""

    def __init__(self, **options):
        super().__init__(max_length=100, trim_whitespace=False, **options)


class VerdictSerializer(serializers.Serializer):
    """A verdict; a response that the ranking leaves out is unranked, not last."""

    ranking = serializers.ListField(
        child=serializers.ListField(child=ResponseKeyField()),
        help_text="Tiers, best first; ids within a tier are tied.",
    )
    unacceptable = serializers.ListField(child=ResponseKeyField(), required=False, default=list)
    strength = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=3, allow_null=True),
        required=False,
        default=list,
        help_text="Between neighbouring tiers: 1 slightly, 2 clearly, 3 far better.",
    )
    ratings = serializers.DictField(
        child=serializers.DictField(child=serializers.IntegerField(min_value=-10, max_value=10)),
        required=False,
        default=dict,
        help_text='By criterion, then by response: {"helpfulness": {"a": 4}}.',
    )
    rationale = serializers.CharField(
        required=False, default="", allow_blank=True, trim_whitespace=False
    )
    seconds = serializers.FloatField(required=False, allow_null=True, default=None)


class JudgmentSerializer(serializers.ModelSerializer):
    item = serializers.CharField(source="item.external_id")

    class Meta:
        model = Judgment
        fields = ["id", "item", "revision", "is_surplus", "submitted_at"]


class SubmittedSerializer(serializers.Serializer):
    judgment = JudgmentSerializer()
    next = AssignmentSerializer(allow_null=True)


def assignment_data(assignment: Assignment | None):
    """What a labeler may see of an assignment: no generator, no metadata, no gold."""
    if assignment is None:
        return None
    placed = {
        row.position: row
        for row in ItemResponse.objects.filter(item=assignment.item_id).select_related("response")
    }
    return {
        "id": assignment.pk,
        "item": assignment.item.external_id,
        "key": assignment.key,
        "lease_until": assignment.lease_until,
        "prompt": assignment.item.prompt.messages,
        "responses": [
            {"id": placed[position].key, "text": placed[position].response.text}
            for position in assignment.order
        ],
    }


class NextView(APIView):
    permission_classes = [IsAuthenticated]

    @extend_schema(
        operation_id="projects_next_create",
        request=None,
        responses=NextSerializer,
        tags=["judging"],
    )
    def post(self, request, slug: str):
        """Borrow the next item. Whoever holds one already gets the same one again."""
        project = project_for(request.user, slug, "judge")
        lent = services.lend_next_item(project=project, labeler=request.user)
        assignment = lent and services.assignment_of(request.user, lent.pk)
        return Response(NextSerializer({"assignment": assignment_data(assignment)}).data)


class JudgmentView(APIView):
    permission_classes = [IsAuthenticated]

    @extend_schema(
        operation_id="assignments_judgment_create",
        request=VerdictSerializer,
        responses={201: SubmittedSerializer},
        parameters=[
            OpenApiParameter(
                "Idempotency-Key",
                str,
                OpenApiParameter.HEADER,
                required=True,
                description="A UUID. The same key again is the same judgment.",
            )
        ],
        tags=["judging"],
    )
    def post(self, request, assignment_id: int):
        """Send the verdict on an assignment of yours; answers with the next assignment."""
        key = idempotency_key(request)
        assignment = services.assignment_of(request.user, assignment_id)
        serializer = VerdictSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        values = serializer.validated_data
        seconds = values.pop("seconds")
        positions = dict(
            ItemResponse.objects.filter(item=assignment.item_id).values_list("key", "position")
        )
        judgment, next_id = services.submit_judgment(
            assignment_id=assignment.pk,
            labeler=request.user,
            verdict=verdict_from_ranking(positions=positions, **values),
            key=key,
            seconds=seconds,
            origin=Judgment.Origin.API,
            is_complete=False,
        )
        following = services.assignment_of(request.user, next_id) if next_id else None
        answer = {"judgment": judgment, "next": assignment_data(following)}
        return Response(SubmittedSerializer(answer).data, status=status.HTTP_201_CREATED)


def idempotency_key(request) -> UUID:
    raw = request.headers.get("Idempotency-Key", "")
    try:
        return UUID(raw)
    except ValueError:
        raise DomainError(
            "Send an Idempotency-Key header with a UUID (the assignment's `key` will do), so that "
            "a repeated request is the same judgment."
        ) from None
