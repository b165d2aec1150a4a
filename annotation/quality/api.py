"""The API of agreement."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response
from rest_framework.views import APIView

from annotation.core.errors import NotFound
from annotation.projects.permissions import project_for
from annotation.quality import services
from annotation.quality.analyses import ANALYSES
from annotation.quality.documents import as_document
from annotation.quality.wording import REASONS, in_reading_order


class EstimateSerializer(serializers.Serializer):
    """A number with its interval and what it rests on, or null with the reason."""

    value = serializers.FloatField(allow_null=True)
    reason = serializers.ChoiceField(
        choices=sorted(REASONS), allow_null=True, help_text="Why there is no value."
    )
    ci = serializers.ListField(
        child=serializers.FloatField(),
        allow_null=True,
        min_length=2,
        max_length=2,
        help_text="95 % bootstrap interval over items.",
    )
    n_items = serializers.IntegerField(help_text="Items with a judgment.")
    n_pairable = serializers.IntegerField(
        help_text="Items with something that two labelers judged."
    )
    n_ratings = serializers.IntegerField(help_text="Single answers: a labeler's for each pair.")


class RankingEstimateSerializer(EstimateSerializer):
    n_undefined = serializers.IntegerField(
        help_text="Items without the number, such as those where everybody tied everything."
    )


class PairsSerializer(serializers.Serializer):
    """Over pairs of responses: (item, lower response id, higher response id), with the answers
    lower better, tie, higher better."""

    raw = EstimateSerializer()
    alpha_nominal = EstimateSerializer()
    alpha_ordinal = EstimateSerializer()
    fleiss_kappa = EstimateSerializer()
    gwet_ac1 = EstimateSerializer()
    cohen_kappa = serializers.DictField(
        child=EstimateSerializer(), help_text='By two labelers: "w1|w2".'
    )


class RankingsSerializer(serializers.Serializer):
    """Over whole rankings: the mean over items."""

    kendall_w = RankingEstimateSerializer()
    tau_b = RankingEstimateSerializer()


class FlagSerializer(serializers.Serializer):
    """Over responses: flag set, or not. Most are not, which alpha holds against it."""

    raw = EstimateSerializer()
    gwet_ac1 = EstimateSerializer()
    alpha_nominal = EstimateSerializer()


class AgreementSerializer(serializers.Serializer):
    pairs = PairsSerializer()
    rankings = RankingsSerializer()
    criteria = serializers.DictField(
        child=EstimateSerializer(),
        help_text="Alpha of each criterion's ratings: ordinal, nominal for yes and no.",
    )
    flags = serializers.DictField(child=FlagSerializer(), help_text="By the rubric's flags.")
    computed_at = serializers.DateTimeField()
    is_stale = serializers.BooleanField(help_text="Judgments came in since.")
    job = serializers.IntegerField(
        allow_null=True, help_text="The job that computes it anew, if one does."
    )


class AgreementJobSerializer(serializers.Serializer):
    detail = serializers.CharField()
    job = serializers.IntegerField()


class AgreementView(APIView):
    permission_classes = [IsAuthenticated]

    @extend_schema(
        operation_id="agreement_retrieve",
        responses={200: AgreementSerializer, 202: AgreementJobSerializer},
        tags=["agreement"],
    )
    def get(self, request, slug: str):
        """How far the labelers agree. Large projects answer 202 with a job the first time."""
        project = project_for(request.user, slug, "see_agreement")
        report, job = services.answer(project=project, actor=request.user)
        if report is None:
            return _accepted(job)
        return Response(
            {
                **in_reading_order(report.result["agreement"]),
                "computed_at": report.computed_at,
                "is_stale": job is not None,
                "job": job and job.pk,
            }
        )

    @extend_schema(
        operation_id="agreement_compute",
        request=None,
        responses={202: AgreementJobSerializer},
        tags=["agreement"],
    )
    def post(self, request, slug: str):
        """Compute it anew in the background."""
        project = project_for(request.user, slug, "compute")
        return _accepted(services.request_figures(project=project, actor=request.user))


class FiguresSerializer(serializers.Serializer):
    kind = serializers.CharField()
    result = serializers.JSONField(
        help_text="As docs/statistics.md describes it for each kind; labelers by id."
    )
    labelers = serializers.DictField(
        child=serializers.CharField(), help_text="The handles, by the ids in the result."
    )
    input_sha256 = serializers.CharField(help_text="Of all that the figures were computed from.")
    code_version = serializers.CharField()
    computed_at = serializers.DateTimeField()
    is_stale = serializers.BooleanField(help_text="Judgments came in since.")
    job = serializers.IntegerField(
        allow_null=True, help_text="The job that computes it anew, if one does."
    )


class FiguresView(APIView):
    permission_classes = [IsAuthenticated]

    @extend_schema(
        operation_id="figures_retrieve",
        responses={200: FiguresSerializer, 202: AgreementJobSerializer},
        tags=["agreement"],
    )
    def get(self, request, slug: str, kind: str):
        """The figures of one analysis. Large projects answer 202 with a job the first time."""
        project = project_for(request.user, slug, "see_agreement")
        if kind not in ANALYSES:
            raise NotFound(f"There is no analysis “{kind}”: there are {', '.join(ANALYSES)}.")
        report, job = services.answer(project=project, kind=kind, actor=request.user)
        if report is None:
            return _accepted(job)
        return Response(
            {**as_document(report), "is_stale": job is not None, "job": job and job.pk}
        )


def _accepted(job) -> Response:
    detail = "Agreement is being computed: ask again when the job is done."
    return Response({"detail": detail, "job": job.pk}, status=status.HTTP_202_ACCEPTED)
