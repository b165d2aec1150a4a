"""The API of reward models as judges: make one a judge, and have it judge. What it found is read
where all judge runs are."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response
from rest_framework.views import APIView

from annotation.core.errors import NotFound
from annotation.projects.permissions import project_for
from annotation.quality.judges.api import JudgeRunSerializer, JudgeSerializer
from annotation.quality.judges.documents import run_document
from annotation.quality.judges.items import MOST_ITEMS
from annotation.quality.judges.services import MOST_TIE
from annotation.runs.judging import services


class RewardJudgeOrderSerializer(serializers.Serializer):
    name = serializers.CharField(max_length=80)
    version = serializers.CharField(help_text="Name or id of a reward model of the project.")
    tie_below = serializers.FloatField(
        default=services.TIE_BELOW,
        min_value=0,
        max_value=MOST_TIE,
        help_text="Two rewards that lie nearer to each other are a tie.",
    )


class RewardJudgeRunOrderSerializer(serializers.Serializer):
    items = serializers.IntegerField(default=200, min_value=1, max_value=MOST_ITEMS)
    unjudged = serializers.BooleanField(
        default=False, help_text="Also items that nobody has judged yet."
    )
    learned = serializers.BooleanField(
        default=False, help_text="Also items that it has learned from, told apart in the findings."
    )
    seed = serializers.IntegerField(default=1, min_value=0, max_value=2**31 - 1)


class RewardJudgesView(APIView):
    permission_classes = [IsAuthenticated]

    @extend_schema(
        operation_id="reward_judges_create",
        request=RewardJudgeOrderSerializer,
        responses={201: JudgeSerializer},
        tags=["judges"],
    )
    def post(self, request, slug: str):
        """A reward model as a judge."""
        project = project_for(request.user, slug, "train")
        serializer = RewardJudgeOrderSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        judge = services.add_judge(
            project=project, actor=request.user, **serializer.validated_data
        )
        return Response(JudgeSerializer(judge).data, status=status.HTTP_201_CREATED)


class RewardJudgeRunsView(APIView):
    permission_classes = [IsAuthenticated]

    @extend_schema(
        operation_id="reward_judge_runs_create",
        request=RewardJudgeRunOrderSerializer,
        responses={201: JudgeRunSerializer},
        tags=["judges"],
    )
    def post(self, request, slug: str, judge_id: int):
        """Have a reward model judge a random sample of items."""
        project = project_for(request.user, slug, "train")
        judge = project.judges.select_related("project").exclude(reward_model="")
        judge = judge.filter(pk=judge_id).first()
        if judge is None:
            raise NotFound("There is no such reward model among the judges.")
        serializer = RewardJudgeRunOrderSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        asked = serializer.validated_data
        sample = services.sample_for(
            judge,
            most=asked["items"],
            only_judged=not asked["unjudged"],
            with_learned=asked["learned"],
            seed=asked["seed"],
        )
        run = services.start_run(judge=judge, sample=sample, actor=request.user)
        return Response(run_document(run), status=status.HTTP_201_CREATED)
