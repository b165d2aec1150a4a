"""Judging by program: borrow an item, send a verdict, get the next. Never who wrote a response."""

from uuid import UUID

from django.http import Http404
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response
from rest_framework.views import APIView

from annotation.core.errors import DomainError, NotFound
from annotation.labeling import services
from annotation.labeling.models import Assignment, ItemResponse, Judgment
from annotation.labeling.naming import name_of_item
from annotation.labeling.verdict import verdict_from_ranking
from annotation.labeling.verdict.model import NOT_APPLICABLE
from annotation.labeling.verdict.scale import BOTH, SCALES, signed_by_key
from annotation.projects.permissions import check_token, project_for
from annotation.prompts.attachments.references import attached


class AttachedSerializer(serializers.Serializer):
    """A file that belongs to the text. `url` answers with its bytes, ranges included."""

    sha256 = serializers.CharField()
    url = serializers.CharField()
    media_type = serializers.CharField()
    byte_count = serializers.IntegerField()
    transcript = serializers.CharField(help_text="In words what is seen or heard; may be empty.")


class MessageSerializer(serializers.Serializer):
    role = serializers.CharField()
    content = serializers.CharField()
    attachments = AttachedSerializer(many=True)


class ShownResponseSerializer(serializers.Serializer):
    id = serializers.CharField(help_text="The response's name within its item.")
    text = serializers.CharField()
    attachments = AttachedSerializer(many=True)


class AssignmentSerializer(serializers.Serializer):
    """An item lent to you, its responses in the order you are to read them."""

    id = serializers.IntegerField()
    item = serializers.CharField(help_text="The item's name for you; not its id in files.")
    key = serializers.UUIDField(help_text="An Idempotency-Key you may use for the judgment.")
    lease_until = serializers.DateTimeField()
    warnings = serializers.ListField(
        child=serializers.CharField(), help_text="Kinds of harmful content it is marked with."
    )
    prompt = MessageSerializer(many=True)
    responses = ShownResponseSerializer(many=True)


class NextSerializer(serializers.Serializer):
    assignment = AssignmentSerializer(
        allow_null=True, help_text="null: nothing is left for you in this project."
    )


class TextField(serializers.CharField):
    """A text as it was written, perhaps none."""

    def __init__(self, **options):
        super().__init__(
            required=False, default="", allow_blank=True, trim_whitespace=False, **options
        )


class ResponseKeyField(serializers.CharField):
    """A response's id, to the letter: a space at its end is part of it."""

    def __init__(self, **options):
        super().__init__(max_length=100, trim_whitespace=False, **options)


@extend_schema_field({"oneOf": [{"type": "integer"}, {"type": "string", "enum": ["na"]}]})
class RatingField(serializers.IntegerField):
    """A point of the criterion's scale, or "na" where it does not apply."""

    def to_internal_value(self, data):
        return data if data == NOT_APPLICABLE else super().to_internal_value(data)


class HighlightSerializer(serializers.Serializer):
    """An error marked in a response."""

    response = ResponseKeyField()
    start = serializers.IntegerField(help_text="In characters (code points) of the raw text.")
    end = serializers.IntegerField(help_text="The first character after it.")
    label = serializers.CharField(help_text="One of the rubric's error labels.")
    note = TextField()


