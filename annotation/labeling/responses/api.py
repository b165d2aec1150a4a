"""The API of marks: what was found, looking anew, and decisions."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response
from rest_framework.views import APIView

from annotation.candidates.marks import marking
from annotation.candidates.marks.classifying import ENDPOINT
from annotation.candidates.marks.guards import PROTOCOLS
from annotation.candidates.marks.safety import CLASSIFIERS
from annotation.candidates.models import ResponseDecision, ResponseMark
from annotation.core.errors import DomainError
from annotation.labeling.responses.deciding import MOST, decide
from annotation.labeling.responses.listing import Filter, MarksPage
from annotation.projects.permissions import project_for


class MarkSerializer(serializers.ModelSerializer):
    class Meta:
        model = ResponseMark
        fields = ["kind", "detail", "start", "end", "other", "similarity", "version"]


class MarkedSerializer(serializers.Serializer):
    response = serializers.IntegerField(source="response.pk")
    prompt = serializers.IntegerField(source="response.prompt_id")
    generator = serializers.CharField(source="response.generator", allow_null=True)
    text = serializers.CharField(source="response.text")
    decision = serializers.CharField(source="decision.choice", default=None, allow_null=True)
    marks = MarkSerializer(many=True)


class MarksSerializer(serializers.Serializer):
    """A page of marked responses; offsets count characters of the text."""

    marked_at = serializers.DateTimeField(source="settings.marked_at", allow_null=True)
    threshold = serializers.FloatField(source="settings.threshold")
    classifier = serializers.CharField(source="settings.classifier")
    new = serializers.IntegerField(
        source="new_count", help_text="Responses that came in since they were looked at."
    )
    pages = serializers.IntegerField(source="page.paginator.num_pages")
    count = serializers.IntegerField(source="page.paginator.count")
    results = MarkedSerializer(source="page.object_list", many=True)


class LookSerializer(serializers.Serializer):
    threshold = serializers.FloatField(
        min_value=0.5, max_value=1, required=False, help_text="Nearly the same from this share on."
    )
    classifier = serializers.ChoiceField(choices=list(CLASSIFIERS), required=False)
    endpoint = serializers.IntegerField(
        required=False, help_text="Whom the classifier “endpoint” asks: its id."
    )
    protocol = serializers.ChoiceField(choices=list(PROTOCOLS), required=False)
    is_automatic = serializers.BooleanField(
        required=False, help_text="Look at what comes in after each import and generation run."
    )


class MarkingJobSerializer(serializers.Serializer):
    job = serializers.IntegerField()


class DecisionSerializer(serializers.Serializer):
    responses = serializers.ListField(child=serializers.IntegerField(), max_length=MOST)
    choice = serializers.ChoiceField(choices=ResponseDecision.Choice.choices)


class DecidedSerializer(serializers.Serializer):
    """What it meant for items that nobody had been lent; `left` is how many stay as they are."""

    decided = serializers.IntegerField()
    shown = serializers.IntegerField()
    removed = serializers.IntegerField()
    withdrawn = serializers.IntegerField()
    restored = serializers.IntegerField()
    reopened = serializers.IntegerField()
    left = serializers.IntegerField()


class MarksView(APIView):
    permission_classes = [IsAuthenticated]

    @extend_schema(operation_id="marks_retrieve", responses=MarksSerializer, tags=["responses"])
    def get(self, request, slug: str):
        """Marked responses: ?kind=, ?generator= (its id, 0 for none), ?decision= (open, left,
        masked, withheld, merged or empty for all) and ?page=."""
        project = project_for(request.user, slug, "see_items")
        page = MarksPage.of(project, Filter.of(request.query_params), request.GET.get("page", 1))
        return Response(MarksSerializer(page).data)

    @extend_schema(
        operation_id="marks_compute",
        request=LookSerializer,
        responses={202: MarkingJobSerializer},
        tags=["responses"],
    )
    def post(self, request, slug: str):
        """Look at all responses anew, in the background."""
        project = project_for(request.user, slug, "import")
        said = LookSerializer(data=request.data)
        said.is_valid(raise_exception=True)
        settings = dict(said.validated_data)
        if settings.get("classifier") == ENDPOINT or "endpoint" in settings:
            project = project_for(request.user, slug, "train")  # it costs money
        if "endpoint" in settings:
            settings["endpoint"] = _endpoint(project, settings["endpoint"])
        job = marking.request_marking(project=project, actor=request.user, **settings)
        return Response({"job": job.pk}, status=status.HTTP_202_ACCEPTED)


def _endpoint(project, endpoint_id: int):
    found = project.endpoints.kept().filter(pk=endpoint_id).first()
    if found is None:
        raise DomainError("There is no such endpoint in this project.")
    return found


class DecisionsView(APIView):
    permission_classes = [IsAuthenticated]

    @extend_schema(
        operation_id="marks_decide",
        request=DecisionSerializer,
        responses=DecidedSerializer,
        tags=["responses"],
    )
    def post(self, request, slug: str):
        """Decide the same on each of these responses."""
        project = project_for(request.user, slug, "import")
        said = DecisionSerializer(data=request.data)
        said.is_valid(raise_exception=True)
        count, changed = decide(project=project, actor=request.user, **said.validated_data)
        return Response({"decided": count, **vars(changed)})