class VerdictSerializer(serializers.Serializer):
    """A verdict; a response that the ranking leaves out is unranked, not last."""

    ranking = serializers.ListField(
        child=serializers.ListField(child=ResponseKeyField()),
        required=False,
        default=list,
        help_text="Tiers, best first; ids within a tier are tied. Empty where a preference on a "
        "scale says it all, or the project asks for no order.",
    )
    rest_below = serializers.BooleanField(
        required=False,
        default=False,
        help_text="A ranking of the best: what it leaves out lies below what it has.",
    )
    unacceptable = serializers.ListField(child=ResponseKeyField(), required=False, default=list)
    strength = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=3, allow_null=True),
        required=False,
        default=list,
        help_text="Between neighbouring tiers: 1 slightly, 2 clearly, 3 far better.",
    )
    scale = serializers.ChoiceField(
        sorted(SCALES),
        required=False,
        allow_null=True,
        default=None,
        help_text="Points of the scale for two responses; the ranking is then left out.",
    )
    preference = serializers.IntegerField(
        required=False,
        allow_null=True,
        default=None,
        help_text="On the scale: below 0 the response whose id comes first (by its bytes) is "
        "better, above 0 the other one.",
    )
    both = serializers.ChoiceField(
        ["", *BOTH],
        required=False,
        default="",
        help_text="In place of a preference: both are good, or both are bad.",
    )
    ratings = serializers.DictField(
        child=serializers.DictField(child=RatingField()),
        required=False,
        default=dict,
        help_text='By criterion, then by response: {"helpfulness": {"a": 4, "b": "na"}}.',
    )
    flags = serializers.DictField(
        child=serializers.ListField(child=ResponseKeyField()),
        required=False,
        default=dict,
        help_text='The responses that each flag is set for: {"unsafe": ["b"]}.',
    )
    highlights = HighlightSerializer(many=True, required=False, default=list)
    confidence = serializers.IntegerField(
        required=False, allow_null=True, default=None, help_text="1 a guess … 5 certain."
    )
    corrections = serializers.DictField(
        child=serializers.CharField(trim_whitespace=False),
        required=False,
        default=dict,
        help_text='A better text for a response: {"a": "…"}.',
    )
    demonstration = TextField(help_text="The response that you would give.")
    rationale = TextField()
    recording = serializers.RegexField(
        r"^[0-9a-f]{64}$",
        required=False,
        default="",
        allow_blank=True,
        help_text="The sha256 of your spoken rationale, kept before as an attachment.",
    )
    seconds = serializers.FloatField(required=False, allow_null=True, default=None)

    def validate(self, attrs):
        if attrs["scale"] is not None and (attrs["ranking"] or attrs["unacceptable"]):
            raise serializers.ValidationError(
                {"ranking": "Send a preference on the scale or a ranking, not both."}
            )
        return attrs


class JudgmentSerializer(serializers.ModelSerializer):
    item = serializers.SerializerMethodField(help_text="As in the assignment.")

    def get_item(self, judgment) -> str:
        return name_of_item(judgment)

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
    messages = assignment.item.prompt.messages
    places = [placed[position] for position in assignment.order]
    files = attached(
        assignment.project,
        [message.get("attachments", []) for message in messages]
        + [place.response.attachments for place in places],
    )
    of_messages, of_responses = files[: len(messages)], files[len(messages) :]
    return {
        "id": assignment.pk,
        "item": name_of_item(assignment),
        "key": assignment.key,
        "lease_until": assignment.lease_until,
        "warnings": assignment.item.warnings,
        "prompt": [
            {"role": message["role"], "content": message["content"], "attachments": shown}
            for message, shown in zip(messages, of_messages, strict=True)
        ],
        "responses": [
            {"id": place.key, "text": place.shown, "attachments": shown}
            for place, shown in zip(places, of_responses, strict=True)
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
        assignment = _assignment(request.user, assignment_id)
        serializer = VerdictSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        values = serializer.validated_data
        seconds = values.pop("seconds")
        placed = ItemResponse.objects.filter(item=assignment.item_id).order_by("position")
        positions = dict(placed.values_list("key", "position"))
        values["preference"] = signed_by_key(values["preference"], list(positions))
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


def _assignment(labeler, assignment_id: int) -> Assignment:
    assignment = services.assignment_of(labeler, assignment_id)
    try:
        check_token(labeler, assignment.project, "judge")
    except Http404:  # a token for other projects sees as much as of somebody else's assignment
        raise NotFound(_("There is no such assignment.")) from None
    return assignment


def idempotency_key(request) -> UUID:
    raw = request.headers.get("Idempotency-Key", "")
    try:
        return UUID(raw)
    except ValueError:
        raise DomainError(
            "Send an Idempotency-Key header with a UUID (the assignment's `key` will do), so that "
            "a repeated request is the same judgment."
        ) from None
